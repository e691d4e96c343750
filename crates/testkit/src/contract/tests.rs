//! That the list of cases is whole.

/// The public cases of one file, in their order.
fn cases(source: &str) -> Vec<&str> {
    let signatures = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub async fn "));
    let names = signatures.filter_map(|rest| rest.split_once('('));
    names.map(|(name, _)| name).collect()
}

#[test]
fn every_case_is_in_the_list_once_and_in_order() {
    let sources = [
        ("unit_of_work", include_str!("unit_of_work.rs")),
        ("idempotency", include_str!("idempotency.rs")),
        ("idempotency_purge", include_str!("idempotency_purge.rs")),
        ("customer_insert", include_str!("customer_insert.rs")),
        ("customer_save", include_str!("customer_save.rs")),
        ("customer_read", include_str!("customer_read.rs")),
        ("customer_list", include_str!("customer_list.rs")),
        ("customer_search", include_str!("customer_search.rs")),
        ("customer_filter", include_str!("customer_filter.rs")),
        ("customer_text", include_str!("customer_text.rs")),
        ("address", include_str!("address.rs")),
        ("address_equal", include_str!("address_equal.rs")),
        ("address_save", include_str!("address_save.rs")),
        ("address_text", include_str!("address_text.rs")),
        ("tenant", include_str!("tenant.rs")),
        ("api_key", include_str!("api_key.rs")),
        ("audit", include_str!("audit.rs")),
        ("audit_filter", include_str!("audit_filter.rs")),
        ("group", include_str!("group.rs")),
        ("tag", include_str!("tag.rs")),
        ("job", include_str!("job.rs")),
        ("isolation", include_str!("isolation.rs")),
        ("health", include_str!("health.rs")),
    ];
    let written: Vec<_> = sources
        .iter()
        .map(|(slice, text)| (*slice, cases(text)))
        .collect();
    let listed = crate::contract!(@all @names;);
    let listed: Vec<_> = listed
        .iter()
        .map(|(slice, names)| (*slice, names.to_vec()))
        .collect();
    assert_eq!(listed, written);
}
