//! Default addresses, equal addresses, and the limit of addresses.

use super::{ada, defaults, fault, home, id_of, plain};
use crate::support::{Call, Key, TestApi};
use chrono::TimeDelta;
use insta::assert_snapshot;
use serde_json::{Value, json};

fn of_type(kind: &str, street: &str) -> Value {
    let mut body = plain(street);
    body["type"] = json!(kind);
    body
}

#[tokio::test]
async fn an_empty_body_makes_the_address_the_default_in_all_roles_of_its_type() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let first = api
        .added(&path, Key::Write, of_type("both", "1 Main St"))
        .await;
    let second = api
        .added(&path, Key::Write, of_type("both", "2 Main St"))
        .await;
    api.clock.advance(TimeDelta::minutes(1));
    let target = format!("{second}/set-default");
    assert_snapshot!(api.send(Call::post(&target).key(Key::Write)).await);
    let both = json!({"shipping": id_of(&second), "billing": id_of(&second)});
    assert_eq!(defaults(&api, &path).await, both);
    let before = api.stored().await;
    let again = api.post(&target, Key::Write, json!({})).await;
    assert_eq!((again.status, again.header("etag")), (200, Some("\"2\"")));
    assert_eq!(api.stored().await, before, "nothing was left to do");

    let shared = api.post(
        format!("{first}/set-default"),
        Key::Write,
        json!({"role": "Billing"}),
    );
    assert_eq!(shared.await.address()["roles"], json!(["billing"]));
    let split = json!({"shipping": id_of(&second), "billing": id_of(&first)});
    assert_eq!(defaults(&api, &path).await, split);
}

#[tokio::test]
async fn a_role_that_the_type_does_not_cover_or_that_is_none_is_named() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api
        .added(&path, Key::Write, of_type("shipping", "1 Main St"))
        .await;
    let before = api.stored().await;
    let target = format!("{place}/set-default");
    let reply = api
        .post(&target, Key::Write, json!({"role": "billing"}))
        .await;
    assert_snapshot!(reply);
    for role in [json!("both"), json!("home")] {
        let reply = api.post(&target, Key::Write, json!({"role": role})).await;
        assert_eq!(reply.faults(), [fault("/role", "INVALID_VALUE")], "{role}");
    }
    let reply = api
        .post(&target, Key::Write, json!({"role": 1, "type": "both"}))
        .await;
    let expected = [
        fault("/role", "INVALID_TYPE"),
        fault("/type", "UNKNOWN_FIELD"),
    ];
    assert_eq!(reply.faults(), expected);
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn set_default_heeds_the_version_and_the_customer_that_are_named() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api.added(&path, Key::Write, home()).await;
    let second = api.added(&path, Key::Write, plain("2 Main St")).await;
    let target = format!("{second}/set-default");
    let call = |tag: &str| Call::post(&target).key(Key::Write).header("if-match", tag);
    let stale = api.send(call("\"7\"")).await;
    assert_eq!(stale.failure(), (412, "VERSION_CONFLICT".to_owned()));
    assert_eq!(stale.json()["currentVersion"], 1);
    let other = api
        .post(&target, Key::Write, json!({"customer_id": "71"}))
        .await;
    assert_eq!(other.faults(), [fault("/customer_id", "READ_ONLY_FIELD")]);
    assert_eq!(defaults(&api, &path).await["shipping"], *id_of(&place));
    let own = json!({"customer_id": format!("cust_{}", id_of(&path))});
    assert_eq!(api.post(&target, Key::Write, own).await.status, 200);
    assert_eq!(api.send(call("\"2\"")).await.status, 200);
}

