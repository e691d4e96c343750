//! Sending back what was read: read-only members and the version.

use super::{ada, fault, home, id_of, plain};
use crate::support::{Call, Key, TestApi};
use chrono::TimeDelta;
use customer_testkit::builders::seeded_id;
use insta::assert_snapshot;
use serde_json::{Value, json};

#[tokio::test]
async fn what_was_read_can_be_sent_back_and_changes_nothing() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    api.added(&path, Key::Write, home()).await;
    let mut shared = plain("2 Main St");
    shared["type"] = json!("both");
    api.added(&path, Key::Write, shared).await;
    let listed = api.get(format!("{path}/addresses"), Key::Read).await;
    let before = api.stored().await;
    api.clock.advance(TimeDelta::hours(1));
    for address in listed.data("addresses").as_array().unwrap() {
        let place = format!("{path}/addresses/{}", address["id"].as_str().unwrap());
        let reply = api.put(&place, Key::Write, address.clone()).await;
        assert_eq!((reply.status, &reply.address()), (200, address));
    }
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn a_form_that_sends_everything_back_changes_what_was_edited() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api.added(&path, Key::Write, home()).await;
    let mut form = api.get(&place, Key::Read).await.address();
    form["street"] = json!("124 Main St");
    let after = api.put(&place, Key::Write, form).await.address();
    assert_eq!(after["street"], "124 Main St");
    assert_eq!(after["isVerified"], false, "the place is another one");
    assert_eq!(after["roles"], json!(["shipping"]));
}

#[tokio::test]
async fn a_read_only_member_with_another_value_is_refused_where_it_was_sent() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api.added(&path, Key::Write, home()).await;
    let before = api.stored().await;
    let other = seeded_id(9).to_string();
    for (body, pointer) in [
        (json!({"id": other}), "/id"),
        (json!({"address_id": other}), "/address_id"),
        (json!({"addressId": 17}), "/addressId"),
        (json!({"id": "nobody"}), "/id"),
        (json!({"customerId": other}), "/customerId"),
        (json!({"customer_id": 71}), "/customer_id"),
        (json!({"customer_id": null}), "/customer_id"),
        (json!({"roles": ["billing"]}), "/roles"),
        (json!({"roles": []}), "/roles"),
        (json!({"roles": ["captain"]}), "/roles"),
        (json!({"roles": "shipping"}), "/roles"),
        (json!({"validation": null}), "/validation"),
        (json!({"validation": {"isValid": true}}), "/validation"),
        (
            json!({"validation": {"isValid": false, "problems": []}}),
            "/validation",
        ),
        (
            json!({"validation": {"isValid": false, "problems": [{}]}}),
            "/validation",
        ),
        (
            json!({"validation": {"isValid": true, "problems": [], "by": "me"}}),
            "/validation",
        ),
        (
            json!({"validation": {"isValid": false, "problems": [
                {"field": "city", "code": "REQUIRED", "detail": "an address in US has a city"},
            ]}}),
            "/validation",
        ),
    ] {
        let reply = api.put(&place, Key::Admin, body.clone()).await;
        assert_eq!(
            reply.failure(),
            (400, "READ_ONLY_FIELD".to_owned()),
            "{body}"
        );
        assert_eq!(
            reply.faults(),
            [fault(pointer, "READ_ONLY_FIELD")],
            "{body}"
        );
    }
    for body in [
        json!({"id": format!("addr_{}", id_of(&place)), "addressId": format!("addr_{}", id_of(&place))}),
        json!({"address_id": 9, "customerId": id_of(&path)}),
        json!({"roles": ["SHIPPING"], "tenantId": "default"}),
        json!({"validation": {"isValid": true, "problems": []}, "roles": ["shipping", "shipping"]}),
        json!({"createdAt": "x", "updated_at": null}),
    ] {
        let reply = api.put(&place, Key::Write, body.clone()).await;
        assert_eq!(reply.status, 200, "{body}: {reply}");
    }
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn what_was_found_out_is_accepted_as_it_was_read_whatever_follows_from_the_edit() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let mut lost = home();
    lost["state"] = json!("Bavaria");
    let place = api.added(&path, Key::Write, lost).await;
    let mut form = api.get(&place, Key::Read).await.address();
    assert_eq!(form["validation"]["isValid"], false);
    form["state"] = json!("NY");
    let after = api.put(&place, Key::Write, form.clone()).await.address();
    assert_eq!(
        after["validation"],
        json!({"isValid": true, "problems": []})
    );
    form["version"] = after["version"].clone();
    let stale = api.put(&place, Key::Write, form).await;
    assert_eq!(stale.faults(), [fault("/validation", "READ_ONLY_FIELD")]);
    for validation in [json!(null), json!({"isValid": true}), json!([])] {
        let body = json!({"validation": validation, "country": "nowhere"});
        let reply = api.put(&place, Key::Write, body).await;
        let expected = ["/country", "/validation"];
        let faults = reply.faults();
        let at: Vec<_> = faults.iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(at, expected);
    }
}

#[tokio::test]
async fn a_stale_edit_is_told_the_version_there_is() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api.added(&path, Key::Write, home()).await;
    api.put(&place, Key::Write, json!({"label": "Second home"}))
        .await;
    let body = json!({"label": "Third home"});
    let put = |body: &Value| Call::put(&place).key(Key::Write).json(body);
    let stale = api.send(put(&body).header("if-match", "\"1\"")).await;
    assert_snapshot!(stale);
    let by_body = api.send(put(&json!({"label": "x", "version": 1}))).await;
    assert_eq!(by_body.problem(), stale.problem());
    let gone = Call::delete(&place)
        .key(Key::Write)
        .header("if-match", "\"1\"");
    assert_eq!(
        api.send(gone).await.failure(),
        (412, "VERSION_CONFLICT".to_owned())
    );
    let both = put(&json!({"version": 2})).header("if-match", "\"1\"");
    assert_eq!(
        api.send(both).await.faults(),
        [fault("/version", "INVALID_VALUE")]
    );
    let fresh = api
        .send(put(&body).header("if-match", "\"1\", \"2\""))
        .await;
    assert_eq!((fresh.status, fresh.header("etag")), (200, Some("\"3\"")));
    let any = Call::delete(&place).key(Key::Write).header("if-match", "*");
    assert_eq!(api.send(any).await.status, 200);
}

#[tokio::test]
async fn another_addresss_new_role_is_a_new_version_of_it_too() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let first = api.added(&path, Key::Write, home()).await;
    let second = api.added(&path, Key::Write, plain("2 Main St")).await;
    api.post(format!("{second}/set-default"), Key::Write, json!({}))
        .await;
    let edit = Call::put(&first)
        .key(Key::Write)
        .json(&json!({"label": "x"}));
    let stale = api.send(edit.header("if-match", "\"1\"")).await;
    assert_eq!(stale.json()["currentVersion"], 2);
}
