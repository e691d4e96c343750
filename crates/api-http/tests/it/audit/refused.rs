//! Refusals are recorded in the audit trail.

use super::{EVENTS, listed};
use crate::observed::Counts;
use crate::support::{BASE, CASES, CUSTOMERS, Case, Key, Needs, TestApi, World};
use chrono::TimeDelta;
use customer_domain::StoreError;
use customer_testkit::builders::at;
use customer_testkit::fake::Step;
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Returns the refusals in the default tenant, newest first.
async fn refusals(api: &TestApi) -> Vec<Value> {
    let events = listed(api, "event_type=access.denied&page_size=100").await;
    let events = events.data("events");
    let events = events.as_array().expect("a list").iter();
    events
        .map(|event| {
            let values = &event["newValues"];
            json!([event["actorId"], values["scope"], values["route"]])
        })
        .collect()
}

/// Returns the scope that a key lacks for an operation, if any.
fn lacking(case: &Case, key: Key) -> Option<&'static str> {
    match (case.needs, key) {
        (Needs::Write, Key::Read) => Some("customers:write"),
        (Needs::Admin | Needs::AllTenants, Key::Read | Key::Write) => Some("customers:admin"),
        (Needs::AllTenants, Key::Admin) => Some("customers:admin in all tenants"),
        _ => None,
    }
}

#[tokio::test]
async fn every_refusal_of_every_operation_is_on_record_once() {
    let mut seen = 0;
    for case in CASES {
        let world = World::new().await;
        let operation = case.operation();
        for key in [Key::Read, Key::Write, Key::Admin] {
            let Some(scope) = lacking(case, key) else {
                continue;
            };
            let before = refusals(&world.api).await.len();
            for _ in 0..3 {
                let reply = world.api.send(case.call(&world).key(key)).await;
                assert_eq!(reply.status, 403, "{} {key:?}", case.operation);
            }
            world.api.clock.advance(TimeDelta::seconds(1));
            let refusals = refusals(&world.api).await;
            let route = format!("{} {BASE}{}", operation.method, operation.path);
            let expected = json!([key.id().to_string(), scope, route]);
            assert_eq!(refusals.len(), before + 1, "{}", case.operation);
            assert_eq!(refusals[0], expected, "{}", case.operation);
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[tokio::test]
async fn what_a_route_refuses_by_what_is_asked_of_it_is_on_record_too() {
    let world = World::new().await;
    let api = &world.api;
    let customer = format!("{CUSTOMERS}/{}", world.customer);
    let suspended = json!({"status": "suspended"});
    let reply = api.put(&customer, Key::Write, suspended).await;
    assert_eq!(reply.status, 403);
    api.clock.advance(TimeDelta::seconds(1));
    let all = json!({"name": "all", "scopes": ["customers:read"], "allTenants": true});
    let reply = api.post(format!("{BASE}/api-keys"), Key::Admin, all).await;
    assert_eq!(reply.status, 403);
    api.clock.advance(TimeDelta::seconds(1));
    let expected = [
        json!([
            Key::Admin.id().to_string(),
            "customers:admin in all tenants",
            format!("POST {BASE}/api-keys")
        ]),
        json!([
            Key::Write.id().to_string(),
            "customers:admin",
            format!("PUT {CUSTOMERS}/{{customerId}}")
        ]),
    ];
    assert_eq!(refusals(api).await, expected);
}

#[tokio::test]
async fn a_refusal_is_shown_as_a_warning() {
    let api = TestApi::new().await;
    api.get(EVENTS, Key::Read).await;
    assert_snapshot!(listed(&api, "event_type=access").await);
}

#[tokio::test]
async fn the_same_refusal_is_on_record_once_a_minute() {
    let api = TestApi::new().await;
    let refused = async |path: &str, key: Key| {
        assert_eq!(api.get(path, key).await.status, 403);
        let audit = api.store.audit();
        let refusals = audit.iter().filter(|one| one.event_type == "access.denied");
        refusals.count()
    };
    api.clock.set(at(0));
    let own = [1, 2].map(|n| format!("{CUSTOMERS}/{n}/audit-events"));
    assert_eq!(refused(EVENTS, Key::Read).await, 1);
    assert_eq!(refused(EVENTS, Key::Read).await, 1);
    assert_eq!(refused("/v1/customers/audit-events", Key::Read).await, 1);
    assert_eq!(refused(&format!("{EVENTS}?colour=red"), Key::Read).await, 1);
    assert_eq!(refused(&own[0], Key::Read).await, 2);
    assert_eq!(
        refused(&own[1], Key::Read).await,
        2,
        "another id is no other route"
    );
    assert_eq!(refused(EVENTS, Key::Write).await, 3);
    api.clock.set(at(59));
    assert_eq!(refused(EVENTS, Key::Read).await, 3);
    api.clock.set(at(60));
    assert_eq!(refused(EVENTS, Key::Read).await, 4);
}

#[tokio::test]
async fn a_refusal_stays_in_the_tenant_of_the_key() {
    let api = TestApi::new().await;
    let named = format!("{EVENTS}?tenant_id=default");
    assert_eq!(api.get(&named, Key::OtherRead).await.status, 403);
    assert_eq!(refusals(&api).await, [Value::Null; 0]);
    let theirs = format!("{EVENTS}?event_type=access.denied");
    let theirs = api.get(&theirs, Key::OtherAdmin).await.data("events");
    assert_eq!(theirs[0]["actorId"], json!(Key::OtherRead.id().to_string()));
}

#[tokio::test]
async fn a_refusal_that_cannot_be_put_on_record_is_one_all_the_same_and_is_counted() {
    let api = TestApi::new().await;
    let counts = Counts::default();
    let guard = metrics::set_default_local_recorder(&counts);
    for step in [Step::Begin, Step::Commit] {
        let away = StoreError::Unavailable("away".to_owned());
        api.store.fail_next_at(step, away);
        let reply = api.get(EVENTS, Key::Read).await;
        assert_eq!(reply.failure(), (403, "PERMISSION_DENIED".to_owned()));
        api.clock.advance(TimeDelta::minutes(1));
    }
    drop(guard);
    assert_eq!(api.store.audit(), []);
    let failed = "audit_logging_errors_total{type=database,operation=insert}";
    assert_eq!(counts.of(failed), 2);
}

#[tokio::test]
async fn who_is_not_known_leaves_no_entry() {
    let api = TestApi::new().await;
    for key in [Key::Revoked, Key::Expired] {
        assert_eq!(api.get(EVENTS, key).await.status, 401);
    }
    assert_eq!(api.store.audit(), []);
}
