//! Invalid input always gives a problem document with a 4xx status, and nothing is written.

mod bytes;
mod email;

use crate::support::{BASE, CASES, CONTRACT, CUSTOMERS, Call, Case, Key, Needs, Reply, World};
use axum::body::Body;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Returns the cases whose operation takes a body, with the name of its schema.
fn with_bodies() -> impl Iterator<Item = (&'static Case, &'static str)> {
    CASES.iter().filter_map(|case| {
        let (schema, _) = case.operation().request()?;
        Some((case, schema))
    })
}

impl World {
    /// Sends a body to an operation with a sufficient key. If it is rejected, nothing was written.
    async fn sent(&self, case: &Case, body: impl Into<Body>) -> Reply {
        let call = Call::new(
            case.operation().method.clone(),
            self.target(case.operation()),
        );
        self.refused(call.key(case.needs.weakest()).bytes(body))
            .await
    }

    /// Sends a call. The status is below 500, and if the call is rejected, nothing was written.
    async fn refused(&self, call: Call) -> Reply {
        let before = self.api.stored().await;
        let reply = self.api.send(call).await;
        assert!(reply.status < 500, "{reply}");
        if reply.status >= 400 {
            assert_eq!(self.api.stored().await, before, "{reply}");
        }
        reply
    }
}

/// Returns the pointers of a schema's properties, such as `/profile/firstName`, and their schemas.
fn properties(schema: &str) -> Vec<(String, Value)> {
    fn walk(schema: &Value, at: &str, found: &mut Vec<(String, Value)>) {
        let members = schema["properties"].as_object().into_iter().flatten();
        for (name, property) in members {
            let at = format!("{at}/{name}");
            found.push((at.clone(), property.clone()));
            walk(&resolved(property), &at, found);
        }
    }
    let mut found = Vec::new();
    walk(CONTRACT.schema(schema), "", &mut found);
    found
}

/// Returns the schema behind a reference, which may be one of two options next to null.
fn resolved(schema: &Value) -> Value {
    let options = schema["oneOf"].as_array().into_iter().flatten();
    let reference = options
        .chain([schema])
        .find_map(|option| option["$ref"].as_str());
    match reference {
        Some(reference) => {
            let name = reference.rsplit('/').next().expect("a name");
            CONTRACT.schema(name).clone()
        }
        None => schema.clone(),
    }
}

/// Returns the object with `value` at a pointer; missing objects on the way are created.
fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let mut place = &mut body;
    for name in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[name];
    }
    *place = value;
    body
}

#[tokio::test]
async fn a_value_that_the_document_forbids_is_refused_by_name() {
    let values = [
        Value::Null,
        json!(true),
        json!(7),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!("text"),
        json!([]),
        json!(["a", 1]),
        json!({}),
        json!({"a": 1}),
        json!("x".repeat(1_000)),
    ];
    let mut refused = 0;
    for (case, schema) in with_bodies() {
        let world = World::new().await;
        let sample = case.body.expect("a sample")(&world);
        for (pointer, _) in properties(schema) {
            for value in &values {
                let body = with(sample.clone(), &pointer, value.clone());
                if CONTRACT.faults_of(schema, &body).is_empty() {
                    continue;
                }
                let reply = world.sent(case, body.to_string()).await;
                assert_eq!(reply.status, 400, "{} {body}: {reply}", case.operation);
                // A missing member of an object is reported at that member.
                let place = match pointer.rfind('/') {
                    Some(end @ 1..) => &pointer[..end],
                    Some(0) | None => &pointer,
                };
                let named = |(at, _): &(String, String)| at.starts_with(place);
                assert!(
                    reply.faults().iter().any(named),
                    "{} {body}: {reply}",
                    case.operation
                );
                refused += 1;
            }
        }
    }
    assert!(refused > 500, "{refused}");
}

#[tokio::test]
async fn every_member_that_is_not_in_the_document_is_named() {
    for (case, schema) in with_bodies() {
        let world = World::new().await;
        let sample = case.body.expect("a sample")(&world);
        let mut places = vec![String::new()];
        let objects = properties(schema).into_iter();
        places.extend(objects.filter_map(|(pointer, property)| {
            resolved(&property)["properties"]
                .is_object()
                .then_some(pointer)
        }));
        let mut body = sample;
        for place in &places {
            body = with(body, &format!("{place}/colour"), json!("red"));
            body = with(body, &format!("{place}/__proto__"), json!({"admin": true}));
        }
        let reply = world.sent(case, body.to_string()).await;
        for place in places {
            for name in ["colour", "__proto__"] {
                let expected = (format!("{place}/{name}"), "UNKNOWN_FIELD".to_owned());
                assert!(
                    reply.faults().contains(&expected),
                    "{} {place}: {reply}",
                    case.operation
                );
            }
        }
    }
}

