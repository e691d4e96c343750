//! Reads inside a tenant, in the implicit transaction of one message.

use super::error::Failure;
use super::message::{self, Batching};
use super::pool::{PgPool, PooledConnection};
use super::sql::Sql;
use customer_domain::{StoreError, TenantId};
use sqlx::postgres::PgRow;
use uuid::Uuid;

/// For statements of the worker role on all tenants: it sees all of them, whichever is set.
pub(crate) const ANY_TENANT: TenantId = TenantId(Uuid::nil());

/// Runs statements inside the tenant, and returns the rows of all of them; once more if the
/// connection turns out to be dead, so they may run twice. One round trip; on a distributed server
/// one for each statement, and for BEGIN, the setting and COMMIT.
pub(crate) async fn rows(
    pool: &PgPool,
    tenant: TenantId,
    statements: &[Sql],
) -> Result<Vec<PgRow>, StoreError> {
    match read_on(pool.acquire().await?, tenant, statements).await {
        Err(failure) if failure.dead => {
            Ok(read_on(pool.replacement().await?, tenant, statements).await?)
        }
        outcome => Ok(outcome?),
    }
}

async fn read_on(
    mut connection: PooledConnection,
    tenant: TenantId,
    statements: &[Sql],
) -> Result<Vec<PgRow>, Failure> {
    let batching = connection.batching();
    let setting = [message::setting(tenant)];
    let (open, close): (&[_], &[_]) = match batching {
        Batching::Single => (&[], &[]),
        Batching::PerStatement => (&[Sql::text("BEGIN")], &[Sql::text("COMMIT")]),
    };
    let sent = [open, &setting, statements, close];
    match message::send(connection.start()?, batching, &sent).await {
        Ok(rows) => {
            connection.finish();
            Ok(rows)
        }
        Err(error) => {
            let failure = Failure::from(error);
            if !failure.dead {
                connection
                    .roll_back(batching == Batching::PerStatement)
                    .await;
            }
            Err(failure)
        }
    }
}
