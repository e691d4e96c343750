//! Values in the text of a message.
//!
//! Several statements travel in one message only as text, without bound parameters. These are
//! the only ways in which a value gets there: each yields characters of a fixed alphabet, so
//! that no value can end its own literal.

use chrono::{DateTime, SecondsFormat, Utc};
use std::fmt::Write;
use uuid::Uuid;

/// `'…'::uuid`: hexadecimal digits and hyphens.
pub(crate) fn uuid(id: Uuid) -> String {
    format!("'{}'::uuid", id.hyphenated())
}

/// `'{…}'::uuid[]`
pub(crate) fn uuids(ids: impl Iterator<Item = Uuid>) -> String {
    let mut literal = String::from("'{");
    for (at, id) in ids.enumerate() {
        let comma = if at == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _infallible = write!(literal, "{comma}{}", id.hyphenated());
    }
    literal.push_str("}'::uuid[]");
    literal
}

/// `'\x…'::bytea`: hexadecimal digits.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    format!("'\\x{}'::bytea", hex::encode(bytes))
}

/// Any text: ASCII letters and digits as they are, everything else as its code point. A constant,
/// so that the planner knows it and no row computes it again.
pub(crate) fn text(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 10);
    literal.push_str("U&'");
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            literal.push(character);
        } else {
            // Writing to a String cannot fail.
            let _infallible = write!(literal, "\\+{:06x}", u32::from(character));
        }
    }
    literal.push_str("'::text");
    literal
}

/// `'…'::timestamptz`: digits and the punctuation of RFC 3339, to the microsecond.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    format!(
        "'{}'::timestamptz",
        at.to_rfc3339_opts(SecondsFormat::Micros, true)
    )
}

/// The first text, by code points, after all that begin with `prefix`; none when there is none. What
/// begins with a prefix is the range from the prefix to it.
pub(crate) fn end_of(prefix: &str) -> Option<String> {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        // The range of characters steps over the surrogates.
        if let Some(next) = (last..=char::MAX).nth(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_end_its_literal() {
        let literal = text("'); DROP TABLE customers; --\\");
        let inner = literal
            .strip_prefix("U&'")
            .and_then(|rest| rest.strip_suffix("'::text"))
            .unwrap();
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'\\' | b'+');
        assert!(inner.bytes().all(fits), "{inner}");
        assert_eq!(text("aZ9 ö陳"), r"U&'aZ9\+000020\+0000f6\+009673'::text");
    }

    #[test]
    fn a_prefix_ends_before_the_next_text_that_lacks_it() {
        for (prefix, end) in [
            ("", None),
            ("jan", Some("jao")),
            ("z9", Some("z:")),
            ("é", Some("ê")),
            ("陳", Some("陴")),
            ("\u{d7ff}", Some("\u{e000}")),
            ("a\u{10ffff}", Some("b")),
            ("\u{10ffff}\u{10ffff}", None),
        ] {
            assert_eq!(end_of(prefix).as_deref(), end, "{prefix:?}");
        }
    }
}
