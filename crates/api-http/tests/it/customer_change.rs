//! `PUT` and `PATCH` of a customer.

mod sent_back;

use crate::support::{CUSTOMERS, Call, Key, TestApi, default_tenant};
use chrono::TimeDelta;
use customer_domain::customer::Status;
use customer_testkit::builders::customer;
use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

fn fault(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

/// Creates an active customer with all fields, and returns its path.
async fn jane(api: &TestApi) -> String {
    let full = customer()
        .number(7)
        .full()
        .status(Status::Active)
        .build_new();
    let path = format!("{CUSTOMERS}/{}", full.customer.id);
    api.store_customers(&default_tenant(), vec![full]).await;
    api.clock.advance(TimeDelta::minutes(1));
    path
}

#[tokio::test]
async fn a_merge_keeps_what_is_absent() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let body = json!({
        "profile": {"firstName": "Ada", "phone": "+1-555-0124"},
        "preferences": {"currency": "usd", "marketing": {"smsOptIn": false}},
    });
    assert_snapshot!(api.put(&path, Key::Write, body).await);
    let changed = json!([
        "profile.firstName",
        "profile.phone",
        "preferences.currency",
        "preferences.marketing.smsOptIn",
    ]);
    assert_eq!(
        api.events(),
        [("CustomerProfileUpdated".to_owned(), changed)]
    );
}

#[tokio::test]
async fn the_event_names_what_changed_and_the_audit_entry_too() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    api.put(&path, Key::Write, json!({"firstName": "Ada", "tags": []}))
        .await;
    let stored = api.stored().await;
    assert_snapshot!(format!(
        "{:#}\n{:#?}",
        stored.events[0].envelope, stored.audit
    ));
}

#[tokio::test]
async fn null_clears() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let body = json!({
        "profile": null,
        "preferences": {"language": null, "timezone": null, "currency": null, "marketing": null,
            "cookieConsent": null, "custom": null},
        "customerType": null, "groupId": null, "tags": null, "legacyId": null,
        "externalIds": null, "metadata": null,
    });
    assert_snapshot!(api.put(&path, Key::Write, body).await);
}

#[tokio::test]
async fn what_cannot_be_empty_cannot_be_cleared() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let reply = api
        .put(&path, Key::Admin, json!({"email": null, "status": null}))
        .await;
    assert_eq!(
        reply.faults(),
        [fault("/email", "REQUIRED"), fault("/status", "REQUIRED")]
    );
    assert!(api.events().is_empty());
}

#[tokio::test]
async fn lists_replace_and_objects_merge() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let body = json!({
        "tags": ["b", "a", "b"],
        "metadata": {"campaign": null, "scores": [3], "deep": {"er": {"est": 1, "gone": null}}},
        "externalIds": {"CRM": null, "pos": "9"},
        "preferences": {"custom": {"grid": {"rows": 2}}},
    });
    let after = api.put(&path, Key::Write, body).await.customer();
    assert_eq!(after["tags"], json!(["a", "b"]));
    assert_eq!(
        after["metadata"],
        json!({"scores": [3], "deep": {"er": {"est": 1}}})
    );
    assert_eq!(after["externalIds"], json!({"erp": "00042", "pos": "9"}));
    let custom = json!({"theme": "dark", "grid": {"columns": 3, "rows": 2}});
    assert_eq!(after["preferences"]["custom"], custom);
}

#[tokio::test]
async fn put_and_patch_are_one() {
    let body = json!({"first_name": "Ada", "preferences": {"marketing": {"smsOptIn": null}}});
    let mut replies = Vec::new();
    for (method, kind) in [
        (Method::PUT, "application/json"),
        (Method::PATCH, "application/json"),
        (Method::PATCH, "application/merge-patch+json"),
    ] {
        let api = TestApi::new().await;
        let path = jane(&api).await;
        let mut call = Call::new(method, path).key(Key::Write).json(&body);
        call = call.content_type(kind);
        let reply = api.send(call).await;
        assert_eq!(reply.status, 200, "{reply}");
        replies.push((reply.json(), api.events(), reply.headers));
    }
    assert!(replies.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn a_changed_address_is_unproven_and_moves_the_claim_to_it() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let same = json!({"email": "grace.hopper+NAVY@xn--bcher-kva.example"});
    let after = api.put(&path, Key::Write, same).await.customer();
    assert_eq!(after["email"], "grace.hopper+NAVY@xn--bcher-kva.example");
    assert_eq!(after["emailVerified"], true);

    let moved = json!({"email": "ada@example.com", "phone": "5550100"});
    let after = api.put(&path, Key::Write, moved).await.customer();
    assert_eq!(
        (&after["emailVerified"], &after["phoneVerified"]),
        (&json!(false), &json!(false))
    );
    let freed = json!({"email": "Grace.Hopper+navy@Bücher.example"});
    assert_eq!(api.post(CUSTOMERS, Key::Write, freed).await.status, 201);
    let taken = api
        .post(CUSTOMERS, Key::Write, json!({"email": "ADA@example.com"}))
        .await;
    assert_eq!(taken.failure(), (409, "EMAIL_ALREADY_EXISTS".to_owned()));
}

#[tokio::test]
async fn what_belongs_to_another_is_a_conflict_and_nothing_changes() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let body = json!({"email": "a@example.com", "legacyId": 7, "externalIds": {"crm": "1"}});
    let holder = api.created(Key::Write, body).await;
    let before = api.stored().await;
    let reply = api
        .put(&path, Key::Write, json!({"email": "A@example.com"}))
        .await;
    assert_eq!(reply.json()["customerId"], *holder);
    assert_snapshot!(reply);
    for body in [json!({"legacyId": 7}), json!({"externalIds": {"crm": "1"}})] {
        let reply = api.put(&path, Key::Write, body).await;
        assert_eq!(
            reply.failure(),
            (409, "IDENTIFIER_ALREADY_EXISTS".to_owned())
        );
    }
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn an_unknown_group_is_named_as_it_was_sent() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let reply = api
        .put(&path, Key::Write, json!({"group_id": "staff"}))
        .await;
    assert_eq!(reply.faults(), [fault("/group_id", "INVALID_VALUE")]);
    let reply = api
        .put(
            &path,
            Key::Write,
            json!({"customerType": "RETAIL", "groupId": null}),
        )
        .await;
    assert_eq!(reply.faults(), [fault("/groupId", "DUPLICATE_KEY")]);
    let after = api
        .put(&path, Key::Write, json!({"customer_type": "Retail"}))
        .await
        .customer();
    assert_eq!(
        (&after["customerType"], &after["groupId"]),
        (&json!("business"), &json!("retail"))
    );
}

