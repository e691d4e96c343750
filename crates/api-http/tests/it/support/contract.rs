//! The OpenAPI document as a contract, against which every reply in every test is checked.

use super::{Reply, fail};
use http::Method;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The document that the router serves.
pub(crate) static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::read);

/// The document, with a validator for each schema that a body refers to.
pub(crate) struct Contract {
    pub(crate) document: Value,
    pub(crate) operations: Vec<Operation>,
    /// The schemas of the document.
    schemas: BTreeMap<String, Validator>,
    /// The schemas of replies: they require every property and allow no others.
    exact: BTreeMap<String, Validator>,
}

/// One operation of the document.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: Method,
    /// The path template, without the base.
    pub(crate) path: String,
    /// Whether the operation is under the two base paths.
    pub(crate) under_base: bool,
    pub(crate) object: Value,
}

impl Operation {
    /// Returns the name and the example of the request's schema.
    pub(crate) fn request(&self) -> Option<(&str, &Value)> {
        let content = self
            .object
            .pointer("/requestBody/content/application~1json")?;
        Some((schema_name(content)?, &content["example"]))
    }

    /// Returns whether the body is optional.
    pub(crate) fn body_is_optional(&self) -> bool {
        self.object["requestBody"]["required"] != true
    }

    /// Returns the scope that the document requires; `None` for public operations.
    pub(crate) fn scope(&self) -> Option<String> {
        let scope = self.object.pointer("/security/0/bearer/0")?;
        Some(scope.as_str().expect("a scope").to_owned())
    }

    /// Returns the path of a call: under the first base, with these values for its segments.
    pub(crate) fn target(&self, segments: &[(&str, &str)]) -> String {
        let path = segments
            .iter()
            .fold(self.path.clone(), |path, (name, value)| {
                path.replace(&format!("{{{name}}}"), value)
            });
        assert!(!path.contains('{'), "{path}: a segment has no value");
        if self.under_base {
            format!("{}{path}", super::BASE)
        } else {
            path
        }
    }

    fn matches(&self, method: &Method, path: &str) -> bool {
        let bases: &[&str] = if self.under_base {
            &["/api/v1", "/v1"]
        } else {
            &[""]
        };
        self.method == *method
            && bases.iter().any(|base| {
                let template = format!("{base}{}", self.path);
                let (wanted, given) = (template.split('/'), path.split('/'));
                wanted.clone().count() == given.clone().count()
                    && wanted
                        .zip(given)
                        .all(|(wanted, given)| wanted.starts_with('{') || wanted == given)
            })
    }
}

impl Contract {
    fn read() -> Self {
        let document = serde_json::to_value(customer_http::document()).expect("a document");
        let components = &document["components"];
        let exact = exactly(components);
        let names = || components["schemas"].as_object().expect("schemas").keys();
        Self {
            operations: operations(&document),
            schemas: names()
                .map(|name| (name.clone(), validator(components, name)))
                .collect(),
            exact: names()
                .map(|name| (name.clone(), validator(&exact, name)))
                .collect(),
            document,
        }
    }

    pub(crate) fn operation(&self, id: &str) -> &Operation {
        let found = self.operations.iter().find(|operation| operation.id == id);
        found.unwrap_or_else(|| fail(format!("no operation {id}")))
    }

    pub(crate) fn schema(&self, name: &str) -> &Value {
        &self.document["components"]["schemas"][name]
    }

    /// Returns the violations of a schema by a value.
    pub(crate) fn faults_of(&self, schema: &str, value: &Value) -> Vec<String> {
        faults(&self.schemas[schema], value)
    }

    /// Returns the violations of a schema by the body of a reply, including missing properties and
    /// those that are not in the document.
    pub(crate) fn faults_of_reply(&self, schema: &str, value: &Value) -> Vec<String> {
        let validators = if schema == "Problem" {
            &self.schemas
        } else {
            &self.exact
        };
        faults(&validators[schema], value)
    }

    /// Returns the operation of a request; a literal segment takes precedence over an id.
    fn meant(&self, method: &Method, path: &str) -> Option<&Operation> {
        let meant = self
            .operations
            .iter()
            .filter(|operation| operation.matches(method, path));
        meant.min_by_key(|operation| operation.path.matches('{').count())
    }

