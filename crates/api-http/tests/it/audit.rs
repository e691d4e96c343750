//! `/customers/audit-events` and `/customers/{customerId}/audit-events`

mod paging;
mod refused;

use crate::support::{
    BASE, CUSTOMERS, Key, Reply, TestApi, World, context_of, default_tenant, fail,
};
use chrono::TimeDelta;
use customer_domain::audit::{AuditEntry, AuditKind, FieldChange};
use customer_domain::{Actor, ActorKind, Context, CustomerId, Origin, StoreError};
use customer_testkit::builders::{at, audit_entry, customer, legacy, seeded_id};
use customer_testkit::fake::Step;
use insta::assert_snapshot;
use serde_json::{Value, json};

const EVENTS: &str = "/api/v1/customers/audit-events";
const SUMMARY: &str = "/api/v1/customers/audit-events/summary";

/// Returns the context of an actor in the default tenant.
fn acting(actor: &str) -> Context {
    Context {
        actor: Actor {
            kind: ActorKind::ApiKey,
            id: actor.to_owned(),
        },
        ..context_of(&default_tenant())
    }
}

/// Records entries directly in the store.
async fn recorded(api: &TestApi, context: &Context, entries: Vec<AuditEntry>) {
    let work = api.store.transactions().begin(context).await;
    let mut work = work.expect("work");
    for audit in entries {
        work.record(audit.into());
    }
    work.commit().await.expect("a commit");
}

/// Creates two customers in the default tenant, with the legacy ids 1 and 2.
async fn two(api: &TestApi) -> [CustomerId; 2] {
    let two = [1, 2].map(|n| {
        let known = i64::try_from(n).expect("small");
        let one = customer()
            .number(n)
            .with(|one| one.legacy_id = Some(legacy(known)));
        one.build_new()
    });
    let ids = two.each_ref().map(|new| new.customer.id);
    api.store_customers(&default_tenant(), two.into()).await;
    ids
}

/// Returns the n-th entry: at the n-th second, about the n-th record.
fn entry(n: u64, kind: AuditKind, customer: Option<CustomerId>) -> AuditEntry {
    AuditEntry {
        customer,
        ..audit_entry(n, kind)
    }
}

/// Creates two customers and records five entries of two actors.
async fn five(api: &TestApi) -> [CustomerId; 2] {
    let people = two(api).await;
    let [one, two] = people.map(Some);
    let entries = vec![
        entry(1, AuditKind::ProfileCreate, one),
        entry(2, AuditKind::ProfileUpdate, two),
        entry(3, AuditKind::AddressDelete, one),
    ];
    recorded(api, &acting("key-1"), entries).await;
    let entries = vec![
        entry(4, AuditKind::GroupCreate, None),
        entry(5, AuditKind::AddressCreate, one),
    ];
    recorded(api, &acting("key-2"), entries).await;
    people
}

/// Returns the numbers of a page's entries, as given to [`entry`]. Entries of reads are left out.
fn numbers(reply: &Reply) -> Vec<u64> {
    let events = reply.data("events");
    let ids = events.as_array().unwrap_or_else(|| fail(reply)).iter();
    ids.filter(|event| event["eventType"] != "customer.audit.read")
        .map(|event| {
            let is_it = |n: &u64| event["id"] == json!(seeded_id(0xad_0000 + n));
            (1..100).find(is_it).unwrap_or_else(|| fail(event))
        })
        .collect()
}

async fn listed(api: &TestApi, query: &str) -> Reply {
    api.get(format!("{EVENTS}?{query}"), Key::Admin).await
}

