//! Statements of sea-orm's entities, with their values as literals.

use super::{Literal, Sql};
use sea_orm::Value;
use sea_orm::sea_query::{PostgresQueryBuilder, QueryBuilder, SelectStatement, SqlWriter};
use std::fmt;

impl Sql {
    /// Returns the text of a statement that sea-orm built; `None` if it has a value of a type that
    /// is not supported here yet.
    pub(crate) fn of_entities(select: &SelectStatement) -> Option<Self> {
        let mut text = Text::default();
        select.build_collect_any_into(&PostgresQueryBuilder, &mut text);
        (!text.lacks_value).then_some(text.sql)
    }
}

/// Takes sea-orm's text as it is, and writes each value as a [`Literal`].
#[derive(Default)]
struct Text {
    sql: Sql,
    lacks_value: bool,
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.sql.append(text);
        Ok(())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sql.0)
    }
}

impl SqlWriter for Text {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the types of columns that a read of entities is filtered by"
    )]
    fn push_param<T: QueryBuilder>(&mut self, value: Value, _: &T) {
        match value {
            Value::Uuid(Some(id)) => id.write(&mut self.sql),
            Value::String(Some(text)) => text.write(&mut self.sql),
            Value::SmallInt(Some(number)) => number.write(&mut self.sql),
            Value::BigUnsigned(Some(number)) => number.write(&mut self.sql),
            _ => self.lacks_value = true,
        }
    }

    fn as_writer(&mut self) -> &mut dyn fmt::Write {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::Sql;
    use sea_orm::sea_query::{Expr, ExprTrait, Query, SelectStatement};

    fn find(condition: Expr) -> SelectStatement {
        let mut select = Query::select();
        select.column("name").from("customer_groups");
        select.and_where(condition).limit(2).to_owned()
    }

    #[test]
    fn values_of_entities_are_literals_like_all_others() {
        let by_id = find(Expr::col("id").eq("a'b"));
        let expected =
            r#"SELECT "name" FROM "customer_groups" WHERE "id" = U&'a\+000027b'::text LIMIT 2"#;
        assert_eq!(Sql::of_entities(&by_id), Some(Sql::text(expected)));
        assert_eq!(Sql::of_entities(&find(Expr::col("id").eq(1.5))), None);
    }
}
