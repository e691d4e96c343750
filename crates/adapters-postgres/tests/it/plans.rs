//! Hot reads reach their index under the policy.

use crate::proxy::Proxy;
use crate::support::{Store, adapter, run};
use customer_domain::customer::{CustomerFilter, CustomerKey, CustomerSort, SortKey, Status};
use customer_domain::{Page, PageAt, PageRequest, SortOrder};
use customer_testkit::builders::{at, scope, tenant};
use sqlx::{AssertSqlSafe, PgConnection};

const ROWS: i64 = 20_000;

/// Customers in bulk, as no request would write them.
async fn fill(store: &Store) {
    let mut owner = store.database.admin().await;
    let tenant = tenant().id;
    let id = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid";
    let since = format!("'{}'::timestamptz + n * interval '1 second'", at(0));
    for statement in [
        format!(
            "INSERT INTO customers (tenant_id, id, status, account_state, customer_type, first_name, last_name, \
             email, email_verified, email_key, last_name_key, metadata, version, event_seq, registration_date, \
             created_at, updated_at, deleted_at) \
             SELECT '{tenant}', {id}, 1 + n % 5, 1, 1, 'F', 'L' || n % 1000, 'u' || n || '@example.com', false, \
             'u' || n || '@example.com', 'l' || n % 1000, '{{}}', 1, 1, {since}, {since}, {since}, \
             CASE WHEN n % 5 = 4 THEN {since} END FROM generate_series(1, {ROWS}) n"
        ),
        format!(
            "INSERT INTO customer_identifiers SELECT '{tenant}', {id}, k.kind, k.prefix || n FROM generate_series(1, {ROWS}) n, \
             (VALUES ('email', 'u'), ('legacy', ''), ('external:crm', 'C-')) AS k(kind, prefix)"
        ),
        format!(
            "INSERT INTO customer_profiles (tenant_id, customer_id, phone, phone_digits, phone_verified, created_at, updated_at) \
             SELECT '{tenant}', {id}, 5550000 + n, 5550000 + n, false, {since}, {since} FROM generate_series(1, {ROWS}) n"
        ),
        format!(
            "INSERT INTO customer_preferences (tenant_id, customer_id, created_at, updated_at) \
             SELECT '{tenant}', {id}, {since}, {since} FROM generate_series(1, {ROWS}) n"
        ),
        format!(
            "INSERT INTO customer_tiers (tenant_id, customer_id, tier, segment, tier_achieved_at, segment_achieved_at, updated_at) \
             SELECT '{tenant}', {id}, 1, 'new_customer', {since}, {since}, {since} FROM generate_series(1, {ROWS}) n"
        ),
        format!(
            "INSERT INTO customer_statistics (tenant_id, customer_id, currency, updated_at) \
             SELECT '{tenant}', {id}, 'USD', {since} FROM generate_series(1, {ROWS}) n"
        ),
        format!(
            "INSERT INTO customer_tags SELECT '{tenant}', {id}, 'tag' FROM generate_series(1, {ROWS}) n"
        ),
        "ANALYZE".to_owned(),
    ] {
        run(&mut owner, &statement).await;
    }
}

/// The plan of a statement inside the tenant, as text.
async fn plan(connection: &mut PgConnection, statement: &str) -> String {
    let explain = format!("EXPLAIN {statement}");
    let lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain))
        .persistent(false)
        .fetch_all(connection)
        .await
        .expect("a plan");
    lines.join("\n")
}

