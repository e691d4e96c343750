//! Invalid addresses are rejected, and each fault is reported at the member that was sent.

use super::{ada, fault, home, plain};
use crate::support::{Call, Key, TestApi, context_of, default_tenant};
use insta::assert_snapshot;
use serde_json::{Value, json};

#[tokio::test]
async fn every_fault_is_named_at_once_in_the_spelling_that_was_sent() {
    let api = TestApi::new().await;
    let target = format!("{}/addresses", ada(&api).await);
    let body = json!({
        "address_type": "home", "is_default": "yes", "first_name": "x".repeat(101),
        "addressLine1": "a\u{7}b", "address_line_2": 2, "postal_code": "1000",
        "country_code": "us", "phone": "call me", "label": "x".repeat(51), "metadata": [],
        "legacy_id": 0, "color": "red",
    });
    let reply = api.post(&target, Key::Write, body).await;
    assert_snapshot!(reply);
}

#[tokio::test]
async fn nothing_is_said_twice_of_one_member() {
    let api = TestApi::new().await;
    let target = format!("{}/addresses", ada(&api).await);
    let without = |name: &str| {
        let mut body = plain("1 Main St");
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let with = |name: &str, value: Value| {
        let mut body = plain("1 Main St");
        body[name] = value;
        body
    };
    let required = |at: &str| vec![fault(at, "REQUIRED")];
    for (body, expected) in [
        (without("street"), required("/street")),
        (with("street", json!("  ")), required("/street")),
        (with("street", Value::Null), required("/street")),
        (without("city"), required("/city")),
        (with("city", json!("")), required("/city")),
        (with("city", Value::Null), required("/city")),
        (without("zipCode"), required("/zipCode")),
        (
            with("zipCode", json!(10001)),
            vec![fault("/zipCode", "INVALID_TYPE")],
        ),
        (
            with("zipCode", json!("9".repeat(21))),
            vec![fault("/zipCode", "TOO_LONG")],
        ),
        (
            with("zipCode", json!("1000")),
            vec![fault("/zipCode", "INVALID_VALUE")],
        ),
        (
            with("street", json!("x".repeat(256))),
            vec![fault("/street", "TOO_LONG")],
        ),
        (
            with("country", json!("Germany")),
            vec![fault("/country", "INVALID_VALUE")],
        ),
        (
            with("country", json!("ZZ")),
            vec![fault("/country", "INVALID_VALUE")],
        ),
        (with("country", Value::Null), required("/country")),
        (with("isDefault", Value::Null), required("/isDefault")),
        (
            with("type", json!("home")),
            vec![fault("/type", "INVALID_VALUE")],
        ),
        (
            with("postalCode", json!("10002")),
            vec![fault("/zipCode", "DUPLICATE_KEY")],
        ),
        (
            with("version", json!(1)),
            vec![fault("/version", "UNKNOWN_FIELD")],
        ),
        (
            with("roles", json!([])),
            vec![fault("/roles", "UNKNOWN_FIELD")],
        ),
        (
            json!({"country": "ZZ"}),
            vec![
                fault("/country", "INVALID_VALUE"),
                fault("/street", "REQUIRED"),
            ],
        ),
        (
            json!({}),
            vec![
                fault("/city", "REQUIRED"),
                fault("/street", "REQUIRED"),
                fault("/zipCode", "REQUIRED"),
            ],
        ),
        (json!([]), vec![fault("", "INVALID_TYPE")]),
    ] {
        let reply = api.post(&target, Key::Write, body.clone()).await;
        assert_eq!(
            reply.failure(),
            (400, "VALIDATION_FAILED".to_owned()),
            "{body}"
        );
        assert_eq!(reply.faults(), expected, "{body}");
    }
    assert!(api.stored().await.addresses.is_empty());
}

#[tokio::test]
async fn after_a_merge_the_whole_address_is_judged() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api.added(&path, Key::Write, home()).await;
    let before = api.stored().await;
    for (body, expected) in [
        (json!({"zip": "1000"}), fault("/zip", "INVALID_VALUE")),
        (
            json!({"postal_code": null}),
            fault("/postal_code", "REQUIRED"),
        ),
        (json!({"city": null}), fault("/city", "REQUIRED")),
        (
            json!({"address_line_1": ""}),
            fault("/address_line_1", "REQUIRED"),
        ),
        (json!({"street": null}), fault("/street", "REQUIRED")),
        (
            json!({"country_code": "CA"}),
            fault("/zipCode", "INVALID_VALUE"),
        ),
        (json!({"country": null}), fault("/country", "REQUIRED")),
        (json!({"isDefault": null}), fault("/isDefault", "REQUIRED")),
    ] {
        let reply = api.put(&place, Key::Write, body.clone()).await;
        assert_eq!(
            reply.failure(),
            (400, "VALIDATION_FAILED".to_owned()),
            "{body}"
        );
        assert_eq!(reply.faults(), [expected], "{body}");
    }
    assert_eq!(api.stored().await, before);
    let right = json!({"country": "CA", "zipCode": "H3Z 2Y7", "state": "QC", "city": "Montréal"});
    assert_eq!(api.put(&place, Key::Write, right).await.status, 200);
}

