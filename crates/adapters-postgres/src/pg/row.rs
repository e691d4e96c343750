//! Rows as they come, in text or in binary form, column by column.

use customer_domain::StoreError;
use sqlx::postgres::PgRow;
use sqlx::{ColumnIndex, Decode, Postgres, Row, Type};
use std::fmt::Display;

/// Reads the columns of one row: by name, or by position where there is but one. What cannot be
/// read is [`StoreError::Corrupt`].
#[derive(Clone, Copy)]
pub(crate) struct RowReader<'r> {
    row: &'r PgRow,
    table: &'static str,
}

impl<'r> RowReader<'r> {
    /// A reader of `row`, whose first column is its key within `table`.
    pub(crate) fn new(row: &'r PgRow, table: &'static str) -> Self {
        Self { row, table }
    }

    /// A column.
    pub(crate) fn column<T>(&self, column: impl ColumnIndex<PgRow>) -> Result<T, StoreError>
    where
        T: Decode<'r, Postgres> + Type<Postgres>,
    {
        self.row.try_get(column).map_err(|_| self.corrupt())
    }

    /// A column, in the type that `parse` makes of it.
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

    /// A column, if it is not null, in the type that `parse` makes of it.
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

    /// What to say of this row.
    pub(crate) fn corrupt(&self) -> StoreError {
        let key = self.row.try_get::<uuid::Uuid, _>(0);
        corrupt(
            self.table,
            key.map_or_else(|_| "?".to_owned(), |key| key.to_string()),
        )
    }
}

/// A row that makes no sense: its table and its key, never its content.
pub(crate) fn corrupt(table: &'static str, row: impl Display) -> StoreError {
    let row = row.to_string();
    tracing::error!(table, row, "a stored row cannot be read");
    StoreError::Corrupt { table, row }
}
