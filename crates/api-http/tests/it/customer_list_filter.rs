//! The filters of `GET /customers`.

use crate::support::{CUSTOMERS, Key, Reply, TestApi, default_tenant, fail};
use customer_domain::customer::{CustomerType, Status};
use customer_testkit::builders::{at, customer};
use insta::assert_snapshot;
use serde_json::json;

/// Creates six customers, a day apart, each with a feature of its own.
async fn six(api: &TestApi) {
    let names = [
        ("Zoë", "Müller"),
        ("Łukasz", "O'Brien"),
        ("陳", "大文"),
        ("Di", "Dee"),
        ("Ed", "Smith"),
        ("Flo", "Smith"),
    ];
    let people = (1_u32..).zip(names).map(|(n, (first, last))| {
        let one = customer()
            .number(n.into())
            .named(first, last)
            .since(at(i64::from(n) * 86_400));
        let one = match n {
            1 => one.group("vip").tags(&["Blue"]).phone("+1-555-0123"),
            2 => one.group("wholesale").tags(&["blue", "a,b"]).legacy(7),
            3 => one.with(|one| one.customer_type = CustomerType::Business),
            4 => one.status(Status::Deleted).email("gone@example.com"),
            5 => one.external("crm", "C:17").phone("5550124"),
            _ => one
                .status(Status::Suspended)
                .with(|one| one.updated_at = at(100 * 86_400)),
        };
        one.build_new()
    });
    api.store_customers(&default_tenant(), people.collect())
        .await;
    api.clock.set(at(101 * 86_400));
}

async fn listed(api: &TestApi, query: &str) -> Reply {
    api.get(format!("{CUSTOMERS}?{query}"), Key::Read).await
}

