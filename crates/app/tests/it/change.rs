//! Changing customers by merges and by transitions of their status.

use crate::support::{App, app, guest, unclaimed, values};
use customer_app::Stated;
use customer_app::access::Needed;
use customer_app::customer::{
    ChangeCustomerError, ChangeCustomerRule, ChangeStatus, CustomerSettings, UpdateCustomer,
};
use customer_app::idempotency::Outcome;
use customer_domain::customer::{
    CustomerRecord, CustomerRef, CustomerType, Status, StatusChange, TransitionError,
};
use customer_domain::preference::{OptIn, Preferences};
use customer_domain::{Context, Patch, Permission, StoreError};
use customer_testkit::builders::{context, email, group, legacy, other_context, tag};
use serde_json::{Value, json};
use std::sync::Arc;

async fn stored(app: &App, address: &str) -> CustomerRecord {
    match app
        .customers
        .create(&context(), guest(address), &unclaimed())
        .await
        .expect("a customer")
    {
        Outcome::Done(record) => record,
        Outcome::Replayed(_) => unreachable!("nothing was claimed"),
    }
}

/// Returns the context of an administrator.
fn admin() -> Context {
    Context {
        permission: Some(Permission::Admin),
        ..context()
    }
}

fn named(first: &str) -> UpdateCustomer {
    let mut update = UpdateCustomer::default();
    update.changes.profile.first_name = Patch::Set(first.to_owned());
    update
}

async fn step(
    app: &App,
    record: &CustomerRecord,
    change: StatusChange,
) -> Result<CustomerRecord, ChangeCustomerError> {
    let command = ChangeStatus {
        change,
        reason: Some("because".to_owned()),
        expected_versions: None,
        stated: Stated::default(),
    };
    let customer = CustomerRef::Id(record.customer.id);
    let (within, once) = (context(), unclaimed());
    let outcome = app
        .customers
        .change_status(&within, customer, &command, &once);
    match outcome.await? {
        Outcome::Done(record) => Ok(record),
        Outcome::Replayed(_) => unreachable!("nothing was claimed"),
    }
}

#[tokio::test]
async fn null_brings_back_the_operators_type_and_withdraws_a_wish() {
    let mut app = app();
    app.customers.settings = Arc::new(CustomerSettings {
        default_type: CustomerType::Business,
        default_preferences: Preferences {
            opt_ins: [OptIn::Newsletter].into(),
            ..Preferences::default()
        },
        ..CustomerSettings::default()
    });
    let record = stored(&app, "ada@example.com").await;
    let customer = CustomerRef::Id(record.customer.id);
    let mut update = UpdateCustomer::default();
    update.changes.customer_type = Patch::Set(CustomerType::Individual);
    let changed = app.update(&context(), customer, &update).await.unwrap();
    assert_eq!(changed.customer.customer_type, CustomerType::Individual);
    update.changes.customer_type = Patch::Clear;
    update.changes.preferences.opt_ins = [(OptIn::Newsletter, None)].into();
    let changed = app.update(&context(), customer, &update).await.unwrap();
    assert_eq!(changed.customer.customer_type, CustomerType::Business);
    assert!(changed.customer.preferences.opt_ins.is_empty());
}

#[tokio::test]
async fn a_merge_raises_the_version_and_tells_what_changed() {
    let app = app();
    let record = stored(&app, "ada@example.com").await;
    let customer = CustomerRef::Id(record.customer.id);
    let changed = app
        .update(&context(), customer, &named("Ada"))
        .await
        .unwrap();
    assert_eq!(changed.customer.version, 2);
    assert_eq!(changed.customer.event_seq, 2);
    assert_eq!(app.customers.get(&context(), customer).await, Ok(changed));
    let event = &app.store.events()[1];
    assert_eq!(event.topic, "customers.profile.updated");
    assert_eq!(
        event.envelope["data"]["changedFields"][0],
        "profile.firstName"
    );
    let entry = &app.store.audit()[1];
    assert_eq!(entry.changed_fields, ["profile.firstName"]);
    let first_name = json!({"profile.firstName": "Ada"});
    assert_eq!(values(entry), (Value::Null, first_name));
}

#[tokio::test]
async fn a_merge_that_changes_nothing_writes_nothing() {
    let app = app();
    let record = stored(&app, "ada@example.com").await;
    let customer = CustomerRef::Id(record.customer.id);
    let same = app
        .update(&context(), customer, &UpdateCustomer::default())
        .await
        .unwrap();
    assert_eq!(same.customer.version, 1);
    assert_eq!(app.store.stored_customers(context().tenant), [record]);
    assert_eq!(app.store.events().len(), 1);
}

#[tokio::test]
async fn a_stale_version_is_refused_with_the_present_one() {
    let app = app();
    let record = stored(&app, "ada@example.com").await;
    let customer = CustomerRef::Id(record.customer.id);
    let mut update = named("Ada");
    update.expected_versions = Some(vec![1]);
    app.update(&context(), customer, &update).await.unwrap();
    let stale = app.update(&context(), customer, &update).await;
    assert_eq!(
        stale,
        Err(ChangeCustomerError::VersionConflict { current: 2 })
    );
}