    /// Checks a reply against the operation that was called.
    pub(super) fn check(&self, method: &Method, target: &str, reply: &Reply) {
        let path = target.split('?').next().unwrap_or_default();
        let operation = self
            .meant(method, path)
            .unwrap_or_else(|| fail(format!("{method} {path} is no operation of the document")));
        let told = &operation.object["responses"][reply.status.to_string()];
        assert!(
            told.is_object(),
            "{} does not tell of this: {reply}",
            operation.id
        );
        let kind = reply.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        let content = &told["content"][kind];
        assert!(
            content.is_object(),
            "{} does not tell of {kind}: {reply}",
            operation.id
        );
        if let Some(schema) = schema_name(content) {
            for body in bodies(kind, reply) {
                let faults = self.faults_of_reply(schema, &body);
                assert!(
                    faults.is_empty(),
                    "{}: {faults:#?} in {reply}",
                    operation.id
                );
            }
        }
        for name in told["headers"]
            .as_object()
            .map(Map::keys)
            .into_iter()
            .flatten()
        {
            assert!(
                reply.headers.contains_key(name),
                "{} tells of {name}: {reply}",
                operation.id
            );
        }
        if kind == "application/problem+json" {
            check_problem(path, reply);
        }
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply}");
        assert_eq!(
            reply.header("x-content-type-options"),
            Some("nosniff"),
            "{reply}"
        );
        assert!(reply.header("x-correlation-id").is_some(), "{reply}");
    }
}

/// Returns the values that the schema applies to: the body, or each line of a stream.
fn bodies(kind: &str, reply: &Reply) -> Vec<Value> {
    if kind == "application/x-ndjson" {
        let lines = reply.text().lines();
        return lines
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect();
    }
    vec![reply.json()]
}

/// Checks what the schema of a problem cannot express.
fn check_problem(path: &str, reply: &Reply) {
    let document = reply.json();
    let code = reply.code();
    let page = format!("/docs/problems/{}", code.to_lowercase().replace('_', "-"));
    assert_eq!(document["type"], page, "{reply}");
    assert_eq!(document["status"], reply.status, "{reply}");
    assert_eq!(document["instance"], path, "{reply}");
    assert_eq!(document["success"], false, "{reply}");
    assert_eq!(
        reply.status == 401,
        reply.headers.contains_key("www-authenticate"),
        "{reply}"
    );
    assert_eq!(
        reply.status == 503,
        reply.headers.contains_key("retry-after"),
        "{reply}"
    );
}

/// Returns the name of the schema that a content refers to.
fn schema_name(content: &Value) -> Option<&str> {
    let schema = &content["schema"];
    // An optional body is either null or the schema.
    let options = schema["oneOf"].as_array().into_iter().flatten();
    let reference = options
        .chain([schema])
        .find_map(|option| option["$ref"].as_str())?;
    reference.strip_prefix("#/components/schemas/")
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, object) in item.as_object().expect("operations") {
            operations.push(Operation {
                id: object["operationId"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                under_base: object["servers"].is_null(),
                object: object.clone(),
            });
        }
    }
    operations
}

fn validator(components: &Value, name: &str) -> Validator {
    let schema = json!({
        "$ref": format!("#/components/schemas/{name}"),
        "components": components,
    });
    let built = jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&schema);
    built.unwrap_or_else(|error| fail(format!("{name}: {error}")))
}

fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Returns the schemas with every property required and no others allowed. A property that is
/// neither required nor nullable appears only on request.
fn exactly(components: &Value) -> Value {
    match components {
        Value::Object(members) => {
            let mut members: Map<String, Value> = members
                .iter()
                .map(|(name, value)| (name.clone(), exactly(value)))
                .collect();
            let properties = members.get("properties").and_then(Value::as_object);
            let names = properties.map(|properties| {
                let always = properties.iter().filter(|(name, property)| {
                    is_required(&members, name) || is_nullable(property)
                });
                always.map(|(name, _)| name.clone()).collect::<Vec<_>>()
            });
            if let Some(names) = names {
                members.insert("required".to_owned(), json!(names));
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            Value::Object(members)
        }
        Value::Array(items) => items.iter().map(exactly).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => components.clone(),
    }
}

fn is_required(schema: &Map<String, Value>, name: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|other| other == name))
}

fn is_nullable(schema: &Value) -> bool {
    let types = schema["type"].as_array().into_iter().flatten();
    let options = schema["oneOf"].as_array().into_iter().flatten();
    let options = options.map(|option| &option["type"]);
    types.chain(options).any(|kind| kind == "null")
}
