//! Every change through the API leaves one audit entry and its event; whatever is refused or fails
//! leaves nothing.

mod changes;
mod refusals;

use crate::support::{CASES, CONTRACT, Call, Key, Reply, Stored, World, fail};
use changes::{Change, changes};
use customer_domain::StoreError;
use customer_domain::audit::{AuditKind, Operation};
use customer_testkit::fake::Step;
use customer_testkit::stored::{StoredAudit, StoredEvent};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The operations that change nothing, and so record nothing.
const READS: [&str; 22] = [
    "listCustomers",
    "batchGetCustomers",
    "lookupCustomer",
    "getCustomer",
    "listAddresses",
    "getAddress",
    "validateAddress",
    "getPreferences",
    "listTags",
    "listGroups",
    "getGroup",
    "listApiKeys",
    "listTenants",
    "getTenant",
    "customersHealth",
    "health",
    "live",
    "healthReady",
    "ready",
    "metrics",
    "getLogLevel",
    "setLogLevel",
];

/// Returns a call by a caller with all permissions.
fn call(world: &World, operation: &str, query: &str, body: Option<&Value>) -> Call {
    let operation = CONTRACT.operation(operation);
    let target = format!("{}{query}", world.target(operation));
    let call = Call::new(operation.method.clone(), target).key(Key::Operator);
    match body {
        Some(body) => call.json(body),
        None => call,
    }
}

/// Creates a world, and sends the requests that have to come first.
async fn prepared(before: &[(&str, Value)]) -> World {
    let world = World::new().await;
    for (operation, body) in before {
        let reply = world.api.send(call(&world, operation, "", Some(body)));
        let reply = reply.await;
        assert!(reply.status < 300, "{operation}: {reply}");
    }
    world
}

async fn sent(world: &World, change: &Change) -> Reply {
    let body = change.body.as_ref();
    let call = call(world, change.operation, change.query, body);
    world.api.send(call).await
}

/// Returns what was recorded since `before`.
async fn recorded(world: &World, before: &Stored) -> (Vec<StoredAudit>, Vec<StoredEvent>) {
    let Stored { audit, events, .. } = world.api.stored().await;
    let (audit, events) = (audit.into_iter(), events.into_iter());
    (
        audit.skip(before.audit.len()).collect(),
        events.skip(before.events.len()).collect(),
    )
}

#[test]
fn every_operation_is_a_change_or_a_read_and_every_kind_of_change_is_there() {
    let changes = changes();
    let known: BTreeSet<_> = changes.iter().map(|change| change.operation).collect();
    let reads = BTreeSet::from(READS);
    assert!(known.is_disjoint(&reads));
    let operations = CONTRACT.operations.iter();
    let operations: BTreeSet<_> = operations.map(|operation| operation.id.as_str()).collect();
    assert_eq!(operations, known.union(&reads).copied().collect());

    let told: BTreeSet<_> = changes.iter().map(|change| change.kind).collect();
    let kinds = AuditKind::ALL.into_iter();
    let kinds = kinds.filter(|kind| kind.operation() != Operation::Read);
    let kinds: BTreeSet<_> = kinds.map(AuditKind::event_type).collect();
    let missing: Vec<_> = kinds.difference(&told).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn each_change_leaves_one_entry_and_its_event() {
    for change in changes() {
        let world = prepared(&change.before).await;
        let before = world.api.stored().await;
        let reply = sent(&world, &change).await;
        assert!(reply.status < 300, "{}: {reply}", change.operation);
        let (audit, events) = recorded(&world, &before).await;
        let [entry] = audit.as_slice() else {
            fail(format!("{}: {audit:?}", change.operation))
        };
        expect_entry(&world, &change, entry);
        expect_event(&change, entry, &events);
    }
}

fn expect_entry(world: &World, change: &Change, entry: &StoredAudit) {
    let about = change.operation;
    assert_eq!(entry.event_type, change.kind, "{about}");
    assert_eq!(json!(entry.old_values), change.old, "{about}");
    assert_eq!(json!(entry.new_values), change.new, "{about}");
    assert_eq!(entry.actor_id, Key::Operator.id().to_string());
    assert_eq!(entry.reason.as_deref(), change.reason, "{about}");
    let sides = [&entry.old_values, &entry.new_values];
    let told = sides.into_iter().flatten().flat_map(Map::keys);
    let beside = change.beside.iter().map(|&name| name.to_owned());
    let named: BTreeSet<_> = told.cloned().chain(beside).collect();
    assert_eq!(named, entry.changed_fields.iter().cloned().collect());
    assert_eq!(named.len(), entry.changed_fields.len(), "{about}: twice");
    let of_nobody_there = [
        "createCustomer",
        "exportCustomers",
        "listAuditEvents",
        "countAuditEvents",
    ];
    let is_theirs = !of_nobody_there.contains(&about);
    if change.kind.starts_with("customer.group") || !change.kind.starts_with("customer") {
        assert_eq!(entry.customer, None, "{about}");
    } else if is_theirs {
        let customer = entry.customer.map(|id| id.to_string());
        assert_eq!(customer, Some(world.customer.clone()), "{about}");
    }
}

fn expect_event(change: &Change, entry: &StoredAudit, events: &[StoredEvent]) {
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let data = &event.envelope["data"];
            assert_eq!(entry.customer, Some(event.customer), "{}", change.operation);
            assert_eq!(
                event.envelope["metadata"]["correlationId"],
                entry.correlation_id
            );
            (
                event.envelope["eventType"].clone(),
                data["changedFields"].clone(),
            )
        })
        .collect();
    let expected = change.event.clone().into_iter().collect::<Vec<_>>();
    assert_eq!(told, expected, "{}", change.operation);
}

#[tokio::test]
async fn a_change_that_is_asked_for_again_leaves_nothing() {
    for change in changes().into_iter().filter(|change| change.is_once) {
        let world = prepared(&change.before).await;
        sent(&world, &change).await;
        let before = world.api.stored().await;
        let again = sent(&world, &change).await;
        assert_eq!(again.status, 200, "{}: {again}", change.operation);
        assert_eq!(world.api.stored().await, before, "{}", change.operation);
    }
}

#[tokio::test]
async fn a_change_whose_record_cannot_be_written_is_none() {
    for change in changes() {
        let world = prepared(&change.before).await;
        let before = world.api.stored().await;
        let error = StoreError::Unavailable("the trail cannot be written".to_owned());
        world.api.store.fail_next_at(Step::Commit, error);
        let failed = sent(&world, &change).await;
        assert_eq!(failed.status, 503, "{}: {failed}", change.operation);
        assert_eq!(world.api.stored().await, before, "{}", change.operation);
        let done = sent(&world, &change).await;
        assert!(done.status < 300, "{}: {done}", change.operation);
        let (audit, _) = recorded(&world, &before).await;
        assert_eq!(audit.len(), 1, "{}", change.operation);
    }
}

#[tokio::test]
async fn reads_leave_nothing() {
    let world = World::new().await;
    let before = world.api.stored().await;
    for case in CASES.iter().filter(|case| READS.contains(&case.operation)) {
        let reply = world.api.send(case.call(&world).key(Key::Operator)).await;
        assert_eq!(reply.status, 200, "{}: {reply}", case.operation);
    }
    assert_eq!(world.api.stored().await, before);
}
