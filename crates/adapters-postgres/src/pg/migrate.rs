//! Migrations: the files of `migrations/`, built into the program.
//!
//! They run as the role of the URL, which owns the schema. A lock in the database lets one
//! migrator at a time through. It is asked for again and again, not waited for: who waits inside
//! the database holds a snapshot, and an index that is built CONCURRENTLY waits for all of those.

use customer_domain::StoreError;
use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool, Postgres};
use std::collections::BTreeSet;
use std::time::Duration;
use thiserror::Error;
use tokio::time::{sleep, timeout};

/// How long a database may take to come up.
const PATIENCE: Duration = Duration::from_secs(10);
/// The lock of a migrator, within its database.
const LOCK: i64 = 0x6375_7374_6f6d_6572;
/// Rest before the lock is asked for again.
const LOCK_PAUSE: Duration = Duration::from_millis(100);
/// How long the reason is waited for when it did not.
const LAST_TRY: Duration = Duration::from_secs(2);

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// One migration, and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Whether it was applied.
    pub applied: bool,
}

/// Why the schema could not be brought to where it should be.
#[derive(Debug, Error)]
pub enum MigrationError {
    /// The database cannot be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database cannot be reached or refuses the login. For operators: holds the driver's own
    /// words.
    #[error("the database is unavailable: {0}")]
    Connection(sqlx::Error),
    /// A migration failed, or the database has one that this program knows in another form.
    /// For operators: holds the database's own words.
    #[error("the schema could not be migrated: {0}")]
    Migration(#[from] MigrateError),
}

/// Applies every migration that the database does not have yet.
///
/// Migrations that this program does not know are named in a warning and left alone: a newer
/// program made them, and each leaves room for the program before it (expand, then contract).
///
/// # Errors
/// When the database cannot be reached, has a migration of this program in another form, or a
/// migration fails: then it and those after it are not applied, those before it are.
pub async fn migrate(url: &SecretString) -> Result<(), MigrationError> {
    let pool = connect(url).await?;
    let migrated = run(&pool).await;
    pool.close().await;
    Ok(migrated?)
}

async fn run(pool: &PgPool) -> Result<(), MigrateError> {
    let mut unknown = applied(pool).await?;
    unknown.retain(|version| !MIGRATIONS.version_exists(*version));
    if !unknown.is_empty() {
        tracing::warn!(versions = ?unknown, "a newer program has migrated this database");
    }
    let _lock = lock(pool).await?;
    let mut migrator = migrator();
    migrator.set_ignore_missing(true);
    migrator.run(pool).await
}

/// The migrations, to be run by who holds the [`LOCK`].
fn migrator() -> Migrator {
    let mut migrator = Migrator::with_migrations(MIGRATIONS.iter().cloned().collect());
    migrator.set_locking(false);
    migrator
}

/// Waits until no other migrator is at work. The lock is the connection's, which is closed with the
/// pool.
async fn lock(pool: &PgPool) -> Result<PoolConnection<Postgres>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    loop {
        let is_ours: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
            .bind(LOCK)
            .fetch_one(&mut *connection)
            .await?;
        if is_ours {
            return Ok(connection);
        }
        sleep(LOCK_PAUSE).await;
    }
}

/// Takes back the last `steps` migrations that were applied.
///
/// # Errors
/// As [`migrate`], and when the database has a migration that this program does not know: what it
/// builds on stays.
pub async fn migrate_down(url: &SecretString, steps: usize) -> Result<(), MigrationError> {
    let applied: Vec<i64> = migration_status(url)
        .await?
        .into_iter()
        .filter(|migration| migration.applied)
        .map(|migration| migration.version)
        .collect();
    let kept = applied.len().saturating_sub(steps);
    let target = applied[..kept].last().copied().unwrap_or(0);
    let pool = connect(url).await?;
    let reverted = undo(&pool, target).await;
    pool.close().await;
    Ok(reverted?)
}

async fn undo(pool: &PgPool, target: i64) -> Result<(), MigrateError> {
    let _lock = lock(pool).await?;
    migrator().undo(pool, target).await
}

/// Every migration of this program, in order.
///
/// # Errors
/// When the database cannot be reached.
pub async fn migration_status(url: &SecretString) -> Result<Vec<MigrationStatus>, MigrationError> {
    let pool = connect(url).await?;
    let applied = applied(&pool).await;
    pool.close().await;
    let applied = applied?;
    Ok(MIGRATIONS
        .iter()
        .filter(|migration| !migration.migration_type.is_down_migration())
        .map(|migration| MigrationStatus {
            version: migration.version,
            name: migration.description.to_string(),
            applied: applied.contains(&migration.version),
        })
        .collect())
}

async fn applied(pool: &PgPool) -> Result<BTreeSet<i64>, MigrateError> {
    let table = &MIGRATIONS.table_name;
    let mut connection = pool.acquire().await?;
    connection.ensure_migrations_table(table).await?;
    let applied = connection.list_applied_migrations(table).await?;
    Ok(applied
        .into_iter()
        .map(|migration| migration.version)
        .collect())
}

/// A pool of two connections, because sqlx's migrator takes one: the other holds the lock. It waits
/// a little for a database that is just coming up.
async fn connect(url: &SecretString) -> Result<PgPool, MigrationError> {
    let options: PgConnectOptions = url
        .expose_secret()
        .parse()
        .map_err(MigrationError::Connection)?;
    let options = options
        .application_name("customer-service migrate")
        // sqlx asks for its table to be made every time, and the server says that it is there.
        .options([("client_min_messages", "warning")])
        .disable_statement_logging();
    let connected = PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(PATIENCE)
        .connect_with(options.clone())
        .await;
    match connected {
        // The pool keeps the reason to itself.
        Err(sqlx::Error::PoolTimedOut) => Err(MigrationError::Connection(refusal(&options).await)),
        connected => connected.map_err(MigrationError::Connection),
    }
}

/// Why no connection can be had.
async fn refusal(options: &PgConnectOptions) -> sqlx::Error {
    match timeout(LAST_TRY, options.connect()).await {
        Ok(Err(error)) => error,
        Ok(Ok(_)) | Err(_) => sqlx::Error::PoolTimedOut,
    }
}
