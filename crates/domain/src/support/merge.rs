//! Merges of free-form objects.

use crate::Patch;
use serde_json::{Map, Value};

/// The maximum size of metadata as JSON, in bytes.
pub const MAX_METADATA_BYTES: usize = 16 * 1024;

/// Merges free-form objects at every depth (RFC 7396).
pub(crate) fn merge_object(target: &mut Map<String, Value>, patch: Patch<Map<String, Value>>) {
    match patch {
        Patch::Keep => {}
        Patch::Clear => target.clear(),
        Patch::Set(members) => merge_members(target, members),
    }
}

fn merge_members(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => drop(target.remove(&name)),
            Value::Object(inner) => {
                let entry = target
                    .entry(name)
                    .or_insert_with(|| Value::Object(Map::new()));
                if !entry.is_object() {
                    *entry = Value::Object(Map::new());
                }
                if let Value::Object(object) = entry {
                    merge_members(object, inner);
                }
            }
            scalar @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                drop(target.insert(name, scalar));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn metadata_merges_at_every_depth() {
        let mut target = object(&json!({"a": {"b": 1, "c": 2}, "d": 3, "e": [1]}));
        merge_object(
            &mut target,
            Patch::Set(object(
                &json!({"a": {"b": null, "x": 9}, "d": {"y": 1}, "e": [2, 3]}),
            )),
        );
        assert_eq!(
            Value::Object(target),
            json!({"a": {"c": 2, "x": 9}, "d": {"y": 1}, "e": [2, 3]})
        );
    }
}