#[tokio::test]
async fn what_grows_by_merges_stays_within_its_limit() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api.added(&path, Key::Write, home()).await;
    let half = |name: &str| json!({"metadata": {name: "x".repeat(10_000)}});
    assert_eq!(api.put(&place, Key::Write, half("a")).await.status, 200);
    let reply = api.put(&place, Key::Write, half("b")).await;
    assert_eq!(reply.faults(), [fault("/metadata", "TOO_LONG")]);
    let reply = api
        .put(
            &place,
            Key::Write,
            json!({"metadata": {"a": "x".repeat(20_000)}}),
        )
        .await;
    assert_eq!(reply.faults(), [fault("/metadata", "TOO_LONG")]);
}

#[tokio::test]
async fn a_legacy_id_of_another_address_is_a_conflict() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api.added(&path, Key::Write, home()).await;
    let mut second = plain("2 Main St");
    second["legacyId"] = json!(9);
    let taken = (409, "IDENTIFIER_ALREADY_EXISTS".to_owned());
    let target = format!("{path}/addresses");
    let reply = api.post(&target, Key::Write, second.clone()).await;
    assert_eq!(reply.failure(), taken);
    api.delete(&place, Key::Write).await;
    let reply = api.post(&target, Key::Write, second).await;
    assert_eq!(reply.failure(), taken, "a deleted address keeps its id");
}

#[tokio::test]
async fn path_query_and_header_are_judged_with_the_body() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let call = Call::put(format!("{path}/addresses/home?page=1"));
    let call = call
        .key(Key::Write)
        .header("if-match", "7")
        .json(&json!({"zip": 1}));
    let expected = [
        fault("/zip", "INVALID_TYPE"),
        fault("?page", "UNKNOWN_FIELD"),
        fault("If-Match", "INVALID_VALUE"),
        fault("{addressId}", "INVALID_ADDRESS_ID"),
    ];
    assert_eq!(api.send(call).await.faults(), expected);
    let listed = api.get(format!("{path}/addresses?page=1"), Key::Read).await;
    assert_eq!(listed.faults(), [fault("?page", "UNKNOWN_FIELD")]);
    let named = format!("{path}/addresses?tenant_id=default");
    assert_eq!(api.get(named, Key::Read).await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_missing_or_is_not_json_is_refused() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let target = format!("{path}/addresses");
    let missing = api.send(Call::post(&target).key(Key::Write)).await;
    assert_eq!(missing.failure(), (400, "MALFORMED_BODY".to_owned()));
    let form = Call::post(&target).key(Key::Write).bytes("street=1");
    let form = form.content_type("application/x-www-form-urlencoded");
    let reply = api.send(form).await;
    assert_eq!(reply.failure(), (415, "UNSUPPORTED_MEDIA_TYPE".to_owned()));
    let twice = r#"{"street":"a","street":"b","city":"c","zipCode":"10001"}"#;
    let reply = api
        .send(Call::post(&target).key(Key::Write).bytes(twice))
        .await;
    assert_eq!(reply.faults(), [fault("/street", "DUPLICATE_KEY")]);
}

#[tokio::test]
async fn in_a_tenant_without_a_country_an_address_names_its_own() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let mut shop = default_tenant();
    let work = api.store.operator_transactions();
    let mut work = work.begin(&context_of(&shop)).await.unwrap();
    shop.settings.country = "QQ".to_owned();
    work.tenants().find_for_update(shop.id).await.unwrap();
    work.tenants().save(&shop).await.unwrap();
    work.commit().await.unwrap();
    let mut named = plain("1 Main St");
    named["country"] = json!("US");
    let mut wrong = plain("1 Main St");
    wrong["countryCode"] = json!("ZZ");
    for (target, status) in [("addresses", 201), ("addresses/validate", 200)] {
        let target = format!("{path}/{target}");
        let refused = api.post(&target, Key::Write, plain("1 Main St")).await;
        assert_eq!(refused.faults(), [fault("/country", "REQUIRED")]);
        let refused = api.post(&target, Key::Write, wrong.clone()).await;
        assert_eq!(refused.faults(), [fault("/countryCode", "INVALID_VALUE")]);
        let taken = api.post(&target, Key::Write, named.clone()).await;
        assert_eq!(taken.status, status, "{taken}");
    }
}
