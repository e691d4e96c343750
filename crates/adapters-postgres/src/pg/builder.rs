//! Pieces of statements that several slices are built from.

use sqlx::postgres::PgArguments;
use sqlx::query_builder::Separated;
use sqlx::{Arguments, Encode, Postgres, QueryBuilder, Type};
use uuid::Uuid;

/// A statement under construction.
pub(crate) type Sql = QueryBuilder<Postgres>;
/// A list of parameters under construction.
pub(crate) type Parameters<'s> = Separated<'s, Postgres, &'static str>;

/// One statement that writes several tables: `WITH … AS (branch), … main`.
///
/// Every branch stands for itself: it takes its rows from VALUES and names the tenant by
/// parameter, as a distributed database demands.
pub(crate) struct Branches {
    sql: Sql,
    count: usize,
}

impl Branches {
    /// A statement whose first parameters are these ids.
    pub(crate) fn new(ids: &[Uuid]) -> Self {
        Self {
            sql: with_ids(ids),
            count: 0,
        }
    }

    /// Begins the next branch.
    pub(crate) fn branch(&mut self, text: &str) -> &mut Sql {
        let opening = if self.count == 0 { "WITH " } else { "), " };
        let name = self.count;
        self.count += 1;
        self.sql
            .push(format_args!("{opening}branch_{name} AS ({text}"))
    }

    /// Begins the main statement: the last, whose rows are counted.
    pub(crate) fn main(&mut self, text: &str) -> &mut Sql {
        let closing = if self.count == 0 { "" } else { ") " };
        self.sql.push(closing).push(text)
    }

    /// The whole statement.
    pub(crate) fn finish(self) -> Sql {
        self.sql
    }
}

/// A statement without text, whose first parameters are these ids.
pub(crate) fn with_ids(ids: &[Uuid]) -> Sql {
    let mut arguments = PgArguments::default();
    for id in ids {
        // A UUID always encodes; were it not so, the statement would fail for want of it.
        drop(arguments.add(*id));
    }
    Sql::with_arguments("", arguments)
}

/// Appends `VALUES (…), (…)`, each row beginning with the parameters `fixed`.
pub(crate) fn values<T>(
    sql: &mut Sql,
    fixed: &str,
    rows: impl IntoIterator<Item = T>,
    mut bind: impl FnMut(&mut Parameters<'_>, T),
) {
    let mut opening = " VALUES (";
    for row in rows {
        sql.push(opening).push(fixed).push(", ");
        bind(&mut sql.separated(", "), row);
        sql.push(")");
        opening = ", (";
    }
}

/// Appends `a = $4, b = $5` to a list of assignments.
pub(crate) fn assign<'t, T>(list: &mut Parameters<'_>, column: &str, value: T)
where
    T: Encode<'t, Postgres> + Type<Postgres>,
{
    list.push(column)
        .push_unseparated(" = ")
        .push_bind_unseparated(value);
}

/// How many rows a statement holds of a list whose length varies: the next of 4, 8, 16, 32, 64.
/// The last row is repeated up to there and lands on `ON CONFLICT DO NOTHING`, so that few texts
/// fill the cache of prepared statements.
pub(crate) fn padded<T: Clone>(rows: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut rows: Vec<T> = rows.into_iter().collect();
    if let Some(last) = rows.last().cloned() {
        rows.resize(rows.len().next_power_of_two().max(4), last);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::{Branches, padded, values};
    use uuid::Uuid;

    #[test]
    fn lists_are_padded_to_few_lengths_and_nothing_stays_nothing() {
        for (length, expected) in [(0, 0), (1, 4), (4, 4), (5, 8), (9, 16), (32, 32), (50, 64)] {
            assert_eq!(padded(0..length).len(), expected, "{length}");
        }
        assert_eq!(padded([1, 2, 3]), [1, 2, 3, 3]);
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
            branches.finish().into_string(),
            "WITH branch_0 AS (INSERT INTO a VALUES ($1, $2, $3), ($1, $4, $5)) INSERT INTO b VALUES ($1, $6)"
        );
    }
}
