//! `GET /customers`.

use crate::support::{CUSTOMERS, Key, Reply, TestApi, default_tenant, fail, other_tenant};
use customer_domain::customer::Status;
use customer_testkit::builders::random_customer;
use customer_testkit::builders::{at, customer};
use insta::assert_snapshot;
use percent_encoding::NON_ALPHANUMERIC;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Creates five customers, one second apart; the fourth is deleted and the fifth suspended.
async fn five(api: &TestApi) {
    let names = [
        ("Zoë", "Ångström"),
        ("Bob", "angst"),
        ("Cy", "Zed"),
        ("Di", "Dee"),
        ("Ed", "Øst"),
    ];
    let mut all = Vec::new();
    for (n, (first, last)) in (1_u32..).zip(names) {
        let status = match n {
            4 => Status::Deleted,
            5 => Status::Suspended,
            _ => Status::Active,
        };
        let one = customer()
            .number(n.into())
            .named(first, last)
            .since(at(n.into()));
        all.push(one.status(status).build_new());
    }
    api.store_customers(&default_tenant(), all).await;
}

fn firsts(reply: &Reply) -> String {
    let customers = reply.data("customers");
    let names = customers.as_array().unwrap_or_else(|| fail(reply)).iter();
    let names = names.map(|one| one["profile"]["firstName"].as_str().unwrap_or("?"));
    names.collect::<Vec<_>>().join(" ")
}

async fn listed(api: &TestApi, query: &str) -> Reply {
    api.get(format!("{CUSTOMERS}?{query}"), Key::Read).await
}

#[tokio::test]
async fn the_newest_come_first_and_the_deleted_not_at_all() {
    let api = TestApi::new().await;
    five(&api).await;
    assert_eq!(
        firsts(&api.get(CUSTOMERS, Key::Read).await),
        "Ed Cy Bob Zoë"
    );
}

#[tokio::test]
async fn a_page_tells_how_many_there_are() {
    let api = TestApi::new().await;
    five(&api).await;
    assert_snapshot!(listed(&api, "page=2&page_size=3").await);
    let beyond = listed(&api, "page=9&pageSize=3").await;
    assert_eq!(firsts(&beyond), "");
    assert_eq!(
        (beyond.data("total"), beyond.data("page")),
        (json!(4), json!(9))
    );
}

#[tokio::test]
async fn an_empty_list_is_a_page_too() {
    let api = TestApi::new().await;
    assert_snapshot!(api.get(CUSTOMERS, Key::Read).await);
}

