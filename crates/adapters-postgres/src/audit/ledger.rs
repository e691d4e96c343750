//! The ledger: entries of all tenants in the order of their transactions, and their seals. One
//! round trip each, as `customer_worker`.

use super::record::COLUMNS;
use super::{TABLE, record, seal};
use crate::pg::literal;
use crate::pg::pool::PgPool;
use crate::pg::row::{Reader, corrupt};
use crate::pg::scope;
use crate::pg::tx::Tx;
use crate::privacy::KeyRing;
use async_trait::async_trait;
use chrono::{Months, NaiveDate, NaiveTime};
use customer_domain::audit::{AuditLedger, AuditSeal, LedgerEntry, LedgerPosition, PendingEntry};
use customer_domain::{StoreError, TenantId};
use sqlx::postgres::PgRow;
use std::borrow::Cow;
use std::sync::Arc;
use uuid::Uuid;

/// The worker sees all tenants, whichever is set.
const ANY: TenantId = TenantId(Uuid::nil());

/// The place of an entry `e`, as the index has it.
const POSITION: &str = "(e.transaction_id, e.id)";
const BY_POSITION: &str = "ORDER BY e.transaction_id, e.id";

/// The ledger on the pool of the worker.
pub(crate) struct PgAuditLedger {
    pub(crate) pool: PgPool,
    pub(crate) ring: Arc<KeyRing>,
}

impl PgAuditLedger {
    async fn read(&self, select: String) -> Result<Vec<PgRow>, StoreError> {
        scope::read(&self.pool, ANY, &[Cow::Owned(select)]).await
    }

    /// An entry, with the digest that it should have.
    fn entry(&self, row: &PgRow) -> Result<LedgerEntry, StoreError> {
        let mut columns = Reader::new(row, TABLE);
        let entry = record::read(&mut columns)?;
        let stored = columns.optional(|digest: Vec<u8>| digest.try_into().ok())?;
        let position = seal::position(&mut columns)?;
        Ok(LedgerEntry {
            position: position.ok_or_else(|| corrupt(TABLE, entry.id))?,
            tenant: TenantId(entry.tenant),
            stored,
            actual: entry.digest(self.ring.digests()),
        })
    }

    async fn look_at(&self, conditions: &str, limit: u32) -> Result<Vec<LedgerEntry>, StoreError> {
        let select = format!(
            "SELECT {COLUMNS}, e.digest, e.transaction_id::text, e.id FROM audit_events e \
             WHERE {conditions} {BY_POSITION} LIMIT {limit}"
        );
        let rows = self.read(select).await?;
        rows.iter().map(|row| self.entry(row)).collect()
    }
}

#[async_trait]
impl AuditLedger for PgAuditLedger {
    async fn last(&self) -> Result<Option<AuditSeal>, StoreError> {
        let columns = seal::COLUMNS;
        let select = format!("SELECT {columns} FROM audit_seals s ORDER BY s.number DESC LIMIT 1");
        self.read(select)
            .await?
            .first()
            .map(seal::decode)
            .transpose()
    }

    /// One round trip; two when some are of an older program, which gave them no digest.
    async fn pending(
        &self,
        after: Option<LedgerPosition>,
        limit: u32,
    ) -> Result<Vec<PendingEntry>, StoreError> {
        // Below the oldest transaction that still runs nothing can appear any more.
        let beyond = after
            .as_ref()
            .map_or_else(String::new, |after| format!(" AND {}", beyond(after)));
        let select = format!(
            "SELECT e.id, date_trunc('month', e.created_at AT TIME ZONE 'UTC')::date, e.digest, \
             e.transaction_id::text, e.id FROM audit_events e \
             WHERE e.transaction_id < pg_snapshot_xmin(pg_current_snapshot()){beyond} {BY_POSITION} LIMIT {limit}"
        );
        let horizon = Cow::Borrowed("SELECT pg_snapshot_xmax(pg_current_snapshot())::text");
        let rows = scope::read(&self.pool, ANY, &[horizon, Cow::Owned(select)]).await?;
        let (horizon, rows) = rows
            .split_first()
            .ok_or_else(|| corrupt(TABLE, "horizon"))?;
        let horizon: u64 =
            Reader::new(horizon, TABLE).parsed(|number: &str| number.parse().ok())?;
        if after.is_some_and(|after| after.transaction >= horizon) {
            return Err(corrupt("audit_seals", "ahead of every transaction"));
        }
        let mut pending = Vec::with_capacity(rows.len());
        for row in rows {
            let mut columns = Reader::from(row, TABLE, 1);
            let month = columns.column()?;
            let digest = columns.optional(|digest: Vec<u8>| digest.try_into().ok())?;
            let position = seal::position(&mut columns)?.ok_or_else(|| columns.corrupt())?;
            pending.push((month, digest, position));
        }
        let bare = pending.iter().filter(|(_, digest, _)| digest.is_none());
        let bare: Vec<_> = bare.map(|(_, _, position)| position.entry.0).collect();
        let found = self.digests_of(&bare).await?;
        pending
            .into_iter()
            .map(|(month, digest, position)| {
                let of_bare = || {
                    let mut found = found.iter();
                    let entry = found.find(|entry| entry.position == position);
                    entry.map(|entry| entry.actual)
                };
                Ok(PendingEntry {
                    position,
                    month,
                    digest: digest
                        .or_else(of_bare)
                        .ok_or_else(|| corrupt(TABLE, position.entry))?,
                })
            })
            .collect()
    }

