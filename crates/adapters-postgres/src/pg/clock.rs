//! The time of units of work, by the clock of the database, and the horizon of reads by time.
//!
//! A unit of work takes a shared advisory lock on its tenant and the current second, and then reads
//! the clock. Until it ends, the horizon of the tenant is no later than that second. So the horizon
//! is the time that was read before the locks were: what began since has a later time, and what is
//! still open shows its lock.
//!
//! A unit of work that hangs, even in its COMMIT, hides what the tenant wrote since then from reads by
//! time, and from them alone. The server ends a statement after `statement_timeout` (10 s), and a
//! transaction whose client is silent after `idle_in_transaction_session_timeout` (15 s). Nothing
//! ends a COMMIT that waits for a synchronous replica: it hides as long as it waits.

use super::pool::PgPool;
use super::read;
use super::row::{RowReader, corrupt};
use super::sql::{Sql, sql};
use chrono::{DateTime, Utc};
use customer_domain::{StoreError, TenantId};
use sqlx::postgres::PgRow;

/// What errors in these rows are reported for.
const TABLE: &str = "pg_locks";

const NAME: &str = "work_time";

/// Returns the statement that every connection prepares: its name, its parameter's type and its
/// text. The second is the object of the lock as `pg_locks` shows it, an unsigned number.
pub(crate) fn prepared() -> (&'static str, &'static str, Sql) {
    let text = Sql::text(
        "SELECT clock_timestamp() AS now FROM \
         pg_advisory_xact_lock_shared($1, floor(date_part('epoch', clock_timestamp()))::bigint::bit(32)::int)",
    );
    (NAME, "int", text)
}

/// Returns the statement that begins the time of a transaction.
pub(crate) fn begin(tenant: TenantId) -> Sql {
    Sql::execute(NAME, &[&lock_class(tenant).cast_signed()])
}

/// Returns the time that [`begin`] read.
pub(crate) fn begun(row: Option<&PgRow>) -> Result<DateTime<Utc>, StoreError> {
    let row = row.ok_or_else(|| corrupt(TABLE, "now"))?;
    RowReader::new(row, TABLE).column("now")
}

/// Returns the horizon of a tenant. One round trip; on a distributed server five.
pub(crate) async fn horizon(pool: &PgPool, tenant: TenantId) -> Result<DateTime<Utc>, StoreError> {
    // Two statements: the clock is read before the locks.
    let now = Sql::text("SELECT clock_timestamp() AS at");
    let earliest = sql!(
        "SELECT to_timestamp(min(l.objid::bigint)) AS at FROM pg_locks l \
         WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid::bigint = {} \
         AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())",
        lock_class(tenant)
    );
    let rows = read::rows(pool, tenant, &[now, earliest]).await?;
    let mut times = Vec::with_capacity(rows.len());
    for row in &rows {
        times.extend(RowReader::new(row, TABLE).column::<Option<DateTime<Utc>>>("at")?);
    }
    times.into_iter().min().ok_or_else(|| corrupt(TABLE, "at"))
}

/// Returns the first half of the locks of a tenant. Two tenants that share one only see an earlier
/// horizon.
fn lock_class(tenant: TenantId) -> u32 {
    let (high, low) = tenant.0.as_u64_pair();
    let mixed = high ^ low;
    let [upper, lower] = [mixed >> 32, mixed & u64::from(u32::MAX)];
    u32::try_from(upper ^ lower).unwrap_or_default()
}