#[tokio::test]
async fn a_list_shows_one_status_in_any_spelling() {
    let api = TestApi::new().await;
    five(&api).await;
    for (status, expected) in [
        ("ACTIVE", "Cy Bob Zoë"),
        ("deleted", "Di"),
        ("BLOCKED", "Ed"),
        ("suspended", "Ed"),
        ("Inactive", ""),
        ("pending", ""),
        ("", "Ed Cy Bob Zoë"),
    ] {
        assert_eq!(
            firsts(&listed(&api, &format!("status={status}")).await),
            expected,
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_list_is_sorted_by_every_key_both_ways() {
    let api = TestApi::new().await;
    five(&api).await;
    api.clock.set(at(30 * 86_400));
    for (key, ascending) in [
        ("created_at", "Zoë Bob Cy Ed"),
        ("updated_at", "Zoë Bob Cy Ed"),
        ("registrationDate", "Zoë Bob Cy Ed"),
        ("email", "Zoë Bob Cy Ed"),
        ("last_name", "Bob Zoë Ed Cy"),
    ] {
        let up = firsts(&listed(&api, &format!("sort_by={key}&sort_order=asc")).await);
        let down = firsts(&listed(&api, &format!("sortBy={key}&sortOrder=DESC")).await);
        assert_eq!(up, ascending, "{key}");
        let reversed: Vec<_> = down.split(' ').rev().collect();
        assert_eq!(reversed.join(" "), ascending, "{key}");
    }
}

#[tokio::test]
async fn a_cursor_leads_through_the_whole_list_whatever_the_order() {
    let api = TestApi::new().await;
    let all: Vec<_> = (0..60).map(random_customer).collect();
    let there = all
        .iter()
        .filter(|new| new.customer.status != Status::Deleted)
        .count();
    api.store_customers(&default_tenant(), all).await;
    for sort in [
        "created_at",
        "updated_at",
        "registration_date",
        "email",
        "last_name",
    ] {
        for order in ["asc", "desc"] {
            let query = format!("page_size=7&sort_by={sort}&sort_order={order}");
            let mut reply = listed(&api, &query).await;
            let mut seen = Vec::new();
            loop {
                let customers = reply.data("customers");
                let ids = customers.as_array().unwrap().iter();
                seen.extend(ids.map(|one| one["id"].as_str().unwrap().to_owned()));
                let Some(cursor) = reply.next_page() else {
                    break;
                };
                reply = listed(&api, &format!("{query}&cursor={cursor}")).await;
                assert_eq!(reply.data("total"), Value::Null);
                assert_eq!(reply.data("page"), Value::Null);
                assert_eq!(reply.data("totalPages"), Value::Null);
            }
            assert_eq!(seen.len(), there, "{query}");
            assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), there, "{query}");
        }
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list() {
    let api = TestApi::new().await;
    five(&api).await;
    let cursor = listed(&api, "page_size=1&status=active")
        .await
        .data("nextCursor");
    let cursor = cursor.as_str().unwrap();
    assert_eq!(
        firsts(&listed(&api, &format!("status=ACTIVE&cursor={cursor}")).await),
        "Bob Zoë"
    );
    for other_list in [
        String::new(),
        "status=suspended&".to_owned(),
        "status=active&sort_by=email&".to_owned(),
        "status=active&sort_order=asc&".to_owned(),
    ] {
        let reply = listed(&api, &format!("{other_list}cursor={cursor}")).await;
        assert_eq!(
            reply.failure(),
            (400, "INVALID_CURSOR".to_owned()),
            "{other_list}"
        );
    }
    let elsewhere = format!("{CUSTOMERS}?status=active&cursor={cursor}");
    for (key, tenant) in [
        (Key::OtherRead, ""),
        (Key::Operator, "&tenant_id=tenant-123"),
    ] {
        let reply = api.get(format!("{elsewhere}{tenant}"), key).await;
        assert_eq!(
            reply.failure(),
            (400, "INVALID_CURSOR".to_owned()),
            "{key:?}"
        );
    }
}

#[tokio::test]
async fn a_cursor_of_ones_own_making_opens_nothing() {
    let api = TestApi::new().await;
    five(&api).await;
    let cursor = listed(&api, "page_size=1").await.data("nextCursor");
    let cursor = cursor.as_str().unwrap();
    let mut forged: Vec<String> = ["x", "AAAA", "%20", "null", "1", "..", "é"]
        .map(str::to_owned)
        .to_vec();
    forged.push("A".repeat(5_000));
    forged.push(format!("{cursor}="));
    forged.push(format!("{cursor}A"));
    forged.push(cursor[1..].to_owned());
    for at in 0..cursor.len() {
        let other = if &cursor[at..=at] == "A" { "B" } else { "A" };
        forged.push(format!("{}{other}{}", &cursor[..at], &cursor[at + 1..]));
    }
    for forged in forged {
        let encoded = percent_encoding::percent_encode(forged.as_bytes(), NON_ALPHANUMERIC);
        let reply = listed(&api, &format!("cursor={encoded}")).await;
        assert_eq!(
            reply.failure(),
            (400, "INVALID_CURSOR".to_owned()),
            "{forged}"
        );
    }
}

#[tokio::test]
async fn everything_wrong_with_a_query_is_named_at_once() {
    let api = TestApi::new().await;
    let query =
        "status=dead&sort_by=name&sort_order=up&page=0&page_size=101&colour=red&limit=5&cursor=x";
    assert_snapshot!(listed(&api, query).await);
}

#[tokio::test]
async fn pages_have_limits() {
    let api = TestApi::new().await;
    for (query, expected) in [
        ("page_size=100", None),
        ("page=100&page_size=100", None),
        ("page=101&page_size=100", Some(("?page", "OUT_OF_RANGE"))),
        ("page=10000&page_size=1", None),
        ("page=10001&page_size=1", Some(("?page", "OUT_OF_RANGE"))),
        ("page=4294967296", Some(("?page", "OUT_OF_RANGE"))),
        ("page=1&page=2", Some(("?page", "DUPLICATE_KEY"))),
        ("page=1&page=1", None),
        ("page=one", Some(("?page", "INVALID_TYPE"))),
        ("page_size=0", Some(("?page_size", "OUT_OF_RANGE"))),
        ("page=", None),
    ] {
        let reply = listed(&api, query).await;
        match expected {
            None => assert_eq!(reply.status, 200, "{query}"),
            Some((at, code)) => {
                assert_eq!(
                    reply.faults(),
                    [(at.to_owned(), code.to_owned())],
                    "{query}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_page_and_a_cursor_exclude_each_other() {
    let api = TestApi::new().await;
    five(&api).await;
    let cursor = listed(&api, "page_size=1").await.data("nextCursor");
    let reply = listed(&api, &format!("page=2&cursor={}", cursor.as_str().unwrap())).await;
    assert_eq!(
        reply.faults(),
        [("?page".to_owned(), "INVALID_VALUE".to_owned())]
    );
}

#[tokio::test]
async fn a_filter_that_takes_too_long_is_too_broad() {
    use customer_domain::StoreError;
    use customer_testkit::fake::Step;
    let api = TestApi::new().await;
    api.get(CUSTOMERS, Key::Read).await;
    api.store.fail_next_at(Step::Read, StoreError::TooSlow);
    assert_snapshot!(api.get(CUSTOMERS, Key::Read).await);
}

#[tokio::test]
async fn a_list_shows_the_tenant_that_the_caller_acts_in() {
    let api = TestApi::new().await;
    five(&api).await;
    let one = customer().number(9).named("Other", "One").build_new();
    api.store_customers(&other_tenant(), vec![one]).await;
    assert_eq!(firsts(&api.get(CUSTOMERS, Key::OtherRead).await), "Other");
    let chosen = api
        .get(format!("{CUSTOMERS}?tenant_id=tenant-123"), Key::Operator)
        .await;
    assert_eq!(firsts(&chosen), "Other");
    assert_eq!(
        firsts(&api.get(CUSTOMERS, Key::Operator).await),
        "Ed Cy Bob Zoë"
    );
}
