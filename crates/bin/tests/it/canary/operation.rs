//! The operations of the OpenAPI document.

use serde_json::Value;

/// One operation of the document.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    /// The path with its base, parameters in braces.
    pub(super) path: String,
    pub(super) query: Vec<String>,
    pub(super) headers: Vec<String>,
    /// The schema and the example of the body; `None` if there is no body.
    pub(super) body: Option<(Value, Value)>,
}

/// Returns all operations of the document.
pub(super) fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, object) in item.as_object().unwrap() {
            let base = if object["servers"].is_null() {
                "/api/v1"
            } else {
                ""
            };
            let parameters = object["parameters"].as_array().cloned().unwrap_or_default();
            let named = |place: &str| {
                let own = parameters.iter().filter(|one| one["in"] == place);
                own.map(|one| one["name"].as_str().unwrap().to_owned())
                    .collect()
            };
            let content = object.pointer("/requestBody/content/application~1json");
            operations.push(Operation {
                id: object["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: format!("{base}{path}"),
                query: named("query"),
                headers: named("header"),
                body: content
                    .map(|content| (content["schema"].clone(), content["example"].clone())),
            });
        }
    }
    operations
}