/// The selects that go by while `read` runs.
fn selects(proxy: &Proxy) -> Vec<String> {
    let seen = proxy.take().statements;
    let statements = seen.iter().flat_map(|message| message.split(';'));
    statements
        .filter(|statement| statement.starts_with("SELECT"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_walks_its_index_and_no_lookup_scans_a_table() {
    let store = Store::fresh().await;
    fill(&store).await;
    let proxy = Proxy::before(&store.database.owner_url()).await;
    let postgres = adapter(proxy.url(), 1).await;
    let prepared = proxy.take().statements;
    let mut inside = store.inside(tenant().id).await;

    for (key, index) in [
        (SortKey::CreatedAt, "customers_created_at_idx"),
        (SortKey::UpdatedAt, "customers_updated_at_idx"),
        (SortKey::RegistrationDate, "customers_registration_date_idx"),
        (SortKey::Email, "customers_email_key_idx"),
        (SortKey::LastName, "customers_last_name_key_idx"),
    ] {
        for order in [SortOrder::Ascending, SortOrder::Descending] {
            let sort = CustomerSort { key, order };
            let filter = CustomerFilter::default();
            let mut at = PageAt::Number(1);
            for _ in 0..2 {
                let request = PageRequest { size: 20, at };
                let reads = postgres.customers();
                let page: Page<_, CustomerKey> = reads
                    .list(&scope(), &filter, sort, &request)
                    .await
                    .expect("a page");
                at = PageAt::After(page.next.expect("a next page"));
                let list = selects(&proxy).remove(0);
                let plan = plan(&mut inside, &list).await;
                assert!(plan.contains(index), "{sort:?}\n{plan}");
                assert!(!plan.contains("Seq Scan on customer"), "{plan}");
            }
        }
    }
    let scripts = prepared.iter().flat_map(|script| script.split(';'));
    let statements = scripts.filter(|statement| statement.starts_with("PREPARE"));
    for statement in statements {
        let name = statement["PREPARE ".len()..]
            .split('(')
            .next()
            .expect("a name");
        let tenant = tenant().id;
        let id = "00000000-0000-7000-8000-000000000007";
        let keys = match name {
            "customer_by_ids" => format!("'{{{id}}}'"),
            "customer_by_external" => "'external:crm', 'C-7'".to_owned(),
            "api_key_by_digest" => "'\\x00'".to_owned(),
            "customer_by_id" | "customer_by_user" | "customer_lock" => format!("'{id}'"),
            _ => "'7'".to_owned(),
        };
        run(&mut inside, statement).await;
        for mode in ["force_custom_plan", "force_generic_plan"] {
            run(&mut inside, &format!("SET plan_cache_mode = {mode}")).await;
            let plan = plan(&mut inside, &format!("EXECUTE {name}('{tenant}', {keys})")).await;
            assert!(!plan.contains("Seq Scan on customer"), "{name}\n{plan}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_estimated_and_a_status_is_counted() {
    let store = Store::fresh().await;
    fill(&store).await;
    let sort = CustomerSort {
        key: SortKey::CreatedAt,
        order: SortOrder::Descending,
    };
    let total = async |status| {
        let request = PageRequest {
            size: 5,
            at: PageAt::Number(1),
        };
        let filter = CustomerFilter { status };
        let page = store
            .postgres
            .customers()
            .list(&scope(), &filter, sort, &request)
            .await;
        page.expect("a page").total.expect("a total")
    };
    let shown = total(None).await;
    assert!(shown.is_estimate);
    assert!((14_000..18_000).contains(&shown.count), "{shown:?}");
    let deleted = total(Some(Status::Deleted)).await;
    assert_eq!((deleted.count, deleted.is_estimate), (4_000, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_by_number_end_where_the_cursor_must_take_over() {
    let store = Store::fresh().await;
    fill(&store).await;
    let sort = CustomerSort {
        key: SortKey::CreatedAt,
        order: SortOrder::Ascending,
    };
    let page = async |number| {
        let request = PageRequest {
            size: 100,
            at: PageAt::Number(number),
        };
        let filter = CustomerFilter::default();
        let listed = store
            .postgres
            .customers()
            .list(&scope(), &filter, sort, &request)
            .await;
        listed.expect("a page")
    };
    let last = page(100).await;
    assert!(last.items.len() == 100 && last.next.is_some());
    assert!(page(101).await.items.is_empty());
}
