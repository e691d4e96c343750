//! `DELETE` of a customer, `POST …/suspend` and `…/reactivate`.

use crate::support::{CUSTOMERS, Call, Key, TestApi, default_tenant};
use chrono::TimeDelta;
use customer_domain::customer::Status;
use customer_testkit::builders::{customer, seeded_id};
use insta::assert_snapshot;
use serde_json::json;

/// Creates an active customer with a legacy id, and returns its path.
async fn jane(api: &TestApi) -> String {
    let body = json!({"email": "jane@example.com", "legacyId": 7});
    let path = format!("{CUSTOMERS}/{}", api.created(Key::Write, body).await);
    api.clock.advance(TimeDelta::minutes(1));
    path
}

#[tokio::test]
async fn deleting_deactivates_and_the_record_stays() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let call = Call::delete(&path)
        .key(Key::Write)
        .json(&json!({"reason": " asked to leave "}));
    assert_snapshot!(api.send(call).await);
    assert_eq!(
        api.get(&path, Key::Read).await.customer()["status"],
        "deleted"
    );
    assert_eq!(
        api.get(format!("{CUSTOMERS}/7"), Key::Read).await.status,
        200
    );
    let stored = api.stored().await;
    assert_eq!(stored.events[1].topic, "customers.customer.deactivated");
    assert_eq!(stored.audit[1].reason.as_deref(), Some("asked to leave"));
}

#[tokio::test]
async fn deleting_twice_changes_nothing() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let first = api.delete(&path, Key::Write).await;
    let before = api.stored().await;
    api.clock.advance(TimeDelta::minutes(1));
    let second = api.delete(&path, Key::Write).await;
    assert_eq!((second.status, second.json()), (200, first.json()));
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn deleting_frees_every_identifier_and_the_living_holder_comes_first() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    api.delete(&path, Key::Write).await;
    let again = json!({"email": "JANE@example.com", "legacyId": 7});
    let heir = api.created(Key::Write, again).await;
    let by_legacy = api.get(format!("{CUSTOMERS}/7"), Key::Read).await;
    assert_eq!(by_legacy.customer()["id"], *heir);
    let deleted = api.get(&path, Key::Read).await.customer();
    assert_eq!(
        (&deleted["email"], &deleted["legacyId"]),
        (&json!("jane@example.com"), &json!(7))
    );
    for filter in ["legacy_id=7", "email=jane@example.com"] {
        let list = format!("{CUSTOMERS}?status=deleted&{filter}");
        let listed = api.get(list, Key::Read).await.data("customers");
        assert_eq!(listed, json!([deleted]), "{filter}");
    }
}

#[tokio::test]
async fn reactivating_claims_the_address_again() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    api.delete(&path, Key::Write).await;
    api.clock.advance(TimeDelta::minutes(1));
    let reason = json!({"reason": "came back"});
    assert_snapshot!(
        api.post(format!("{path}/reactivate"), Key::Admin, reason)
            .await
    );
    let taken = api
        .post(CUSTOMERS, Key::Write, json!({"email": "jane@example.com"}))
        .await;
    assert_eq!(taken.failure(), (409, "EMAIL_ALREADY_EXISTS".to_owned()));
}

#[tokio::test]
async fn reactivating_fails_when_the_address_went_to_another_and_names_them() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    api.delete(&path, Key::Write).await;
    let holder = api
        .created(Key::Write, json!({"email": "jane@example.com"}))
        .await;
    let before = api.stored().await;
    let by_step = api
        .send(Call::post(format!("{path}/reactivate")).key(Key::Admin))
        .await;
    assert_eq!(by_step.json()["customerId"], *holder);
    assert_snapshot!(by_step);
    let by_put = api
        .put(&path, Key::Admin, json!({"status": "active"}))
        .await;
    assert_eq!(by_put.problem(), by_step.problem());
    assert_eq!(api.stored().await, before);

    let moved = json!({"status": "active", "email": "jane.2@example.com"});
    let moved = api.put(&path, Key::Admin, moved).await.customer();
    assert_eq!(
        (&moved["status"], &moved["email"]),
        (&json!("active"), &json!("jane.2@example.com"))
    );
}

