//! Statements with bound parameters, and what several slices build them from.

use super::sql::Sql;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{Arguments, Encode, Postgres, Type};
use uuid::Uuid;

/// The bytes that are reserved for the text of a statement that writes several tables.
const USUAL_TEXT: usize = 4096;

/// A statement under construction: constant text, and values as parameters. The driver's own builder
/// takes any text, and formats every piece of it.
#[derive(Default)]
pub(crate) struct Builder {
    text: Sql,
    arguments: PgArguments,
}

impl Builder {
    /// Creates a statement that begins with this text.
    pub(crate) fn new(text: &'static str) -> Self {
        Self {
            text: Sql::text(text),
            ..Self::default()
        }
    }

    /// Creates a statement without text, whose first parameters are these ids.
    pub(crate) fn with_ids(ids: &[Uuid]) -> Self {
        let mut builder = Self {
            text: Sql::with_capacity(USUAL_TEXT),
            ..Self::default()
        };
        for id in ids {
            builder.bind(*id);
        }
        builder
    }

    /// Appends text.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.text.push(text);
        self
    }

    /// Appends a parameter.
    pub(crate) fn push_bind<'t, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'t, Postgres> + Type<Postgres>,
    {
        // There is no parameter $0: with a value that cannot be encoded the statement fails.
        let is_bound = self.bind(value);
        let number = if is_bound { self.arguments.len() } else { 0 };
        self.text.push("$").value(number);
        self
    }

    /// Begins a list, with `separator` between its items.
    pub(crate) fn separated(&mut self, separator: &'static str) -> Parameters<'_> {
        Parameters {
            builder: self,
            separator,
            is_first: true,
        }
    }

    /// Returns the statement. May be called once.
    pub(crate) fn build(&mut self) -> Query<'static, Postgres, PgArguments> {
        let Self { text, arguments } = std::mem::take(self);
        sqlx::query_with(text, arguments)
    }

    fn bind<'t, T>(&mut self, value: T) -> bool
    where
        T: Encode<'t, Postgres> + Type<Postgres>,
    {
        self.arguments.add(value).is_ok()
    }
}

/// A list under construction.
pub(crate) struct Parameters<'s> {
    builder: &'s mut Builder,
    separator: &'static str,
    is_first: bool,
}

impl Parameters<'_> {
    /// Appends an item of text.
    pub(crate) fn push(&mut self, text: &'static str) -> &mut Self {
        self.separate();
        self.push_unseparated(text)
    }

    /// Appends an item that is a parameter.
    pub(crate) fn push_bind<'t, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'t, Postgres> + Type<Postgres>,
    {
        self.separate();
        self.push_bind_unseparated(value)
    }

    /// Appends text to the last item.
    pub(crate) fn push_unseparated(&mut self, text: &'static str) -> &mut Self {
        self.builder.push(text);
        self
    }

    /// Appends a parameter to the last item.
    pub(crate) fn push_bind_unseparated<'t, T>(&mut self, value: T) -> &mut Self
    where
        T: Encode<'t, Postgres> + Type<Postgres>,
    {
        self.builder.push_bind(value);
        self
    }

    fn separate(&mut self) {
        if !self.is_first {
            self.builder.push(self.separator);
        }
        self.is_first = false;
    }
}

/// One statement that writes several tables: `WITH … AS (branch), … main`.
///
/// Every branch is independent of the others: it takes its rows from VALUES and the tenant from a
/// parameter, as a distributed database requires.
pub(crate) struct Branches {
    builder: Builder,
    count: usize,
}

impl Branches {
    /// Creates a statement whose first parameters are these ids.
    pub(crate) fn new(ids: &[Uuid]) -> Self {
        Self {
            builder: Builder::with_ids(ids),
            count: 0,
        }
    }

    /// Begins the next branch.
    pub(crate) fn branch(&mut self, text: &'static str) -> &mut Builder {
        let opening = if self.count == 0 { "WITH " } else { "), " };
        self.builder.push(opening).push("branch_");
        self.builder.text.value(self.count);
        self.count += 1;
        self.builder.push(" AS (").push(text)
    }

    /// Begins the main statement: the last one, whose rows are counted.
    pub(crate) fn main(&mut self, text: &'static str) -> &mut Builder {
        let closing = if self.count == 0 { "" } else { ") " };
        self.builder.push(closing).push(text)
    }