    async fn append(&self, seals: &[AuditSeal]) -> Result<(), StoreError> {
        if seals.is_empty() {
            return Ok(());
        }
        let (mut tx, _) = Tx::begin(&self.pool, ANY, &[]).await?;
        tx.execute(seal::insert(seals).build()).await?;
        tx.commit().await
    }

    async fn seals(&self, after: i64, limit: u32) -> Result<Vec<AuditSeal>, StoreError> {
        let select = format!(
            "SELECT {} FROM audit_seals s WHERE s.number > {after} ORDER BY s.number LIMIT {limit}",
            seal::COLUMNS
        );
        self.read(select).await?.iter().map(seal::decode).collect()
    }

    async fn dropped(&self) -> Result<Vec<NaiveDate>, StoreError> {
        let select = "SELECT s.month FROM audit_seals s WHERE s.kind = 2 ORDER BY s.month";
        let rows = self.read(select.to_owned()).await?;
        let months = rows
            .iter()
            .map(|row| Reader::new(row, "audit_seals").column());
        months.collect()
    }

    /// As many look-ups as there are months.
    async fn months(&self) -> Result<Vec<NaiveDate>, StoreError> {
        // From month to month along the index, never over the entries.
        let select = "WITH RECURSIVE months AS ( \
             (SELECT date_trunc('month', min(e.created_at) AT TIME ZONE 'UTC') AS month FROM audit_events e) \
             UNION ALL SELECT (SELECT date_trunc('month', min(e.created_at) AT TIME ZONE 'UTC') FROM audit_events e \
             WHERE e.created_at >= (m.month + interval '1 month') AT TIME ZONE 'UTC') \
             FROM months m WHERE m.month IS NOT NULL) \
             SELECT m.month::date FROM months m WHERE m.month IS NOT NULL ORDER BY 1";
        let rows = self.read(select.to_owned()).await?;
        rows.iter()
            .map(|row| Reader::new(row, TABLE).column())
            .collect()
    }

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
                .map(|through| format!("{POSITION} <= {}", literal_of(through))),
        );
        self.look_at(&conditions.join(" AND "), limit).await
    }
}

impl PgAuditLedger {
    async fn digests_of(&self, entries: &[Uuid]) -> Result<Vec<LedgerEntry>, StoreError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let ids = literal::uuids(entries.iter().copied());
        let limit = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        self.look_at(&format!("e.id = ANY ({ids})"), limit).await
    }
}

/// What an entry `e` passes that stands beyond a position.
fn beyond(position: &LedgerPosition) -> String {
    format!("{POSITION} > {}", literal_of(position))
}

fn literal_of(position: &LedgerPosition) -> String {
    let entry = literal::uuid(position.entry.0);
    format!("('{}'::xid8, {entry})", position.transaction)
}

/// What an entry `e` of a month passes, so that one partition is read.
fn within(month: NaiveDate) -> Result<Vec<String>, StoreError> {
    let next = month.checked_add_months(Months::new(1));
    let next = next.ok_or_else(|| corrupt("audit_seals", month))?;
    let instant = |day: NaiveDate| literal::time(day.and_time(NaiveTime::MIN).and_utc());
    Ok(vec![
        format!("e.created_at >= {}", instant(month)),
        format!("e.created_at < {}", instant(next)),
    ])
}
