//! `/customers/{customerId}/preferences`.

use crate::support::{CUSTOMERS, Call, Key, TestApi};
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Creates a customer with nothing but an e-mail address, and returns the path of its preferences.
async fn guest(api: &TestApi) -> String {
    let id = api
        .created(Key::Write, json!({"email": "a@example.com"}))
        .await;
    format!("{CUSTOMERS}/{id}/preferences")
}

/// Returns all preferences, under their own names.
fn everything() -> Value {
    json!({
        "language": "pt-BR", "currency": "BRL", "timezone": "America/Sao_Paulo",
        "marketing": {"emailOptIn": true, "smsOptIn": true, "pushOptIn": true},
        "notifications": {"orderUpdates": true, "promotions": true, "newsletters": true},
        "dataSharing": true, "analyticsTracking": true, "cookieConsent": true,
        "custom": {"theme": "dark"},
    })
}

#[tokio::test]
async fn who_voiced_no_wish_has_agreed_to_nothing() {
    let api = TestApi::new().await;
    let path = guest(&api).await;
    assert_snapshot!(api.get(&path, Key::Read).await);
}

#[tokio::test]
async fn every_wish_can_be_voiced_nested_flat_wrapped_or_by_the_names_of_columns() {
    let flat = json!({
        "language": "pt_br", "currency": "brl", "timezone": "america/sao_paulo",
        "emailOptIn": true, "smsOptIn": true, "pushOptIn": true,
        "orderUpdates": true, "promotions": true, "newsletters": true,
        "dataSharing": true, "analyticsTracking": true, "cookieConsent": true,
        "custom": {"theme": "dark"},
    });
    let columns = json!({
        "language": "pt-BR", "currency": "BRL", "timezone": "America/Sao_Paulo",
        "email_marketing": true, "sms_marketing": true, "push_notifications": true,
        "order_updates": true, "promotional_emails": true, "newsletter": true,
        "data_sharing": true, "analytics_tracking": true, "cookie_consent": true,
        "custom_preferences": {"theme": "dark"},
    });
    for body in [
        everything(),
        json!({"preferences": everything()}),
        json!({"preferences": columns}),
        flat,
        columns,
    ] {
        let api = TestApi::new().await;
        let path = guest(&api).await;
        let reply = api.put(&path, Key::Write, body).await;
        assert_eq!(reply.data("preferences"), everything(), "{reply}");
        assert_eq!(reply.header("etag"), Some("\"2\""));
        assert_eq!(api.get(&path, Key::Read).await.json(), reply.json());
        let customer = api
            .get(path.trim_end_matches("/preferences"), Key::Read)
            .await;
        assert_eq!(customer.customer()["preferences"], everything());
        let (kind, changed) = api.events().pop().expect("an event");
        assert_eq!(kind, "CustomerProfileUpdated");
        assert_eq!(changed.as_array().map(Vec::len), Some(13));
    }
}

#[tokio::test]
async fn a_merge_keeps_what_is_absent_and_null_clears() {
    let api = TestApi::new().await;
    let path = guest(&api).await;
    api.put(&path, Key::Write, everything()).await;
    let body = json!({
        "language": null, "marketing": {"smsOptIn": false}, "notifications": null,
        "custom": {"theme": null, "size": 2},
    });
    let reply = api.put(&path, Key::Write, body).await;
    assert_snapshot!(reply);
    let nothing = api.put(&path, Key::Write, json!({})).await;
    assert_eq!(nothing.json(), reply.json());
    let cleared = api
        .put(&path, Key::Write, json!({"preferences": null}))
        .await;
    let expected = api.get(&guest_elsewhere(&api).await, Key::OtherRead).await;
    assert_eq!(cleared.json(), expected.json());
}

async fn guest_elsewhere(api: &TestApi) -> String {
    let body = json!({"email": "a@example.com"});
    let id = api.created(Key::OtherWrite, body).await;
    format!("{CUSTOMERS}/{id}/preferences")
}

