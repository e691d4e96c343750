//! One open transaction on one connection.

use super::error::Failure;
use super::message;
use super::orm::OrmConnection;
use super::pool::{PgPool, PooledConnection};
use super::sql::Sql;
use customer_domain::{StoreError, TenantId};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres};

/// A transaction inside a tenant. A failed statement ends it at once; every later one fails
/// with the same error.
pub(crate) struct Tx {
    connection: PooledConnection,
    tenant: TenantId,
    failed: Option<StoreError>,
}

impl Tx {
    /// Begins a transaction, sets the tenant and runs the given statements, whose rows it returns:
    /// one round trip. A dead connection is replaced once.
    pub(crate) async fn begin(
        pool: &PgPool,
        tenant: TenantId,
        then: &[&[Sql]],
    ) -> Result<(Self, Vec<PgRow>), StoreError> {
        match Self::begin_on(pool.acquire().await?, tenant, then).await {
            Err(failure) if failure.dead => {
                Ok(Self::begin_on(pool.replacement().await?, tenant, then).await?)
            }
            outcome => Ok(outcome?),
        }
    }

    async fn begin_on(
        mut connection: PooledConnection,
        tenant: TenantId,
        then: &[&[Sql]],
    ) -> Result<(Self, Vec<PgRow>), Failure> {
        let batching = connection.batching();
        let opened = message::begin(connection.start()?, batching, tenant, then).await;
        let mut tx = Self {
            connection,
            tenant,
            failed: None,
        };
        let rows = match opened {
            Ok(rows) => rows,
            Err(error) => return Err(tx.end(error.into()).await),
        };
        tx.connection.stay();
        Ok((tx, rows))
    }

    /// Returns the tenant of this transaction.
    pub(crate) fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Runs a statement with bound parameters, and returns how many rows it affected. One round
    /// trip, one more if its text is new to the connection.
    pub(crate) async fn execute(
        &mut self,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> Result<u64, StoreError> {
        let outcome = statement.execute(self.start()?).await;
        Ok(self.settle(outcome).await?.rows_affected())
    }

    /// Runs a statement as [`execute`](Self::execute) does, and returns its rows.
    pub(crate) async fn fetch(
        &mut self,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, StoreError> {
        let outcome = statement.fetch_all(self.start()?).await;
        self.settle(outcome).await
    }

    /// Runs several statements in one message, each with its own snapshot, and returns the rows of
    /// all of them. One round trip; on a distributed server one for each.
    pub(crate) async fn message(&mut self, statements: &[Sql]) -> Result<Vec<PgRow>, StoreError> {
        let batching = self.connection.batching();
        let outcome = message::send(self.start()?, batching, &[statements]).await;
        self.settle(outcome).await
    }

    /// Returns the connection for entities; pass the outcome to [`settle`](Self::settle).
    pub(crate) fn orm(&mut self) -> Result<OrmConnection<'_>, StoreError> {
        self.start().map(OrmConnection::new)
    }

    /// Commits. One round trip.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        let committed = sqlx::raw_sql("COMMIT").execute(self.start()?).await;
        match committed.map_err(Failure::from) {
            Ok(_) => {
                self.connection.finish();
                Ok(())
            }
            Err(failure) if failure.dead => Err(StoreError::Unavailable(
                "the connection broke during the commit, whose outcome is unknown".to_owned(),
            )),
            Err(failure) => Err(self.end(failure).await.error),
        }
    }

    /// Rolls back. One round trip; none if a failure has ended the transaction already.
    pub(crate) async fn roll_back(mut self) -> Result<(), StoreError> {
        if self.failed.is_some() || self.connection.roll_back(true).await {
            Ok(())
        } else {
            Err(Failure::dead("the connection to the database broke").into())
        }
    }

    /// Ends the transaction with `error`, which every later statement returns too.
    pub(crate) async fn fail(&mut self, error: StoreError) -> StoreError {
        self.end(error.into()).await.error
    }

    fn start(&mut self) -> Result<&mut PgConnection, StoreError> {
        match &self.failed {
            Some(error) => Err(error.clone()),
            None => Ok(self.connection.start()?),
        }
    }

    /// Records the outcome of a statement: an error ends the transaction.
    pub(crate) async fn settle<T, E: Into<Failure>>(
        &mut self,
        outcome: Result<T, E>,
    ) -> Result<T, StoreError> {
        match outcome {
            Ok(value) => {
                self.connection.stay();
                Ok(value)
            }
            Err(error) => Err(self.end(error.into()).await.error),
        }
    }

    async fn end(&mut self, failure: Failure) -> Failure {
        self.failed = Some(failure.error.clone());
        if failure.dead {
            self.connection.close();
        } else {
            self.connection.roll_back(true).await;
            // The caller may keep the unit of work for a while.
            self.connection.release();
        }
        failure
    }
}
