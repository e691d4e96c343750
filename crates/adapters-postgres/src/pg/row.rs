//! Decodes rows, in text or in binary form, column by column.

use customer_domain::{Actor, ActorKind, StoreError};
use sqlx::postgres::PgRow;
use sqlx::{ColumnIndex, Decode, Postgres, Row, Type};
use std::fmt::Display;

/// Reads the columns of one row: by name, or by position if there is only one. A column that cannot
/// be decoded is [`StoreError::Corrupt`].
#[derive(Clone, Copy)]
pub(crate) struct RowReader<'r> {
    row: &'r PgRow,
    table: &'static str,
}

impl<'r> RowReader<'r> {
    /// Creates a reader of `row`, whose first column is its key within `table`.
    pub(crate) fn new(row: &'r PgRow, table: &'static str) -> Self {
        Self { row, table }
    }

    /// Returns a column.
    pub(crate) fn column<T>(&self, column: impl ColumnIndex<PgRow>) -> Result<T, StoreError>
    where
        T: Decode<'r, Postgres> + Type<Postgres>,
    {
        self.row.try_get(column).map_err(|_| self.corrupt())
    }

    /// Returns a column, converted by `parse`.
    pub(crate) fn parsed<T, U>(
        &self,
        column: impl ColumnIndex<PgRow>,
        parse: impl FnOnce(T) -> Option<U>,
    ) -> Result<U, StoreError>
    where
        T: Decode<'r, Postgres> + Type<Postgres>,
    {
        parse(self.column(column)?).ok_or_else(|| self.corrupt())
    }

    /// Returns a column, converted by `parse`; `None` if it is null.
    pub(crate) fn optional<T, U>(
        &self,
        column: impl ColumnIndex<PgRow>,
        parse: impl FnOnce(T) -> Option<U>,
    ) -> Result<Option<U>, StoreError>
    where
        T: Decode<'r, Postgres> + Type<Postgres>,
    {
        match self.column::<Option<T>>(column)? {
            Some(stored) => parse(stored).map(Some).ok_or_else(|| self.corrupt()),
            None => Ok(None),
        }
    }

    /// Returns the actor whose kind and id are in these columns.
    pub(crate) fn actor(&self, kind: &str, id: &str) -> Result<Actor, StoreError> {
        Ok(Actor {
            kind: self.parsed(kind, ActorKind::from_code)?,
            id: self.column(id)?,
        })
    }

    /// Logs that this row cannot be read, and returns the error for it.
    pub(crate) fn corrupt(&self) -> StoreError {
        let key = self.row.try_get::<uuid::Uuid, _>(0);
        corrupt(
            self.table,
            key.map_or_else(|_| "?".to_owned(), |key| key.to_string()),
        )
    }
}

/// Logs that a row cannot be read, with its table and key but never its content, and returns the
/// error for it.
pub(crate) fn corrupt(table: &'static str, row: impl Display) -> StoreError {
    let row = row.to_string();
    tracing::error!(table, row, "a stored row cannot be read");
    StoreError::Corrupt { table, row }
}
