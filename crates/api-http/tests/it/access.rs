//! Access control: every operation of the document, for every kind of caller.

mod own;

use crate::support::{CASES, CONTRACT, CUSTOMERS, Call, Case, Key, Needs, Reply, Stored, World};
use customer_domain::api_key::Permission;
use customer_testkit::builders::seeded_id;
use http::Method;
use insta::assert_snapshot;
use serde_json::json;
use std::collections::BTreeSet;

/// Sends the case's request with this credential. A refused request must write nothing except the
/// audit entry about the refusal of a known caller.
async fn sent(world: &World, case: &Case, credential: impl FnOnce(Call) -> Call) -> Reply {
    let before = world.api.stored().await;
    let reply = world.api.send(credential(case.call(world))).await;
    if reply.status >= 400 {
        let after = world.api.stored().await;
        let entries = after.audit.len() - before.audit.len();
        assert_eq!(entries, usize::from(reply.status == 403), "{reply}");
        assert_eq!(but_for_refusals(after), before, "{}", case.operation);
    }
    reply
}

/// Returns what is stored, without the audit entries about refusals.
fn but_for_refusals(mut stored: Stored) -> Stored {
    stored
        .audit
        .retain(|entry| entry.event_type != "access.denied");
    stored
}

/// A credential as headers: name and value.
type Credential = &'static [(&'static str, &'static str)];

#[test]
fn every_operation_has_a_case_and_every_case_an_operation() {
    let cases: BTreeSet<_> = CASES.iter().map(|case| case.operation).collect();
    let operations: BTreeSet<_> = CONTRACT
        .operations
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    assert_eq!(cases, operations);
    assert_eq!(cases.len(), CASES.len(), "a case is there twice");
}

#[test]
fn the_document_says_what_each_operation_needs() {
    for case in CASES {
        let needed = match case.needs {
            Needs::Nothing => None,
            Needs::Read => Some(Permission::Read),
            Needs::Write => Some(Permission::Write),
            Needs::Admin | Needs::AllTenants => Some(Permission::Admin),
        };
        let expected = match needed.map(Permission::as_str) {
            Some(scope) => json!([{"bearer": [scope]}, {"apiKey": [scope]}]),
            None => json!(null),
        };
        assert_eq!(
            case.operation().object["security"],
            expected,
            "{}",
            case.operation
        );
    }
}

#[tokio::test]
async fn without_a_credential_that_opens_only_what_is_public_answers() {
    let nothing: [Credential; 8] = [
        &[],
        &[("authorization", "Bearer csk_garbage")],
        &[("authorization", "Bearer ")],
        &[("authorization", "Basic YTpi")],
        &[("x-api-key", "")],
        &[("x-api-key", "csk_0000000100000000000070008000000000007e02")],
        &[(
            "authorization",
            "Bearer csk_9999999900000000000070008000000000007e01",
        )],
        &[("authorization", "Bearer a"), ("x-api-key", "b")],
    ];
    for case in CASES {
        let world = World::new().await;
        for headers in nothing {
            let with = |call: Call| {
                headers
                    .iter()
                    .fold(call, |call, (name, value)| call.header(name, value))
            };
            let reply = sent(&world, case, with).await;
            if case.needs == Needs::Nothing {
                assert_eq!(reply.status, 200, "{} {headers:?}", case.operation);
            } else {
                assert_eq!(
                    reply.failure(),
                    (401, "UNAUTHENTICATED".to_owned()),
                    "{reply}"
                );
            }
        }
        for ended in [Key::Revoked, Key::Expired] {
            let reply = sent(&world, case, |call| call.key(ended)).await;
            let expected = if case.needs == Needs::Nothing {
                200
            } else {
                401
            };
            assert_eq!(reply.status, expected, "{} {ended:?}", case.operation);
        }
    }
}

#[tokio::test]
async fn a_key_may_do_what_its_scope_says_and_nothing_else() {
    for case in CASES {
        for (key, may) in [
            (Key::Read, vec![Needs::Read]),
            (Key::Write, vec![Needs::Read, Needs::Write]),
            (Key::Admin, vec![Needs::Read, Needs::Write, Needs::Admin]),
            (
                Key::Operator,
                vec![Needs::Read, Needs::Write, Needs::Admin, Needs::AllTenants],
            ),
        ] {
            let reply = sent(&World::new().await, case, |call| call.key(key)).await;
            if case.needs == Needs::Nothing || may.contains(&case.needs) {
                assert_eq!(
                    reply.status, case.status,
                    "{} {key:?}: {reply}",
                    case.operation
                );
            } else {
                let denied = (403, "PERMISSION_DENIED".to_owned());
                assert_eq!(reply.failure(), denied, "{} {key:?}", case.operation);
            }
        }
    }
}

#[tokio::test]
async fn a_head_and_the_other_base_are_for_the_same_callers() {
    for case in CASES.iter().filter(|case| case.operation().under_base) {
        for key in [Key::Read, Key::Revoked] {
            let world = World::new().await;
            let target = world.target(case.operation());
            let alias = target.replacen("/api/v1", "/v1", 1);
            let reply = world.api.send(case.call_at(&world, &target).key(key)).await;
            if case.operation().method == Method::GET {
                for target in [&target, &alias] {
                    let head = Call::new(Method::HEAD, target).key(key);
                    let head = world.api.send_unchecked(head).await;
                    assert_eq!(head.status, reply.status, "HEAD {target} {key:?}");
                }
            }
            let other = World::new().await;
            let alias = other.api.send(case.call_at(&other, &alias).key(key)).await;
            assert_eq!(alias.status, reply.status, "{} {key:?}", case.operation);
        }
    }
}

