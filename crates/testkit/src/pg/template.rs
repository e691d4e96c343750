//! The migrated database from which every test's is copied, created once per server and schema.

use super::server::{self, OWNER, Server, seconds};
use secrecy::SecretString;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use std::hash::{DefaultHasher, Hash, Hasher};
use tokio::sync::OnceCell;

/// The migrations of `customer-postgres`, of which only the checksums are used.
static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

const TEMPLATES: &str = "customer_template_";

/// The lock of the server under which one process creates or sweeps while the others wait.
const LOCK: i64 = 0x6375_7374_6f6d_6572;

/// The seconds after which a template that was not used is dropped: its schema is out of date.
const TEMPLATE_AGE: u64 = 86_400;

/// Returns the template of the current schema, and creates it if it is missing.
pub(super) async fn of(server: &Server) -> &'static str {
    static NAME: OnceCell<String> = OnceCell::const_new();

    NAME.get_or_init(|| async {
        let name = format!("{TEMPLATES}{:016x}", fingerprint());
        let made = make(server, &name).await;
        made.expect("the schema is migrated into a template");
        name
    })
    .await
}

fn fingerprint() -> u64 {
    let mut hasher = DefaultHasher::new();
    for migration in MIGRATIONS.iter() {
        (migration.version, &migration.checksum).hash(&mut hasher);
    }
    hasher.finish()
}

async fn make(server: &Server, name: &str) -> Result<(), sqlx::Error> {
    let mut connection = server
        .superuser()
        .disable_statement_logging()
        .connect()
        .await?;
    // Held until the connection closes, even if this process dies.
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(LOCK)
        .execute(&mut connection)
        .await?;
    sweep(&mut connection).await?;
    let is_template =
        sqlx::query_scalar("SELECT datistemplate FROM pg_database WHERE datname = $1");
    let found: Option<bool> = is_template
        .bind(name)
        .fetch_optional(&mut connection)
        .await?;
    if found != Some(true) {
        let half_made = super::drop_statement(name);
        run(&mut connection, &half_made).await?;
        migrate(server, &mut connection, name).await?;
        let finished =
            format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true");
        run(&mut connection, &finished).await?;
    }
    let used = format!("COMMENT ON DATABASE {name} IS '{}'", seconds());
    run(&mut connection, &used).await?;
    connection.close().await
}

async fn migrate(
    server: &Server,
    connection: &mut PgConnection,
    name: &str,
) -> Result<(), sqlx::Error> {
    let superuser = SecretString::from(super::url(&server.superuser()));
    let password = SecretString::from(server.password.as_str());
    let provisioned = customer_postgres::provision(&superuser, OWNER, name, &password).await;
    let owner_url = provisioned.map_err(|error| sqlx::Error::Configuration(error.into()))?;
    // Another owner may have created the two roles; then the new owner cannot grant them itself.
    let roles = ["customer_app", "customer_worker"];
    let known: Vec<String> =
        sqlx::query_scalar("SELECT rolname FROM pg_roles WHERE rolname = ANY($1)")
            .bind(roles)
            .fetch_all(&mut *connection)
            .await?;
    for role in known {
        run(connection, &format!("GRANT {role} TO {OWNER}")).await?;
    }
    let migrated = customer_postgres::SCHEMA.apply(&owner_url).await;
    migrated.map_err(|error| sqlx::Error::Configuration(error.into()))
}

/// Drops the databases of tests that are over, and templates that are no longer used.
async fn sweep(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let now = seconds();
    let databases: Vec<(String, Option<String>)> = sqlx::query_as(
        "SELECT datname::text, shobj_description(oid, 'pg_database') FROM pg_database",
    )
    .fetch_all(&mut *connection)
    .await?;
    for (name, comment) in databases {
        let last_used = comment.and_then(|comment| comment.parse().ok());
        if name.starts_with(TEMPLATES) && last_used.is_some_and(|used| now - TEMPLATE_AGE > used) {
            run(
                connection,
                &format!("ALTER DATABASE {name} IS_TEMPLATE false"),
            )
            .await?;
            run(connection, &super::drop_statement(&name)).await?;
        } else if server::is_left_over(&name, now) {
            run(connection, &super::drop_statement(&name)).await?;
        }
    }
    Ok(())
}

async fn run(connection: &mut PgConnection, statement: &str) -> Result<(), sqlx::Error> {
    connection.execute(AssertSqlSafe(statement)).await.map(drop)
}