#[tokio::test]
async fn reactivating_names_all_identifiers_that_went_to_others() {
    let api = TestApi::new().await;
    let known = json!({"crm": "C-17", "erp": "42", "pos": "9"});
    let body = json!({"email": "jane@example.com", "legacyId": 7, "externalIds": known});
    let path = format!("{CUSTOMERS}/{}", api.created(Key::Write, body).await);
    api.delete(&path, Key::Write).await;
    let mut holders = Vec::new();
    for body in [
        json!({"email": "john@example.com", "legacyId": 7}),
        json!({"email": "joan@example.com", "externalIds": {"crm": "C-17", "pos": "9"}}),
    ] {
        holders.push(api.created(Key::Write, body).await);
    }
    let before = api.stored().await;
    let reactivate = async || {
        api.post(format!("{path}/reactivate"), Key::Admin, json!({}))
            .await
    };
    let refused = reactivate().await;
    assert_eq!(
        refused.failure(),
        (409, "IDENTIFIER_ALREADY_EXISTS".to_owned())
    );
    let problem = refused.json();
    assert_eq!(
        problem["detail"],
        "others have what this customer had: legacyId, externalIds.crm, externalIds.pos"
    );
    assert_eq!(problem["customerId"], *holders[0]);
    let without = json!({"status": "active", "legacyId": null});
    let refused = api.put(&path, Key::Admin, without).await;
    assert_eq!(
        refused.json()["detail"],
        "others have what this customer had: externalIds.crm, externalIds.pos"
    );
    assert_eq!(api.stored().await, before);
    for holder in holders {
        api.delete(format!("{CUSTOMERS}/{holder}"), Key::Write)
            .await;
    }
    assert_eq!(reactivate().await.customer()["externalIds"], known);
}

#[tokio::test]
async fn a_customer_whose_group_is_gone_comes_back_without_one() {
    for by_put in [false, true] {
        let api = TestApi::new().await;
        let group = json!({"id": "trade", "name": "Trade"});
        let group = api.post(format!("{CUSTOMERS}/groups"), Key::Admin, group);
        assert_eq!(group.await.status, 201);
        let body = json!({"email": "jane@example.com", "groupId": "trade"});
        let path = format!("{CUSTOMERS}/{}", api.created(Key::Write, body).await);
        api.delete(&path, Key::Write).await;
        let gone = format!("{CUSTOMERS}/groups/trade");
        assert_eq!(api.delete(gone, Key::Admin).await.status, 200);
        let back = if by_put {
            api.put(&path, Key::Admin, json!({"status": "active"}))
                .await
        } else {
            api.post(format!("{path}/reactivate"), Key::Admin, json!({}))
                .await
        };
        let back = back.customer();
        assert_eq!(
            (&back["status"], &back["groupId"]),
            (&json!("active"), &json!(null))
        );
        let (kind, changed) = api.events().pop().expect("an event");
        assert_eq!(kind, "CustomerReactivated");
        assert_eq!(changed, json!(["status", "groupId"]));
        let entry = api.stored().await.audit.pop().expect("an entry");
        assert_eq!(entry.changed_fields, ["status", "groupId"]);
    }
}

