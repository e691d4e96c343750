//! Parses bytes into a tree, and is strict where JSON is not: duplicate keys, depth, NUL.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::code::Code;
use crate::fault::{self, Fault};
use crate::problem::{HttpResult, Problem};

/// Maximum depth of nested containers; the outermost has depth 1.
pub const MAX_DEPTH: usize = 32;

/// A JSON value as it was sent: members in order, a repeated key as often as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number: exact up to 64 bits for integers, the nearest double for all others.
    Number(Number),
    /// A string without NUL.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// An object.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Converts to a plain JSON value, which keeps the last value of a repeated key.
    pub fn into_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Number(value) => Value::Number(value),
            Self::Text(value) => Value::String(value),
            Self::List(items) => Value::Array(items.into_iter().map(Self::into_value).collect()),
            Self::Object(members) => Value::Object(into_map(members)),
        }
    }

    /// Returns `true` if both are the same value, regardless of the order of members.
    pub fn same(&self, other: &Self) -> bool {
        self == other || self.clone().into_value() == other.clone().into_value()
    }
}

/// Converts to a plain JSON object, which keeps the last value of a repeated key.
pub fn into_map(members: Vec<(String, Node)>) -> Map<String, Value> {
    members
        .into_iter()
        .map(|(name, value)| (name, value.into_value()))
        .collect()
}

/// A well-formed body and the faults inside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The whole body.
    pub root: Node,
    /// Keys given twice with different values, strings with NUL.
    pub faults: Vec<Fault>,
}

/// Parses one JSON value.
///
/// # Errors
/// `MALFORMED_BODY` if the bytes are not exactly one JSON text in UTF-8, are nested deeper than [`MAX_DEPTH`], or
/// contain an unpaired surrogate or a number that a double cannot hold.
pub fn parse(bytes: &[u8]) -> HttpResult<Document> {
    let too_deep = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let root = Seed {
        depth: 0,
        too_deep: &too_deep,
    }
    .deserialize(&mut deserializer)
    .and_then(|root| deserializer.end().map(|()| root))
    .map_err(|error| malformed(&error, too_deep.get()))?;
    let mut faults = Vec::new();
    inspect(&root, &mut Vec::new(), &mut faults);
    Ok(Document { root, faults })
}

/// Returns the problem for a parser's error, whose text names a position and a kind of error, never a value.
fn malformed(error: &serde_json::Error, too_deep: bool) -> Problem {
    Problem::new(Code::MALFORMED_BODY).detail(if too_deep {
        format!(
            "the body is nested deeper than {MAX_DEPTH} levels, at line {} column {}",
            error.line(),
            error.column()
        )
    } else {
        format!("the body is not one well-formed JSON text in UTF-8: {error}")
    })
}

struct Seed<'a> {
    depth: usize,
    too_deep: &'a Cell<bool>,
}

impl Seed<'_> {
    fn inner<E: serde::de::Error>(&self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            self.too_deep.set(true);
            return Err(E::custom("too deep"));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..*self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        Number::from_f64(value)
            .map(Node::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Node, E> {
        Ok(Node::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let inner = self.inner::<A::Error>()?;
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(Seed { ..inner })? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let inner = self.inner::<A::Error>()?;
        let mut members = Vec::new();
        while let Some(name) = access.next_key::<String>()? {
            members.push((name, access.next_value_seed(Seed { ..inner })?));
        }
        Ok(Node::Object(members))
    }
}

enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

fn inspect<'a>(node: &'a Node, path: &mut Vec<Step<'a>>, faults: &mut Vec<Fault>) {
    match node {
        Node::Null | Node::Bool(_) | Node::Number(_) => {}
        Node::Text(text) => {
            if text.contains('\0') {
                faults.push(Fault::new(
                    pointer(path),
                    fault::INVALID_VALUE,
                    "must not contain U+0000",
                ));
            }
        }
        Node::List(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(Step::Index(index));
                inspect(item, path, faults);
                path.pop();
            }
        }
        Node::Object(members) => {
            let mut seen = HashMap::with_capacity(members.len());
            for (name, value) in members {
                path.push(Step::Name(name));
                if name.contains('\0') {
                    faults.push(Fault::new(
                        pointer(path),
                        fault::INVALID_VALUE,
                        "a name must not contain U+0000",
                    ));
                }
                if seen
                    .insert(name.as_str(), value)
                    .is_some_and(|first| !first.same(value))
                {
                    faults.push(Fault::new(
                        pointer(path),
                        fault::DUPLICATE_KEY,
                        "was given twice with different values",
                    ));
                }
                inspect(value, path, faults);
                path.pop();
            }
        }
    }
}