#[tokio::test]
async fn a_nul_is_named_wherever_it_hides() {
    for (case, schema) in with_bodies() {
        let world = World::new().await;
        let sample = case.body.expect("a sample")(&world);
        // A malformed tenant id means that there is no such tenant.
        let members = properties(schema).into_iter();
        for (pointer, property) in members.filter(|(pointer, _)| pointer != "/tenantId") {
            let body = with(sample.clone(), &pointer, json!("a\0b"));
            let reply = world.sent(case, body.to_string()).await;
            let expected = (pointer.clone(), "INVALID_VALUE".to_owned());
            assert!(
                reply.faults().contains(&expected),
                "{} {pointer}: {reply}",
                case.operation
            );
            if property["type"] == json!(["object", "null"]) {
                let body = with(sample.clone(), &pointer, json!({"a\0": ["\0"]}));
                assert_eq!(world.sent(case, body.to_string()).await.status, 400);
            }
        }
        let body = with(sample, "/\0", json!(1));
        let reply = world.sent(case, body.to_string()).await;
        let expected = ("/\0".to_owned(), "INVALID_VALUE".to_owned());
        assert!(
            reply.faults().contains(&expected),
            "{}: {reply}",
            case.operation
        );
    }
}

#[tokio::test]
async fn unknown_and_broken_parameters_are_named_on_every_route() {
    for case in CASES.iter().filter(|case| case.needs != Needs::Nothing) {
        let world = World::new().await;
        let target = world.target(case.operation());
        for (query, at, code) in [
            ("colour=red", "?colour", "UNKNOWN_FIELD"),
            (
                "tenant_id=default&tenant_id=tenant-123",
                "?tenant_id",
                "DUPLICATE_KEY",
            ),
            ("tenant_id=%ff", "?tenant_id", "INVALID_VALUE"),
            ("tenant_id=a%00", "?tenant_id", "INVALID_VALUE"),
            ("%zz=1", "?", "INVALID_VALUE"),
            ("expands=addresses", "?expands", "UNKNOWN_FIELD"),
        ] {
            let call = case.call_at(&world, &format!("{target}?{query}"));
            let reply = world.refused(call.key(case.needs.weakest())).await;
            assert_eq!(reply.status, 400, "{} {query}: {reply}", case.operation);
            assert_eq!(
                reply.faults(),
                [(at.to_owned(), code.to_owned())],
                "{}",
                case.operation
            );
        }
    }
}

#[tokio::test]
async fn a_path_that_cannot_be_decoded_is_refused() {
    let world = World::new().await;
    for segment in ["%ff", "%00", "a%00b", "%C0%80"] {
        let call = Call::put(format!("{CUSTOMERS}/{segment}"))
            .key(Key::Write)
            .json(&json!({}));
        assert_eq!(world.refused(call).await.status, 400, "{segment}");
        let call = Call::delete(format!("{BASE}/api-keys/{segment}")).key(Key::Admin);
        assert_eq!(world.refused(call).await.status, 400, "{segment}");
    }
}

#[tokio::test]
async fn a_large_number_of_faults_is_cut_and_counted() {
    let world = World::new().await;
    let body: Map<String, Value> = (0..5_000).map(|n| (format!("k{n}"), json!(n))).collect();
    let call = Call::post(CUSTOMERS)
        .key(Key::Write)
        .json(&Value::Object(body));
    let reply = world.refused(call).await;
    assert_eq!(reply.faults().len(), 100);
    assert!(
        reply.json()["detail"]
            .as_str()
            .unwrap()
            .contains("4901 more"),
        "{reply}"
    );
}

/// Generates bodies with members of some request and unexpected values.
fn bodies() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[a-z@.%0-9+-]{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "a@example.com",
            "2000-02-30",
            "USD",
            "customers:admin"
        ])
        .prop_map(Value::from),
    ];
    let names: Vec<String> = with_bodies()
        .flat_map(|(_, schema)| properties(schema))
        .filter_map(|(pointer, _)| pointer.rsplit('/').next().map(str::to_owned))
        .collect();
    let names = prop::sample::select(names);
    let value = scalar.prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    value.prop_map(|value| {
        if value.is_object() {
            value
        } else {
            json!({"email": value})
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_body_makes_the_service_fail(body in bodies()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            for (case, _) in with_bodies() {
                world.sent(case, body.to_string()).await;
            }
        });
    }
}