#[tokio::test]
async fn is_default_takes_and_hands_on_roles() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let first = api
        .added(&path, Key::Write, of_type("both", "1 Main St"))
        .await;
    api.clock.advance(TimeDelta::seconds(1));
    let mut second = of_type("both", "2 Main St");
    second["isDefault"] = json!(true);
    let second = api.added(&path, Key::Write, second).await;
    let taken = json!({"shipping": id_of(&second), "billing": id_of(&second)});
    assert_eq!(defaults(&api, &path).await, taken);
    let reply = api
        .put(&second, Key::Write, json!({"is_default": false}))
        .await;
    assert_eq!(reply.address()["isDefault"], false);
    let back = json!({"shipping": id_of(&first), "billing": id_of(&first)});
    assert_eq!(defaults(&api, &path).await, back);
    api.put(&second, Key::Write, json!({"isDefault": true}))
        .await;
    assert_eq!(defaults(&api, &path).await, taken);
    api.delete(&second, Key::Write).await;
    assert_eq!(defaults(&api, &path).await, back);
    api.delete(&first, Key::Write).await;
    let none = json!({"shipping": null, "billing": null});
    assert_eq!(defaults(&api, &path).await, none);
}

#[tokio::test]
async fn an_address_that_is_there_is_answered_and_not_added() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api.added(&path, Key::Write, home()).await;
    let before = api.stored().await;
    let mut same = home();
    same["street"] = json!(" 123  main st. ");
    same["label"] = json!("Another word");
    let reply = api
        .post(format!("{path}/addresses"), Key::Write, same.clone())
        .await;
    assert_eq!((reply.status, reply.header("location")), (200, None));
    assert_eq!(reply.address()["id"], *id_of(&place));
    assert_eq!(reply.address()["label"], "Home", "the one that is there");
    assert_eq!(api.stored().await, before);
    same["isDefault"] = json!(false);
    let reply = api
        .post(format!("{path}/addresses"), Key::Write, same)
        .await;
    assert_eq!(reply.address()["isDefault"], true, "false leaves its roles");
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn a_change_that_would_make_two_addresses_equal_names_the_other() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let first = api.added(&path, Key::Write, plain("1 Main St")).await;
    let second = api.added(&path, Key::Write, plain("2 Main St")).await;
    let before = api.stored().await;
    let reply = api
        .put(&second, Key::Write, json!({"street": "1 MAIN ST"}))
        .await;
    assert_eq!(reply.json()["addressId"], *id_of(&first));
    assert_snapshot!(reply);
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn beyond_the_limit_the_number_is_named() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    for n in 1..=10 {
        api.added(&path, Key::Write, plain(&format!("{n} Main St")))
            .await;
    }
    let before = api.stored().await;
    let target = format!("{path}/addresses");
    let reply = api.post(&target, Key::Write, plain("11 Main St")).await;
    assert_eq!(reply.json()["limit"], 10);
    assert_snapshot!(reply);
    let equal = api.post(&target, Key::Write, plain("10 Main St")).await;
    assert_eq!(equal.status, 200, "an equal one is no other");
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn the_limit_of_a_tenant_holds_for_its_customers() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let limit = async |limit: Value| {
        let body = json!({"settings": {"maxAddresses": limit}});
        let reply = api
            .put("/api/v1/tenants/default", Key::Operator, body)
            .await;
        assert_eq!(reply.status, 200, "{reply}");
    };
    let target = format!("{path}/addresses");
    let add = async |street: &str| api.post(&target, Key::Write, plain(street)).await;
    limit(json!(1)).await;
    assert_eq!(add("1 Main St").await.status, 201);
    let refused = add("2 Main St").await;
    assert_eq!(
        refused.failure(),
        (400, "ADDRESS_LIMIT_EXCEEDED".to_owned())
    );
    assert_eq!(refused.json()["limit"], 1);
    limit(json!(0)).await;
    for n in 2..=12 {
        assert_eq!(add(&format!("{n} Main St")).await.status, 201, "{n}");
    }
    limit(Value::Null).await;
    assert_eq!(add("13 Main St").await.json()["limit"], 10);
    for bad in [json!(-1), json!(1_001), json!("many")] {
        let body = json!({"settings": {"max_addresses": bad}});
        let reply = api
            .put("/api/v1/tenants/default", Key::Operator, body)
            .await;
        assert_eq!(reply.faults()[0].0, "/settings/max_addresses", "{bad}");
    }
}
