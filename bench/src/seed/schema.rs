//! Removes what slows down writing many rows at once, and restores it.

use super::rows::TABLES;
use crate::Failure;
use crate::database::Database;
use futures_util::future::try_join;
use sqlx::{AssertSqlSafe, PgConnection};

/// Statements that drop a constraint or an index, each with one that creates it again, foreign keys
/// first. `$1` is the names of the tables.
const PARTS: &str = "\
    WITH filled AS (SELECT name::regclass AS id FROM unnest($1) AS name) \
    SELECT 1 AS rank, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname), \
        format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) \
    FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 \
        AND (conrelid IN (SELECT id FROM filled) OR confrelid IN (SELECT id FROM filled)) \
    UNION ALL \
    SELECT 2, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname), \
        format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) \
    FROM pg_constraint WHERE contype IN ('p', 'u') AND conrelid IN (SELECT id FROM filled) \
    UNION ALL \
    SELECT 3, format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid) \
    FROM pg_index WHERE indrelid IN (SELECT id FROM filled) \
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u')) \
    ORDER BY rank, 2";

/// Settings for a connection that creates indexes: memory to sort in, and a parallel worker.
const BUILDER: &str = "SET maintenance_work_mem = '768MB'; SET max_parallel_maintenance_workers = 1; SET work_mem = '256MB'";

/// The statements that restore what was dropped.
pub(super) struct Schema {
    foreign_keys: Vec<String>,
    indexes: Vec<String>,
}

/// Drops foreign keys, keys and indexes of the tables, and lets their owner write to them.
pub(super) async fn strip(connection: &mut PgConnection) -> Result<Schema, Failure> {
    let names: Vec<_> = TABLES.iter().map(|table| table.name).collect();
    let parts: Vec<(i32, String, String)> = sqlx::query_as(PARTS)
        .bind(names)
        .fetch_all(&mut *connection)
        .await?;
    for table in &TABLES {
        wall(connection, table.name, "NO FORCE").await?;
    }
    let mut schema = Schema {
        foreign_keys: Vec::new(),
        indexes: Vec::new(),
    };
    for (rank, drop, make) in parts {
        run(connection, drop).await?;
        if rank == 1 {
            schema.foreign_keys.push(make);
        } else {
            schema.indexes.push(make);
        }
    }
    Ok(schema)
}

impl Schema {
    /// Restores everything as it was: indexes on two connections, then the foreign keys, which need
    /// them.
    pub(super) async fn restore(
        self,
        database: &Database,
        connection: &mut PgConnection,
    ) -> Result<(), Failure> {
        let mut second = database.connect().await?;
        // Adjacent indexes are on the same table, where creating them in parallel would block.
        let (here, there) = self.indexes.split_at(self.indexes.len() / 2);
        try_join(make(connection, here), make(&mut second, there)).await?;
        make(connection, &self.foreign_keys).await?;
        for table in &TABLES {
            wall(connection, table.name, "FORCE").await?;
        }
        Ok(())
    }
}

async fn make(connection: &mut PgConnection, parts: &[String]) -> Result<(), Failure> {
    sqlx::raw_sql(BUILDER).execute(&mut *connection).await?;
    for part in parts {
        run(connection, part.clone()).await?;
    }
    sqlx::raw_sql("RESET ALL").execute(connection).await?;
    Ok(())
}

/// Sets whether row-level security also applies to the tables' owner.
async fn wall(connection: &mut PgConnection, table: &str, force: &str) -> Result<(), Failure> {
    run(
        connection,
        format!("ALTER TABLE {table} {force} ROW LEVEL SECURITY"),
    )
    .await
}

async fn run(connection: &mut PgConnection, statement: String) -> Result<(), Failure> {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await?;
    Ok(())
}
