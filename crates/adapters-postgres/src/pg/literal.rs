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

/// Any text, as the hexadecimal digits of its UTF-8.
pub(crate) fn text(text: &str) -> String {
    format!("convert_from({},'UTF8')", bytes(text.as_bytes()))
}

/// `'…'::timestamptz`: digits and the punctuation of RFC 3339, to the microsecond.
pub(crate) fn time(at: DateTime<Utc>) -> String {
    format!(
        "'{}'::timestamptz",
        at.to_rfc3339_opts(SecondsFormat::Micros, true)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_end_its_literal() {
        let literal = text("'); DROP TABLE customers; --\\");
        let digits = literal
            .strip_prefix("convert_from('\\x")
            .and_then(|rest| rest.strip_suffix("'::bytea,'UTF8')"))
            .unwrap();
        assert!(digits.bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
