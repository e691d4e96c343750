//! The ledger: entries of all tenants in the order of their transactions, and their seals. One
//! round trip where nothing else is said, as `customer_worker`.

use super::record::COLUMNS;
use super::{TABLE, partition, record, seal};
use crate::pg::alone;
use crate::pg::literal;
use crate::pg::pool::PgPool;
use crate::pg::row::{Reader, corrupt};
use crate::pg::scope::{self, ANY};
use crate::pg::tx::Tx;
use crate::privacy::KeyRing;
use async_trait::async_trait;
use chrono::NaiveDate;
use customer_domain::audit::{
    AuditLedger, AuditSeal, LedgerEntry, LedgerPosition, Pending, PendingEntry,
};
use customer_domain::{StoreError, TenantId};
use sqlx::postgres::PgRow;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The place of an entry `e`, as the index has it.
const POSITION: &str = "(e.transaction_id, e.id)";
const BY_POSITION: &str = "ORDER BY e.transaction_id, e.id";

/// The number of the next transaction.
const HORIZON: &str = "pg_snapshot_xmax(pg_current_snapshot())::text";
/// Below the oldest transaction that still runs nothing can appear any more.
const SETTLED: &str = "pg_snapshot_xmin(pg_current_snapshot())";

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
            at: entry.at,
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

    /// Seals `s`, chosen and in the order as `rest` says.
    async fn seals_that(&self, rest: &str) -> Result<Vec<AuditSeal>, StoreError> {
        let select = format!("SELECT {} FROM audit_seals s {rest}", seal::COLUMNS);
        self.read(select).await?.iter().map(seal::decode).collect()
    }
}

#[async_trait]
impl AuditLedger for PgAuditLedger {
    async fn last(&self) -> Result<Option<AuditSeal>, StoreError> {
        let last = self.seals_that("ORDER BY s.number DESC LIMIT 1").await?;
        Ok(last.into_iter().next())
    }

    /// One round trip; two when some are of an older program, which gave them no digest.
    async fn pending(
        &self,
        after: Option<LedgerPosition>,
        limit: u32,
    ) -> Result<Pending, StoreError> {
        let beyond = after
            .as_ref()
            .map_or_else(String::new, |after| format!(" AND {}", beyond(after)));
        let look = format!(
            "SELECT {HORIZON}, (SELECT e.created_at FROM audit_events e \
             WHERE e.transaction_id >= {SETTLED}{beyond} {BY_POSITION} LIMIT 1)"
        );
        let select = format!(
            "SELECT e.id, date_trunc('month', e.created_at AT TIME ZONE 'UTC')::date, e.digest, \
             e.transaction_id::text, e.id FROM audit_events e \
             WHERE e.transaction_id < {SETTLED}{beyond} {BY_POSITION} LIMIT {limit}"
        );
        let rows = scope::read(&self.pool, ANY, &[Cow::Owned(look), Cow::Owned(select)]).await?;
        let (look, rows) = rows
            .split_first()
            .ok_or_else(|| corrupt(TABLE, "horizon"))?;
        let mut look = Reader::new(look, TABLE);
        let horizon: u64 = look.parsed(|number: &str| number.parse().ok())?;
        if after.is_some_and(|after| after.transaction >= horizon) {
            return Err(corrupt("audit_seals", "ahead of every transaction"));
        }
        Ok(Pending {
            waiting_since: look.column()?,
            entries: self.digested(rows).await?,
        })
    }

    async fn has_bare(&self) -> Result<bool, StoreError> {
        let select = "SELECT EXISTS (SELECT FROM audit_events e WHERE e.digest IS NULL)";
        let rows = self.read(select.to_owned()).await?;
        let row = rows.first().ok_or_else(|| corrupt(TABLE, "digests"))?;
        Reader::new(row, TABLE).column()
    }

    async fn horizon(&self) -> Result<u64, StoreError> {
        let rows = self.read(format!("SELECT {HORIZON}")).await?;
        let row = rows.first().ok_or_else(|| corrupt(TABLE, "horizon"))?;
        Reader::new(row, TABLE).parsed(|number: &str| number.parse().ok())
    }

    /// Three round trips.
    async fn append(&self, seals: &[AuditSeal]) -> Result<(), StoreError> {
        if seals.is_empty() {
            return Ok(());
        }
        let (mut tx, _) = Tx::begin(&self.pool, ANY, &[]).await?;
        tx.execute(seal::insert(seals).build()).await?;
        tx.commit().await
    }

    async fn seals(&self, after: i64, limit: u32) -> Result<Vec<AuditSeal>, StoreError> {
        let beyond = format!("WHERE s.number > {after} ORDER BY s.number LIMIT {limit}");
        self.seals_that(&beyond).await
    }

