//! The partitions of the audit trail. Two functions of the schema create and drop them, since the
//! worker role owns none.

use super::TABLE;
use crate::pg::autocommit;
use crate::pg::pool::PgPool;
use crate::pg::row::RowReader;
use async_trait::async_trait;
use chrono::NaiveDate;
use customer_domain::StoreError;
use customer_domain::audit::AuditMonths;
use sqlx::postgres::PgRow;
use tracing::instrument;

const LIST: &str = "\
    SELECT to_date(right(c.relname, 7), 'YYYY_MM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
    WHERE i.inhparent = 'audit_events'::regclass AND c.relname ~ '^audit_events_\\d{4}_\\d{2}$' ORDER BY 1";

/// The monthly partitions, on the pool of the worker role.
pub(crate) struct PgAuditMonths(pub(crate) PgPool);

impl PgAuditMonths {
    async fn call(&self, function: &'static str, month: NaiveDate) -> Result<bool, StoreError> {
        let rows = autocommit::fetch(&self.0, || sqlx::query(function).bind(month)).await?;
        rows.first().map_or(Ok(false), answer)
    }
}

#[async_trait]
impl AuditMonths for PgAuditMonths {
    /// One round trip.
    #[instrument(name = "db.audit.list_months", level = "debug", skip_all)]
    async fn list(&self) -> Result<Vec<NaiveDate>, StoreError> {
        let rows = autocommit::fetch(&self.0, || sqlx::query(LIST)).await?;
        rows.iter().map(answer).collect()
    }

    /// One round trip.
    #[instrument(name = "db.audit.make_month", level = "debug", skip_all)]
    async fn create(&self, month: NaiveDate) -> Result<bool, StoreError> {
        self.call("SELECT audit_make_month($1)", month).await
    }

    /// One round trip.
    #[instrument(name = "db.audit.remove_month", level = "debug", skip_all)]
    async fn remove(&self, month: NaiveDate) -> Result<bool, StoreError> {
        self.call("SELECT audit_drop_month($1)", month).await
    }
}

fn answer<'r, T>(row: &'r PgRow) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    RowReader::new(row, TABLE).column(0)
}
