//! Converts every accepted spelling to the canonical one.
//!
//! The canonical form is flat: it maps pointers such as `/profile/firstName` to values. A member keeps the pointer
//! under which it was sent, so that faults name what the client wrote.

use std::collections::HashMap;

use crate::fault::{self, Fault};
use crate::json::{Document, Node, join};

/// The accepted spellings of a route's body. `snake_case` needs no entry.
///
/// ```
/// # use http_kit::normalise::AliasTable;
/// static CUSTOMER: AliasTable = AliasTable {
///     objects: &["/profile", "/preferences", "/preferences/marketing"],
///     aliases: &[
///         ("/firstName", "/profile/firstName"),
///         ("/marketingOptIn", "/preferences/marketing/emailOptIn"),
///     ],
/// };
/// ```
#[derive(Debug)]
pub struct AliasTable {
    /// Members that are objects with known members. All other objects are values and keep their keys.
    pub objects: &'static [&'static str],
    /// Aliases and the members that they mean. An alias is in camelCase, below the canonical name of its parent.
    pub aliases: &'static [(&'static str, &'static str)],
}

impl AliasTable {
    /// A flat body without aliases.
    pub const FLAT: Self = Self {
        objects: &[],
        aliases: &[],
    };

    /// Returns the canonical pointer of the member `name` of the object `parent`.
    fn target(&self, parent: &str, name: &str) -> String {
        let plain = join(parent, &camel_case(name));
        match self.aliases.iter().find(|(alias, _)| *alias == plain) {
            Some((_, target)) => (*target).to_owned(),
            None => plain,
        }
    }
}

/// A member under its canonical name.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The JSON pointer in canonical names.
    pub target: String,
    /// The JSON pointer as sent.
    pub sent: String,
    /// The value; an object of the alias table appears only if it is empty.
    pub value: Node,
}

/// A body in canonical names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Canonical {
    /// The members in the order sent, each target once.
    pub members: Vec<Member>,
    /// The faults found so far.
    pub faults: Vec<Fault>,
    /// Whether the body is a JSON object.
    pub is_object: bool,
}

/// Converts a body to canonical names. Two spellings of one member are a fault unless their values are equal.
pub fn normalise(document: Document, table: &AliasTable) -> Canonical {
    let Document { root, faults } = document;
    let mut walk = Walk {
        table,
        index: HashMap::new(),
        result: Canonical {
            faults,
            ..Canonical::default()
        },
    };
    if let Node::Object(members) = root {
        walk.result.is_object = true;
        walk.object(members, "", "");
    } else {
        walk.result.faults.push(Fault::new(
            "",
            fault::INVALID_TYPE,
            "the body must be a JSON object",
        ));
    }
    walk.result
}

struct Walk<'t> {
    table: &'t AliasTable,
    index: HashMap<String, usize>,
    result: Canonical,
}

impl Walk<'_> {
    fn object(&mut self, members: Vec<(String, Node)>, target: &str, sent: &str) {
        for (name, value) in members {
            let member_target = self.table.target(target, &name);
            let member_sent = join(sent, &name);
            let is_object = self.table.objects.contains(&member_target.as_str());
            match value {
                Node::Object(inner) if is_object && !inner.is_empty() => {
                    self.object(inner, &member_target, &member_sent);
                }
                value @ (Node::Null
                | Node::Bool(_)
                | Node::Number(_)
                | Node::Text(_)
                | Node::List(_)
                | Node::Object(_)) => {
                    self.member(Member {
                        target: member_target,
                        sent: member_sent,
                        value,
                    });
                }
            }
        }
    }

    fn member(&mut self, member: Member) {
        let Some(first) = self
            .index
            .get(&member.target)
            .and_then(|at| self.result.members.get(*at))
        else {
            self.index
                .insert(member.target.clone(), self.result.members.len());
            self.result.members.push(member);
            return;
        };
        // A key repeated in the same spelling was reported when the body was parsed.
        if first.sent != member.sent && !first.value.same(&member.value) {
            let detail = format!("names the same member as {} with another value", first.sent);
            self.result
                .faults
                .push(Fault::new(member.sent, fault::DUPLICATE_KEY, detail));
        }
    }
}