#[tokio::test]
async fn a_status_and_a_merge_in_one_request_are_two_events_in_order() {
    let app = app();
    let record = stored(&app, "ada@example.com").await;
    let customer = CustomerRef::Id(record.customer.id);
    let mut update = named("Ada");
    update.status = Some(Status::Suspended);
    let refused = app.update(&context(), customer, &update).await;
    let needed = Needed::Permission(Permission::Admin);
    let refusal = app.refusals.record(&context(), needed).await;
    let fields = Vec::new();
    assert_eq!(
        refused,
        Err(ChangeCustomerError::Forbidden { refusal, fields })
    );
    assert!(!refusal.audit_failed());
    app.update(&admin(), customer, &update).await.unwrap();
    let told: Vec<_> = app
        .store
        .events()
        .into_iter()
        .map(|e| (e.sequence, e.topic))
        .collect();
    assert_eq!(
        told[1..],
        [
            (2, "customers.customer.suspended".to_owned()),
            (3, "customers.profile.updated".to_owned()),
        ]
    );
    let next = app
        .update(&context(), customer, &named("Eve"))
        .await
        .unwrap();
    assert_eq!(next.customer.event_seq, 4);
}

#[tokio::test]
async fn an_equal_status_is_ignored_whoever_sends_it() {
    let app = app();
    let record = stored(&app, "ada@example.com").await;
    let update = UpdateCustomer {
        status: Some(Status::Active),
        ..UpdateCustomer::default()
    };
    let customer = CustomerRef::Id(record.customer.id);
    assert!(app.update(&context(), customer, &update).await.is_ok());
}

#[tokio::test]
async fn pending_and_deleted_cannot_be_set() {
    let app = app();
    let record = stored(&app, "ada@example.com").await;
    for status in [Status::Pending, Status::Deleted] {
        let update = UpdateCustomer {
            status: Some(status),
            ..UpdateCustomer::default()
        };
        let customer = CustomerRef::Id(record.customer.id);
        let refused = app.update(&admin(), customer, &update).await;
        assert_eq!(refused, Err(ChangeCustomerRule::StatusUnreachable.into()));
    }
}

#[tokio::test]
async fn a_deleted_customer_gives_up_its_address_and_takes_it_back_if_it_is_free() {
    let app = app();
    let first = stored(&app, "ada@example.com").await;
    step(&app, &first, StatusChange::Deactivate).await.unwrap();
    let customer = CustomerRef::Id(first.customer.id);
    let refused = app.update(&context(), customer, &named("A")).await;
    let deleted = ChangeCustomerError::from(TransitionError::Deleted);
    assert_eq!(refused, Err(deleted));
    let second = stored(&app, "ada@example.com").await;
    let taken = step(&app, &first, StatusChange::Reactivate).await;
    assert!(matches!(
        taken,
        Err(ChangeCustomerError::Rule(ChangeCustomerRule::FormerIdentifiersTaken(taken))) if taken.len() == 1
    ));
    step(&app, &second, StatusChange::Deactivate).await.unwrap();
    let back = step(&app, &first, StatusChange::Reactivate).await.unwrap();
    assert_eq!(back.customer.status, Status::Active);
}

#[tokio::test]
async fn a_step_that_is_taken_already_writes_nothing() {
    let app = app();
    let record = stored(&app, "ada@example.com").await;
    step(&app, &record, StatusChange::Suspend).await.unwrap();
    let again = step(&app, &record, StatusChange::Suspend).await.unwrap();
    assert_eq!(again.customer.version, 2);
    assert_eq!(app.store.audit().len(), 2);
    assert_eq!(app.store.audit()[1].reason.as_deref(), Some("because"));
}

#[tokio::test]
async fn a_changed_address_that_is_taken_names_its_holder() {
    let app = app();
    let holder = stored(&app, "ada@example.com").await;
    let record = stored(&app, "eve@example.com").await;
    let mut update = UpdateCustomer::default();
    update.changes.email = Some(email("Ada@example.com"));
    let customer = CustomerRef::Id(record.customer.id);
    let refused = app.update(&context(), customer, &update).await;
    assert_eq!(
        refused,
        Err(ChangeCustomerRule::EmailTaken(Some(holder.customer.id)).into())
    );
}

#[tokio::test]
async fn another_tenant_finds_nobody() {
    let app = app();
    let record = stored(&app, "ada@example.com").await;
    let customer = CustomerRef::Id(record.customer.id);
    let refused = app.update(&other_context(), customer, &named("A")).await;
    assert_eq!(refused, Err(ChangeCustomerError::NotFound));
    assert_eq!(
        app.customers.get(&other_context(), customer).await,
        Err(StoreError::NotFound)
    );
}

