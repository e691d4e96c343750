//! Migrations: the files of `migrations/`, built into the program.
//!
//! They run as the role of the URL, which owns the schema. A lock in the database admits one
//! migrator at a time. The lock is polled: a session that waits for it inside the database holds a
//! snapshot, and an index that is built CONCURRENTLY waits for all snapshots to end.

use super::sql::{Sql, sql};
use customer_domain::StoreError;
use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::{Migrate, MigrateError, Migration, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Executor, PgPool, Postgres};
use std::collections::BTreeSet;
use std::time::Duration;
use thiserror::Error;
use tokio::time::{sleep, timeout};

/// How long a database may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// The key of the advisory lock that a migrator holds: `customer` in ASCII. PostgreSQL keeps such
/// locks per database.
const LOCK: i64 = 0x6375_7374_6f6d_6572;
/// The pause between two attempts to take the lock.
const LOCK_PAUSE: Duration = Duration::from_millis(100);
/// How long the attempt may take that finds out why no connection was opened within
/// [`START_TIMEOUT`].
const LAST_TRY: Duration = Duration::from_secs(2);

/// The migrations of this release.
pub static SCHEMA: Migrations = Migrations(sqlx::migrate!("../../migrations"));

/// Numbered migrations, each with its way back.
#[derive(Debug)]
pub struct Migrations(Migrator);

/// One migration, and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// The number with which the name of its file begins.
    pub version: i64,
    /// The description that follows the number.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// An error in migrating the schema.
#[derive(Debug, Error)]
pub enum MigrationError {
    /// The database cannot be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database cannot be reached or refuses the login. For operators: contains the driver's
    /// message.
    #[error("the database is unavailable: {0}")]
    Connection(sqlx::Error),
    /// A migration failed, or was applied with a text that differs from that of this release.
    /// For operators: contains the database's message.
    #[error("the schema could not be migrated: {0}")]
    Migration(#[from] MigrateError),
}

impl Migrations {
    /// Takes the migrations of a folder, as `sqlx::migrate!` embeds it.
    pub const fn new(migrator: Migrator) -> Self {
        Self(migrator)
    }

    /// Applies every migration that the database does not have yet.
    ///
    /// Migrations that are unknown to this release are logged as a warning and left alone: a newer
    /// release applied them, and each stays compatible with the release before it (expand, then
    /// contract).
    ///
    /// # Errors
    /// If the database cannot be reached, has a migration with a text that differs from that of
    /// this release, or a migration fails: then it and those after it are not applied, those before
    /// it are.
    pub async fn apply(&'static self, url: &SecretString) -> Result<(), MigrationError> {
        let pool = connect(url).await?;
        let migrated = self.run(&pool).await;
        pool.close().await;
        Ok(migrated?)
    }

    async fn run(&'static self, pool: &PgPool) -> Result<(), MigrateError> {
        let mut locked = lock(pool).await?;
        let applied = self.applied(&mut locked).await?;
        let is_known = |version: &i64| self.0.version_exists(*version);
        let unknown: Vec<_> = applied.iter().filter(|one| !is_known(one)).collect();
        if !unknown.is_empty() {
            tracing::warn!(versions = ?unknown, "a newer program has migrated this database");
        }
        let pending = self.0.iter().filter(|one| {
            !one.migration_type.is_down_migration() && !applied.contains(&one.version)
        });
        drop_remnants(&mut locked, pending).await?;
        let mut migrator = self.migrator();
        migrator.set_ignore_missing(true);
        migrator.run(pool).await
    }

    /// Returns a migrator that takes no lock itself: the caller must hold [`LOCK`].
    fn migrator(&self) -> Migrator {
        let mut migrator = Migrator::with_migrations(self.0.iter().cloned().collect());
        migrator.set_locking(false);
        migrator
    }

    /// Reverts the last `steps` applied migrations.
    ///
    /// # Errors
    /// As [`apply`](Self::apply), and if the database has a migration that is unknown to this
    /// release, which may depend on the others.
    pub async fn revert(
        &'static self,
        url: &SecretString,
        steps: usize,
    ) -> Result<(), MigrationError> {
        let pool = connect(url).await?;
        let reverted = self.undo(&pool, steps).await;
        pool.close().await;
        Ok(reverted?)
    }

