//! Whether the database answers.

use super::error::Failure;
use super::pool::{PgPool, PooledConnection};
use async_trait::async_trait;
use customer_domain::{StoreError, StoreHealth};
use sqlx::Connection;
use std::time::Duration;
use tokio::time::timeout;
use tracing::instrument;

/// How long the answer may take, a connection's wait included.
const BOUND: Duration = Duration::from_secs(1);

/// Asks on the worker's pool: a serving pool that is busy is no database that is gone.
pub(crate) struct PgHealth(pub(crate) PgPool);

impl PgHealth {
    async fn ask(&self) -> Result<(), StoreError> {
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
    /// One round trip, within a second.
    #[instrument(name = "db.ping", level = "debug", skip_all)]
    async fn ping(&self) -> Result<(), StoreError> {
        timeout(BOUND, self.ask()).await.unwrap_or_else(|_| {
            Err(StoreError::Unavailable(
                "the database did not answer within a second".to_owned(),
            ))
        })
    }
}
