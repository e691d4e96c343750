//! Reading the audit trail; readings and refusals are recorded.

use crate::support::{App, app, guest, unclaimed};
use chrono::TimeDelta;
use customer_app::access::Needed;
use customer_app::audit::AuditQuery;
use customer_app::idempotency::Outcome;
use customer_domain::Permission;
use customer_domain::audit::{AuditEvent, AuditFilter, AuditKind, Operation};
use customer_domain::customer::{CustomerChanges, CustomerRef};
use customer_domain::{ActorKind, Context, CustomerId, Patch, StoreError};
use customer_testkit::builders::{at, context, legacy, operator_context, other_context, seeded_id};
use customer_testkit::fake::Step;
use serde_json::{Value, json};

/// Creates a customer with the legacy id 7, which leaves one entry.
async fn made(app: &App) -> CustomerId {
    let mut command = guest("ada@example.com");
    command.details = CustomerChanges {
        legacy_id: Patch::Set(legacy(7)),
        ..command.details
    };
    let outcome = app
        .customers
        .create(&context(), command, &unclaimed())
        .await;
    match outcome.expect("made") {
        Outcome::Done(record) => record.customer.id,
        Outcome::Replayed(reply) => unreachable!("nothing was claimed: {reply:?}"),
    }
}

fn of_type(prefix: &str) -> AuditQuery {
    AuditQuery {
        event_type: Some(prefix.to_owned()),
        ..AuditQuery::default()
    }
}

fn about(customer: CustomerId) -> AuditQuery {
    AuditQuery {
        filter: AuditFilter {
            customer: Some(customer),
            ..AuditFilter::default()
        },
        ..AuditQuery::default()
    }
}

async fn types(app: &App, query: &AuditQuery) -> Vec<String> {
    let page = app.audit.list(&context(), query, None, 100).await;
    let events = page.expect("a page").items.into_iter();
    events.map(|event| event.event_type).collect()
}

/// Returns the newest entry, without recording that it was read.
async fn newest(app: &App, context: &Context) -> AuditEvent {
    let mut work = app
        .store
        .transactions()
        .begin(context)
        .await
        .expect("begin");
    let all = AuditFilter::default();
    let page = work.audit().list(&all, None, 1).await.expect("listed");
    page.items.into_iter().next().expect("an entry")
}

fn told(event: &AuditEvent) -> Value {
    assert_eq!(event.old_values, None, "nothing changed");
    json!(event.new_values)
}

#[tokio::test]
async fn reading_the_trail_is_on_record_with_what_was_asked_for() {
    let app = app();
    let customer = made(&app).await;
    app.clock.set(at(2_000));
    let query = AuditQuery {
        event_type: Some("customer.profile".to_owned()),
        filter: AuditFilter {
            customer: Some(customer),
            kinds: None,
            operation: Some(Operation::Create),
            actor: Some("key-a".to_owned()),
            resource: Some(customer.0),
            from: Some(at(1_000)),
            to: Some(at(1_001)),
        },
    };
    let page = app.audit.list(&context(), &query, None, 5).await.unwrap();
    assert_eq!(page.items.len(), 1);
    let entry = newest(&app, &context()).await;
    assert_eq!(entry.event_type, "customer.audit.read");
    assert_eq!(
        (entry.severity, entry.operation),
        ("INFO".to_owned(), "READ".to_owned())
    );
    assert_eq!(
        (entry.customer, entry.resource),
        (Some(customer), Some(customer.0))
    );
    assert_eq!((entry.actor_id, entry.at), ("key-a".to_owned(), at(2_000)));
    let names = [
        "customer_id",
        "event_type",
        "operation",
        "actor",
        "resource",
        "from",
        "to",
    ];
    assert_eq!(entry.changed_fields, names);
    let expected = json!({
        "customer_id": customer.to_string(), "event_type": "customer.profile",
        "operation": "CREATE", "actor": "key-a", "resource": customer.to_string(),
        "from": "2026-01-15T12:16:40Z", "to": "2026-01-15T12:16:41Z",
    });
    assert_eq!(json!(entry.new_values), expected);
    assert_eq!(app.store.events().len(), 1, "only that of the customer");
}

