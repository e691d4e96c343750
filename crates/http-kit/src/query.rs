//! Parses the query string as strictly as a body.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use crate::fault::{self, Fault};
use crate::fields::{Fields, Source};
use crate::json::Node;
use crate::normalise::Member;

impl Fields {
    /// Parses a raw query string. Canonical names are in `snake_case`, and camelCase is accepted; an empty value counts
    /// as absent; a parameter given twice must have the same value.
    pub fn query(raw: Option<&str>) -> Self {
        let mut query = Query::default();
        for pair in raw
            .unwrap_or_default()
            .split('&')
            .filter(|pair| !pair.is_empty())
        {
            query.pair(pair);
        }
        Self::new(Source::Query, query.members, query.faults, true)
    }
}

#[derive(Default)]
struct Query {
    members: Vec<Member>,
    index: HashMap<String, usize>,
    faults: Vec<Fault>,
}

impl Query {
    fn pair(&mut self, pair: &str) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(name) = decoded(name) else {
            let detail = "a parameter's name is not percent-encoded UTF-8 without U+0000";
            return self
                .faults
                .push(Fault::new("?", fault::INVALID_VALUE, detail));
        };
        let sent = format!("?{name}");
        let Some(value) = decoded(value) else {
            let detail = "must be percent-encoded UTF-8 without U+0000";
            return self
                .faults
                .push(Fault::new(sent, fault::INVALID_VALUE, detail));
        };
        let target = format!("?{}", snake_case(&name));
        match self.index.get(&target).and_then(|at| self.members.get(*at)) {
            Some(first) if first.value != Node::Text(value.clone()) => {
                let detail = format!(
                    "was given twice with different values, first as {}",
                    first.sent
                );
                self.faults
                    .push(Fault::new(sent, fault::DUPLICATE_KEY, detail));
            }
            Some(_) => {}
            None => {
                self.index.insert(target.clone(), self.members.len());
                self.members.push(Member {
                    target,
                    sent,
                    value: Node::Text(value),
                });
            }
        }
    }
}

/// Decodes form encoding; `None` for what lenient decoders accept: `%` without two digits, invalid UTF-8, NUL.
fn decoded(text: &str) -> Option<String> {
    let escapes_are_whole = text.split('%').skip(1).all(|rest| {
        let mut digits = rest.bytes();
        [digits.next(), digits.next()]
            .iter()
            .all(|digit| digit.is_some_and(|byte| byte.is_ascii_hexdigit()))
    });
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().ok()?;
    (escapes_are_whole && !decoded.contains('\0')).then(|| decoded.into_owned())
}

/// Converts `pageSize` to `page_size`.
fn snake_case(name: &str) -> String {
    let mut result = String::with_capacity(name.len() + 2);
    for character in name.chars() {
        if character.is_ascii_uppercase() && !result.is_empty() {
            result.push('_');
        }
        result.push(character.to_ascii_lowercase());
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(raw: &str, read: impl FnOnce(&mut Fields)) -> Vec<(String, &'static str)> {
        let mut fields = Fields::query(Some(raw));
        read(&mut fields);
        fields
            .take_faults()
            .into_iter()
            .map(|fault| (fault.pointer, fault.code.as_str()))
            .collect()
    }

    #[test]
    fn parameters_are_typed_and_both_spellings_known() {
        let raw = "page=2&pageSize=50&search=J%C3%BCrgen+M&expand=tags,addresses&active=TRUE&tenantId=t-1&status=";
        let mut fields = Fields::query(Some(raw));
        assert_eq!(fields.integer("page", 1..=500).optional(), Some(2));
        assert_eq!(fields.integer("page_size", 1..=100).optional(), Some(50));
        assert_eq!(
            fields.text("search").max(100).optional().as_deref(),
            Some("Jürgen M")
        );
        assert_eq!(
            fields.texts("expand").optional(),
            Some(vec!["tags".to_owned(), "addresses".to_owned()])
        );
        assert_eq!(fields.boolean("active").optional(), Some(true));
        assert_eq!(fields.one_of("status", &[("active", 1)]).optional(), None);
        assert_eq!(fields.text("tenant_id").optional().as_deref(), Some("t-1"));
        assert!(fields.finish().is_ok());
    }

    #[test]
    fn what_a_lenient_reader_would_guess_is_a_fault() {
        let value = |name: &str| vec![(name.to_owned(), "INVALID_VALUE")];
        let cases = [
            ("search=%zz", value("?search")),
            ("search=%4", value("?search")),
            ("search=%", value("?search")),
            ("search=%ff", value("?search")),
            ("search=a%00", value("?search")),
            ("%ff=a", value("?")),
            (
                "search=a&search=b",
                vec![("?search".to_owned(), "DUPLICATE_KEY")],
            ),
            ("search=a&search=a", vec![]),
            ("serach=a", vec![("?serach".to_owned(), "UNKNOWN_FIELD")]),
            ("=a", vec![("?".to_owned(), "UNKNOWN_FIELD")]),
        ];
        for (raw, expected) in cases {
            let found = faults(raw, |fields| {
                fields.text("search").optional();
            });
            assert_eq!(found, expected, "{raw}");
        }
    }

    #[test]
    fn numbers_keep_to_their_range() {
        for (raw, code) in [
            ("n=0", "OUT_OF_RANGE"),
            ("n=101", "OUT_OF_RANGE"),
            ("n=1.5", "INVALID_TYPE"),
            ("n=+1", "INVALID_TYPE"),
            ("n=1e2", "INVALID_TYPE"),
        ] {
            let found = faults(raw, |fields| {
                fields.integer("n", 1..=100).optional();
            });
            assert_eq!(found, [("?n".to_owned(), code)], "{raw}");
        }
    }

    #[test]
    fn a_missing_parameter_is_named_as_it_would_be_sent() {
        let found = faults("", |fields| {
            fields.text("to").required();
        });
        assert_eq!(found, [("?to".to_owned(), "REQUIRED")]);
    }
}