#[tokio::test]
async fn a_change_minds_the_customers_version_and_state() {
    let api = TestApi::new().await;
    let path = guest(&api).await;
    let wish = json!({"newsletter": true});
    for call in [
        Call::put(&path).json(&wish).header("if-match", "\"7\""),
        Call::put(&path).json(&json!({"newsletter": true, "version": 7})),
    ] {
        let reply = api.send(call.key(Key::Write)).await;
        assert_eq!(reply.failure(), (412, "VERSION_CONFLICT".to_owned()));
    }
    let call = Call::put(&path).json(&wish).header("if-match", "\"1\"");
    assert_eq!(api.send(call.key(Key::Write)).await.status, 200);
    api.delete(path.trim_end_matches("/preferences"), Key::Write)
        .await;
    let reply = api
        .put(&path, Key::Write, json!({"newsletter": false}))
        .await;
    assert_eq!(reply.failure(), (409, "STATE_CONFLICT".to_owned()));
    assert_eq!(api.get(&path, Key::Read).await.status, 200);
}

#[tokio::test]
async fn what_is_in_no_list_of_languages_currencies_or_time_zones_is_refused_everywhere() {
    let api = TestApi::new().await;
    let path = guest(&api).await;
    let customer = path.trim_end_matches("/preferences").to_owned();
    let before = api.stored().await;
    let preferences = json!({"language": "xx", "currency": "XXX", "timezone": "Mars/Olympus"});
    let whole = json!({"email": "b@example.com", "preferences": preferences});
    let tenant = json!({"id": "north", "settings": {"currency": "XTS", "country": "ZZ"}});
    for (call, members) in [
        (
            Call::put(&path).json(&preferences),
            ["/currency", "/language", "/timezone"].as_slice(),
        ),
        (
            Call::put(&customer).json(&json!({"preferences": preferences})),
            &[
                "/preferences/currency",
                "/preferences/language",
                "/preferences/timezone",
            ],
        ),
        (
            Call::post(CUSTOMERS).json(&whole),
            &[
                "/preferences/currency",
                "/preferences/language",
                "/preferences/timezone",
            ],
        ),
        (
            Call::post("/api/v1/tenants").json(&tenant),
            &["/settings/country", "/settings/currency"],
        ),
    ] {
        let reply = api.send(call.key(Key::Operator)).await;
        let expected: Vec<_> = members
            .iter()
            .map(|at| ((*at).to_owned(), "INVALID_VALUE".to_owned()))
            .collect();
        assert_eq!(reply.faults(), expected, "{reply}");
    }
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn everything_wrong_is_named_as_it_was_sent() {
    let api = TestApi::new().await;
    let path = guest(&api).await;
    let body = json!({
        "email_marketing": "yes", "preferences": {"marketing": {"emailOptIn": true}, "colour": 1},
        "notifications": true, "custom": [], "id": "8",
    });
    assert_snapshot!(api.put(&path, Key::Write, body).await);
    let grown = json!({"custom": {"text": "x".repeat(10_000)}});
    assert_eq!(api.put(&path, Key::Write, grown).await.status, 200);
    let more = json!({"custom": {"more": "x".repeat(10_000)}});
    let reply = api.put(&path, Key::Write, more).await;
    let expected = [("/custom".to_owned(), "TOO_LONG".to_owned())];
    assert_eq!(reply.faults(), expected, "{reply}");
}

#[tokio::test]
async fn nobody_has_no_preferences() {
    let api = TestApi::new().await;
    for (id, failure) in [
        ("7", (404, "CUSTOMER_NOT_FOUND")),
        ("me", (404, "CUSTOMER_NOT_FOUND")),
        ("nobody", (400, "INVALID_CUSTOMER_ID")),
    ] {
        let path = format!("{CUSTOMERS}/{id}/preferences");
        let expected = (failure.0, failure.1.to_owned());
        assert_eq!(api.get(&path, Key::Read).await.failure(), expected, "{id}");
        let reply = api.put(&path, Key::Write, json!({})).await;
        assert_eq!(reply.failure(), expected, "{id}");
    }
}
