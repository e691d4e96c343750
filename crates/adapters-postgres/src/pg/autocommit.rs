//! Statements that each are a transaction, outside of any tenant: those of jobs.

use super::error::Failure;
use super::pool::{PgPool, PooledConnection};
use customer_domain::StoreError;
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;

/// Runs the statement that `make` returns, once more if the connection turns out to be dead, so it
/// may run twice. One round trip, one more if its text is new to the connection.
pub(crate) async fn fetch<'q>(
    pool: &PgPool,
    make: impl Fn() -> Query<'q, Postgres, PgArguments> + Sync,
) -> Result<Vec<PgRow>, StoreError> {
    match fetch_on(pool.acquire().await?, make()).await {
        Err(failure) if failure.dead => Ok(fetch_on(pool.replacement().await?, make()).await?),
        outcome => Ok(outcome?),
    }
}

async fn fetch_on(
    mut connection: PooledConnection,
    statement: Query<'_, Postgres, PgArguments>,
) -> Result<Vec<PgRow>, Failure> {
    let outcome = statement.fetch_all(connection.start()?).await;
    let outcome = outcome.map_err(Failure::from);
    match &outcome {
        Err(failure) if failure.dead => connection.close(),
        _ => connection.finish(),
    }
    outcome
}
