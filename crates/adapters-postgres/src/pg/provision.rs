//! Creates a database for the service, and the role that owns it.

use super::error::Failure;
use super::migrate::MigrationError;
use customer_domain::StoreError;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row};

/// Creates the role `owner` with this password, and its database, unless they exist. Returns the
/// owner's URL of the database. The role may create roles, and is no superuser.
///
/// An existing role of this name is altered accordingly: on a shared server the name must be the
/// caller's own. With an empty password the role cannot log in where a password is required.
///
/// # Errors
/// If the server cannot be reached as a superuser, or refuses a statement.
pub async fn provision(
    superuser_url: &SecretString,
    owner: &str,
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
    let created = create(&mut connection, owner, database, password).await;
    created.map_err(|error| StoreError::from(Failure::from(error)))?;
    connection
        .close()
        .await
        .map_err(|error| StoreError::from(Failure::from(error)))?;
    let url = options
        .username(owner)
        .password(password.expose_secret())
        .database(database)
        .to_url_lossy();
    Ok(SecretString::from(url.to_string()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server itself quotes what is put into these statements"
)]
async fn create(
    connection: &mut PgConnection,
    owner: &str,
    database: &str,
    password: &SecretString,
) -> Result<(), sqlx::Error> {
    let exists = |row: sqlx::postgres::PgRow| row.try_get::<bool, _>(0);
    let role = sqlx::query("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)").bind(owner);
    let is_known = role.fetch_one(&mut *connection).await.and_then(exists)?;
    let verb = if is_known { "ALTER" } else { "CREATE" };
    // Utility statements take no parameters; the server quotes the values.
    let quoted = "SELECT quote_ident($1), quote_ident($2), quote_literal($3)";
    let (owner, name, password): (String, String, String) = sqlx::query_as(quoted)
        .bind(owner)
        .bind(database)
        .bind(password.expose_secret())
        .fetch_one(&mut *connection)
        .await?;
    let role =
        format!("{verb} ROLE {owner} LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS PASSWORD {password}");
    connection.execute(AssertSqlSafe(role)).await?;
    let known =
        sqlx::query("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)").bind(database);
    if !known.fetch_one(&mut *connection).await.and_then(exists)? {
        let statement = format!("CREATE DATABASE {name} OWNER {owner}");
        connection.execute(AssertSqlSafe(statement)).await?;
    }
    Ok(())
}