    /// Returns the whole statement.
    pub(crate) fn finish(self) -> Builder {
        self.builder
    }
}

/// Appends `VALUES (…), (…)`, each row beginning with the parameters `fixed`.
pub(crate) fn values<T>(
    builder: &mut Builder,
    fixed: &'static str,
    rows: impl IntoIterator<Item = T>,
    mut bind: impl FnMut(&mut Parameters<'_>, T),
) {
    let mut opening = " VALUES (";
    for row in rows {
        builder.push(opening).push(fixed).push(", ");
        bind(&mut builder.separated(", "), row);
        builder.push(")");
        opening = ", (";
    }
}

/// The columns of a row that is written, in the form that one part of a statement needs: a function
/// that lists the columns once can then write all parts.
pub(crate) enum Columns<'s> {
    /// The names: `a, b`.
    Names(Parameters<'s>),
    /// The values, as parameters: `$4, $5`.
    Values(Parameters<'s>),
    /// Names and values: `a = $4, b = $5`.
    Assignments(Parameters<'s>),
}

impl Columns<'_> {
    /// Appends a column.
    pub(crate) fn set<'t, T>(&mut self, column: &'static str, value: T) -> &mut Self
    where
        T: Encode<'t, Postgres> + Type<Postgres>,
    {
        match self {
            Self::Names(list) => list.push(column),
            Self::Values(list) => list.push_bind(value),
            Self::Assignments(list) => list
                .push(column)
                .push_unseparated(" = ")
                .push_bind_unseparated(value),
        };
        self
    }

    /// Appends a column that never changes; assignments, which change a row, leave it out.
    pub(crate) fn set_once<'t, T>(&mut self, column: &'static str, value: T) -> &mut Self
    where
        T: Encode<'t, Postgres> + Type<Postgres>,
    {
        match self {
            Self::Assignments(_) => self,
            Self::Names(_) | Self::Values(_) => self.set(column, value),
        }
    }
}

/// Appends `, a, b) VALUES ($1, $2, $3, $4)`: the columns of one row after those of its key, which
/// are the parameters `$1, $2`.
pub(crate) fn new_row<R>(builder: &mut Builder, row: &R, columns: fn(&mut Columns<'_>, &R)) {
    builder.push(", ");
    columns(&mut Columns::Names(builder.separated(", ")), row);
    builder.push(") VALUES ($1, $2, ");
    columns(&mut Columns::Values(builder.separated(", ")), row);
    builder.push(")");
}

/// Appends `a = $4, b = $5`: the columns of a changed row.
pub(crate) fn changed_row<R>(builder: &mut Builder, row: &R, columns: fn(&mut Columns<'_>, &R)) {
    columns(&mut Columns::Assignments(builder.separated(", ")), row);
}

#[cfg(test)]
mod tests {
    use super::{Branches, Builder, values};
    use crate::pg::sql::Sql;
    use sqlx::encode::IsNull;
    use sqlx::error::BoxDynError;
    use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo};
    use sqlx::{Encode, Postgres, Type};
    use uuid::Uuid;

    struct Endless;

    impl Type<Postgres> for Endless {
        fn type_info() -> PgTypeInfo {
            <i64 as Type<Postgres>>::type_info()
        }
    }

    impl Encode<'_, Postgres> for Endless {
        fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
            Err("it has no end".into())
        }
    }

    #[test]
    fn a_value_that_cannot_be_encoded_is_no_other_one() {
        let mut builder = Builder::new("SELECT ");
        builder
            .separated(", ")
            .push_bind(7)
            .push_bind(Endless)
            .push_bind(8);
        assert_eq!(builder.text, Sql::text("SELECT $1, $0, $2"));
    }

    #[test]
    fn branches_share_the_ids_and_number_the_rest() {
        let mut branches = Branches::new(&[Uuid::nil()]);
        values(branches.branch("INSERT INTO a"), "$1", [1, 2], |row, n| {
            row.push_bind(n).push_bind("x");
        });
        values(branches.main("INSERT INTO b"), "$1", [true], |row, yes| {
            row.push_bind(yes);
        });
        assert_eq!(
            branches.finish().text,
            Sql::text(
                "WITH branch_0 AS (INSERT INTO a VALUES ($1, $2, $3), ($1, $4, $5)) INSERT INTO b VALUES ($1, $6)"
            )
        );
    }
}
