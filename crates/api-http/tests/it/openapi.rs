//! The guarantees of the OpenAPI document.

use crate::support::{CASES, CONTRACT, Call, Operation, World, fail};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn operations() -> impl Iterator<Item = &'static Operation> {
    CONTRACT.operations.iter()
}

/// Returns the successful responses of an operation: status, media type and content.
fn successes(operation: &Operation) -> Vec<(&str, &str, &Value)> {
    contents(operation, |status| status.starts_with('2'))
}

fn contents(operation: &Operation, wanted: fn(&str) -> bool) -> Vec<(&str, &str, &Value)> {
    let responses = operation.object["responses"]
        .as_object()
        .expect("responses");
    responses
        .iter()
        .filter(|(status, _)| wanted(status))
        .flat_map(|(status, response)| {
            let kinds = response["content"].as_object().expect("a body").iter();
            kinds.map(move |(kind, content)| (status.as_str(), kind.as_str(), content))
        })
        .collect()
}

fn reference(content: &Value) -> &str {
    let schema = &content["schema"];
    let options = schema["oneOf"].as_array().into_iter().flatten();
    let found = options
        .chain([schema])
        .find_map(|option| option["$ref"].as_str());
    let found = found.unwrap_or_else(|| fail(format!("no reference: {content:#}")));
    found
        .strip_prefix("#/components/schemas/")
        .expect("a schema of the document")
}

#[test]
fn it_is_version_3_1_with_the_two_bases() {
    assert_eq!(CONTRACT.document["openapi"], "3.1.0");
    let bases = json!([{"url": "/api/v1"}, {"url": "/v1"}]);
    assert_eq!(CONTRACT.document["servers"], bases);
    for operation in operations() {
        let root = operation.object["servers"] == json!([{"url": "/"}]);
        assert!(
            root || operation.object["servers"].is_null(),
            "{}",
            operation.id
        );
        let is_outside = ["/health", "/ready", "/metrics"];
        let is_outside = is_outside
            .iter()
            .any(|path| operation.path.starts_with(path));
        assert_eq!(root, is_outside, "{}", operation.id);
        assert!(!operation.path.starts_with("/api/") && !operation.path.starts_with("/v1"));
    }
}

#[test]
fn every_operation_has_a_stable_name_a_tag_and_a_summary() {
    let mut ids = BTreeSet::new();
    for operation in operations() {
        let shaped = operation.id.chars().all(|c| c.is_ascii_alphanumeric());
        let lower = operation.id.starts_with(|c: char| c.is_ascii_lowercase());
        assert!(
            shaped && lower,
            "{} {}: {}",
            operation.method,
            operation.path,
            operation.id
        );
        assert!(ids.insert(&operation.id), "{} is there twice", operation.id);
        let tags = operation.object["tags"].as_array().expect("tags");
        assert_eq!(tags.len(), 1, "{}", operation.id);
        let summary = operation.object["summary"].as_str().unwrap_or_default();
        assert!(
            (3..80).contains(&summary.len()),
            "{}: {summary}",
            operation.id
        );
    }
}

#[test]
fn operation_ids_never_change() {
    let ids: Vec<_> = operations()
        .map(|one| format!("{} {} {}", one.method, one.path, one.id))
        .collect();
    insta::assert_snapshot!(ids.join("\n"));
}