fn firsts(reply: &Reply) -> String {
    let customers = reply.data("customers");
    let names = customers.as_array().unwrap_or_else(|| fail(reply)).iter();
    let names = names.map(|one| one["profile"]["firstName"].as_str().unwrap_or("?"));
    names.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn each_filter_shows_those_who_pass_it() {
    let api = TestApi::new().await;
    six(&api).await;
    for (query, expected) in [
        ("search=muller", "Zoë"),
        ("search=M%C3%BCLLER", "Zoë"),
        ("search=lukasz", "Łukasz"),
        ("search=obrien", "Łukasz"),
        ("search=O%27Brien", "Łukasz"),
        ("search=%E9%99%B3", "陳"),
        ("search=smith", "Flo Ed"),
        ("search=smith+ed", "Ed"),
        ("search=sm%25th", ""),
        ("search=s%5Fm", ""),
        ("search=%2B1+555", "Zoë"),
        ("search=customer-3@example.com", "陳"),
        ("search=dee&status=deleted", "Di"),
        ("search=", "Flo Ed 陳 Łukasz Zoë"),
        ("customer_type=BUSINESS", "陳"),
        ("customerType=individual", "Flo Ed Łukasz Zoë"),
        ("customer_type=VIP", "Zoë"),
        ("customer_type=Wholesale", "Łukasz"),
        ("customer_type=retail", ""),
        ("customer_type=vip&group=VIP", "Zoë"),
        ("group=vip", "Zoë"),
        ("group=nobody", ""),
        ("tag=Blue", "Zoë"),
        ("tag=blue", "Łukasz"),
        ("tag=a,b", "Łukasz"),
        ("email=CUSTOMER-5@example.COM", "Ed"),
        ("email=gone@example.com", ""),
        ("email=gone@example.com&status=deleted", "Di"),
        ("phone=1-555-0123", "Zoë"),
        ("phone=+1-555-0123", "Zoë"),
        ("phone=(555)%200124", "Ed"),
        ("phone=555012", ""),
        ("legacy_id=7", "Łukasz"),
        ("legacyId=8", ""),
        ("external_id=crm:C:17", "Ed"),
        ("external_id=CRM:C:17", "Ed"),
        ("external_id=crm:c:17", ""),
        ("created_after=2026-01-18T12:00:00Z", "Flo Ed 陳"),
        ("created_after=2026-01-18T12:00:00.000001Z", "Flo Ed"),
        ("created_after=2026-01-20", "Flo Ed"),
        ("created_before=2026-01-18T14:00:00%2B02:00", "Łukasz Zoë"),
        ("created_before=2026-01-18T14:00:00+02:00", "Łukasz Zoë"),
        (
            "created_after=2026-01-16T12:00:00Z&createdBefore=2026-01-18T12:00:00.000000Z",
            "Łukasz Zoë",
        ),
        ("updated_after=2026-02-01", "Flo"),
        ("updated_before=2026-01-17", "Zoë"),
        (
            "search=smith&status=suspended&updated_after=2026-02-01",
            "Flo",
        ),
        (
            "group=vip&tag=Blue&customer_type=individual&phone=15550123",
            "Zoë",
        ),
    ] {
        assert_eq!(firsts(&listed(&api, query).await), expected, "{query}");
    }
}

#[tokio::test]
async fn everything_wrong_with_a_filter_is_named_at_once() {
    let api = TestApi::new().await;
    let query = "search=%25_&status=dead&customer_type=vip&group=retail&tag=%20&email=nobody&phone=abc&legacy_id=0\
         &external_id=crm&created_after=yesterday&created_before=2026-13-01&updated_after=2026-01-01T00:00:00\
         &updated_before=0000-01-01";
    assert_snapshot!(listed(&api, query).await);
}

#[tokio::test]
async fn a_filter_has_its_faults_one_by_one() {
    let api = TestApi::new().await;
    let long = format!("search={}", "a".repeat(201));
    for (query, at, code) in [
        ("search=a+b+c+d+e+f+g+h+i", "?search", "TOO_LONG"),
        (long.as_str(), "?search", "TOO_LONG"),
        ("search=%27", "?search", "INVALID_VALUE"),
        ("search=a%00", "?search", "INVALID_VALUE"),
        ("customer_type=person", "?customer_type", "INVALID_VALUE"),
        ("group=a%20b", "?group", "INVALID_VALUE"),
        (
            "customerType=VIP&group=wholesale",
            "?group",
            "DUPLICATE_KEY",
        ),
        ("phone=+", "?phone", "INVALID_VALUE"),
        ("legacy_id=abc", "?legacy_id", "INVALID_TYPE"),
        ("legacy_id=4294967296", "?legacy_id", "OUT_OF_RANGE"),
        ("external_id=:x", "?external_id", "INVALID_VALUE"),
        ("external_id=crm:", "?external_id", "REQUIRED"),
        ("externalId=crm", "?externalId", "INVALID_VALUE"),
        (
            "created_before=9999-12-31T23:59:59-14:00",
            "?created_before",
            "INVALID_VALUE",
        ),
        (
            "created_after=1700000000",
            "?created_after",
            "INVALID_VALUE",
        ),
        ("tier=vip", "?tier", "UNKNOWN_FIELD"),
        ("expand=orders", "?expand", "INVALID_VALUE"),
    ] {
        let reply = listed(&api, query).await;
        assert_eq!(
            reply.faults(),
            [(at.to_owned(), code.to_owned())],
            "{query}"
        );
        assert_eq!(
            reply.failure(),
            (400, "VALIDATION_FAILED".to_owned()),
            "{query}"
        );
    }
    let reply = listed(&api, "email=nobody").await;
    assert_eq!(reply.failure(), (400, "INVALID_EMAIL_FORMAT".to_owned()));
}

#[tokio::test]
async fn a_cursor_belongs_to_every_part_of_its_filter() {
    let api = TestApi::new().await;
    six(&api).await;
    let parts = [
        ("search=smith", "search=smit"),
        ("customer_type=individual", "customer_type=business"),
        ("created_after=2026-01-01", "created_after=2026-01-02"),
        ("created_before=2027-01-01", "created_before=2027-01-02"),
        ("updated_after=2026-01-01", "updated_after=2026-01-02"),
        ("updated_before=2027-01-01", "updated_before=2027-01-02"),
    ];
    let query = parts.map(|(part, _)| part).join("&");
    let cursor = listed(&api, &format!("{query}&page_size=1")).await;
    let cursor = cursor.data("nextCursor");
    let cursor = cursor.as_str().expect("a second page");
    let again = listed(&api, &format!("{query}&page_size=5&cursor={cursor}")).await;
    assert_eq!(firsts(&again), "Ed");
    // The order of words and the spelling of a moment do not change the filter.
    let respelt = query
        .replace("2026-01-01", "2026-01-01T00:00:00Z")
        .replace("smith", "SMITH");
    assert_eq!(
        firsts(&listed(&api, &format!("{respelt}&cursor={cursor}")).await),
        "Ed"
    );
    for (part, other) in parts {
        for other in [query.replace(part, other), query.replace(part, "")] {
            let reply = listed(&api, &format!("{other}&cursor={cursor}")).await;
            assert_eq!(
                reply.failure(),
                (400, "INVALID_CURSOR".to_owned()),
                "{other}"
            );
        }
    }
    for more in [
        "status=active",
        "group=vip",
        "tag=x",
        "phone=5550000",
        "legacy_id=1",
        "email=a@b.co",
        "external_id=a:b",
    ] {
        let reply = listed(&api, &format!("{query}&{more}&cursor={cursor}")).await;
        assert_eq!(
            reply.failure(),
            (400, "INVALID_CURSOR".to_owned()),
            "{more}"
        );
    }
}

#[tokio::test]
async fn a_list_shows_addresses_when_asked() {
    let api = TestApi::new().await;
    let body = json!({"email": "ada@example.com"});
    let ada = api.created(Key::Write, body).await;
    let address =
        json!({"street": "1 Main St", "city": "New York", "state": "NY", "zipCode": "10001"});
    api.added(&format!("{CUSTOMERS}/{ada}"), Key::Write, address)
        .await;
    let bob = json!({"email": "bob@example.com"});
    api.created(Key::Write, bob).await;
    let shown = listed(&api, "expand=addresses,tags&sort_by=email&sort_order=asc").await;
    let customers = shown.data("customers");
    assert_eq!(customers[0]["addresses"][0]["street"], "1 Main St");
    assert_eq!(customers[1]["addresses"], json!([]));
    let plain = listed(&api, "expand=tags").await.data("customers");
    assert_eq!(plain[0].get("addresses"), None);
}