#[tokio::test]
async fn writing_to_a_deleted_customer_conflicts_with_its_state() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    api.delete(&path, Key::Write).await;
    let before = api.stored().await;
    assert_snapshot!(
        api.put(&path, Key::Write, json!({"firstName": "Jane"}))
            .await
    );
    let suspend = api
        .send(Call::post(format!("{path}/suspend")).key(Key::Admin))
        .await;
    assert_eq!(suspend.failure(), (409, "STATE_CONFLICT".to_owned()));
    let inactive = api
        .put(&path, Key::Admin, json!({"status": "inactive"}))
        .await;
    assert_eq!(inactive.failure(), (409, "STATE_CONFLICT".to_owned()));
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn a_step_from_any_state_leads_where_it_should() {
    for from in Status::ALL {
        for (step, reached, event) in [
            ("suspend", "suspended", "CustomerSuspended"),
            ("reactivate", "active", "CustomerReactivated"),
        ] {
            let api = TestApi::new().await;
            let one = customer().status(from).build_new();
            let path = format!("{CUSTOMERS}/{}/{step}", one.customer.id);
            api.store_customers(&default_tenant(), vec![one]).await;
            let reply = api.send(Call::post(&path).key(Key::Admin)).await;
            if from == Status::Deleted && step == "suspend" {
                assert_eq!(reply.failure(), (409, "STATE_CONFLICT".to_owned()));
                continue;
            }
            assert_eq!(reply.customer()["status"], reached, "{from:?} {step}");
            let told: Vec<_> = api.events().into_iter().map(|(kind, _)| kind).collect();
            let changed = from.as_str() != reached;
            assert_eq!(
                told,
                if changed { vec![event] } else { vec![] },
                "{from:?} {step}"
            );
            assert_eq!(reply.customer()["version"], if changed { 2 } else { 1 });
        }
    }
}

#[tokio::test]
async fn a_step_minds_the_version() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    api.put(&path, Key::Write, json!({"firstName": "Jane"}))
        .await;
    let before = api.stored().await;
    for call in [
        Call::delete(&path),
        Call::post(format!("{path}/suspend")),
        Call::post(format!("{path}/reactivate")),
    ] {
        let reply = api
            .send(call.key(Key::Admin).header("if-match", "\"1\""))
            .await;
        assert_eq!(reply.failure(), (412, "VERSION_CONFLICT".to_owned()));
        assert_eq!(reply.json()["currentVersion"], 2);
    }
    assert_eq!(api.stored().await, before);
    let call = Call::delete(&path)
        .key(Key::Write)
        .header("if-match", "\"2\"");
    assert_eq!(api.send(call).await.status, 200);
}

#[tokio::test]
async fn a_body_may_name_the_customer_of_the_path_and_no_other() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let id = path.rsplit('/').next().unwrap_or_default();
    for same in [json!(id), json!(format!("cust_{id}"))] {
        let body = json!({"customer_id": same});
        let reply = api.post(format!("{path}/suspend"), Key::Admin, body).await;
        assert_eq!(reply.status, 200, "{reply}");
    }
    let other = json!({"customer_id": seeded_id(9).to_string()});
    let reply = api
        .post(format!("{path}/reactivate"), Key::Admin, other)
        .await;
    let expected = ("/customer_id".to_owned(), "READ_ONLY_FIELD".to_owned());
    assert_eq!((reply.status, reply.faults()), (400, vec![expected]));
}

#[tokio::test]
async fn one_key_means_one_request_however_the_customer_is_named() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let id = path.rsplit('/').next().unwrap_or_default();
    let suspend = |named: String| {
        Call::post(format!("{CUSTOMERS}/{named}/suspend"))
            .key(Key::Admin)
            .header("idempotency-key", "k")
    };
    let first = api.send(suspend(id.to_owned())).await;
    for named in [format!("cust_{id}"), id.to_uppercase()] {
        let again = api.send(suspend(named)).await;
        assert_eq!((again.status, again.text()), (200, first.text()));
        assert!(again.header("idempotent-replayed").is_some());
    }
}

#[tokio::test]
async fn the_body_of_a_step_is_a_reason_or_nothing() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    for body in [
        "",
        "{}",
        r#"{"reason":null}"#,
        r#"{"reason":" "}"#,
        r#"{"tenantId":"default"}"#,
    ] {
        let call = Call::post(format!("{path}/suspend"))
            .key(Key::Admin)
            .bytes(body);
        assert_eq!(api.send(call).await.status, 200, "{body}");
    }
    let long = json!({"reason": "x".repeat(501), "why": 1});
    let reply = api.post(format!("{path}/suspend"), Key::Admin, long).await;
    let expected = [("/reason", "TOO_LONG"), ("/why", "UNKNOWN_FIELD")];
    assert_eq!(
        reply.faults(),
        expected.map(|(at, code)| (at.to_owned(), code.to_owned()))
    );
}
