//! A database of our own on a server of our own: its owner's role, and the database itself.

use super::error::Failure;
use super::migrate::MigrationError;
use customer_domain::StoreError;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row};

/// The role that owns the schema: it may make roles, and is no superuser.
const OWNER: &str = "customer_owner";

/// Makes the owner's role with this password, and the database, unless they are there. Answers
/// the owner's URL of the database.
///
/// # Errors
/// When the server cannot be reached as a superuser, or refuses.
pub async fn provision(
    superuser_url: &SecretString,
    database: &str,
    password: &SecretString,
) -> Result<SecretString, MigrationError> {
    let options: PgConnectOptions = superuser_url
        .expose_secret()
        .parse()
        .map_err(|error| StoreError::from(Failure::from(error)))?;
    let mut connection = options
        .clone()
        .disable_statement_logging()
        .connect()
        .await
        .map_err(|error| StoreError::from(Failure::from(error)))?;
    let made = make(&mut connection, database, password).await;
    made.map_err(|error| StoreError::from(Failure::from(error)))?;
    connection
        .close()
        .await
        .map_err(|error| StoreError::from(Failure::from(error)))?;
    let url = options
        .username(OWNER)
        .password(password.expose_secret())
        .database(database)
        .to_url_lossy();
    Ok(SecretString::from(url.to_string()))
}

async fn make(
    connection: &mut PgConnection,
    database: &str,
    password: &SecretString,
) -> Result<(), sqlx::Error> {
    let exists = |row: sqlx::postgres::PgRow| row.try_get::<bool, _>(0);
    let role = sqlx::query("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)").bind(OWNER);
    let is_known = role.fetch_one(&mut *connection).await.and_then(exists)?;
    let verb = if is_known { "ALTER" } else { "CREATE" };
    // Utility statements take no parameters; the server quotes the password for us.
    let quoted: String = sqlx::query("SELECT quote_literal($1)")
        .bind(password.expose_secret())
        .fetch_one(&mut *connection)
        .await?
        .try_get(0)?;
    let role =
        format!("{verb} ROLE {OWNER} LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS PASSWORD {quoted}");
    connection.execute(AssertSqlSafe(role)).await?;
    let known =
        sqlx::query("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)").bind(database);
    if !known.fetch_one(&mut *connection).await.and_then(exists)? {
        let name: String = sqlx::query("SELECT quote_ident($1)")
            .bind(database)
            .fetch_one(&mut *connection)
            .await?
            .try_get(0)?;
        let statement = format!("CREATE DATABASE {name} OWNER {OWNER}");
        connection.execute(AssertSqlSafe(statement)).await?;
    }
    Ok(())
}
