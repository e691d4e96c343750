//! Deletes expired replies, in the order of their key.

use super::TABLE;
use crate::pg::autocommit;
use crate::pg::pool::PgPool;
use crate::pg::row::RowReader;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use customer_domain::idempotency::{IdempotencyPurge, Purged, ReplyKey};
use customer_domain::{StoreError, TenantId};
use sqlx::postgres::PgRow;
use tracing::instrument;

/// Follows the primary key, so that a call costs the same however many replies there are. The
/// expiry is checked again on delete: a reply that replaced an expired one meanwhile stays.
const PURGE: &str = "\
    WITH seen AS MATERIALIZED ( \
      SELECT caller, route, key, expires_at FROM idempotency_keys \
      WHERE tenant_id = $1 AND (caller, route, key) > ($2, $3, $4) ORDER BY caller, route, key LIMIT $5), \
    gone AS MATERIALIZED ( \
      DELETE FROM idempotency_keys i USING seen s WHERE i.tenant_id = $1 AND i.caller = s.caller \
      AND i.route = s.route AND i.key = s.key AND s.expires_at <= $6 AND i.expires_at <= $6 RETURNING i.key) \
    SELECT caller, route, key, (SELECT count(*) FROM seen) AS seen_count, (SELECT count(*) FROM gone) AS gone_count FROM seen \
    ORDER BY caller DESC, route DESC, key DESC LIMIT 1";

/// Purges on the pool of the worker role.
pub(crate) struct PgIdempotencyPurge(pub(crate) PgPool);

#[async_trait]
impl IdempotencyPurge for PgIdempotencyPurge {
    /// One round trip.
    #[instrument(name = "db.idempotency.purge", level = "debug", skip_all)]
    async fn purge(
        &self,
        tenant: TenantId,
        after: Option<ReplyKey>,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Purged, StoreError> {
        // No key sorts before the empty one.
        let (caller, route, key) = match &after {
            Some(after) => (&*after.caller, &*after.route, &*after.key),
            None => ("", "", ""),
        };
        let rows = autocommit::fetch(&self.0, || {
            let purge = sqlx::query(PURGE).bind(tenant.0).bind(caller);
            let purge = purge.bind(route).bind(key).bind(i64::from(limit));
            purge.bind(now)
        });
        rows.await?
            .first()
            .map_or_else(|| Ok(Purged::default()), purged)
    }
}

fn purged(row: &PgRow) -> Result<Purged, StoreError> {
    let row = RowReader::new(row, TABLE);
    let last = ReplyKey {
        caller: row.column("caller")?,
        route: row.column("route")?,
        key: row.column("key")?,
    };
    Ok(Purged {
        seen: row.parsed("seen_count", |count: i64| u32::try_from(count).ok())?,
        deleted: row.parsed("gone_count", |count: i64| u32::try_from(count).ok())?,
        last: Some(last),
    })
}
