//! `/api-keys`

use crate::support::{CUSTOMERS, Call, Key, TestApi};
use chrono::TimeDelta;
use customer_testkit::builders::{at, seeded_id};
use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

const KEYS: &str = "/api/v1/api-keys";

fn fault(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

async fn list_as(api: &TestApi, secret: &str) -> u16 {
    let call = Call::new(Method::GET, CUSTOMERS).header("x-api-key", secret);
    api.send(call).await.status
}

#[tokio::test]
async fn a_key_opens_what_its_scopes_say_and_shows_its_secret_once() {
    let api = TestApi::new().await;
    let body = json!({"name": " storefront ", "scopes": ["customers:write", "customers:READ"]});
    let reply = api.post(KEYS, Key::Admin, body).await;
    assert_snapshot!(reply);
    let secret = reply.data("secret");
    let secret = secret.as_str().unwrap();
    assert_eq!(list_as(&api, secret).await, 200);
    let call = Call::new(Method::GET, KEYS).header("x-api-key", secret);
    assert_eq!(
        api.send(call).await.failure(),
        (403, "PERMISSION_DENIED".to_owned())
    );
    let told = format!(
        "{} {:?}",
        api.get(KEYS, Key::Admin).await,
        api.stored().await
    );
    assert!(!told.contains(secret));
}

#[tokio::test]
async fn a_key_ends_by_itself() {
    let api = TestApi::new().await;
    let ends = (at(60) + TimeDelta::nanoseconds(123_456_789)).to_rfc3339();
    let body = json!({"name": "short", "scopes": ["customers:read"], "expiresAt": ends});
    let reply = api.post(KEYS, Key::Admin, body).await;
    assert_eq!(
        reply.data("apiKey")["expiresAt"],
        "2026-01-15T12:01:00.123456Z"
    );
    let secret = reply.data("secret").as_str().unwrap().to_owned();
    assert_eq!(list_as(&api, &secret).await, 200);
    api.clock.advance(TimeDelta::seconds(61));
    assert_eq!(list_as(&api, &secret).await, 401);
}

#[tokio::test]
async fn everything_wrong_with_a_key_is_named_at_once() {
    let api = TestApi::new().await;
    let before = api.stored().await;
    let body = json!({
        "name": "x".repeat(101), "scopes": ["customers:read", "root", 7, "admin"],
        "expires_at": "2026-01-15T12:00:00Z", "allTenants": "yes", "prefix": "csk_",
    });
    let reply = api.post(format!("{KEYS}?page=1"), Key::Admin, body).await;
    let expected = [
        fault("/allTenants", "INVALID_TYPE"),
        fault("/expires_at", "INVALID_VALUE"),
        fault("/name", "TOO_LONG"),
        fault("/prefix", "UNKNOWN_FIELD"),
        fault("/scopes", "TOO_LONG"),
        fault("?page", "UNKNOWN_FIELD"),
    ];
    assert_eq!(reply.faults(), expected);
    let reply = api
        .post(
            KEYS,
            Key::Admin,
            json!({"name": " ", "scopes": ["root", 7, "x"]}),
        )
        .await;
    let expected = [
        fault("/name", "REQUIRED"),
        fault("/scopes/0", "INVALID_VALUE"),
        fault("/scopes/1", "INVALID_TYPE"),
        fault("/scopes/2", "INVALID_VALUE"),
    ];
    assert_eq!(reply.faults(), expected);
    let reply = api.post(KEYS, Key::Admin, json!({"scopes": []})).await;
    assert_eq!(
        reply.faults(),
        [fault("/name", "REQUIRED"), fault("/scopes", "TOO_SHORT")]
    );
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn only_a_key_for_all_tenants_makes_another() {
    let api = TestApi::new().await;
    let body = json!({"name": "ops", "scopes": ["customers:admin"], "allTenants": true});
    assert_snapshot!(api.post(KEYS, Key::Admin, body.clone()).await);
    let made = api.post(KEYS, Key::Operator, body.clone()).await;
    assert_eq!(made.data("apiKey")["tenantId"], Value::Null);
    let secret = made.data("secret").as_str().unwrap().to_owned();
    let elsewhere = format!("{CUSTOMERS}?tenant_id=tenant-123");
    let call = Call::new(Method::GET, elsewhere).header("x-api-key", &secret);
    assert_eq!(api.send(call).await.status, 200);

    for member in ["allTenants", "all_tenants"] {
        let mut body =
            json!({"name": "ops", "scopes": ["customers:admin"], "tenantId": "tenant-123"});
        body[member] = json!(true);
        let reply = api.post(KEYS, Key::Operator, body).await;
        assert_eq!(
            reply.faults(),
            [fault(&format!("/{member}"), "INVALID_VALUE")]
        );
    }
}

#[tokio::test]
async fn a_key_for_another_tenant_lies_there() {
    let api = TestApi::new().await;
    let body = json!({"name": "far", "scopes": ["customers:read"], "tenantId": "tenant-123"});
    let made = api.post(KEYS, Key::Operator, body).await;
    assert_eq!(made.data("apiKey")["tenantId"], "tenant-123");
    let far = |list: Value| {
        list.as_array()
            .unwrap()
            .iter()
            .any(|key| key["name"] == "far")
    };
    assert!(far(api.get(KEYS, Key::OtherAdmin).await.data("apiKeys")));
    assert!(!far(api.get(KEYS, Key::Admin).await.data("apiKeys")));
}

#[tokio::test]
async fn keys_are_listed_newest_first_and_the_operators_only_to_operators() {
    let api = TestApi::new().await;
    api.clock.advance(TimeDelta::minutes(1));
    api.post(
        KEYS,
        Key::Admin,
        json!({"name": "newest", "scopes": ["customers:read"]}),
    )
    .await;
    assert_snapshot!(api.get(KEYS, Key::Admin).await);
    let operators = api.get(KEYS, Key::Operator).await.data("apiKeys");
    assert!(
        operators
            .as_array()
            .unwrap()
            .iter()
            .any(|key| key["tenantId"] == Value::Null)
    );
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_from_then_on() {
    let api = TestApi::new().await;
    assert_eq!(list_as(&api, &Key::Read.secret()).await, 200);
    let path = format!("{KEYS}/{}", Key::Read.id());
    api.clock.advance(TimeDelta::minutes(1));
    let reply = api.delete(&path, Key::Admin).await;
    assert_snapshot!(reply);
    assert_snapshot!("a_revoked_key", api.get(CUSTOMERS, Key::Read).await);
    let before = api.stored().await;
    assert_eq!(before.audit[0].event_type, "api_key.revoke");
    api.clock.advance(TimeDelta::minutes(1));
    assert_eq!(api.delete(&path, Key::Admin).await.json(), reply.json());
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn a_key_cannot_revoke_itself() {
    let api = TestApi::new().await;
    let before = api.stored().await;
    assert_snapshot!(
        api.delete(format!("{KEYS}/{}", Key::Admin.id()), Key::Admin)
            .await
    );
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn the_last_key_that_administers_a_tenant_stays() {
    let api = TestApi::new().await;
    let before = api.stored().await;
    let path = format!("{KEYS}/{}?tenant_id=tenant-123", Key::OtherAdmin.id());
    assert_snapshot!(api.delete(&path, Key::Operator).await);
    assert_eq!(api.stored().await, before);
    let body = json!({"name": "second", "scopes": ["customers:admin"], "tenantId": "tenant-123"});
    api.post(KEYS, Key::Operator, body).await;
    assert_eq!(api.delete(&path, Key::Operator).await.status, 200);
}

#[tokio::test]
async fn a_key_that_is_not_there_or_not_to_be_seen_is_not_found() {
    let api = TestApi::new().await;
    let before = api.stored().await;
    let random = api
        .delete(format!("{KEYS}/{}", seeded_id(9)), Key::Admin)
        .await;
    assert_eq!(random.failure(), (404, "API_KEY_NOT_FOUND".to_owned()));
    for hidden in [Key::OtherRead, Key::Operator] {
        let reply = api
            .delete(format!("{KEYS}/{}", hidden.id()), Key::Admin)
            .await;
        assert_eq!(reply.problem(), random.problem(), "{hidden:?}");
    }
    let reply = api.delete(format!("{KEYS}/7?page=1"), Key::Admin).await;
    let expected = [
        fault("?page", "UNKNOWN_FIELD"),
        fault("{keyId}", "INVALID_VALUE"),
    ];
    assert_eq!(reply.faults(), expected);
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn an_idempotency_key_is_ignored_where_the_reply_is_a_secret() {
    let api = TestApi::new().await;
    let make = || {
        let call = Call::post(KEYS)
            .key(Key::Admin)
            .header("idempotency-key", "k");
        call.json(&json!({"name": "a", "scopes": ["customers:read"]}))
    };
    let (first, second) = (api.send(make()).await, api.send(make()).await);
    assert_eq!(second.header("idempotent-replayed"), None);
    assert_ne!(first.data("secret"), second.data("secret"));
}

#[tokio::test]
async fn the_use_of_a_key_is_noted_at_most_once_a_minute() {
    let api = TestApi::new().await;
    api.get(CUSTOMERS, Key::Read).await;
    let keys = api.get(KEYS, Key::Admin).await.data("apiKeys");
    let read = keys
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["name"] == "Read")
        .unwrap();
    assert_eq!(read["lastUsedAt"], "2026-01-15T12:00:00Z");
}