/// Converts `address_line_1` to `addressLine1`. Leading and trailing underscores are kept.
pub fn camel_case(name: &str) -> String {
    let mut result = String::with_capacity(name.len());
    let mut raise = false;
    for character in name.chars() {
        if character == '_' && !result.is_empty() {
            raise = true;
        } else {
            result.push(if raise {
                character.to_ascii_uppercase()
            } else {
                character
            });
            raise = false;
        }
    }
    if raise {
        result.push('_');
    }
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::json::parse;
    use super::*;

    static CUSTOMER: AliasTable = AliasTable {
        objects: &["/profile", "/preferences", "/preferences/marketing"],
        aliases: &[
            ("/firstName", "/profile/firstName"),
            ("/marketingOptIn", "/preferences/marketing/emailOptIn"),
            (
                "/preferences/newsletter",
                "/preferences/marketing/newsletters",
            ),
            ("/settings", "/preferences"),
        ],
    };

    fn canonical(body: &str) -> Canonical {
        normalise(parse(body.as_bytes()).unwrap(), &CUSTOMER)
    }

    fn flat(body: &str) -> Value {
        let members = canonical(body).members;
        Value::Object(
            members
                .into_iter()
                .map(|member| (member.target, member.value.into_value()))
                .collect(),
        )
    }

    #[test]
    fn spellings_meet_under_one_name() {
        let cases = [
            (
                r#"{"profile":{"firstName":"A"}}"#,
                json!({"/profile/firstName": "A"}),
            ),
            (
                r#"{"profile":{"first_name":"A"}}"#,
                json!({"/profile/firstName": "A"}),
            ),
            (r#"{"first_name":"A"}"#, json!({"/profile/firstName": "A"})),
            (r#"{"firstName":"A"}"#, json!({"/profile/firstName": "A"})),
            (
                r#"{"marketing_opt_in":true}"#,
                json!({"/preferences/marketing/emailOptIn": true}),
            ),
            (
                r#"{"preferences":{"newsletter":true}}"#,
                json!({"/preferences/marketing/newsletters": true}),
            ),
            (
                r#"{"settings":{"marketing":{"email_opt_in":true}}}"#,
                json!({"/preferences/marketing/emailOptIn": true}),
            ),
            (
                r#"{"metadata":{"snake_key":{"a_b":1}}}"#,
                json!({"/metadata": {"snake_key": {"a_b": 1}}}),
            ),
            (r#"{"profile":{}}"#, json!({"/profile": {}})),
            (r#"{"profile":null}"#, json!({"/profile": null})),
            (r#"{"profile":"A"}"#, json!({"/profile": "A"})),
            (
                r#"{"profile/firstName":"A"}"#,
                json!({"/profile~1firstName": "A"}),
            ),
            (r#"{"":1,"_id":2}"#, json!({"/": 1, "/_id": 2})),
        ];
        for (body, expected) in cases {
            assert_eq!(flat(body), expected, "{body}");
            assert_eq!(canonical(body).faults, [], "{body}");
        }
    }

    #[test]
    fn a_member_remembers_how_it_was_sent() {
        let member = canonical(r#"{"profile":{"first_name":"A"}}"#)
            .members
            .remove(0);
        assert_eq!(member.sent, "/profile/first_name");
        assert_eq!(member.target, "/profile/firstName");
    }

    #[test]
    fn two_spellings_must_agree() {
        let agreeing = r#"{"firstName":"A","first_name":"A","profile":{"firstName":"A"}}"#;
        assert_eq!(canonical(agreeing).faults, []);
        assert_eq!(canonical(agreeing).members.len(), 1);
        let differing = canonical(r#"{"first_name":"A","profile":{"firstName":"B"}}"#).faults;
        let expected = Fault::new(
            "/profile/firstName",
            fault::DUPLICATE_KEY,
            "names the same member as /first_name with another value",
        );
        assert_eq!(differing, [expected]);
    }

    #[test]
    fn a_key_repeated_literally_is_reported_once() {
        assert_eq!(canonical(r#"{"email":"a","email":"b"}"#).faults.len(), 1);
    }

    #[test]
    fn what_is_no_object_is_a_fault_at_the_whole_body() {
        for body in ["[]", "null", "\"a\"", "1"] {
            let canonical = canonical(body);
            assert!(!canonical.is_object);
            assert_eq!(canonical.faults[0].pointer, "");
        }
    }

    proptest! {
        #[test]
        fn camel_case_is_stable(name in "[a-z0-9_]{0,20}") {
            let once = camel_case(&name);
            prop_assert_eq!(camel_case(&once), once);
        }

        #[test]
        fn a_canonical_flat_body_is_left_alone(body in prop::collection::btree_map("[b-e][a-zA-Z]{0,8}", any::<i32>(), 0..12)) {
            let sent = json!(body);
            let expected = json!(body.into_iter().map(|(name, value)| (format!("/{name}"), value)).collect::<std::collections::BTreeMap<_, _>>());
            prop_assert_eq!(flat(&sent.to_string()), expected);
        }
    }
}