#[tokio::test]
async fn a_read_does_not_show_itself_but_the_next_one_does() {
    let app = app();
    made(&app).await;
    let all = AuditQuery::default();
    assert_eq!(types(&app, &all).await, ["customer.profile.create"]);
    app.clock.advance(TimeDelta::seconds(1));
    let next = ["customer.audit.read", "customer.profile.create"];
    assert_eq!(types(&app, &all).await, next);
    let entry = newest(&app, &context()).await;
    assert_eq!(
        (entry.customer, entry.resource),
        (None, Some(context().tenant.0))
    );
    assert_eq!(entry.changed_fields, [""; 0]);
}

#[tokio::test]
async fn the_beginning_of_a_type_chooses_its_kinds() {
    let app = app();
    made(&app).await;
    for (prefix, found) in [
        ("customer.profile", 1),
        ("customer.profile.create", 1),
        ("customer.p", 1),
        ("customer.address", 0),
        ("customer.profile.created", 0),
        ("no.such.type", 0),
    ] {
        assert_eq!(types(&app, &of_type(prefix)).await.len(), found, "{prefix}");
    }
    assert_eq!(app.store.audit().len(), 7, "a read that finds nothing too");
}

#[tokio::test]
async fn the_trail_of_a_customer_is_found_by_either_of_its_ids() {
    let app = app();
    let customer = made(&app).await;
    let all = AuditQuery::default;
    for (n, named) in [CustomerRef::Id(customer), CustomerRef::Legacy(legacy(7))]
        .into_iter()
        .enumerate()
    {
        let page = app
            .audit
            .of_customer(&context(), named, all(), None, 9)
            .await;
        assert_eq!(page.unwrap().items.len(), n + 1);
        let read = app.store.audit().pop().unwrap();
        assert_eq!((read.customer, read.resource), (Some(customer), customer.0));
        assert_eq!(read.changed_fields, ["customer_id"]);
        app.clock.advance(TimeDelta::seconds(1));
    }
}

#[tokio::test]
async fn whoever_is_not_there_has_no_trail() {
    let app = app();
    let customer = made(&app).await;
    let written = app.store.audit();
    for (context, named) in [
        (context(), CustomerRef::Id(CustomerId(seeded_id(0xdead)))),
        (context(), CustomerRef::Legacy(legacy(8))),
        (other_context(), CustomerRef::Id(customer)),
        (other_context(), CustomerRef::Legacy(legacy(7))),
    ] {
        let all = AuditQuery::default();
        let page = app.audit.of_customer(&context, named, all, None, 9).await;
        assert_eq!(page, Err(StoreError::NotFound), "{named:?}");
    }
    assert_eq!(app.store.audit(), written);
}

#[tokio::test]
async fn a_list_of_whoever_is_not_there_is_empty_and_about_nobody() {
    let app = app();
    let nobody = CustomerId(seeded_id(0xdead));
    assert_eq!(types(&app, &about(nobody)).await, [""; 0]);
    let entry = newest(&app, &context()).await;
    assert_eq!((entry.customer, entry.resource), (None, Some(nobody.0)));
    assert_eq!(told(&entry), json!({"customer_id": nobody.to_string()}));
}

#[tokio::test]
async fn a_tally_is_on_record_too() {
    let app = app();
    let customer = made(&app).await;
    let tally = app
        .audit
        .tally(&context(), &of_type("customer.profile"))
        .await;
    let tally = tally.unwrap();
    assert_eq!((tally.counts.len(), tally.has_more), (1, false));
    assert_eq!(
        (tally.counts[0].customer, tally.counts[0].count),
        (Some(customer), 1)
    );
    let entry = newest(&app, &context()).await;
    assert_eq!(entry.event_type, "customer.audit.read");
    assert_eq!(
        told(&entry),
        json!({"by": "customer", "event_type": "customer.profile"})
    );
}

