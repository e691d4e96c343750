//! sea-orm over a connection of our own, for what is not hot.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use tokio::sync::Mutex;

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

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let mut connection = self.0.lock().await;
        let statement = sqlx::raw_sql(AssertSqlSafe(sql));
        let done = statement.execute(&mut **connection).await;
        done.map(Into::into).map_err(exec_error)
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

fn query(statement: Statement) -> sqlx::query::Query<'static, Postgres, SqlxValues> {
    let values = statement.values.unwrap_or(sea_orm::Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(values))
}

fn exec_error(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}

fn query_error(error: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(error.into()))
}
