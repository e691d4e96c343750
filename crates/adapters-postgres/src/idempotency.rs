//! Idempotent requests: a lock while the first one runs, its stored reply afterwards.

mod purge;

pub(crate) use purge::PgIdempotencyPurge;

use crate::pg::builder::{self, Builder};
use crate::pg::row::RowReader;
use crate::pg::sql::{Sql, sql};
use crate::pg::tx::Tx;
use customer_domain::idempotency::{IdempotencyClaim, StoredReply};
use customer_domain::{StoreError, TenantId};
use sqlx::postgres::PgRow;

const TABLE: &str = "idempotency_keys";

pub(crate) const INSERT: &str = "INSERT INTO idempotency_keys (tenant_id, caller, route, key, body_digest, status, \
     location, etag, body, created_at, expires_at)";

/// Returns the statement that takes the claim's lock if it is free. The lock ends with the
/// transaction.
pub(crate) fn try_lock(tenant: TenantId, claim: &IdempotencyClaim) -> Sql {
    // The unit separator occurs in no tenant id and no route.
    let name = format!(
        "{tenant}\u{1f}{}\u{1f}{}\u{1f}{}",
        claim.route, claim.caller, claim.key
    );
    sql!(
        "SELECT pg_try_advisory_xact_lock(hashtextextended({}, 0))",
        name
    )
}

/// Returns whether [`try_lock`] took the lock.
pub(crate) fn has_lock(rows: &[PgRow]) -> Result<bool, StoreError> {
    rows.first()
        .map_or(Ok(false), |row| RowReader::new(row, TABLE).column(0))
}

/// Returns the reply that has not expired, with the digest of its request's body. One round trip.
pub(crate) async fn find(
    tx: &mut Tx,
    claim: &IdempotencyClaim,
) -> Result<Option<([u8; 32], StoredReply)>, StoreError> {
    let select = sqlx::query(
        "SELECT body_digest, status, location, etag, body FROM idempotency_keys \
         WHERE tenant_id = $1 AND caller = $2 AND route = $3 AND key = $4 AND expires_at > $5",
    )
    .bind(tx.tenant().0)
    .bind(&claim.caller)
    .bind(&claim.route)
    .bind(&claim.key)
    .bind(claim.now);
    let rows = tx.fetch(select).await?;
    rows.first().map(reply).transpose()
}

fn reply(row: &PgRow) -> Result<([u8; 32], StoredReply), StoreError> {
    let row = RowReader::new(row, TABLE);
    let digest = row.parsed("body_digest", |digest: Vec<u8>| digest.try_into().ok())?;
    let reply = StoredReply {
        status: row.parsed("status", |status: i32| status.try_into().ok())?,
        location: row.column("location")?,
        etag: row.column("etag")?,
        body: row.column("body")?,
    };
    Ok((digest, reply))
}

/// Appends the row of a reply, which replaces an expired one; `$1` is the tenant. It counts 0 rows
/// if an unexpired reply is stored.
pub(crate) fn values(builder: &mut Builder, claim: &IdempotencyClaim, reply: &StoredReply) {
    builder::values(builder, "$1", [(claim, reply)], |row, (claim, reply)| {
        row.push_bind(claim.caller.as_str())
            .push_bind(claim.route.as_str())
            .push_bind(claim.key.as_str())
            .push_bind(claim.body_digest.as_slice())
            .push_bind(i32::from(reply.status))
            .push_bind(reply.location.as_deref())
            .push_bind(reply.etag.as_deref())
            .push_bind(reply.body.as_slice())
            .push_bind(claim.now)
            .push_bind(claim.expires_at);
    });
    builder.push(
        " ON CONFLICT (tenant_id, caller, route, key) DO UPDATE SET body_digest = excluded.body_digest, \
         status = excluded.status, location = excluded.location, etag = excluded.etag, body = excluded.body, \
         created_at = excluded.created_at, expires_at = excluded.expires_at \
         WHERE idempotency_keys.tenant_id = $1 AND idempotency_keys.expires_at <= ",
    )
    .push_bind(claim.now);
}
