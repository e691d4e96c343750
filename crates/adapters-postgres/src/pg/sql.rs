//! SQL text that a value cannot break out of.

mod entity;
mod literal;

pub use literal::Literal;
pub(crate) use literal::end_of;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};
use std::borrow::Cow;

/// The bytes that are reserved for a literal: a UUID with its type, or a short statement.
const USUAL_LITERAL: usize = 96;

/// A statement, or a piece of one.
///
/// Text is added as a string constant, a value as a [`Literal`]:
///
/// ```
/// use customer_postgres::Sql;
///
/// let id = String::from("vip");
/// let mut sql = Sql::text("SELECT name FROM customer_groups WHERE id = ");
/// sql.value(&id).push(" LIMIT 1");
/// ```
///
/// A `String` is no constant, whatever it contains:
///
/// ```compile_fail,E0308
/// use customer_postgres::Sql;
///
/// let id = String::from("vip");
/// let sql = Sql::text(format!("SELECT name FROM customer_groups WHERE id = '{id}'"));
/// ```
///
/// Nor is text that is borrowed from one:
///
/// ```compile_fail,E0597
/// use customer_postgres::Sql;
///
/// let id = String::from("vip");
/// let mut sql = Sql::text("SELECT name FROM customer_groups WHERE id = ");
/// sql.push(&id);
/// ```
///
/// Nor is formatted text a value:
///
/// ```compile_fail,E0277
/// use customer_postgres::Sql;
///
/// let mut sql = Sql::text("SELECT name FROM customer_groups LIMIT ");
/// sql.value(format_args!("{}", 1));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Sql(Cow<'static, str>);

impl Sql {
    /// Creates a piece of SQL from constant text.
    pub const fn text(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// Appends constant SQL text, unchanged. A value is appended by [`value`](Self::value).
    pub fn push(&mut self, text: &'static str) -> &mut Self {
        self.append(text);
        self
    }

    /// Appends a value as a literal.
    pub fn value(&mut self, value: impl Literal) -> &mut Self {
        value.write(self);
        self
    }

    /// Puts a value after each piece of text but the last. Called by [`sql!`], which counts them.
    pub(crate) fn fill(pieces: &[&'static str], values: &[&dyn Literal]) -> Self {
        let text: usize = pieces.iter().map(|piece| piece.len()).sum();
        let mut sql = Self::with_capacity(text + values.len() * USUAL_LITERAL);
        let mut values = values.iter();
        for piece in pieces {
            sql.push(piece);
            if let Some(value) = values.next() {
                sql.value(*value);
            }
        }
        sql
    }

    /// Joins the values, with `separator` between them.
    pub(crate) fn join(values: impl IntoIterator<Item: Literal>, separator: &'static str) -> Self {
        let values = values.into_iter();
        let mut sql = Self::with_capacity(values.size_hint().0.max(2) * USUAL_LITERAL);
        for (at, value) in values.enumerate() {
            if at > 0 {
                sql.push(separator);
            }
            sql.value(value);
        }
        sql
    }

    /// Returns a statement that runs a prepared one.
    pub(crate) fn execute(prepared: &'static str, arguments: &[&dyn Literal]) -> Self {
        sql!(
            "EXECUTE {}({})",
            Self::text(prepared),
            Self::join(arguments, ", ")
        )
    }

    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Cow::Owned(String::with_capacity(capacity)))
    }

    /// Appends text, which must be constant or part of a literal.
    fn append(&mut self, text: &str) {
        self.0.to_mut().push_str(text);
    }
}

/// A piece of SQL inside another, unchanged.
impl Literal for Sql {
    fn write(&self, sql: &mut Sql) {
        sql.append(&self.0);
    }
}

impl SqlSafeStr for Sql {
    #[expect(
        clippy::disallowed_methods,
        reason = "what the type is for: it holds constants and literals alone"
    )]
    fn into_sql_str(self) -> SqlStr {
        AssertSqlSafe(self.0).into_sql_str()
    }
}

/// Creates a [`Sql`] from a constant text and a [`Literal`] for each `{}` in it. Does not compile
/// with more or fewer values.
macro_rules! sql {
    ($text:expr $(, $value:expr)* $(,)?) => {{
        const VALUES: usize = <[&str]>::len(&[$(stringify!($value)),*]);
        const PIECES: [&str; VALUES + 1] = $crate::pg::sql::pieces($text);
        $crate::pg::sql::Sql::fill(&PIECES, &[$(&$value),*])
    }};
}
pub(crate) use sql;

/// Returns the pieces of a text between its `{}`. Panics, which does not compile in [`sql!`], if
/// there are not `N` of them.
pub(crate) const fn pieces<const N: usize>(text: &str) -> [&str; N] {
    let mut pieces = [""; N];
    let mut found = 0;
    let (mut rest, mut at) = (text, 0);
    while at + 1 < rest.len() {
        if rest.as_bytes()[at] == b'{' && rest.as_bytes()[at + 1] == b'}' {
            let (piece, after) = rest.split_at(at);
            pieces[found] = piece;
            found += 1;
            (rest, at) = (after.split_at(2).1, 0);
        } else {
            at += 1;
        }
    }
    assert!(found + 1 == N, "as many values as placeholders");
    pieces[found] = rest;
    pieces
}

#[cfg(test)]
mod tests {
    use super::{Sql, pieces};

    #[test]
    fn each_placeholder_takes_one_value_and_a_value_is_never_text() {
        let name = String::from("a{}'b");
        let part = sql!("n = {}", name);
        let whole = sql!("SELECT {} WHERE {} OR {}", 1, part, Sql::text("true"));
        assert_eq!(
            whole,
            Sql::text(r"SELECT 1 WHERE n = U&'a\+00007b\+00007d\+000027b'::text OR true")
        );
        assert_eq!(pieces(""), [""]);
        assert_eq!(pieces("{"), ["{"]);
        assert_eq!(pieces("'{é}'"), ["'{é}'"]);
        assert_eq!(pieces("{}"), ["", ""]);
        assert_eq!(pieces("é{{}}, {}"), ["é{", "}, ", ""]);
    }

    #[test]
    fn pieces_are_joined_and_arguments_listed() {
        assert_eq!(Sql::join([1, 2, 3], " + "), Sql::text("1 + 2 + 3"));
        assert_eq!(
            Sql::execute("find", &[&1, &"x"]),
            Sql::text("EXECUTE find(1, U&'x'::text)")
        );
    }
}