fn pointer(path: &[Step<'_>]) -> String {
    path.iter().fold(String::new(), |pointer, step| match step {
        Step::Name(name) => join(&pointer, name),
        Step::Index(index) => format!("{pointer}/{index}"),
    })
}

/// Appends a member to a JSON pointer, escaped as RFC 6901 requires.
pub fn join(pointer: &str, name: &str) -> String {
    // Called for each member of each body: formatting takes several times as long.
    let mut joined = String::with_capacity(pointer.len() + 1 + name.len());
    joined.push_str(pointer);
    joined.push('/');
    if name.contains(['~', '/']) {
        joined.push_str(&name.replace('~', "~0").replace('/', "~1"));
    } else {
        joined.push_str(name);
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn pointers(body: &str) -> Vec<(String, &'static str)> {
        let faults = parse(body.as_bytes()).unwrap().faults;
        faults
            .into_iter()
            .map(|fault| (fault.pointer, fault.code.as_str()))
            .collect()
    }

    #[test]
    fn order_and_exact_integers_are_kept() {
        let document =
            parse(br#"{"b":9007199254740993,"a":-1,"c":18446744073709551615,"d":1.5}"#).unwrap();
        let Node::Object(members) = document.root else {
            panic!("not an object")
        };
        let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a", "c", "d"]);
        assert_eq!(members[0].1, Node::Number(9_007_199_254_740_993_i64.into()));
        assert_eq!(members[2].1, Node::Number(u64::MAX.into()));
    }

    #[test]
    fn what_is_not_one_json_text_is_malformed() {
        let bodies: [&[u8]; 17] = [
            b"",
            b" ",
            b"{",
            b"[1,",
            b"{\"a\"}",
            b"{'a':1}",
            b"{\"a\":1,}",
            b"nul",
            b"NaN",
            b"01",
            b"1e400",
            b"-1e400",
            b"{} {}",
            b"\"\\ud800\"",
            b"\"\\udc00x\"",
            b"\"\xff\"",
            b"\"a\nb\"",
        ];
        for body in bodies {
            let problem = parse(body).unwrap_err();
            assert_eq!(
                problem.code(),
                Code::MALFORMED_BODY,
                "{}",
                String::from_utf8_lossy(body)
            );
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(parse(nested(MAX_DEPTH + 1).as_bytes()).is_err());
        assert!(parse(nested(100_000).as_bytes()).is_err());
        assert!(parse("{\"a\":".repeat(100_000).as_bytes()).is_err());
    }

    #[test]
    fn a_key_twice_is_a_fault_only_with_different_values() {
        assert_eq!(pointers(r#"{"a":1,"a":1}"#), []);
        assert_eq!(pointers(r#"{"a":{"x":1,"y":[2]},"a":{"y":[2],"x":1}}"#), []);
        assert_eq!(
            pointers(r#"{"a":1,"b":2,"a":1.5}"#),
            [("/a".to_owned(), "DUPLICATE_KEY")]
        );
        let nested = r#"{"l":[0,{"a/b":{"c~d":null,"c~d":0}}]}"#;
        assert_eq!(
            pointers(nested),
            [("/l/1/a~1b/c~0d".to_owned(), "DUPLICATE_KEY")]
        );
    }

    #[test]
    fn nul_is_a_fault_in_values_and_names() {
        let found = pointers(r#"{"a":["x","\u0000"],"b\u0000":1}"#);
        assert_eq!(
            found,
            [
                ("/a/1".to_owned(), "INVALID_VALUE"),
                ("/b\0".to_owned(), "INVALID_VALUE")
            ]
        );
    }

    #[test]
    fn paired_surrogates_are_one_character() {
        assert_eq!(
            parse(br#""\ud83d\ude00""#).unwrap().root,
            Node::Text("😀".into())
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(|number: f64| Value::from(number.round() / 4.0)),
            "[^\0]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::btree_map("[^\0]{0,6}", inner, 0..8)
                    .prop_map(|members| json!(members)),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_sound_value_survives(value in any_json()) {
            let document = parse(value.to_string().as_bytes()).unwrap();
            prop_assert_eq!(document.faults, vec![]);
            prop_assert_eq!(document.root.into_value(), value);
        }

        #[test]
        fn no_bytes_break_the_parser(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let ours = parse(&bytes).is_ok();
            let theirs = serde_json::from_slice::<Value>(&bytes).is_ok();
            prop_assert!(theirs || !ours);
        }
    }
}
