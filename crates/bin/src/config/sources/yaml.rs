//! `configs/config.yaml`, flattened to settings.

use serde_json::Value;

use super::super::Faults;
use super::super::kind::Shape;
use super::super::settings::{self, Declaration};
use super::CONFIG_FILE;
use super::substitution::substitute;

/// A setting in the file, with references not yet replaced.
pub(super) struct Entry {
    pub(super) setting: &'static Declaration,
    texts: Vec<String>,
}

impl Entry {
    /// Returns the value; `None` if nothing is left of it: parts that are empty or refer to an unset variable are
    /// left out.
    pub(super) fn value<'v>(
        &self,
        known: impl Fn(&str) -> Option<&'v str>,
        faults: &mut Faults,
    ) -> Option<String> {
        let mut parts = Vec::new();
        for text in &self.texts {
            match substitute(text, &known) {
                Ok(part) => parts.extend(part.filter(|part| !part.trim().is_empty())),
                Err(fault) => {
                    faults.add(format!("{} in {CONFIG_FILE}: {fault}", self.setting.path));
                }
            }
        }
        (!parts.is_empty()).then(|| parts.join(","))
    }
}

pub(super) fn entries(text: &str, faults: &mut Faults) -> Vec<Entry> {
    // A snippet would show the lines around a fault, and secrets with them; strict booleans keep `NO` a country.
    let options = serde_saphyr::options! { with_snippet: false, strict_booleans: true };
    let mut entries = Vec::new();
    match serde_saphyr::from_str_with_options::<Value>(text, options) {
        Ok(tree) => flatten("", tree, &mut entries, faults),
        Err(error) => faults.add(format!("{CONFIG_FILE} is not YAML: {error}")),
    }
    entries
}

fn flatten(path: &str, value: Value, entries: &mut Vec<Entry>, faults: &mut Faults) {
    if let Some(setting) = settings::by_path(path) {
        match texts(setting.kind.shape(), value) {
            Some(texts) => entries.push(Entry { setting, texts }),
            None => faults.add(format!(
                "{path} in {CONFIG_FILE}: give {}",
                setting.kind.accepts()
            )),
        }
    } else if settings::is_section_path(path) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    let below = if path.is_empty() {
                        key
                    } else {
                        format!("{path}.{key}")
                    };
                    flatten(&below, member, entries, faults);
                }
            }
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                let what = if path.is_empty() { "the file" } else { path };
                faults.add(format!(
                    "{what} in {CONFIG_FILE}: a section with keys of its own is expected"
                ));
            }
        }
    } else {
        let nearest = settings::nearest_path(path);
        faults.add(format!(
            "{path} in {CONFIG_FILE} is not a known key; the nearest known key is {nearest}"
        ));
    }
}

/// Returns a value as texts; `None` for a sequence or mapping where the kind takes no such shape.
fn texts(shape: Shape, value: Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) if matches!(shape, Shape::Sequence | Shape::SequenceOrMapping) => {
            items.into_iter().map(scalar).collect()
        }
        Value::Object(members) if matches!(shape, Shape::Mapping | Shape::SequenceOrMapping) => {
            let pair = |(key, value)| scalar(value).map(|value| format!("{key}={value}"));
            members.into_iter().map(pair).collect()
        }
        Value::Null => Some(Vec::new()),
        Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => scalar(value).map(|text| vec![text]),
    }
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> (Vec<(&'static str, Option<String>)>, Vec<String>) {
        let mut faults = Faults::default();
        let entries = entries(text, &mut faults);
        let values = entries
            .iter()
            .map(|e| (e.setting.path, e.value(|_| None, &mut faults)))
            .collect();
        (values, faults.lines().to_vec())
    }

    #[test]
    fn flattens_sections_scalars_lists_and_maps() {
        let text = "
server:
  http: { port: 8007, cors_origins: [https://a.example, https://b.example], tenant_hosts: { b.example: two } }
customers:
  default_country: NO
  groups: a,b
observability:
  metrics_enabled: false
  log_level:
database:
";
        let (mut found, faults) = values(text);
        found.sort();
        assert!(faults.is_empty(), "{faults:?}");
        let found: Vec<_> = found
            .iter()
            .map(|(path, value)| (*path, value.as_deref()))
            .collect();
        assert_eq!(
            found,
            [
                ("customers.default_country", Some("NO")),
                ("customers.groups", Some("a,b")),
                ("observability.log_level", None),
                ("observability.metrics_enabled", Some("false")),
                (
                    "server.http.cors_origins",
                    Some("https://a.example,https://b.example")
                ),
                ("server.http.port", Some("8007")),
                ("server.http.tenant_hosts", Some("b.example=two")),
            ]
        );
    }

    #[test]
    fn an_empty_file_says_nothing() {
        for text in ["", "# only a comment\n", "---\n"] {
            assert_eq!(values(text), (vec![], vec![]), "{text:?}");
        }
    }

    #[test]
    fn names_every_wrong_key_and_shape() {
        let text = "
server:
  http: { prot: 1, port: [1] }
  grpc: 5
database: { dsn: { a: b } }
nonsense: 1
";
        let (_, faults) = values(text);
        let all = faults.join("\n");
        assert_eq!(faults.len(), 5, "{all}");
        for part in [
            "server.http.prot in configs/config.yaml is not a known key; the nearest known key is server.http.port",
            "server.http.port in configs/config.yaml: give an integer",
            "server.grpc in configs/config.yaml: a section",
            "database.dsn in configs/config.yaml: give a URL",
            "nonsense in configs/config.yaml is not a known key",
        ] {
            assert!(all.contains(part), "{part}\n{all}");
        }
    }

    #[test]
    fn broken_or_repeated_yaml_is_one_fault_that_shows_no_value() {
        for text in [
            "database: { dsn: hunter2",
            "security: { jwt_secret: hunter2, jwt_secret: hunter3 }",
            "security:\n  jwt_secret: \"hunter2\n",
            "- hunter2",
        ] {
            let (_, faults) = values(text);
            assert_eq!(faults.len(), 1, "{text}: {faults:?}");
            assert!(!faults[0].contains("hunter"), "{faults:?}");
        }
    }
}