#[tokio::test]
async fn a_status_in_the_body_is_a_step_that_needs_an_administrator() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let body = json!({"status": "BLOCKED", "firstName": "Ada"});
    let refused = api.put(&path, Key::Write, body.clone()).await;
    assert_snapshot!(refused);
    assert!(api.events().is_empty());
    let after = api.put(&path, Key::Admin, body.clone()).await.customer();
    assert_eq!(
        (&after["status"], &after["version"]),
        (&json!("suspended"), &json!(2))
    );
    let expected = [
        ("CustomerSuspended".to_owned(), json!(["status"])),
        (
            "CustomerProfileUpdated".to_owned(),
            json!(["profile.firstName"]),
        ),
    ];
    assert_eq!(api.events(), expected);
    let sequences: Vec<i64> = api
        .store
        .events()
        .iter()
        .map(|event| event.sequence)
        .collect();
    assert_eq!(sequences, [2, 3]);

    assert_eq!(api.put(&path, Key::Write, body).await.status, 200);
    for (word, status) in [("Inactive", "inactive"), ("ACTIVE", "active")] {
        let after = api
            .put(&path, Key::Admin, json!({"status": word}))
            .await
            .customer();
        assert_eq!(after["status"], status);
    }
}

#[tokio::test]
async fn a_status_that_no_step_leads_to_cannot_be_set() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    for status in ["pending", "deleted", "robot"] {
        let reply = api.put(&path, Key::Admin, json!({"status": status})).await;
        assert_eq!(
            reply.faults(),
            [fault("/status", "INVALID_VALUE")],
            "{status}"
        );
    }
    assert!(api.events().is_empty());
}

#[tokio::test]
async fn unknown_members_are_named_and_known_ones_suggested() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let body = json!({"fristName": "Ada", "password": "securePassword123", "profile": {"x": 1}});
    let reply = api.put(&path, Key::Write, body).await;
    assert!(
        reply.text().contains("did you mean profile/firstName?"),
        "{reply}"
    );
    assert_snapshot!(reply);
}

#[tokio::test]
async fn what_grows_by_merges_stays_within_its_limit() {
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let half = |name: &str| json!({"metadata": {name: "x".repeat(10_000)}});
    assert_eq!(api.put(&path, Key::Write, half("a")).await.status, 200);
    let before = api.stored().await;
    let reply = api.put(&path, Key::Write, half("b")).await;
    assert_eq!(reply.failure(), (400, "VALIDATION_FAILED".to_owned()));
    assert_eq!(reply.faults(), [fault("/metadata", "TOO_LONG")]);

    let half = |name: &str| json!({"preferences": {"custom": {name: "x".repeat(10_000)}}});
    assert_eq!(api.put(&path, Key::Write, half("a")).await.status, 200);
    let reply = api.put(&path, Key::Write, half("b")).await;
    assert_eq!(reply.faults(), [fault("/preferences/custom", "TOO_LONG")]);

    let systems = |from: usize| -> Value {
        (from..from + 15)
            .map(|n| (format!("s{n}"), json!("1")))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let ids = |from| json!({"external_ids": systems(from)});
    assert_eq!(api.put(&path, Key::Write, ids(0)).await.status, 200);
    let reply = api.put(&path, Key::Write, ids(100)).await;
    assert_eq!(reply.faults(), [fault("/external_ids", "TOO_LONG")]);
    assert_eq!(before.customers.len(), api.stored().await.customers.len());
}

#[tokio::test]
async fn nothing_is_written_when_the_store_fails() {
    use customer_domain::StoreError;
    use customer_testkit::fake::Step;
    let api = TestApi::new().await;
    let path = jane(&api).await;
    let before = api.stored().await;
    for step in [Step::Begin, Step::Statement, Step::Commit] {
        api.store
            .fail_next_at(step, StoreError::Unavailable("gone".to_owned()));
        let reply = api
            .put(&path, Key::Write, json!({"firstName": "Ada"}))
            .await;
        assert_eq!(reply.failure(), (503, "UNAVAILABLE".to_owned()), "{step:?}");
    }
    assert_eq!(api.stored().await, before);
    for _ in 0..3 {
        api.store.fail_next_at(Step::Commit, StoreError::Contended);
    }
    assert_eq!(
        api.put(&path, Key::Write, json!({"firstName": "Ada"}))
            .await
            .status,
        200
    );
    assert_eq!(api.events().len(), 1);
}
