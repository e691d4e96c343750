//! sea-orm over a pooled connection, for statements that are not hot.
#![expect(
    clippy::disallowed_types,
    reason = "sea-orm passes what it built as statements; none is created here"
)]

use super::error::Failure;
use super::pool::PgPool;
use super::read;
use super::row::corrupt;
use super::sql::Sql;
use customer_domain::{StoreError, TenantId};
use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, ExecResult, FromQueryResult, QueryResult,
    QueryTrait, RuntimeErr, Select, Statement,
};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Reads entities inside the tenant, outside of a unit of work, with values as literals. One round
/// trip.
pub(crate) async fn read<E>(
    pool: &PgPool,
    tenant: TenantId,
    select: Select<E>,
) -> Result<Vec<E::Model>, StoreError>
where
    E: EntityTrait,
{
    let text = Sql::of_entities(select.as_query());
    let text = text.ok_or_else(|| custom("a value that has no literal"));
    let rows = read::rows(pool, tenant, &[text.map_err(Failure::from)?]).await?;
    rows.into_iter().map(decode::<E>).collect()
}

/// Decodes a row that has all columns of an entity.
pub(crate) fn decode<E: EntityTrait>(row: PgRow) -> Result<E::Model, StoreError> {
    let row = row.into();
    E::Model::from_query_result(&row, "").map_err(|_| corrupt(E::default().table_name(), key(&row)))
}

/// Returns the id of a row, for logs.
fn key(row: &QueryResult) -> String {
    let uuid = row.try_get::<Uuid>("", "id").map(|id| id.to_string());
    let id = uuid.or_else(|_| row.try_get("", "id"));
    id.unwrap_or_else(|_| "?".to_owned())
}

/// A borrowed connection on which entities are read and written.
pub(crate) struct OrmConnection<'c>(Mutex<&'c mut PgConnection>);

impl<'c> OrmConnection<'c> {
    pub(crate) fn new(connection: &'c mut PgConnection) -> Self {
        Self(Mutex::new(connection))
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for OrmConnection<'_> {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let mut connection = self.0.lock().await;
        let done = query(statement).execute(&mut **connection).await;
        done.map(Into::into).map_err(exec_error)
    }

    /// Always fails: it would take any text.
    async fn execute_unprepared(&self, _: &str) -> Result<ExecResult, DbErr> {
        Err(custom("only entities send statements here"))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let mut connection = self.0.lock().await;
        let row = query(statement).fetch_optional(&mut **connection).await;
        row.map(|row| row.map(Into::into)).map_err(query_error)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut connection = self.0.lock().await;
        let rows = query(statement).fetch_all(&mut **connection).await;
        rows.map(|rows| rows.into_iter().map(Into::into).collect())
            .map_err(query_error)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "sea-orm built the text, and its values are parameters"
)]
fn query(statement: Statement) -> sqlx::query::Query<'static, Postgres, SqlxValues> {
    let values = statement.values.unwrap_or(sea_orm::Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values))
}

fn custom(what: &str) -> DbErr {
    DbErr::Custom(what.to_owned())
}

fn exec_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
