//! A pool of connections that adds no round trips.
//!
//! A connection is marked from the moment something is sent until its answer is complete, and
//! from BEGIN to COMMIT. One that is returned while it is marked is never used again as it is: with
//! an incomplete answer it is closed; in a transaction it is rolled back first, by a task that
//! [`PgPool::close`] waits for.

use super::error::Failure;
use super::message::{self, Batching};
use super::settings::PgSettings;
use super::sql::Sql;
use customer_domain::StoreError;
use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection as _, PgConnection};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// A connection that was idle for longer is pinged before it is used.
const PING_AFTER: Duration = Duration::from_secs(5);
/// How long a ping or a rollback may take before the connection is closed.
const REPLY_TIMEOUT: Duration = Duration::from_secs(1);
/// The maximum number of connections that are being opened at the same time.
const MAX_OPENING: usize = 4;
/// How long [`PgPool::close`] waits for rollbacks.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// What a connection is in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ConnectionState {
    /// Nothing: any caller may use it.
    Clean,
    /// A transaction, between two statements.
    InTransaction,
    /// A message whose answer is not complete.
    Busy,
}

/// A connection in the pool.
pub(crate) struct Connection {
    inner: PgConnection,
    state: ConnectionState,
    expires: Instant,
    idle_since: Instant,
}

/// Opens connections, and decides which returned ones may be used again.
pub(crate) struct Connector {
    options: PgConnectOptions,
    /// The hot statements, prepared on every connection.
    prepare: Vec<Sql>,
    batching: Batching,
    max_lifetime: Duration,
    opened: AtomicU32,
    opening: Arc<Semaphore>,
    /// How long a caller waits for a connection.
    acquire_timeout: Duration,
}

impl Connector {
    /// Opens a connection, on a separate thread: while the driver computes the proof of the
    /// password it yields to the other tasks hundreds of times. Under load that would take longer
    /// than any caller waits, and no connection would ever be opened.
    async fn open(&self) -> Result<PgConnection, sqlx::Error> {
        let turn = Arc::clone(&self.opening).acquire_owned().await;
        let turn = turn.map_err(|_| sqlx::Error::PoolClosed)?;
        let (options, acquire_timeout, runtime) = (
            self.options.clone(),
            self.acquire_timeout,
            Handle::current(),
        );
        let opened = spawn_blocking(move || {
            let opened =
                runtime.block_on(async { timeout(acquire_timeout, options.connect()).await });
            drop(turn);
            opened.unwrap_or(Err(sqlx::Error::PoolTimedOut))
        });
        opened.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }
}

impl managed::Manager for Connector {
    type Type = Connection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Connection, sqlx::Error> {
        // Boxed, like the ping below: large futures that rarely run would enlarge the future of
        // every caller, and moving that costs more than the pool itself.
        let mut inner = Box::pin(self.open()).await?;
        Box::pin(message::send(&mut inner, self.batching, &[&self.prepare])).await?;
        // Up to a tenth shorter, so that connections opened together do not expire together.
        let spread = self.max_lifetime / 100 * (self.opened.fetch_add(1, Ordering::Relaxed) % 10);
        let now = Instant::now();
        Ok(Connection {
            inner,
            state: ConnectionState::Clean,
            expires: now + self.max_lifetime.saturating_sub(spread),
            idle_since: now,
        })
    }

    async fn recycle(
        &self,
        connection: &mut Connection,
        _: &Metrics,
    ) -> Result<(), RecycleError<sqlx::Error>> {
        if connection.state != ConnectionState::Clean || Instant::now() >= connection.expires {
            return Err(RecycleError::message("of age or not clean"));
        }
        if connection.idle_since.elapsed() > PING_AFTER {
            timeout(REPLY_TIMEOUT, Box::pin(connection.inner.ping()))
                .await
                .map_err(|_| RecycleError::message("no answer"))??;
        }
        Ok(())
    }
}

/// A pool of connections that serve as one role.
#[derive(Clone)]
pub struct PgPool {
    inner: managed::Pool<Connector>,
    batching: Batching,
    acquire_timeout: Duration,
    rollbacks: TaskTracker,
}

impl PgPool {
    /// Opens a pool that prepares these statements on every connection.
    pub(crate) async fn open(settings: &PgSettings, prepare: Vec<Sql>) -> Result<Self, StoreError> {
        let batching = if settings.distributed {
            Batching::PerStatement
        } else {
            Batching::Single
        };
        let connector = Connector {
            options: settings.connect_options().map_err(Failure::from)?,
            prepare,
            batching,
            max_lifetime: settings.max_lifetime,
            opened: AtomicU32::new(0),
            opening: Arc::new(Semaphore::new(MAX_OPENING)),
            acquire_timeout: settings.acquire_timeout,
        };
        let inner = managed::Pool::builder(connector)
            .max_size(settings.max_connections.max(1))
            .queue_mode(QueueMode::Lifo)
            .build()
            .map_err(|_| StoreError::Unavailable("the pool cannot be built".to_owned()))?;
        let pool = Self {
            inner,
            batching,
            acquire_timeout: settings.acquire_timeout,
            rollbacks: TaskTracker::new(),
        };
        let first = settings.min_idle.min(settings.max_connections.max(1));
        futures_util::future::try_join_all((0..first).map(|_| pool.acquire())).await?;
        Ok(pool)
    }

