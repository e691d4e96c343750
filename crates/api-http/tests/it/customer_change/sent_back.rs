//! Sending back what was read: read-only members, and the version.

use super::{fault, jane};
use crate::support::{CUSTOMERS, Call, Key, TestApi};
use chrono::TimeDelta;
use customer_testkit::builders::seeded_id;
use insta::assert_snapshot;
use serde_json::{Value, json};

#[tokio::test]
async fn what_was_read_can_be_sent_back_and_changes_nothing() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let read = api.get(&path, Key::Read).await;
    let before = api.stored().await;
    for key in [Key::Write, Key::Admin, Key::Operator] {
        let reply = api.put(&path, key, read.customer()).await;
        assert_eq!((reply.status, reply.json()), (200, read.json()), "{key:?}");
        assert_eq!(reply.header("etag"), Some("\"1\""));
    }
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn a_guest_that_was_read_can_be_sent_back_too() {
    let api = TestApi::new().await;
    let id = api
        .created(Key::Write, json!({"email": "a@example.com"}))
        .await;
    let path = format!("{CUSTOMERS}/{id}");
    let read = api.get(&path, Key::Read).await;
    let before = api.stored().await;
    api.clock.advance(TimeDelta::hours(1));
    let reply = api.put(&path, Key::Write, read.customer()).await;
    assert_eq!((reply.status, reply.json()), (200, read.json()));
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn what_is_computed_is_not_looked_at() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let body = json!({
        "segment": {"tier": "vip"}, "registrationDate": "x", "lastLoginAt": 1, "created_at": null,
        "updatedAt": "2020-01-01T00:00:00Z", "deletedAt": [],
    });
    assert_eq!(
        api.put(&path, Key::Write, body).await.customer()["version"],
        1
    );
}

#[tokio::test]
async fn a_read_only_member_with_another_value_is_refused_where_it_was_sent() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let other = seeded_id(9).to_string();
    let id = seeded_id(0xc_0007).to_string();
    for (body, pointer) in [
        (json!({"id": other}), "/id"),
        (json!({"customer_id": other}), "/customer_id"),
        (json!({"customerId": 17}), "/customerId"),
        (json!({"id": "nobody"}), "/id"),
        (json!({"userId": null}), "/userId"),
        (json!({"user_id": other}), "/user_id"),
        (json!({"account_state": "guest"}), "/account_state"),
        (json!({"accountState": "robot"}), "/accountState"),
        (json!({"emailVerified": false}), "/emailVerified"),
        (json!({"phone_verified": "true"}), "/phone_verified"),
        (json!({"registrationSource": "SHOP"}), "/registrationSource"),
        (json!({"registration_source": null}), "/registration_source"),
    ] {
        let reply = api.put(&path, Key::Admin, body.clone()).await;
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
        json!({"id": format!("cust_{id}"), "customerId": format!("cust_{id}")}),
        json!({"customer_id": 4_294_967_295_u32}),
        json!({"customer_id": "4294967295"}),
        json!({"userId": id.to_uppercase(), "accountState": "REGISTERED", "emailVerified": true}),
        json!({"registrationSource": "WEBSITE", "tenantId": "default"}),
    ] {
        let reply = api.put(&path, Key::Write, body.clone()).await;
        assert_eq!(
            (reply.status, reply.header("etag")),
            (200, Some("\"1\"")),
            "{body}"
        );
    }
    let both = json!({"emailVerified": false, "userId": other, "firstName": "Ada"});
    let reply = api.put(&path, Key::Write, both).await;
    assert_eq!(reply.failure(), (400, "VALIDATION_FAILED".to_owned()));
    let expected = ["/emailVerified", "/userId"].map(|at| fault(at, "READ_ONLY_FIELD"));
    assert_eq!(reply.faults(), expected);
}

#[tokio::test]
async fn a_stale_edit_is_told_the_version_there_is() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let edit = |header: Option<&str>, body: Value| {
        let call = Call::put(&path).key(Key::Write).json(&body);
        match header {
            Some(tag) => call.header("if-match", tag),
            None => call,
        }
    };
    let reply = api
        .send(edit(Some("\"1\""), json!({"firstName": "Ada"})))
        .await;
    assert_eq!((reply.status, reply.header("etag")), (200, Some("\"2\"")));
    assert_snapshot!(
        api.send(edit(Some("\"1\""), json!({"firstName": "Eve"})))
            .await
    );

    let before = api.stored().await;
    for (header, version) in [
        (Some("\"1\", \"3\""), None),
        (Some("W/\"2\""), None),
        (Some("\"two\""), None),
        (None, Some(1)),
        (Some("*"), Some(1)),
    ] {
        let mut body = json!({"firstName": "Eve"});
        if let Some(version) = version {
            body["version"] = json!(version);
        }
        let reply = api.send(edit(header, body)).await;
        assert_eq!(
            reply.failure(),
            (412, "VERSION_CONFLICT".to_owned()),
            "{header:?}"
        );
        assert_eq!(reply.json()["currentVersion"], 2);
    }
    for (header, body, expected) in [
        (Some("2"), json!({}), fault("If-Match", "INVALID_VALUE")),
        (
            Some("\"1\""),
            json!({"version": 2}),
            fault("/version", "INVALID_VALUE"),
        ),
        (
            None,
            json!({"version": 0}),
            fault("/version", "OUT_OF_RANGE"),
        ),
        (
            None,
            json!({"version": "2"}),
            fault("/version", "INVALID_TYPE"),
        ),
    ] {
        let reply = api.send(edit(header, body)).await;
        assert_eq!(reply.status, 400, "{reply}");
        assert_eq!(reply.faults()[0].0, expected.0);
    }
    assert_eq!(api.stored().await, before);
    for (header, body) in [
        (Some("*"), json!({"firstName": "A"})),
        (Some("\"1\", \"3\""), json!({"firstName": "B"})),
        (None, json!({"firstName": "C", "version": 4})),
        (Some("\"5\""), json!({"firstName": "D", "version": 5})),
    ] {
        let reply = api.send(edit(header, body)).await;
        assert_eq!(reply.status, 200, "{reply}");
    }
}
