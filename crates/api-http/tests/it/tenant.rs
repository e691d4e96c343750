//! `/tenants`

use crate::support::{BASE, CUSTOMERS, Call, Key, TestApi};
use chrono::TimeDelta;
use insta::assert_snapshot;
use serde_json::{Value, json};

const TENANTS: &str = "/api/v1/tenants";

fn fault(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

#[tokio::test]
async fn a_tenant_is_made_with_defaults_and_can_be_used_at_once() {
    let api = TestApi::new().await;
    let reply = api
        .post(TENANTS, Key::Operator, json!({"id": "north"}))
        .await;
    assert_snapshot!(reply);
    let location = reply.header("location").unwrap();
    assert_eq!(api.get(location, Key::Operator).await.json(), reply.json());
    let body = json!({"email": "a@example.com", "tenantId": "north", "customerType": "RETAIL"});
    let customer = api.post(CUSTOMERS, Key::Operator, body).await.customer();
    assert_eq!(
        (&customer["tenantId"], &customer["groupId"]),
        (&json!("north"), &json!("retail"))
    );
}

#[tokio::test]
async fn a_tenant_is_made_as_described() {
    let api = TestApi::new().await;
    let body = json!({
        "id": "north_1", "name": " Northern shop ", "settings": {"currency": "eur", "country": "fi"},
    });
    let tenant = api.post(TENANTS, Key::Operator, body).await.data("tenant");
    assert_eq!(tenant["name"], "Northern shop");
    assert_eq!(
        tenant["settings"],
        json!({"currency": "EUR", "country": "FI", "maxAddresses": null})
    );
    let audit = api.stored().await.audit;
    assert_eq!(audit[0].event_type, "tenant.create");
}

#[tokio::test]
async fn the_tenant_that_the_caller_acts_in_may_be_named_in_the_body() {
    let api = TestApi::new().await;
    for (named, status) in [("default", 201), ("nowhere", 404)] {
        let body = json!({"id": "north", "tenantId": named});
        let reply = api.post(TENANTS, Key::Operator, body).await;
        assert_eq!(reply.status, status, "{named}: {reply}");
        let body = json!({"name": "North", "tenant_id": named});
        let path = format!("{TENANTS}/tenant-123");
        let reply = api.put(path, Key::Operator, body).await;
        assert_eq!(reply.status, if status == 201 { 200 } else { 404 });
    }
    let call = Call::post(format!("{TENANTS}?tenant_id=default"));
    let body = json!({"id": "south", "tenantId": "tenant-123"});
    let reply = api.send(call.key(Key::Operator).json(&body)).await;
    assert_eq!(reply.failure(), (404, "TENANT_NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn the_id_of_a_tenant_is_taken_once() {
    let api = TestApi::new().await;
    let before = api.stored().await;
    assert_snapshot!(
        api.post(TENANTS, Key::Operator, json!({"id": "tenant-123"}))
            .await
    );
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn everything_wrong_with_a_tenant_is_named_at_once() {
    let api = TestApi::new().await;
    let before = api.stored().await;
    let body = json!({
        "id": "No Slug", "name": "", "settings": {"currency": "EURO", "country": 1, "tax": 2},
        "version": 1,
    });
    let reply = api
        .post(format!("{TENANTS}?page=1"), Key::Operator, body)
        .await;
    let expected = [
        fault("/id", "INVALID_VALUE"),
        fault("/name", "REQUIRED"),
        fault("/settings/country", "INVALID_TYPE"),
        fault("/settings/currency", "INVALID_VALUE"),
        fault("/settings/tax", "UNKNOWN_FIELD"),
        fault("/version", "UNKNOWN_FIELD"),
        fault("?page", "UNKNOWN_FIELD"),
    ];
    assert_eq!(reply.faults(), expected);
    let nulls = json!({"id": "north", "name": null, "settings": {"currency": null}});
    let reply = api.post(TENANTS, Key::Operator, nulls).await;
    let expected = ["/name", "/settings/currency"].map(|at| fault(at, "REQUIRED"));
    assert_eq!(reply.faults(), expected);
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn tenants_are_listed_by_id() {
    let api = TestApi::new().await;
    for id in ["zulu", "alpha"] {
        api.post(TENANTS, Key::Operator, json!({"id": id})).await;
    }
    let tenants = api.get(TENANTS, Key::Operator).await.data("tenants");
    let ids: Vec<&Value> = tenants
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(ids, ["alpha", "default", "tenant-123", "zulu"]);
}

#[tokio::test]
async fn a_tenant_that_is_not_there_is_not_found() {
    let api = TestApi::new().await;
    assert_snapshot!(api.get(format!("{TENANTS}/nobody"), Key::Operator).await);
    let reply = api
        .put(format!("{TENANTS}/no%20slug"), Key::Operator, json!({}))
        .await;
    assert_eq!(reply.failure(), (404, "TENANT_NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn a_change_merges_and_minds_the_version() {
    let api = TestApi::new().await;
    let path = format!("{TENANTS}/tenant-123");
    api.clock.advance(TimeDelta::minutes(1));
    let body = json!({"settings": {"currency": "gbp"}});
    assert_snapshot!(api.put(&path, Key::Operator, body).await);
    let audit = api.stored().await.audit;
    assert_eq!(audit[0].changed_fields, ["settings.currency"]);

    let read = api.get(&path, Key::Operator).await;
    let before = api.stored().await;
    let back = api.put(&path, Key::Operator, read.data("tenant")).await;
    assert_eq!((back.status, back.json()), (200, read.json()));
    for call in [
        Call::put(&path).json(&json!({"name": "New", "version": 1})),
        Call::put(&path)
            .json(&json!({"name": "New"}))
            .header("if-match", "\"1\""),
    ] {
        let reply = api.send(call.key(Key::Operator)).await;
        assert_eq!(reply.failure(), (412, "VERSION_CONFLICT".to_owned()));
        assert_eq!(reply.json()["currentVersion"], 2);
    }
    assert_eq!(api.stored().await, before);
    let call = Call::put(&path)
        .json(&json!({"name": "New"}))
        .header("if-match", "\"2\"");
    let renamed = api.send(call.key(Key::Operator)).await;
    assert_eq!(renamed.data("tenant")["name"], "New");
    assert_eq!(renamed.header("etag"), Some("\"3\""));
}

#[tokio::test]
async fn the_members_of_a_tenant_cannot_be_emptied_nor_its_id_changed() {
    let api = TestApi::new().await;
    let path = format!("{TENANTS}/tenant-123");
    let before = api.stored().await;
    let body = json!({
        "id": "other", "name": null, "settings": {"currency": null, "country": "USA"}, "slug": 1,
    });
    let reply = api.put(&path, Key::Operator, body).await;
    let expected = [
        fault("/id", "READ_ONLY_FIELD"),
        fault("/name", "REQUIRED"),
        fault("/settings/country", "INVALID_VALUE"),
        fault("/settings/currency", "REQUIRED"),
        fault("/slug", "UNKNOWN_FIELD"),
    ];
    assert_eq!(reply.faults(), expected);
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn only_an_all_tenant_administrator_may() {
    let api = TestApi::new().await;
    assert_snapshot!(api.get(TENANTS, Key::Admin).await);
    let reply = api
        .get(
            format!("{BASE}/tenants/default?tenant_id=nobody"),
            Key::Operator,
        )
        .await;
    assert_eq!(reply.failure(), (404, "TENANT_NOT_FOUND".to_owned()));
}
