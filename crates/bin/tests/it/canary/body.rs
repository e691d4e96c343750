//! Bodies made from the schemas of the OpenAPI document, with the canary in every member that takes text.

use super::{CANARY, PHONE};
use serde_json::{Map, Value, json};

/// Returns the schema that is behind a reference, also where null is allowed as an alternative.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let options = schema["oneOf"].as_array().into_iter().flatten();
    let mut options = options.chain([schema]);
    let reference = options.find_map(|option| option["$ref"].as_str());
    match reference.and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => resolved(document, document.pointer(pointer).unwrap()),
        None => schema,
    }
}

fn is_of(schema: &Value, kind: &str) -> bool {
    let kinds = schema["type"].as_array().into_iter().flatten();
    schema["type"] == kind || kinds.into_iter().any(|one| one == kind)
}

/// Returns a value for a member, as personal as its schema allows; `n` makes unique what must be. `None` to leave it
/// out.
fn filled(document: &Value, name: &str, schema: &Value, n: u64) -> Option<Value> {
    let schema = resolved(document, schema);
    if let Some(words) = schema["enum"].as_array() {
        return words.first().cloned();
    }
    if let Some(properties) = schema["properties"].as_object() {
        return Some(Value::Object(members(document, properties, n)));
    }
    if is_of(schema, "object") {
        return Some(json!({"zqcanarykey": format!("{CANARY} {n}")}));
    }
    if let Some(items) = schema.get("items") {
        return Some(json!([filled(document, name, items, n)?]));
    }
    if is_of(schema, "boolean") {
        return Some(json!(true));
    }
    if is_of(schema, "integer") {
        let unique = name.to_lowercase().contains("legacy");
        return unique.then(|| json!(1_000_000 + n));
    }
    text(name, schema, n).map(Value::String)
}

fn text(name: &str, schema: &Value, n: u64) -> Option<String> {
    let text = match (name, schema["format"].as_str()) {
        ("tenantId", _) | (_, Some("uuid" | "date-time")) => return None,
        ("email", _) => format!("{CANARY}.{n}@example.com"),
        ("phone", _) => PHONE.to_owned(),
        ("avatar", _) => format!("https://{CANARY}.example.com/{n}.png"),
        ("password", _) => format!("{CANARY} battery {n}"),
        (_, Some("date")) => "1903-07-29".to_owned(),
        ("id", _) => format!("walk-{n}"),
        _ if schema.get("pattern").is_some() => return None,
        (name, _) => format!("{CANARY} {name} {n}"),
    };
    let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
    Some(text.chars().take(usize::try_from(most).unwrap()).collect())
}

fn members(document: &Value, properties: &Map<String, Value>, n: u64) -> Map<String, Value> {
    let filled = |(name, schema)| Some((String::clone(name), filled(document, name, schema, n)?));
    properties.iter().filter_map(filled).collect()
}

/// Returns a body of this schema: its example, with the canary in every member that takes it.
pub(super) fn full(document: &Value, schema: &Value, example: &Value, n: u64) -> Value {
    let properties = resolved(document, schema)["properties"].as_object();
    let own = properties.map(|properties| members(document, properties, n));
    let mut body = Value::Object(own.unwrap_or_default());
    complete(&mut body, example);
    body
}

/// Adds the members that only the example has, except to a free-form object, which already has the canary as a key.
fn complete(body: &mut Value, example: &Value) {
    let (Value::Object(body), Value::Object(example)) = (body, example) else {
        return;
    };
    if body.contains_key("zqcanarykey") {
        return;
    }
    for (name, value) in example {
        complete(body.entry(name).or_insert_with(|| value.clone()), value);
    }
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// Returns the body with every member that was rejected replaced by the example's, or removed.
pub(super) fn mended(mut body: Value, problem: &Value, example: &Value) -> Value {
    for fault in problem["errors"].as_array().into_iter().flatten() {
        let pointer = fault["pointer"].as_str().unwrap_or_default();
        let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
        let Some(members) = body.pointer_mut(parent).and_then(Value::as_object_mut) else {
            continue;
        };
        match example.pointer(pointer) {
            Some(value) => members.insert(name.to_owned(), value.clone()),
            None => members.remove(name),
        };
    }
    body
}

/// Returns invalid bodies with the canary in one member each: text where none is expected, a list, an object.
pub(super) fn wrong(document: &Value, schema: &Value, example: &Value) -> Vec<Value> {
    let properties = resolved(document, schema)["properties"].as_object();
    let names = properties.into_iter().flat_map(Map::keys);
    let values = [
        // With characters that no slug has: the name of a valid tenant may be logged.
        json!(format!("{CANARY}, {CANARY}")),
        json!([CANARY, {"zqcanarykey": CANARY}]),
        json!({"zqcanarykey": CANARY}),
        json!(format!("{CANARY}\u{1b}[31m\r\n{{\"level\":\"error\"}}")),
        json!(CANARY.repeat(200)),
    ];
    let with = |name: &String| {
        let name = name.clone();
        values.clone().map(move |value| {
            let mut body = example.clone();
            merge(&mut body, json!({ &*name: value }));
            body
        })
    };
    let mut bodies: Vec<_> = names.flat_map(with).collect();
    let mut unknown = example.clone();
    merge(&mut unknown, json!({"zqcanarymember": CANARY}));
    bodies.push(unknown);
    bodies
}