    async fn dropped(&self) -> Result<Vec<AuditSeal>, StoreError> {
        self.seals_that("WHERE s.kind = 2 ORDER BY s.number").await
    }

    /// One round trip, and as many look-ups as months have seals.
    async fn first_needed(&self, dropped: &[NaiveDate]) -> Result<Option<i64>, StoreError> {
        let dropped = dropped.iter().map(|month| format!("'{month}'::date"));
        let dropped = dropped.collect::<Vec<_>>().join(", ");
        // From month to month along the index, never over the seals.
        let select = format!(
            "WITH RECURSIVE months AS ( \
             (SELECT s.month FROM audit_seals s WHERE s.kind = 1 ORDER BY s.month LIMIT 1) UNION ALL \
             SELECT (SELECT s.month FROM audit_seals s WHERE s.kind = 1 AND s.month > m.month ORDER BY s.month LIMIT 1) \
             FROM months m WHERE m.month IS NOT NULL) \
             SELECT min((SELECT s.number FROM audit_seals s WHERE s.kind = 1 AND s.month = m.month \
             ORDER BY s.number LIMIT 1)) FROM months m WHERE m.month <> ALL (ARRAY[{dropped}]::date[])"
        );
        let rows = self.read(select).await?;
        let row = rows
            .first()
            .ok_or_else(|| corrupt("audit_seals", "months"))?;
        Reader::new(row, "audit_seals").column()
    }

    async fn trim(&self, most: u32) -> Result<u64, StoreError> {
        let most = i32::try_from(most).unwrap_or(i32::MAX);
        let trim = || sqlx::query("SELECT audit_trim_seals($1)").bind(most);
        let rows = alone::fetch(&self.pool, trim).await?;
        let row = rows
            .first()
            .ok_or_else(|| corrupt("audit_seals", "trimmed"))?;
        Reader::new(row, "audit_seals").parsed(|trimmed: i64| u64::try_from(trimmed).ok())
    }

    /// Two round trips.
    async fn months(&self) -> Result<Vec<NaiveDate>, StoreError> {
        let rows = self.read(partition::LIST.to_owned()).await?;
        let mut months = partition::months(&rows)?;
        let elsewhere = self.read(partition::elsewhere(&months)?).await?;
        for row in &elsewhere {
            months.insert(Reader::new(row, TABLE).column()?);
        }
        Ok(months.into_iter().collect())
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

/// An entry to be sealed, whose digest may have to be made.
struct Found {
    position: LedgerPosition,
    month: NaiveDate,
    digest: Option<[u8; 32]>,
}

impl PgAuditLedger {
    /// Entries with the digests that they have, or that what is stored has.
    async fn digested(&self, rows: &[PgRow]) -> Result<Vec<PendingEntry>, StoreError> {
        let found = rows.iter().map(found);
        let found = found.collect::<Result<Vec<_>, _>>()?;
        let made = self.digests_of(&found).await?;
        let digested = found.into_iter().map(|found| {
            let position = found.position;
            let made = || made.get(&position).copied();
            let digest = found.digest.or_else(made);
            Ok(PendingEntry {
                position,
                month: found.month,
                digest: digest.ok_or_else(|| corrupt(TABLE, position.entry))?,
            })
        });
        digested.collect()
    }

    /// The digests of those that have none.
    async fn digests_of(
        &self,
        found: &[Found],
    ) -> Result<BTreeMap<LedgerPosition, [u8; 32]>, StoreError> {
        let bare = found.iter().filter(|found| found.digest.is_none());
        let bare: Vec<_> = bare.map(|found| found.position).collect();
        let (Some(first), Some(last)) = (bare.first(), bare.last()) else {
            return Ok(BTreeMap::new());
        };
        // Their index is by position.
        let conditions = format!(
            "e.digest IS NULL AND {POSITION} >= {} AND {POSITION} <= {}",
            literal_of(first),
            literal_of(last)
        );
        let limit = u32::try_from(bare.len()).unwrap_or(u32::MAX);
        let entries = self.look_at(&conditions, limit).await?;
        let digests = entries.iter().map(|entry| (entry.position, entry.actual));
        Ok(digests.collect())
    }
}

fn found(row: &PgRow) -> Result<Found, StoreError> {
    let mut columns = Reader::from(row, TABLE, 1);
    let month = columns.column()?;
    let digest = columns.optional(|digest: Vec<u8>| digest.try_into().ok())?;
    let position = seal::position(&mut columns)?.ok_or_else(|| columns.corrupt())?;
    Ok(Found {
        position,
        month,
        digest,
    })
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
    let ends = partition::ends(month).ok_or_else(|| corrupt("audit_seals", month))?;
    Ok(vec![
        format!(
            "e.created_at >= {}",
            literal::time(partition::begins(month))
        ),
        format!("e.created_at < {}", literal::time(ends)),
    ])
}