#[tokio::test]
async fn a_batch_answers_each_id_once_and_names_the_missing() {
    let app = app();
    let ada = stored(&app, "ada@example.com").await;
    let eve = stored(&app, "eve@example.com").await;
    let missing = customer_domain::CustomerId(customer_testkit::builders::seeded_id(99));
    let (a, e) = (ada.customer.id, eve.customer.id);
    let ids = [e, missing, a, e, missing];
    let batch = app.customers.batch_get(&context(), &ids).await.unwrap();
    let found: Vec<_> = batch
        .found
        .iter()
        .map(|record| record.customer.id)
        .collect();
    assert_eq!((found, batch.missing), (vec![e, a], vec![missing]));
}

#[tokio::test]
async fn setting_aside_and_merging_at_once_is_one_event_of_its_kind() {
    let app = app();
    let record = stored(&app, "ada@example.com").await;
    let mut update = named("Ada");
    update.status = Some(Status::Inactive);
    let customer = CustomerRef::Id(record.customer.id);
    app.update(&admin(), customer, &update).await.unwrap();
    let events = app.store.events();
    assert_eq!(events.len(), 2);
    assert_eq!(
        events[1].envelope["data"]["changedFields"],
        serde_json::json!(["status", "profile.firstName"])
    );
    let next = app
        .update(&context(), customer, &named("Eve"))
        .await
        .unwrap();
    assert_eq!(next.customer.event_seq, 3);
}

#[tokio::test]
async fn the_trail_has_what_each_field_was_and_is() {
    let app = app();
    let record = stored(&app, "ada@example.com").await;
    let customer = CustomerRef::Id(record.customer.id);
    let mut update = named("Ada");
    update.changes.email = Some(email("Grace@Example.com"));
    update.changes.profile.date_of_birth = Patch::Set("1906-12-09".parse().unwrap());
    update.changes.preferences.opt_ins = [(OptIn::Newsletter, Some(true))].into();
    update.changes.legacy_id = Patch::Set(legacy(7));
    update.changes.group = Patch::Set(group("vip"));
    update.changes.tags.added = [tag("navy"), tag("army")].into();
    app.update(&context(), customer, &update).await.unwrap();
    let (old, new) = values(&app.store.audit()[1]);
    let was = json!({
        "email": "ada@example.com", "profile.firstName": null, "profile.dateOfBirth": null,
        "preferences.notifications.newsletters": false, "groupId": null, "tags": [],
        "legacyId": null,
    });
    let is = json!({
        "email": "Grace@Example.com", "profile.firstName": "Ada",
        "profile.dateOfBirth": "1906-12-09", "preferences.notifications.newsletters": true,
        "groupId": "vip", "tags": ["army", "navy"], "legacyId": 7,
    });
    assert_eq!((old, new), (was, is));

    let mut update = UpdateCustomer::default();
    update.changes.profile.first_name = Patch::Clear;
    update.changes.tags.removed = [tag("army")].into();
    app.update(&context(), customer, &update).await.unwrap();
    let (old, new) = values(&app.store.audit()[2]);
    let was = json!({"profile.firstName": "Ada", "tags": ["army", "navy"]});
    let is = json!({"profile.firstName": null, "tags": ["navy"]});
    assert_eq!((old, new), (was, is));
}

#[tokio::test]
async fn each_step_of_a_life_has_the_status_before_and_after() {
    use StatusChange::{Deactivate, Reactivate, SetInactive, Suspend};
    let app = app();
    let record = stored(&app, "ada@example.com").await;
    for (change, kind, was, is) in [
        (Suspend, "customer.status.suspend", "active", "suspended"),
        (
            SetInactive,
            "customer.status.set_inactive",
            "suspended",
            "inactive",
        ),
        (Deactivate, "customer.profile.delete", "inactive", "deleted"),
        (
            Reactivate,
            "customer.status.reactivate",
            "deleted",
            "active",
        ),
    ] {
        step(&app, &record, change).await.unwrap();
        let entry = app.store.audit().pop().unwrap();
        assert_eq!(entry.event_type, kind);
        assert_eq!(entry.changed_fields, ["status"]);
        let status = (json!({"status": was}), json!({"status": is}));
        assert_eq!(values(&entry), status, "{kind}");
    }
}

#[tokio::test]
async fn a_status_and_a_merge_keep_their_values_apart_and_setting_inactive_is_one_with_it() {
    let app = app();
    let record = stored(&app, "ada@example.com").await;
    let customer = CustomerRef::Id(record.customer.id);
    let mut update = named("Ada");
    update.status = Some(Status::Suspended);
    app.update(&admin(), customer, &update).await.unwrap();
    let mut update = named("Grace");
    update.status = Some(Status::Inactive);
    app.update(&admin(), customer, &update).await.unwrap();
    let told: Vec<_> = app.store.audit().iter().skip(1).map(values).collect();
    let expected = [
        (json!({"status": "active"}), json!({"status": "suspended"})),
        (Value::Null, json!({"profile.firstName": "Ada"})),
        (
            json!({"status": "suspended", "profile.firstName": "Ada"}),
            json!({"status": "inactive", "profile.firstName": "Grace"}),
        ),
    ];
    assert_eq!(told, expected);
}
