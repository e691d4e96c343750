//! Writes the seeded rows with one `COPY` per table, all at the same time.

use super::people::person;
use super::rows::{Rows, TABLES};
use crate::Failure;
use crate::database::Database;
use customer_domain::TenantId;
use customer_domain::privacy::DataKey;
use futures_util::future::try_join_all;
use sqlx::postgres::PgCopyIn;
use sqlx::{AssertSqlSafe, PgConnection};
use std::ops::Range;
use std::sync::Arc;
use tokio::task::{JoinHandle, spawn_blocking};

/// The number of customers whose rows are sent together.
const BATCH: u64 = 2_000;

/// Writes the customers into tables that are empty and have neither indexes nor foreign keys. While
/// rows are sent, the next ones are generated.
pub(super) async fn customers(
    database: &Database,
    tenant: TenantId,
    key: DataKey,
    count: u64,
) -> Result<(), Failure> {
    let key = Arc::new(key);
    let connecting = TABLES.iter().map(|_| database.connect());
    let mut connections = try_join_all(connecting).await?;
    let mut copies = try_join_all(
        connections
            .iter_mut()
            .zip(0..)
            .map(|(connection, table)| begin(connection, table)),
    )
    .await?;
    let next_rows = |numbers| make(numbers, count, tenant, Arc::clone(&key));
    let mut made = next_rows(0..BATCH.min(count));
    for start in (0..count).step_by(usize::try_from(BATCH)?) {
        let rows = made.await??;
        let next = (start + BATCH).min(count);
        made = next_rows(next..(next + BATCH).min(count));
        let sent = copies
            .iter_mut()
            .zip(rows.0)
            .map(|(copy, rows)| copy.send(rows));
        try_join_all(sent).await?;
    }
    drop(made.await??);
    try_join_all(copies.into_iter().map(PgCopyIn::finish)).await?;
    for connection in &mut connections {
        sqlx::raw_sql("COMMIT").execute(connection).await?;
    }
    Ok(())
}

/// Begins a `COPY` into a table. Rows can be written frozen, as the same transaction empties the
/// table: no other transaction could still see it, and no vacuum is needed afterwards.
async fn begin(
    connection: &mut PgConnection,
    table: usize,
) -> Result<PgCopyIn<&mut PgConnection>, Failure> {
    let table = &TABLES[table];
    let empty = format!("BEGIN; TRUNCATE {}", table.name);
    sqlx::raw_sql(AssertSqlSafe(empty))
        .execute(&mut *connection)
        .await?;
    let copy = format!(
        "COPY {} (tenant_id, {}) FROM STDIN (FREEZE)",
        table.name, table.columns
    );
    Ok(connection.copy_in_raw(&copy).await?)
}

fn make(
    numbers: Range<u64>,
    count: u64,
    tenant: TenantId,
    key: Arc<DataKey>,
) -> JoinHandle<Result<Rows, Failure>> {
    spawn_blocking(move || {
        let mut rows = Rows::default();
        for number in numbers {
            rows.add(&person(number, count, tenant)?, &key);
        }
        Ok(rows)
    })
}
