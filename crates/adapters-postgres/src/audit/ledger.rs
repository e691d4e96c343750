//! The ledger: the audit entries of all tenants in the order of their transactions, and their
//! seals. It is used as `customer_worker`, with one round trip per method unless the method says
//! otherwise.

use super::record::COLUMNS;
use super::{TABLE, partition, record, seal};
use crate::pg::autocommit;
use crate::pg::pool::PgPool;
use crate::pg::read::{self, ANY_TENANT};
use crate::pg::row::{RowReader, corrupt};
use crate::pg::sql::{Sql, sql};
use crate::pg::tx::Tx;
use crate::privacy::KeyRing;
use async_trait::async_trait;
use chrono::NaiveDate;
use customer_domain::audit::{
    AuditLedger, AuditSeal, LedgerEntry, LedgerPosition, Pending, PendingEntry,
};
use customer_domain::{StoreError, TenantId};
use sqlx::postgres::PgRow;
use std::sync::Arc;
use tracing::instrument;

/// The position of an entry `e`, as the index orders it.
const POSITION: Sql = Sql::text("(e.transaction_id, e.id)");
const BY_POSITION: Sql = Sql::text("ORDER BY e.transaction_id, e.id");

/// The number after that of the latest completed transaction.
const HORIZON: Sql = Sql::text("pg_snapshot_xmax(pg_current_snapshot())::text AS horizon");
/// The number of the oldest running transaction: below it no entry can appear any more.
const SETTLED: Sql = Sql::text("pg_snapshot_xmin(pg_current_snapshot())");

/// The ledger, on the pool of the worker role.
pub(crate) struct PgAuditLedger {
    pub(crate) pool: PgPool,
    pub(crate) ring: Arc<KeyRing>,
}

impl PgAuditLedger {
    async fn read(&self, select: Sql) -> Result<Vec<PgRow>, StoreError> {
        read::rows(&self.pool, ANY_TENANT, &[select]).await
    }

    /// Decodes an entry, and computes the digest that it should have.
    fn entry(&self, row: &PgRow) -> Result<LedgerEntry, StoreError> {
        let row = &RowReader::new(row, TABLE);
        let entry = record::read(row)?;
        let stored = row.parsed("digest", |digest: Vec<u8>| digest.try_into().ok())?;
        let position = seal::position(row, "transaction", "id")?;
        Ok(LedgerEntry {
            position: position.ok_or_else(|| corrupt(TABLE, entry.id))?,
            tenant: TenantId(entry.tenant),
            at: entry.at,
            stored,
            actual: entry.digest(self.ring.digests()),
        })
    }

    async fn look_at(&self, conditions: &Sql, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        let select = sql!(
            "SELECT {}, e.digest, e.transaction_id::text AS transaction FROM audit_events e \
             WHERE {} {} LIMIT {}",
            COLUMNS,
            conditions,
            BY_POSITION,
            limit
        );
        let rows = self.read(select).await?;
        rows.iter().map(|row| self.entry(row)).collect()
    }

    /// Returns the seals `s` that `rest` selects, in its order.
    async fn seals_that(&self, rest: Sql) -> Result<Vec<AuditSeal>, StoreError> {
        let select = sql!("SELECT {} FROM audit_seals s {}", seal::COLUMNS, rest);
        self.read(select).await?.iter().map(seal::decode).collect()
    }
}

#[async_trait]
impl AuditLedger for PgAuditLedger {
    #[instrument(name = "db.audit.last_seal", level = "debug", skip_all)]
    async fn last(&self) -> Result<Option<AuditSeal>, StoreError> {
        let last = self.seals_that(Sql::text("ORDER BY s.number DESC LIMIT 1"));
        Ok(last.await?.into_iter().next())
    }

    #[instrument(name = "db.audit.pending_entries", level = "debug", skip_all)]
    async fn pending(
        &self,
        after: Option<LedgerPosition>,
        limit: u32,
    ) -> Result<Pending, StoreError> {
        let beyond = after
            .as_ref()
            .map_or_else(Sql::default, |after| sql!(" AND {}", beyond(after)));
        let look = sql!(
            "SELECT {}, (SELECT e.created_at FROM audit_events e \
             WHERE e.transaction_id >= {}{} {} LIMIT 1) AS waiting_since",
            HORIZON,
            SETTLED,
            beyond,
            BY_POSITION
        );
        let select = sql!(
            "SELECT e.id, date_trunc('month', e.created_at AT TIME ZONE 'UTC')::date AS month, e.digest, \
             e.transaction_id::text AS transaction FROM audit_events e \
             WHERE e.transaction_id < {}{} {} LIMIT {}",
            SETTLED,
            beyond,
            BY_POSITION,
            limit
        );
        let rows = read::rows(&self.pool, ANY_TENANT, &[look, select]).await?;
        let (look, rows) = rows
            .split_first()
            .ok_or_else(|| corrupt(TABLE, "horizon"))?;
        let look = &RowReader::new(look, TABLE);
        let horizon: u64 = look.parsed("horizon", |number: &str| number.parse().ok())?;
        if after.is_some_and(|after| after.transaction >= horizon) {
            return Err(corrupt("audit_seals", "ahead of every transaction"));
        }
        Ok(Pending {
            waiting_since: look.column("waiting_since")?,
            entries: rows.iter().map(pending).collect::<Result<_, _>>()?,
        })
    }

