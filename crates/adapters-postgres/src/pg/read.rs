//! Reads inside a tenant, in the transaction that a message is by itself.

use super::error::Failure;
use super::message::{self, Batching};
use super::pool::{PgPool, PooledConnection};
use super::sql::Sql;
use customer_domain::{StoreError, TenantId};
use sqlx::postgres::PgRow;
use uuid::Uuid;

/// For statements of the worker about all tenants: it sees all of them, whichever is set.
pub(crate) const ANY_TENANT: TenantId = TenantId(Uuid::nil());

/// Runs reads inside the tenant, and yields the rows of all of them; once more when the
/// connection turns out to be dead. One round trip; when distributed, one for each statement, and
/// BEGIN, the setting and COMMIT.
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
