//! The months of the trail, as its partitions bound them: an index by time would have to be walked.

use super::TABLE;
use crate::pg::row::{RowReader, corrupt};
use crate::pg::sql::{Sql, sql};
use chrono::{DateTime, Months, NaiveDate, NaiveTime, Utc};
use customer_domain::StoreError;
use sqlx::postgres::PgRow;
use std::collections::BTreeSet;

/// Name and bounds of each partition but the default one; no bounds when they are no two instants.
pub(super) const LIST: Sql = Sql::text(
    "\
    SELECT p.name, p.ends[1]::timestamptz AS begins, p.ends[2]::timestamptz AS ends FROM (\
      SELECT c.relname::text AS name, regexp_match(pg_get_expr(c.relpartbound, c.oid), \
        '^[^'']+''([^'']+)''[^'']+''([^'']+)''[^'']+$') AS ends \
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
      WHERE i.inhparent = 'audit_events'::regclass AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT') p",
);

/// The months of [`LIST`]. A partition that is not of one month is none that the service made.
pub(super) fn months(rows: &[PgRow]) -> Result<BTreeSet<NaiveDate>, StoreError> {
    let mut months = BTreeSet::new();
    for row in rows {
        let row = RowReader::new(row, TABLE);
        let name: String = row.column("name")?;
        let (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>) =
            (row.column("begins")?, row.column("ends")?);
        let month = from.map(|from| from.date_naive());
        match (month, from, to) {
            (Some(month), Some(from), Some(to))
                if begins(month) == from && ends(month) == Some(to) =>
            {
                months.insert(month);
            }
            _ => return Err(corrupt(TABLE, format!("partition {name}"))),
        }
    }
    Ok(months)
}

/// A statement for the months of entries that lie outside these. It reads the default partition alone,
/// which is empty as long as months are made ahead.
pub(super) fn elsewhere(months: &BTreeSet<NaiveDate>) -> Result<Sql, StoreError> {
    let mut gaps = vec![Sql::text("e.created_at >= '-infinity'")];
    for month in months {
        let (begins, ends) = (begins(*month), ends(*month));
        let ends = ends.ok_or_else(|| corrupt(TABLE, month))?;
        let gap = gaps.pop().unwrap_or_default();
        gaps.push(sql!("{} AND e.created_at < {}", gap, begins));
        gaps.push(sql!("e.created_at >= {}", ends));
    }
    Ok(sql!(
        "SELECT DISTINCT date_trunc('month', e.created_at AT TIME ZONE 'UTC')::date FROM audit_events e WHERE {}",
        Sql::join(gaps, " OR ")
    ))
}

/// The instant with which a month begins.
pub(super) fn begins(month: NaiveDate) -> DateTime<Utc> {
    month.and_time(NaiveTime::MIN).and_utc()
}

/// The first instant after a month.
pub(super) fn ends(month: NaiveDate) -> Option<DateTime<Utc>> {
    month.checked_add_months(Months::new(1)).map(begins)
}