#[tokio::test]
async fn naming_a_tenant_gives_no_way_into_it() {
    for case in CASES.iter().filter(|case| case.operation().under_base) {
        let world = World::new().await;
        let before = world.api.stored().await;
        let at = |tenant: &str| format!("{}?tenant_id={tenant}", world.target(case.operation()));
        let call = |tenant: &str| case.call_at(&world, &at(tenant)).key(Key::OtherAdmin);
        let (foreign, nobody) = (call("default"), call("no-such-tenant"));
        let (foreign, nobody) = (world.api.send(foreign).await, world.api.send(nobody).await);
        match case.needs {
            Needs::Nothing => assert_eq!(foreign.status, 200, "{}", case.operation),
            Needs::AllTenants => assert_eq!(foreign.status, 403, "{}", case.operation),
            Needs::Read | Needs::Write | Needs::Admin => {
                assert_eq!(foreign.status, 404, "{}: {foreign}", case.operation);
                assert_eq!(foreign.problem(), nobody.problem(), "{}", case.operation);
            }
        }
        let after = but_for_refusals(world.api.stored().await);
        assert_eq!(after, before, "{}", case.operation);
    }
}

#[tokio::test]
async fn the_id_of_another_tenant_answers_as_one_that_nobody_has() {
    let with_ids = CASES
        .iter()
        .filter(|case| case.operation().path.contains('{'));
    for case in with_ids.filter(|case| case.needs != Needs::AllTenants) {
        let world = World::new().await;
        let before = world.api.stored().await;
        let foreign = world.target(case.operation());
        // As long as the ids of the other tenant, because replies contain them.
        let nobody = seeded_id(0xdead).to_string();
        let random = [
            (world.customer.clone(), nobody.as_str()),
            (Key::Read.id().to_string(), &nobody),
            (World::GROUP.to_owned(), "other"),
        ]
        .into_iter()
        .fold(foreign.clone(), |target, (id, nobody)| {
            target.replace(&id, nobody)
        });
        assert_ne!(foreign, random);
        let call = |target: &str| case.call_at(&world, target).key(Key::OtherAdmin);
        let foreign = world.api.send(call(&foreign)).await;
        let random = world.api.send(call(&random)).await;
        assert_eq!(foreign.status, 404, "{}: {foreign}", case.operation);
        assert_eq!(foreign.problem(), random.problem(), "{}", case.operation);
        assert_eq!(foreign.body.len(), random.body.len(), "{}", case.operation);
        let names = |reply: &Reply| -> Vec<_> { reply.headers.keys().cloned().collect() };
        assert_eq!(names(&foreign), names(&random), "{}", case.operation);
        assert_eq!(world.api.stored().await, before, "{}", case.operation);
    }
}

#[tokio::test]
async fn a_caller_without_the_right_learns_nothing_of_ids() {
    let world = World::new().await;
    let suspend = async |id: &str| {
        let call = Call::post(format!("{CUSTOMERS}/{id}/suspend")).key(Key::Write);
        world.api.send(call).await
    };
    let (own, nobody) = (suspend(&world.customer).await, suspend("nobody").await);
    assert_eq!(own.failure(), (403, "PERMISSION_DENIED".to_owned()));
    assert_eq!(own.problem(), nobody.problem());
}

#[tokio::test]
async fn a_refusal_says_what_is_missing() {
    let world = World::new().await;
    let list = Call::new(Method::GET, CUSTOMERS);
    assert_snapshot!("no_credential", world.api.send(list).await);
    let create = Call::post(CUSTOMERS).key(Key::Read).json(&json!({}));
    assert_snapshot!("too_little_scope", world.api.send(create).await);
    let garbage = Call::new(Method::GET, CUSTOMERS).header("x-api-key", "csk_garbage");
    assert_snapshot!("an_unknown_key", world.api.send(garbage).await);
}

#[tokio::test]
async fn both_headers_carry_a_key_and_both_may() {
    let world = World::new().await;
    let secret = Key::Read.secret();
    let bearer = format!("bearer  {secret}");
    for headers in [
        vec![("x-api-key", secret.as_str())],
        vec![("authorization", bearer.as_str())],
        vec![
            ("authorization", bearer.as_str()),
            ("x-api-key", secret.as_str()),
        ],
    ] {
        let call = Call::new(Method::GET, CUSTOMERS);
        let call = headers
            .into_iter()
            .fold(call, |call, (name, value)| call.header(name, value));
        assert_eq!(world.api.send(call).await.status, 200);
    }
}

#[tokio::test]
async fn an_unknown_route_asks_nobody_who_they_are() {
    let world = World::new().await;
    for (target, code) in [
        ("/api/v1/nothing", "ROUTE_NOT_FOUND"),
        ("/api/v2/customers", "ROUTE_NOT_FOUND"),
        ("/customers", "ROUTE_NOT_FOUND"),
        ("/api/v1/customers/7/suspend", "METHOD_NOT_ALLOWED"),
    ] {
        let reply = world
            .api
            .send_unchecked(Call::new(Method::GET, target))
            .await;
        assert_eq!(reply.code(), code, "{target}");
    }
}
