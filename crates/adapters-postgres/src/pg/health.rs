//! The check whether the database answers.

use super::error::Failure;
use super::pool::{PgPool, PooledConnection};
use async_trait::async_trait;
use customer_domain::{StoreError, StoreHealth};
use sqlx::Connection;
use std::time::Duration;
use tokio::time::timeout;
use tracing::instrument;

/// How long the check may take, including the wait for a connection.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);

/// Checks on the worker's pool: a busy serving pool does not mean that the database is down.
pub(crate) struct PgHealth(pub(crate) PgPool);

impl PgHealth {
    async fn check(&self) -> Result<(), StoreError> {
        match ping(self.0.acquire().await?).await {
            Err(_) => Ok(ping(self.0.replacement().await?).await?),
            Ok(()) => Ok(()),
        }
    }
}

async fn ping(mut connection: PooledConnection) -> Result<(), Failure> {
    connection.start()?.ping().await?;
    connection.finish();
    Ok(())
}

#[async_trait]
impl StoreHealth for PgHealth {
    /// One round trip, within a second; two if the first connection turns out to be dead.
    #[instrument(name = "db.ping", level = "debug", skip_all)]
    async fn ping(&self) -> Result<(), StoreError> {
        timeout(CHECK_TIMEOUT, self.check())
            .await
            .unwrap_or_else(|_| {
                Err(StoreError::Unavailable(
                    "the database did not answer within a second".to_owned(),
                ))
            })
    }
}