    async fn undo(&'static self, pool: &PgPool, steps: usize) -> Result<(), MigrateError> {
        let mut locked = lock(pool).await?;
        let mut applied = self.applied(&mut locked).await?;
        applied.retain(|version| self.0.version_exists(*version));
        let kept = applied.len().saturating_sub(steps);
        let target = applied.iter().take(kept).next_back().copied().unwrap_or(0);
        let pending = self.0.iter().filter(|one| {
            one.migration_type.is_down_migration()
                && one.version > target
                && applied.contains(&one.version)
        });
        drop_remnants(&mut locked, pending).await?;
        self.migrator().undo(pool, target).await
    }

    /// Returns every migration, in order.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub async fn status(&self, url: &SecretString) -> Result<Vec<MigrationStatus>, MigrationError> {
        let pool = connect(url).await?;
        let applied = self.applied_on(&pool).await;
        pool.close().await;
        let applied = applied?;
        let up = self.0.iter();
        let up = up.filter(|migration| !migration.migration_type.is_down_migration());
        Ok(up
            .map(|migration| MigrationStatus {
                version: migration.version,
                name: migration.description.to_string(),
                applied: applied.contains(&migration.version),
            })
            .collect())
    }

    async fn applied_on(&self, pool: &PgPool) -> Result<BTreeSet<i64>, MigrateError> {
        self.applied(&mut *pool.acquire().await?).await
    }

    /// Returns the versions that the database has; empty if it was never migrated.
    async fn applied(&self, connection: &mut PgConnection) -> Result<BTreeSet<i64>, MigrateError> {
        let table = &self.0.table_name;
        let is_there: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
            .bind(&**table)
            .fetch_one(&mut *connection)
            .await?;
        if !is_there {
            return Ok(BTreeSet::new());
        }
        let applied = connection.list_applied_migrations(table).await?;
        Ok(applied
            .into_iter()
            .map(|migration| migration.version)
            .collect())
    }
}

/// Waits until no other migrator runs, and returns the connection that holds the lock until the
/// pool is closed.
async fn lock(pool: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    if try_lock(&mut connection).await? {
        return Ok(connection);
    }
    tracing::info!("waiting for another migrator of this database");
    while !try_lock(&mut connection).await? {
        sleep(LOCK_PAUSE).await;
    }
    Ok(connection)
}

async fn try_lock(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(LOCK)
        .fetch_one(connection)
        .await
}

/// Drops what interrupted runs left of the indexes that are about to be built: building an index
/// CONCURRENTLY is no transaction, so it can be half built, or complete but not recorded.
async fn drop_remnants(
    connection: &mut PgConnection,
    pending: impl Iterator<Item = &'static Migration>,
) -> Result<(), sqlx::Error> {
    let alone = pending.filter(|migration| migration.no_tx);
    let indexes: Vec<_> = alone
        .filter_map(|migration| index_built(migration.sql.as_str()))
        .collect();
    for index in indexes {
        let drop = sql!("DROP INDEX CONCURRENTLY IF EXISTS {}", Sql::text(index));
        connection.execute(drop).await?;
    }
    Ok(())
}

/// Returns the name of the index that a migration builds CONCURRENTLY, if it builds one.
fn index_built(sql: &'static str) -> Option<&'static str> {
    let mut lines = sql.lines();
    let built = lines.find_map(|line| line.strip_prefix("CREATE INDEX CONCURRENTLY "))?;
    built.split_whitespace().next()
}

/// Opens a pool of two connections: one holds the lock, the other is for sqlx's migrator. Waits a
/// little for a database that is starting.
async fn connect(url: &SecretString) -> Result<PgPool, MigrationError> {
    let options: PgConnectOptions = url
        .expose_secret()
        .parse()
        .map_err(MigrationError::Connection)?;
    let options = options
        .application_name("customer-service migrate")
        // Suppresses the notices of IF EXISTS and IF NOT EXISTS.
        .options([("client_min_messages", "warning")])
        .disable_statement_logging();
    let connected = PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(START_TIMEOUT)
        .connect_with(options.clone())
        .await;
    match connected {
        // The pool does not report the reason.
        Err(sqlx::Error::PoolTimedOut) => Err(MigrationError::Connection(refusal(&options).await)),
        connected => connected.map_err(MigrationError::Connection),
    }
}

/// Returns the reason why no connection can be opened.
async fn refusal(options: &PgConnectOptions) -> sqlx::Error {
    match timeout(LAST_TRY, options.connect()).await {
        Ok(Err(error)) => error,
        Ok(Ok(_)) | Err(_) => sqlx::Error::PoolTimedOut,
    }
}
