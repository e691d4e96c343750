//! The months of the audit trail, read from the bounds of its partitions instead of a scan by time.

use super::TABLE;
use crate::pg::row::{RowReader, corrupt};
use crate::pg::sql::{Sql, sql};
use chrono::{DateTime, Months, NaiveDate, NaiveTime, Utc};
use customer_domain::StoreError;
use sqlx::postgres::PgRow;
use std::collections::BTreeSet;

/// Name and bounds of each partition but the default one; no bounds if they are not two instants.
pub(super) const LIST: Sql = Sql::text(
    "\
    SELECT p.name, p.ends[1]::timestamptz AS begins, p.ends[2]::timestamptz AS ends FROM (\
      SELECT c.relname::text AS name, regexp_match(pg_get_expr(c.relpartbound, c.oid), \
        '^[^'']+''([^'']+)''[^'']+''([^'']+)''[^'']+$') AS ends \
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
      WHERE i.inhparent = 'audit_events'::regclass AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT') p",
);

/// Decodes the rows of [`LIST`]. Fails on a partition that is not one month: none is created.
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

/// Returns a statement for the months of entries outside of `months`. It reads only the default
/// partition, which is empty as long as partitions are created ahead.
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

/// Returns the first instant of a month.
pub(super) fn begins(month: NaiveDate) -> DateTime<Utc> {
    month.and_time(NaiveTime::MIN).and_utc()
}

/// Returns the first instant after a month; `None` if it is out of range.
pub(super) fn ends(month: NaiveDate) -> Option<DateTime<Utc>> {
    month.checked_add_months(Months::new(1)).map(begins)
}