    #[instrument(name = "db.audit.horizon", level = "debug", skip_all)]
    async fn horizon(&self) -> Result<u64, StoreError> {
        let rows = self.read(sql!("SELECT {}", HORIZON)).await?;
        let row = rows.first().ok_or_else(|| corrupt(TABLE, "horizon"))?;
        RowReader::new(row, TABLE).parsed("horizon", |number: &str| number.parse().ok())
    }

    /// Three round trips.
    #[instrument(name = "db.audit.append_seals", level = "debug", skip_all)]
    async fn append(&self, seals: &[AuditSeal]) -> Result<(), StoreError> {
        if seals.is_empty() {
            return Ok(());
        }
        let (mut tx, _) = Tx::begin(&self.pool, ANY_TENANT, &[]).await?;
        tx.execute(seal::insert(seals).build()).await?;
        tx.commit().await
    }

    #[instrument(name = "db.audit.seals", level = "debug", skip_all)]
    async fn seals(&self, after: i64, limit: u32) -> Result<Vec<AuditSeal>, StoreError> {
        let beyond = sql!(
            "WHERE s.number > {} ORDER BY s.number LIMIT {}",
            after,
            limit
        );
        self.seals_that(beyond).await
    }

    #[instrument(name = "db.audit.dropped_seals", level = "debug", skip_all)]
    async fn dropped(&self) -> Result<Vec<AuditSeal>, StoreError> {
        self.seals_that(Sql::text("WHERE s.kind = 2 ORDER BY s.number"))
            .await
    }

    /// One round trip, whose cost grows with the months that have seals.
    #[instrument(name = "db.audit.first_needed", level = "debug", skip_all)]
    async fn first_needed(&self, dropped: &[NaiveDate]) -> Result<Option<i64>, StoreError> {
        // Skips along the index from month to month instead of scanning the seals.
        let select = sql!(
            "WITH RECURSIVE months AS ( \
             (SELECT s.month FROM audit_seals s WHERE s.kind = 1 ORDER BY s.month LIMIT 1) UNION ALL \
             SELECT (SELECT s.month FROM audit_seals s WHERE s.kind = 1 AND s.month > m.month ORDER BY s.month LIMIT 1) \
             FROM months m WHERE m.month IS NOT NULL) \
             SELECT min((SELECT s.number FROM audit_seals s WHERE s.kind = 1 AND s.month = m.month \
             ORDER BY s.number LIMIT 1)) FROM months m WHERE m.month <> ALL ({})",
            dropped
        );
        let rows = self.read(select).await?;
        let row = rows
            .first()
            .ok_or_else(|| corrupt("audit_seals", "months"))?;
        RowReader::new(row, "audit_seals").column(0)
    }

    #[instrument(name = "db.audit.trim_seals", level = "debug", skip_all)]
    async fn trim(&self, most: u32) -> Result<u64, StoreError> {
        let most = i32::try_from(most).unwrap_or(i32::MAX);
        let trim = || sqlx::query("SELECT audit_trim_seals($1)").bind(most);
        let rows = autocommit::fetch(&self.pool, trim).await?;
        let row = rows
            .first()
            .ok_or_else(|| corrupt("audit_seals", "trimmed"))?;
        RowReader::new(row, "audit_seals").parsed(0, |trimmed: i64| u64::try_from(trimmed).ok())
    }

    /// Two round trips.
    #[instrument(name = "db.audit.months", level = "debug", skip_all)]
    async fn months(&self) -> Result<Vec<NaiveDate>, StoreError> {
        let rows = self.read(partition::LIST).await?;
        let mut months = partition::months(&rows)?;
        let elsewhere = self.read(partition::elsewhere(&months)?).await?;
        for row in &elsewhere {
            months.insert(RowReader::new(row, TABLE).column(0)?);
        }
        Ok(months.into_iter().collect())
    }

    #[instrument(name = "db.audit.entries", level = "debug", skip_all)]
    async fn entries(
        &self,
        month: NaiveDate,
        after: Option<LedgerPosition>,
        through: Option<LedgerPosition>,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let mut conditions = within(month)?;
        conditions.extend(after.as_ref().map(beyond));
        conditions.extend(
            through
                .as_ref()
                .map(|through| sql!("{} <= {}", POSITION, literal_of(through))),
        );
        self.look_at(&Sql::join(conditions, " AND "), limit).await
    }
}

/// Decodes an entry to be sealed.
fn pending(row: &PgRow) -> Result<PendingEntry, StoreError> {
    let row = &RowReader::new(row, TABLE);
    let position = seal::position(row, "transaction", "id")?;
    Ok(PendingEntry {
        position: position.ok_or_else(|| row.corrupt())?,
        month: row.column("month")?,
        digest: row.parsed("digest", |digest: Vec<u8>| digest.try_into().ok())?,
    })
}

/// Returns the condition that an entry `e` comes after a position.
fn beyond(position: &LedgerPosition) -> Sql {
    sql!("{} > {}", POSITION, literal_of(position))
}

fn literal_of(position: &LedgerPosition) -> Sql {
    sql!("('{}'::xid8, {})", position.transaction, position.entry)
}

/// Returns the conditions that an entry `e` is of a month, so that only one partition is read.
fn within(month: NaiveDate) -> Result<Vec<Sql>, StoreError> {
    let ends = partition::ends(month).ok_or_else(|| corrupt("audit_seals", month))?;
    Ok(vec![
        sql!("e.created_at >= {}", partition::begins(month)),
        sql!("e.created_at < {}", ends),
    ])
}
