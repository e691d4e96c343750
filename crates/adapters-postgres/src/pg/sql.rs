//! SQL text that a value cannot break out of.

mod entity;
mod literal;

pub use literal::Literal;
pub(crate) use literal::end_of;

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};
use std::borrow::Cow;

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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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

    /// Replaces each `{}` in `text` with a value. Called by [`sql!`], which checks their numbers.
    pub(crate) fn fill(text: &'static str, values: &[&dyn Literal]) -> Self {
        let mut pieces = text.split("{}");
        let mut sql = Self::text(pieces.next().unwrap_or_default());
        for (value, piece) in values.iter().zip(pieces) {
            sql.value(*value).push(piece);
        }
        sql
    }

    /// Joins the values, with `separator` between them.
    pub(crate) fn join(values: impl IntoIterator<Item: Literal>, separator: &'static str) -> Self {
        let mut sql = Self::default();
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 {
                sql.push(separator);
            }
            sql.value(value);
        }
        sql
    }

    /// Returns a statement that runs a prepared one.
    pub(crate) fn execute(prepared: &'static str, arguments: &[&dyn Literal]) -> Self {
        let arguments = Self::join(arguments, ", ");
        sql!("EXECUTE {}({})", Self::text(prepared), arguments)
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
        const TEXT: &str = $text;
        const {
            let values = <[&str]>::len(&[$(stringify!($value)),*]);
            assert!($crate::pg::sql::placeholders(TEXT) == values, "as many values as placeholders");
        }
        $crate::pg::sql::Sql::fill(TEXT, &[$(&$value),*])
    }};
}
pub(crate) use sql;

/// Counts the `{}` in a text.
pub(crate) const fn placeholders(text: &str) -> usize {
    let mut rest = text.as_bytes();
    let mut count = 0;
    loop {
        rest = match rest {
            [b'{', b'}', rest @ ..] => {
                count += 1;
                rest
            }
            [_, rest @ ..] => rest,
            [] => return count,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{Sql, placeholders};

    #[test]
    fn each_placeholder_takes_one_value_and_a_value_is_never_text() {
        let name = String::from("a{}'b");
        let part = sql!("n = {}", name);
        let whole = sql!("SELECT {} WHERE {} OR {}", 1, part, Sql::text("true"));
        assert_eq!(
            whole,
            Sql::text(r"SELECT 1 WHERE n = U&'a\+00007b\+00007d\+000027b'::text OR true")
        );
        for (text, count) in [("", 0), ("{", 0), ("'{a}'", 0), ("{}", 1), ("{{}}, {}", 2)] {
            assert_eq!(placeholders(text), count, "{text}");
        }
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
