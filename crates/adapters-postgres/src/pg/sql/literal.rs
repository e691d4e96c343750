//! Values as SQL literals.
//!
//! Several statements fit into one message only as text, without bound parameters. Each literal is
//! written in a fixed alphabet, so that no value can end it.

use super::Sql;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use customer_domain::{
    AddressId, ApiKeyId, AuditEventId, CustomerId, EventId, KeyId, NoteId, TenantId,
};
use std::fmt::{Display, Write};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// A value that writes itself into SQL text.
///
/// An implementation for another type can write only with [`Sql::push`] and [`Sql::value`].
pub trait Literal {
    /// Appends the value to `sql`.
    fn write(&self, sql: &mut Sql);
}

impl<T: Literal + ?Sized> Literal for &T {
    fn write(&self, sql: &mut Sql) {
        (**self).write(sql);
    }
}

/// `NULL`, or the value.
impl<T: Literal> Literal for Option<T> {
    fn write(&self, sql: &mut Sql) {
        match self {
            Some(value) => value.write(sql),
            None => sql.append("NULL"),
        }
    }
}

impl Literal for bool {
    fn write(&self, sql: &mut Sql) {
        sql.append(if *self { "true" } else { "false" });
    }
}

macro_rules! integers {
    ($($integer:ty),+) => {$(
        /// Digits; after a sign in parentheses, since two signs would begin a comment.
        impl Literal for $integer {
            fn write(&self, sql: &mut Sql) {
                let digits = self.to_string();
                if digits.starts_with('-') {
                    sql.append(&format!("({digits})"));
                } else {
                    sql.append(&digits);
                }
            }
        }
    )+};
}

integers!(i16, i32, i64, u32, u64, u128, usize);

/// Hexadecimal digits and hyphens, for use inside a quoted constant.
impl Literal for Hyphenated {
    fn write(&self, sql: &mut Sql) {
        sql.append(self.encode_lower(&mut Uuid::encode_buffer()));
    }
}

/// A row: `(…, …, …)`
impl<A: Literal, B: Literal, C: Literal> Literal for (A, B, C) {
    fn write(&self, sql: &mut Sql) {
        let (a, b, c) = self;
        sql.push("(").value(a).push(", ").value(b);
        sql.push(", ").value(c).push(")");
    }
}

/// `'…'::uuid`
impl Literal for Uuid {
    fn write(&self, sql: &mut Sql) {
        sql.push("'").value(self.hyphenated()).push("'::uuid");
    }
}

macro_rules! ids {
    ($($id:ty),+) => {$(
        impl Literal for $id {
            fn write(&self, sql: &mut Sql) {
                self.0.write(sql);
            }
        }
    )+};
}

ids!(
    AddressId,
    ApiKeyId,
    AuditEventId,
    CustomerId,
    EventId,
    KeyId,
    NoteId,
    TenantId
);

/// `'{…}'::uuid[]`
impl Literal for [Uuid] {
    fn write(&self, sql: &mut Sql) {
        array(sql, self.iter().map(Uuid::as_hyphenated), "}'::uuid[]");
    }
}

/// `'{…}'::uuid[]`
impl Literal for [CustomerId] {
    fn write(&self, sql: &mut Sql) {
        array(sql, self.iter().map(|id| id.0.hyphenated()), "}'::uuid[]");
    }
}

/// `'{…}'::date[]`
impl Literal for [NaiveDate] {
    fn write(&self, sql: &mut Sql) {
        array(sql, self, "}'::date[]");
    }
}

/// Appends an array of items whose text has neither quotes nor commas nor braces.
fn array(sql: &mut Sql, items: impl IntoIterator<Item: Display>, end: &'static str) {
    sql.push("'{");
    for (at, item) in items.into_iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        sql.append(&format!("{comma}{item}"));
    }
    sql.push(end);
}

/// `'\x…'::bytea`: hexadecimal digits.
impl Literal for [u8] {
    fn write(&self, sql: &mut Sql) {
        sql.push("'\\x").append(&hex::encode(self));
        sql.push("'::bytea");
    }
}

/// `'…'::timestamptz`: digits and the punctuation of RFC 3339, to the microsecond.
impl Literal for DateTime<Utc> {
    fn write(&self, sql: &mut Sql) {
        let text = self.to_rfc3339_opts(SecondsFormat::Micros, true);
        sql.push("'").append(&text);
        sql.push("'::timestamptz");
    }
}

/// Any text: ASCII letters and digits as they are, everything else as its code point. A constant,
/// so that the planner knows it and no row computes it again.
impl Literal for str {
    fn write(&self, sql: &mut Sql) {
        let mut literal = String::with_capacity(self.len() + 10);
        literal.push_str("U&'");
        for character in self.chars() {
            if character.is_ascii_alphanumeric() {
                literal.push(character);
            } else {
                // Writing to a String cannot fail.
                let _infallible = write!(literal, "\\+{:06x}", u32::from(character));
            }
        }
        literal.push_str("'::text");
        sql.append(&literal);
    }
}

impl Literal for String {
    fn write(&self, sql: &mut Sql) {
        self.as_str().write(sql);
    }
}

/// Returns the smallest string, by code points, that is greater than every string that begins with
/// `prefix`; `None` if there is no such string. It is the exclusive end of the range from `prefix`.
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

    fn text(value: impl Literal) -> String {
        let mut sql = Sql::default();
        sql.value(value);
        sql.0.into_owned()
    }

    #[test]
    fn values_are_written_in_the_form_of_their_type() {
        let id = Uuid::from_u128(10);
        let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
        for (literal, expected) in [
            (text(7_u32), "7"),
            (text(-7_i64), "(-7)"),
            (text(true), "true"),
            (text(None::<bool>), "NULL"),
            (text(Some(i16::MIN)), "(-32768)"),
            (text(id), "'00000000-0000-0000-0000-00000000000a'::uuid"),
            (
                text(TenantId(id)),
                "'00000000-0000-0000-0000-00000000000a'::uuid",
            ),
            (
                text([id].as_slice()),
                "'{00000000-0000-0000-0000-00000000000a}'::uuid[]",
            ),
            (
                text([day, day].as_slice()),
                "'{2024-02-29,2024-02-29}'::date[]",
            ),
            (text(Vec::<CustomerId>::new().as_slice()), "'{}'::uuid[]"),
            (text(b"\x00'".as_slice()), r"'\x0027'::bytea"),
            (
                text(DateTime::UNIX_EPOCH),
                "'1970-01-01T00:00:00.000000Z'::timestamptz",
            ),
        ] {
            assert_eq!(literal, expected);
        }
    }

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