#[test]
fn every_parameter_of_a_path_is_described() {
    for operation in operations() {
        let parameters = operation.object["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let names: BTreeSet<_> = parameters
            .iter()
            .filter(|one| one["in"] == "path")
            .map(|one| one["name"].as_str().expect("a name"))
            .collect();
        let segments = operation.path.split('/');
        let expected: BTreeSet<_> = segments
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        assert_eq!(names, expected, "{}", operation.id);
        for parameter in &parameters {
            let told = parameter["description"].as_str().unwrap_or_default();
            assert!(!told.is_empty(), "{}: {parameter:#}", operation.id);
        }
    }
}

#[test]
fn no_schema_is_anonymous() {
    for operation in operations() {
        if let Some(content) = operation
            .object
            .pointer("/requestBody/content/application~1json")
        {
            reference(content);
        }
        for (status, kind, content) in contents(operation, |_| true) {
            if kind.ends_with("json") {
                reference(content);
            }
            assert!(content["schema"].is_object(), "{} {status}", operation.id);
        }
    }
    for (name, schema) in CONTRACT.document["components"]["schemas"]
        .as_object()
        .unwrap()
    {
        for (property, inner) in schema["properties"].as_object().into_iter().flatten() {
            assert_named(inner, &format!("{name}/{property}"));
        }
    }
}

/// Asserts that nothing within a schema has properties or enum values of its own: those are named
/// schemas.
fn assert_named(schema: &Value, at: &str) {
    match schema {
        Value::Object(members) => {
            for own in ["properties", "enum", "allOf", "anyOf"] {
                assert!(
                    !members.contains_key(own),
                    "{at} has an inline schema: {schema:#}"
                );
            }
            members.values().for_each(|inner| assert_named(inner, at));
        }
        Value::Array(items) => items.iter().for_each(|inner| assert_named(inner, at)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_reference_leads_to_a_schema() {
    let text = CONTRACT.document.to_string();
    let references = text.split("\"#/components/schemas/").skip(1);
    for name in references.filter_map(|rest| rest.split('"').next()) {
        assert!(CONTRACT.schema(name).is_object(), "{name} is not there");
    }
}

#[test]
fn every_schema_and_property_is_described_and_used() {
    let text = CONTRACT.document.to_string();
    for (name, schema) in CONTRACT.document["components"]["schemas"]
        .as_object()
        .unwrap()
    {
        assert!(schema["description"].is_string(), "{name}");
        let reference = format!("\"#/components/schemas/{name}\"");
        assert!(text.contains(&reference), "{name} is used nowhere");
        for (property, inner) in schema["properties"].as_object().into_iter().flatten() {
            let told =
                inner["description"].is_string() || inner["oneOf"][0]["description"].is_string();
            assert!(told, "{name}/{property}");
        }
    }
}

#[test]
fn every_text_of_a_request_has_a_limit_or_a_form() {
    let nested = [
        "ExternalIdBody",
        "PreferencesInput",
        "ProfileInput",
        "TenantSettingsInput",
    ];
    let requests = operations().filter_map(|one| Some(one.request()?.0));
    for name in requests.chain(nested) {
        for (member, schema) in CONTRACT.schema(name)["properties"].as_object().unwrap() {
            let is_text = schema["type"].to_string().contains("\"string\"");
            let is_bounded = ["maxLength", "pattern", "format"].map(|rule| !schema[rule].is_null());
            let is_bounded = member == "tenantId" || is_bounded.contains(&true);
            assert!(!is_text || is_bounded, "{name}/{member}");
        }
    }
}

#[test]
fn every_body_has_an_example_that_fits_its_schema() {
    for operation in operations() {
        if let Some((schema, example)) = operation.request() {
            assert!(example.is_object(), "{}", operation.id);
            let faults = CONTRACT.faults_of(schema, example);
            assert_eq!(faults, [""; 0], "{}", operation.id);
        } else {
            assert!(
                operation.object["requestBody"].is_null(),
                "{}",
                operation.id
            );
        }
        // An existing address is returned instead of added.
        let expected = if operation.id == "createAddress" {
            2
        } else {
            1
        };
        let statuses: BTreeSet<_> = successes(operation).iter().map(|one| one.0).collect();
        assert_eq!(statuses.len(), expected, "{}", operation.id);
        for (status, kind, content) in contents(operation, |_| true) {
            assert!(!content["example"].is_null(), "{} {status}", operation.id);
            if kind.ends_with("json") {
                let faults = CONTRACT.faults_of_reply(reference(content), &content["example"]);
                assert_eq!(faults, [""; 0], "{} {status}", operation.id);
            }
        }
    }
}

#[tokio::test]
async fn every_example_of_a_request_is_accepted() {
    for case in CASES {
        let operation = case.operation();
        let Some((_, example)) = operation.request() else {
            continue;
        };
        let world = World::new().await;
        let call = Call::new(operation.method.clone(), world.target(operation));
        let reply = world
            .api
            .send(call.key(case.needs.weakest()).json(example))
            .await;
        let accepted = match case.operation {
            // Their examples name an existing tenant and a missing customer.
            "createTenant" => reply.status == 409,
            "lookupCustomer" => reply.status == 404,
            _ => reply.status == case.status,
        };
        assert!(accepted, "{}: {reply}", case.operation);
    }
}

#[tokio::test]
async fn every_property_of_a_request_is_known_to_its_route() {
    for case in CASES {
        let operation = case.operation();
        let Some((schema, _)) = operation.request() else {
            continue;
        };
        let world = World::new().await;
        let body = everything(CONTRACT.schema(schema));
        let call = Call::new(operation.method.clone(), world.target(operation));
        let reply = world
            .api
            .send(call.key(case.needs.weakest()).json(&body))
            .await;
        if reply.status == 400 {
            let faults = reply.faults();
            let unknown: Vec<_> = faults
                .iter()
                .filter(|(_, code)| code == "UNKNOWN_FIELD")
                .collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", operation.id);
        }
    }
}

/// Returns an object with a value for every property, null except for nested objects.
fn everything(schema: &Value) -> Value {
    let members = schema["properties"].as_object().into_iter().flatten();
    members
        .map(|(name, property)| {
            let options = property["oneOf"].as_array().into_iter().flatten();
            let reference = options
                .chain([property])
                .find_map(|option| option["$ref"].as_str());
            let inner =
                reference.map(|text| CONTRACT.schema(text.rsplit('/').next().unwrap_or_default()));
            let value = match inner {
                Some(inner) if inner["properties"].is_object() => everything(inner),
                Some(_) | None => Value::Null,
            };
            (name.clone(), value)
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test]
async fn null_is_accepted_where_the_document_says_so() {
    for case in CASES {
        let operation = case.operation();
        let Some((schema, _)) = operation.request() else {
            continue;
        };
        for name in CONTRACT.schema(schema)["properties"]
            .as_object()
            .unwrap()
            .keys()
        {
            let world = World::new().await;
            let mut body = case.body.expect("a sample")(&world);
            if !body[name].is_null() {
                continue;
            }
            body[name] = Value::Null;
            let allowed = CONTRACT.faults_of(schema, &body).is_empty();
            let call = Call::new(operation.method.clone(), world.target(operation));
            let reply = world
                .api
                .send(call.key(case.needs.weakest()).json(&body))
                .await;
            if allowed {
                assert_eq!(
                    reply.status, case.status,
                    "{} {name}: {reply}",
                    operation.id
                );
            }
        }
    }
}

#[test]
fn failures_are_told_where_they_can_happen() {
    let statuses: BTreeMap<&str, BTreeSet<&str>> = operations()
        .map(|one| {
            let responses = one.object["responses"].as_object().unwrap();
            (
                one.id.as_str(),
                responses.keys().map(String::as_str).collect(),
            )
        })
        .collect();
    for operation in operations() {
        let told = &statuses[operation.id.as_str()];
        for status in ["500", "503"] {
            assert!(told.contains(status), "{} {status}", operation.id);
        }
        for status in ["401", "403", "404"] {
            assert_eq!(
                told.contains(status),
                operation.scope().is_some(),
                "{} {status}",
                operation.id
            );
        }
        for status in ["413", "415"] {
            assert_eq!(
                told.contains(status),
                operation.request().is_some(),
                "{} {status}",
                operation.id
            );
        }
        let reads = operation.method == http::Method::GET;
        assert!(
            !(reads && told.contains("409")),
            "{} conflicts with nothing",
            operation.id
        );
    }
}

/// Fails if `cargo xtask openapi` has to be run.
#[test]
fn the_committed_document_is_what_the_routes_say() {
    let committed: Value = serde_json::from_str(include_str!("../../../../docs/openapi.json"))
        .expect("a JSON document");
    let served = serde_json::to_value(customer_http::document()).expect("a JSON document");
    assert!(
        committed == served,
        "docs/openapi.json is out of date: run `cargo xtask openapi`"
    );
}
