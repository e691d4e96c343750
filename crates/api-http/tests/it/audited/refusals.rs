//! Refused requests leave nothing: no entry, no event and no change.

use super::changes::changes;
use super::{call, prepared};
use crate::support::{CONTRACT, Call, Key, Operation, Reply, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An operation and the body of a request.
type Sent = (&'static str, Value);

/// Returns every operation that changes something, without duplicates.
fn operations() -> BTreeSet<&'static str> {
    changes().iter().map(|change| change.operation).collect()
}

/// Sends a request that must be refused.
async fn refused(world: &World, about: &str, call: Call) -> Reply {
    let before = world.api.stored().await;
    let reply = world.api.send(call).await;
    assert!((400..500).contains(&reply.status), "{about}: {reply}");
    assert_eq!(world.api.stored().await, before, "{about}: {reply}");
    reply
}

fn takes(operation: &Operation, header: &str) -> bool {
    let parameters = operation.object["parameters"].as_array();
    let mut parameters = parameters.into_iter().flatten();
    parameters.any(|parameter| parameter["name"] == header)
}

#[tokio::test]
async fn whoever_is_unknown_leaves_nothing() {
    let world = World::new().await;
    for operation in operations() {
        let target = world.target(CONTRACT.operation(operation));
        let call = Call::new(CONTRACT.operation(operation).method.clone(), target);
        let reply = refused(&world, operation, call.json(&json!({}))).await;
        assert_eq!(reply.status, 401, "{operation}");
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_leaves_nothing() {
    let world = World::new().await;
    for operation in operations() {
        if CONTRACT.operation(operation).request().is_none() {
            continue;
        }
        for body in ["{", "[]", r#"{"no_such_member": 1}"#] {
            let call = call(&world, operation, "", None).bytes(body);
            let reply = refused(&world, operation, call).await;
            assert_eq!(reply.status, 400, "{operation} {body}: {reply}");
        }
    }
}

#[tokio::test]
async fn a_query_that_nothing_is_known_of_leaves_nothing() {
    let world = World::new().await;
    for change in changes() {
        let body = change.body.as_ref();
        let call = call(&world, change.operation, "?no_such_parameter=1", body);
        let reply = refused(&world, change.operation, call).await;
        assert_eq!(reply.status, 400, "{}: {reply}", change.operation);
    }
}

#[tokio::test]
async fn a_version_that_is_not_there_leaves_nothing() {
    let mut asked = 0;
    for change in changes() {
        if !takes(CONTRACT.operation(change.operation), "If-Match") {
            continue;
        }
        asked += 1;
        let world = prepared(&change.before).await;
        let call = call(&world, change.operation, "", change.body.as_ref());
        let call = call.header("if-match", "\"99\"");
        let reply = refused(&world, change.operation, call).await;
        assert_eq!(reply.status, 412, "{}: {reply}", change.operation);
    }
    assert!(asked > 10, "{asked}");
}

#[tokio::test]
async fn what_lies_in_another_tenant_is_left_alone() {
    let world = World::new().await;
    for change in changes() {
        let operation = CONTRACT.operation(change.operation);
        let is_of_all = change.kind.starts_with("tenant.");
        if !operation.path.contains('{') || is_of_all {
            continue;
        }
        let call = Call::new(operation.method.clone(), world.target(operation));
        let call = call.key(Key::OtherAdmin);
        let call = match &change.body {
            Some(body) => call.json(body),
            None => call,
        };
        let reply = refused(&world, change.operation, call).await;
        assert_eq!(reply.status, 404, "{}: {reply}", change.operation);
    }
}

#[tokio::test]
async fn what_stands_against_a_rule_leaves_nothing() {
    let deleted = || vec![("deleteCustomer", json!({}))];
    let member = || vec![("updateCustomer", json!({"groupId": World::GROUP}))];
    let other = || vec![("createCustomer", json!({"email": "eve@example.com"}))];
    let rules: Vec<(&str, Vec<Sent>, Value, u16)> = vec![
        (
            "createCustomer",
            vec![],
            json!({"email": "ADA@example.com"}),
            409,
        ),
        (
            "createCustomer",
            vec![],
            json!({"email": "x@example.com", "legacyId": 7}),
            409,
        ),
        (
            "createCustomer",
            vec![],
            json!({"email": "x@example.com", "groupId": "none"}),
            400,
        ),
        (
            "updateCustomer",
            other(),
            json!({"email": "eve@example.com"}),
            409,
        ),
        (
            "updateCustomer",
            vec![],
            json!({"accountState": "guest"}),
            400,
        ),
        ("updateCustomer", vec![], json!({"status": "deleted"}), 400),
        (
            "patchCustomer",
            deleted(),
            json!({"lastName": "Lovelace"}),
            409,
        ),
        (
            "suspendCustomer",
            deleted(),
            json!({"reason": "fraud"}),
            409,
        ),
        (
            "createAddress",
            deleted(),
            json!({"street": "1 Queen's Road", "country": "HK"}),
            409,
        ),
        (
            "createAddress",
            vec![],
            json!({"street": "1 Main St", "country": "US"}),
            400,
        ),
        ("updateAddress", vec![], json!({"roles": []}), 400),
        (
            "updatePreferences",
            deleted(),
            json!({"language": "en"}),
            409,
        ),
        ("replaceTags", deleted(), json!({"tags": ["vip"]}), 409),
        (
            "createGroup",
            vec![],
            json!({"id": "trade", "name": "Trade"}),
            409,
        ),
        ("deleteGroup", member(), Value::Null, 409),
        (
            "createApiKey",
            vec![],
            json!({"name": "x", "scopes": []}),
            400,
        ),
        ("createTenant", vec![], json!({"id": "tenant-123"}), 409),
    ];
    for (operation, before, body, status) in rules {
        let world = prepared(&before).await;
        let body = (!body.is_null()).then_some(&body);
        let call = call(&world, operation, "", body);
        let reply = refused(&world, operation, call).await;
        assert_eq!(reply.status, status, "{operation}: {reply}");
    }
}
