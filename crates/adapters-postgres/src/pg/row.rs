//! Decodes rows, in text or in binary form, column by column.

use chrono::{DateTime, Utc};
use customer_domain::{Actor, ActorKind, StoreError};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgRow, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::{Column as _, Decode, Postgres, Row, Type};
use std::cell::Cell;
use std::fmt::Display;

/// Reads the columns of one row: by name, or by position if there is only one. A column that cannot
/// be decoded is [`StoreError::Corrupt`].
///
/// The names of a row must differ. They are looked up fastest in the order of the row.
pub(crate) struct RowReader<'r> {
    row: &'r PgRow,
    table: &'static str,
    /// The position after the last column that was read.
    next: Cell<usize>,
}

/// A column: its name or its position.
pub(crate) trait Column {
    /// Returns the position of the column, which is probably `next`.
    fn position(self, row: &PgRow, next: usize) -> Result<usize, sqlx::Error>;
}

impl Column for usize {
    fn position(self, _: &PgRow, _: usize) -> Result<usize, sqlx::Error> {
        Ok(self)
    }
}

impl Column for &str {
    fn position(self, row: &PgRow, next: usize) -> Result<usize, sqlx::Error> {
        match row.columns().get(next) {
            Some(column) if column.name() == self => {
                debug_assert_eq!(
                    row.try_column(self).map(sqlx::Column::ordinal).ok(),
                    Some(next),
                    "two columns are named {self}"
                );
                Ok(next)
            }
            _ => row.try_column(self).map(sqlx::Column::ordinal),
        }
    }
}

impl<'r> RowReader<'r> {
    /// Creates a reader of `row`, whose first column is its key within `table`.
    pub(crate) fn new(row: &'r PgRow, table: &'static str) -> Self {
        Self {
            row,
            table,
            next: Cell::new(0),
        }
    }

    /// Returns a column.
    pub(crate) fn column<T>(&self, column: impl Column) -> Result<T, StoreError>
    where
        T: Decode<'r, Postgres> + Type<Postgres>,
    {
        let position = column.position(self.row, self.next.get());
        let position = position.map_err(|_| self.corrupt())?;
        self.next.set(position + 1);
        self.row.try_get(position).map_err(|_| self.corrupt())
    }

    /// Returns a column, converted by `parse`.
    pub(crate) fn parsed<T, U>(
        &self,
        column: impl Column,
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
        column: impl Column,
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

    /// Returns a column that is an instant.
    pub(crate) fn instant(&self, column: impl Column) -> Result<DateTime<Utc>, StoreError> {
        self.column(column).map(|Instant(at)| at)
    }

    /// Returns a column that is an instant or null.
    pub(crate) fn optional_instant(
        &self,
        column: impl Column,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.optional(column, |Instant(at)| Some(at))
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

/// An instant. The driver reads the text form by a general pattern, which takes many times as long.
struct Instant(DateTime<Utc>);

impl Type<Postgres> for Instant {
    fn type_info() -> PgTypeInfo {
        DateTime::<Utc>::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for Instant {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let in_utc = match value.format() {
            PgValueFormat::Text => value.as_str()?.strip_suffix("+00"),
            PgValueFormat::Binary => None,
        };
        match in_utc {
            Some(text) => {
                let read = DateTime::parse_from_rfc3339(&format!("{text}Z"))?;
                Ok(Self(read.to_utc()))
            }
            None => DateTime::decode(value).map(Self),
        }
    }
}

/// Logs that a row cannot be read, with its table and key but never its content, and returns the
/// error for it.
pub(crate) fn corrupt(table: &'static str, row: impl Display) -> StoreError {
    let row = row.to_string();
    tracing::error!(table, row, "a stored row cannot be read");
    StoreError::Corrupt { table, row }
}