fn fault(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

#[tokio::test]
async fn an_entry_is_shown_with_all_that_is_on_record() {
    let api = TestApi::new().await;
    let [customer, _] = two(&api).await;
    let acting = Context {
        session_id: Some("session-1".to_owned()),
        correlation_id: "order-42".to_owned(),
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
        origin: Origin {
            ip: "2001:db8::7".parse().ok(),
            user_agent: Some("curl/8 \"quoted\"".to_owned()),
        },
        ..acting("key-1")
    };
    let change = |field: &str, old: Value, new: Value| FieldChange {
        field: field.to_owned(),
        old,
        new,
    };
    let full = AuditEntry {
        changes: vec![
            change("profile.phone", Value::Null, json!("5550125")),
            change("tags", json!(["vip"]), json!([])),
            FieldChange::named("password"),
        ],
        at: at(1) + TimeDelta::microseconds(123_456),
        ..entry(1, AuditKind::ProfileUpdate, Some(customer))
    };
    recorded(&api, &acting, vec![full]).await;
    let bare = AuditEntry {
        changes: Vec::new(),
        reason: None,
        ..entry(2, AuditKind::TenantCreate, None)
    };
    recorded(&api, &context_of(&default_tenant()), vec![bare]).await;
    assert_snapshot!(api.get(EVENTS, Key::Admin).await);
}

#[tokio::test]
async fn an_empty_trail_is_a_page_too() {
    let api = TestApi::new().await;
    let nobody = listed(&api, "event_type=no.such.type").await;
    assert_snapshot!(nobody);
}

#[tokio::test]
async fn a_list_shows_what_passes_every_filter() {
    let api = TestApi::new().await;
    let [one, two] = five(&api).await;
    api.clock.set(at(6));
    let resource = seeded_id(0x4e50_0003);
    for (query, expected) in [
        (String::new(), vec![5, 4, 3, 2, 1]),
        (format!("customer_id={one}"), vec![5, 3, 1]),
        (format!("customerId=cust_{two}"), vec![2]),
        (format!("customer_id={}", seeded_id(0xdead)), vec![]),
        ("event_type=customer.address".to_owned(), vec![5, 3]),
        ("eventType=customer.".to_owned(), vec![5, 4, 3, 2, 1]),
        ("event_type=address".to_owned(), vec![]),
        ("event_type=customer%25".to_owned(), vec![]),
        ("operation=CREATE".to_owned(), vec![5, 4, 1]),
        ("operation=delete".to_owned(), vec![3]),
        ("actor=key-1".to_owned(), vec![3, 2, 1]),
        ("actor=KEY-1".to_owned(), vec![]),
        (format!("resource={resource}"), vec![3]),
        ("from=2026-01-15T12:00:03Z".to_owned(), vec![5, 4, 3]),
        ("to=2026-01-15T12:00:03Z".to_owned(), vec![2, 1]),
        (
            "from=2026-01-15&to=2026-01-16".to_owned(),
            vec![5, 4, 3, 2, 1],
        ),
        (
            "from=2026-01-15T13:00:02+01:00&to=2026-01-15T12:00:04Z".to_owned(),
            vec![3, 2],
        ),
        (
            format!("customer_id={one}&operation=CREATE&actor=key-2"),
            vec![5],
        ),
        (
            "event_type=&operation=&actor=&resource=&from=&to=".to_owned(),
            vec![5, 4, 3, 2, 1],
        ),
    ] {
        let reply = listed(&api, &format!("{query}&page_size=100")).await;
        assert_eq!(numbers(&reply), expected, "{query}");
    }
}

#[tokio::test]
async fn the_trail_of_a_customer_is_found_by_each_of_its_ids() {
    let api = TestApi::new().await;
    let [one, two] = five(&api).await;
    for (path, expected) in [
        (format!("{one}/audit-events"), vec![5, 3, 1]),
        (format!("cust_{two}/audit-events"), vec![2]),
        ("2/audit-events".to_owned(), vec![2]),
        (
            format!("{one}/audit-events?event_type=customer.address"),
            vec![5, 3],
        ),
        (
            format!("{one}/audit-events?operation=CREATE&actor=key-1"),
            vec![1],
        ),
        ("1/audit-events?to=2026-01-15T12:00:03Z".to_owned(), vec![1]),
    ] {
        let reply = api.get(format!("{CUSTOMERS}/{path}"), Key::Admin).await;
        assert_eq!(numbers(&reply), expected, "{path}");
    }
    let missing = format!("{CUSTOMERS}/{}/audit-events", seeded_id(0xdead));
    assert_snapshot!(api.get(missing, Key::Admin).await);
    for name in ["9", "me"] {
        let reply = api.get(format!("{CUSTOMERS}/{name}/audit-events"), Key::Admin);
        let missing = (404, "CUSTOMER_NOT_FOUND".to_owned());
        assert_eq!(reply.await.failure(), missing, "{name}");
    }
}

#[tokio::test]
async fn a_fixed_word_wins_over_the_id_of_a_customer() {
    let api = TestApi::new().await;
    five(&api).await;
    for base in [BASE, "/v1"] {
        let reply = api
            .get(format!("{base}/customers/audit-events"), Key::Admin)
            .await;
        assert_eq!(numbers(&reply), [5, 4, 3, 2, 1]);
        let path = format!("{base}/customers/audit-events/summary");
        assert!(api.get(path, Key::Admin).await.data("summary").is_object());
        let path = format!("{base}/customers/audit-events/audit-events");
        let reply = api.get(path, Key::Admin).await;
        assert_eq!(reply.failure(), (400, "INVALID_CUSTOMER_ID".to_owned()));
    }
}

#[tokio::test]
async fn entries_are_counted_by_customer() {
    let api = TestApi::new().await;
    let [one, two] = five(&api).await;
    assert_snapshot!(api.get(SUMMARY, Key::Admin).await);
    api.clock.set(at(6));
    for (query, expected) in [
        (
            "by=customer&event_type=customer.address",
            json!([[one.to_string(), 2]]),
        ),
        ("operation=CREATE", json!([[one.to_string(), 2], [null, 1]])),
        (
            "from=2026-01-15T12:00:02Z&to=2026-01-15T12:00:04Z",
            json!([[one.to_string(), 1], [two.to_string(), 1]]),
        ),
        ("event_type=no.such.type", json!([])),
    ] {
        let reply = api.get(format!("{SUMMARY}?{query}"), Key::Admin).await;
        let summary = reply.data("summary");
        let counts = summary["counts"].as_array().expect("counts").iter();
        let counts: Vec<_> = counts
            .map(|one| json!([one["customerId"], one["count"]]))
            .collect();
        assert_eq!(json!(counts), expected, "{query}");
    }
}

#[tokio::test]
async fn who_reads_the_trail_is_on_record() {
    let api = TestApi::new().await;
    let [one, _] = five(&api).await;
    api.clock.set(at(60));
    for target in [
        format!("{EVENTS}?event_type=customer.profile&actor=key-1"),
        format!("{CUSTOMERS}/1/audit-events?operation=CREATE"),
        format!("{SUMMARY}?from=2026-01-15"),
    ] {
        assert_eq!(api.get(&target, Key::Admin).await.status, 200, "{target}");
        api.clock.advance(TimeDelta::seconds(1));
    }
    let reads = listed(&api, "event_type=customer.audit")
        .await
        .data("events");
    let reads: Vec<_> = reads
        .as_array()
        .expect("a list")
        .iter()
        .map(|read| json!([read["actorId"], read["customerId"], read["newValues"]]))
        .collect();
    let reader = Key::Admin.id().to_string();
    let expected = json!([
        [reader, null, {"by": "customer", "from": "2026-01-15T00:00:00Z"}],
        [reader, one.to_string(), {"customer_id": one.to_string(), "operation": "CREATE"}],
        [reader, null, {"event_type": "customer.profile", "actor": "key-1"}],
    ]);
    assert_eq!(json!(reads), expected);
}

#[tokio::test]
async fn everything_wrong_with_a_query_is_named_at_once() {
    let api = TestApi::new().await;
    let before = api.stored().await;
    let long = "x".repeat(256);
    let query = format!(
        "customer_id=7&event_type={long}&operation=PURGE&actor={long}&resource=7&from=yesterday\
         &to=2026-02-30&cursor=x&page_size=101&page=1&colour=red"
    );
    assert_snapshot!(listed(&api, &query).await);
    let query = query.replace("customer_id=7", "customer_id=8");
    let reply = api
        .get(
            format!("{CUSTOMERS}/nobody/audit-events?{query}"),
            Key::Admin,
        )
        .await;
    let expected = [
        fault("?actor", "TOO_LONG"),
        fault("?colour", "UNKNOWN_FIELD"),
        fault("?cursor", "INVALID_CURSOR"),
        fault("?customer_id", "UNKNOWN_FIELD"),
        fault("?event_type", "TOO_LONG"),
        fault("?from", "INVALID_VALUE"),
        fault("?operation", "INVALID_VALUE"),
        fault("?page", "UNKNOWN_FIELD"),
        fault("?page_size", "OUT_OF_RANGE"),
        fault("?resource", "INVALID_VALUE"),
        fault("?to", "INVALID_VALUE"),
        fault("{customerId}", "INVALID_CUSTOMER_ID"),
    ];
    assert_eq!(reply.faults(), expected);
    let query = "by=actor&actor=x&resource=x&cursor=x&page_size=1&customer_id=x&to=now";
    let reply = api.get(format!("{SUMMARY}?{query}"), Key::Admin).await;
    let expected = [
        fault("?actor", "UNKNOWN_FIELD"),
        fault("?by", "INVALID_VALUE"),
        fault("?cursor", "UNKNOWN_FIELD"),
        fault("?customer_id", "UNKNOWN_FIELD"),
        fault("?page_size", "UNKNOWN_FIELD"),
        fault("?resource", "UNKNOWN_FIELD"),
        fault("?to", "INVALID_VALUE"),
    ];
    assert_eq!(reply.faults(), expected);
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn a_filter_that_takes_too_long_is_too_broad() {
    let world = World::new().await;
    let own = format!("{}/audit-events", world.path());
    let before = world.api.stored().await;
    for target in [EVENTS, SUMMARY, &own] {
        let slow = StoreError::TooSlow;
        world.api.store.fail_next_at(Step::Statement, slow);
        let reply = world.api.get(target, Key::Admin).await;
        let broad = (400, "FILTER_TOO_BROAD".to_owned());
        assert_eq!(reply.failure(), broad, "{target}");
        let away = StoreError::Unavailable("away".to_owned());
        world.api.store.fail_next_at(Step::Commit, away);
        let reply = world.api.get(target, Key::Admin).await;
        let away = (503, "UNAVAILABLE".to_owned());
        assert_eq!(
            reply.failure(),
            away,
            "without an entry nobody reads: {target}"
        );
    }
    assert_eq!(world.api.stored().await, before);
}

#[tokio::test]
async fn the_trail_of_a_tenant_is_its_own() {
    let api = TestApi::new().await;
    let [one, _] = five(&api).await;
    for target in [
        EVENTS.to_owned(),
        format!("{EVENTS}?customer_id={one}"),
        format!("{EVENTS}?actor=key-1"),
    ] {
        let away = api.get(&target, Key::OtherAdmin).await;
        assert_eq!(numbers(&away), [0; 0], "{target}");
    }
    let own = format!("{CUSTOMERS}/{one}/audit-events");
    let away = api.get(&own, Key::OtherAdmin).await;
    assert_eq!(away.failure(), (404, "CUSTOMER_NOT_FOUND".to_owned()));
    let counted = format!("{SUMMARY}?event_type=customer.address");
    let away = api.get(&counted, Key::OtherAdmin).await.data("summary");
    assert_eq!(away["counts"], json!([]));
    // An operator's reading is recorded in the named tenant, where the operator finds it.
    let named = format!("{EVENTS}?tenant_id=tenant-123&event_type=customer.audit");
    let reads = api.get(&named, Key::Operator).await.data("events");
    assert_eq!(reads.as_array().map(Vec::len), Some(4));
    let home = listed(&api, "event_type=customer.audit").await;
    assert_eq!(home.data("events"), json!([]));
}