#[tokio::test]
async fn nobody_reads_anything_without_an_entry() {
    let app = app();
    let customer = made(&app).await;
    let written = app.store.audit();
    let away = || StoreError::Unavailable("away".to_owned());
    for (step, error) in [
        (Step::Read, away()),
        (Step::Begin, away()),
        (Step::Statement, StoreError::TooSlow),
        (Step::Commit, away()),
    ] {
        let query = about(customer);
        app.store.fail_next_at(step, error.clone());
        let listed = app.audit.list(&context(), &query, None, 9).await;
        assert_eq!(listed, Err(error.clone()), "{step:?}");
        app.store.fail_next_at(step, error.clone());
        let named = CustomerRef::Id(customer);
        let listed = app
            .audit
            .of_customer(&context(), named, query, None, 9)
            .await;
        assert_eq!(listed, Err(error.clone()), "{step:?}");
        app.store.fail_next_at(step, error.clone());
        let tally = app.audit.tally(&context(), &about(customer)).await;
        assert_eq!(tally, Err(error), "{step:?}");
    }
    assert_eq!(app.store.audit(), written);
}

#[tokio::test]
async fn a_read_that_was_in_the_way_is_tried_again() {
    let app = app();
    app.store.fail_next_at(Step::Commit, StoreError::Contended);
    assert_eq!(types(&app, &AuditQuery::default()).await, [""; 0]);
    assert_eq!(app.store.audit().len(), 1);
}

const READ: Needed = Needed::Permission(Permission::Read);

/// Returns the context of a request to list customers.
fn listing(context: Context) -> Context {
    Context {
        operation: "GET /api/v1/customers".to_owned(),
        ..context
    }
}

#[tokio::test]
async fn a_refusal_is_on_record_with_what_was_missing() {
    let app = app();
    let refusal = app.refusals.record(&listing(context()), READ).await;
    assert!(!refusal.audit_failed());
    let entry = newest(&app, &context()).await;
    assert_eq!(entry.event_type, AuditKind::AccessDenied.event_type());
    assert_eq!(
        (entry.severity.as_str(), entry.operation.as_str()),
        ("WARN", "READ")
    );
    assert_eq!(
        (entry.customer, entry.resource),
        (None, Some(context().tenant.0))
    );
    assert_eq!(entry.actor_id, "key-a");
    let expected = json!({"scope": "customers:read", "route": "GET /api/v1/customers"});
    assert_eq!(told(&entry), expected);
    assert_eq!(app.store.events(), []);
}

#[tokio::test]
async fn the_same_refusal_is_on_record_once_a_minute() {
    let app = app();
    let refused = async |context: Context| {
        let refusal = app.refusals.record(&context, READ).await;
        assert!(!refusal.audit_failed());
        app.store.audit().len()
    };
    app.clock.set(at(0));
    assert_eq!(refused(listing(context())).await, 1);
    assert_eq!(refused(listing(context())).await, 1);
    assert_eq!(refused(context()).await, 2);
    assert_eq!(refused(listing(operator_context())).await, 3);
    app.clock.set(at(59));
    assert_eq!(refused(listing(context())).await, 3);
    app.clock.set(at(60));
    assert_eq!(refused(listing(context())).await, 4);
    let mut namesake = listing(context());
    namesake.actor.kind = ActorKind::Customer;
    assert_eq!(refused(namesake).await, 5, "a customer is no API key");
}

#[tokio::test]
async fn a_store_in_trouble_is_asked_once_a_minute_for_the_same_refusal() {
    let app = app();
    app.clock.set(at(0));
    let away = StoreError::Unavailable("away".to_owned());
    app.store.fail_next_at(Step::Commit, away);
    let recorded = async || !app.refusals.record(&context(), READ).await.audit_failed();
    assert!(!recorded().await);
    assert!(recorded().await);
    assert_eq!(app.store.audit(), []);
    app.clock.set(at(60));
    assert!(recorded().await);
    assert_eq!(app.store.audit().len(), 1);
}