    /// Closes the pool: waiting callers get an error, connections in use are closed when they are
    /// returned. Waits up to five seconds for rollbacks under way.
    pub async fn close(&self) {
        self.inner.close();
        self.rollbacks.close();
        if timeout(CLOSE_TIMEOUT, self.rollbacks.wait()).await.is_err() {
            tracing::warn!("rollbacks were still under way when the pool closed");
        }
    }

    /// Returns how many connections there are, and how many callers wait for one.
    pub fn status(&self) -> PoolStatus {
        let status = self.inner.status();
        PoolStatus {
            max: status.max_size,
            open: status.size,
            idle: status.available,
            waiting: status.waiting,
        }
    }

    /// Returns how many statements a message may hold.
    pub(crate) fn batching(&self) -> Batching {
        self.batching
    }

    /// Takes a connection from the pool, within the time that a caller may wait.
    pub(crate) async fn acquire(&self) -> Result<PooledConnection, Failure> {
        match timeout(self.acquire_timeout, self.inner.get()).await {
            Ok(Ok(connection)) => Ok(PooledConnection {
                connection: Some(connection),
                batching: self.batching,
                rollbacks: self.rollbacks.clone(),
            }),
            Ok(Err(PoolError::Backend(error))) => Err(refused(error)),
            Ok(Err(PoolError::Closed)) => Err(Failure::unavailable("the pool is closed")),
            Ok(Err(_)) | Err(_) => Err(Failure::unavailable("no connection became free in time")),
        }
    }

    /// Opens a connection in place of one that turned out to be dead, to repeat a read or a BEGIN.
    /// Closes the idle connections: they are probably dead too.
    pub(crate) async fn replacement(&self) -> Result<PooledConnection, Failure> {
        self.inner.retain(|_, _| false);
        self.acquire().await
    }
}

/// Converts the error of a connection that could not be opened: whatever the reason, the store is
/// unavailable, and another attempt is useless.
fn refused(error: sqlx::Error) -> Failure {
    let error = Failure::from(error).error;
    if matches!(error, StoreError::Unavailable(_)) {
        error.into()
    } else {
        Failure::unavailable("the database refuses connections")
    }
}

/// The state of a pool, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolStatus {
    /// The maximum number of connections.
    pub max: usize,
    /// The number of open connections.
    pub open: usize,
    /// The number of open connections that are not in use.
    pub idle: usize,
    /// The number of callers that wait for a connection.
    pub waiting: usize,
}

/// A connection of the pool, in use. Every use is framed by [`start`](Self::start) and one of
/// [`finish`](Self::finish), [`stay`](Self::stay) and [`roll_back`](Self::roll_back).
pub(crate) struct PooledConnection {
    /// `None` once it was closed or returned.
    connection: Option<Object<Connector>>,
    batching: Batching,
    rollbacks: TaskTracker,
}

impl PooledConnection {
    /// Returns how many statements a message may hold.
    pub(crate) fn batching(&self) -> Batching {
        self.batching
    }

    /// Marks the connection as busy: if dropped before the matching call, it is closed.
    pub(crate) fn start(&mut self) -> Result<&mut PgConnection, Failure> {
        let connection = self
            .connection
            .as_mut()
            .ok_or_else(|| Failure::dead("the connection was closed"))?;
        connection.state = ConnectionState::Busy;
        Ok(&mut connection.inner)
    }

    /// Marks the answer as complete, with no transaction open.
    pub(crate) fn finish(&mut self) {
        self.mark(ConnectionState::Clean);
    }

    /// Marks the answer as complete, with the transaction still open.
    pub(crate) fn stay(&mut self) {
        self.mark(ConnectionState::InTransaction);
    }

    /// Rolls back the transaction, so that its locks are released before the caller learns of the
    /// error; if none is open, the same as [`finish`](Self::finish). One round trip. Returns
    /// `false` if the connection does not answer, and closes it.
    pub(crate) async fn roll_back(&mut self, is_open: bool) -> bool {
        if !is_open {
            self.finish();
            return true;
        }
        let Ok(connection) = self.start() else {
            return false;
        };
        let rollback = sqlx::raw_sql("ROLLBACK").execute(connection);
        let answered = matches!(timeout(REPLY_TIMEOUT, rollback).await, Ok(Ok(_)));
        if answered {
            self.finish();
        } else {
            self.close();
        }
        answered
    }

    /// Closes the connection now.
    pub(crate) fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }

    fn mark(&mut self, state: ConnectionState) {
        if let Some(connection) = self.connection.as_mut() {
            connection.state = state;
        }
    }

    /// Returns the connection now: a busy one is closed, one in a transaction rolled back first.
    pub(crate) fn release(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        match (connection.state, Handle::try_current()) {
            (ConnectionState::Clean, _) => connection.idle_since = Instant::now(),
            (ConnectionState::InTransaction, Ok(runtime)) => {
                // If the runtime refuses the task, dropping it closes the busy connection.
                connection.state = ConnectionState::Busy;
                let mut own = Self {
                    connection: Some(connection),
                    batching: self.batching,
                    rollbacks: self.rollbacks.clone(),
                };
                self.rollbacks
                    .spawn_on(async move { own.roll_back(true).await }, &runtime);
            }
            (ConnectionState::Busy | ConnectionState::InTransaction, _) => {
                drop(Object::take(connection));
            }
        }
    }
}

impl Drop for PooledConnection {
    fn drop(&mut self) {
        self.release();
    }
}
