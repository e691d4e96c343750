//! Sends the statements of a page, in one transaction and within two seconds.
//!
//! With a count, both see one snapshot: a customer that changed between them would make the total
//! wrong. A distributed server runs statements one by one.

use super::{StatementResults, Statements};
use crate::pg::message::Batching;
use crate::pg::pool::PgPool;
use crate::pg::read;
use crate::pg::row::{RowReader, corrupt};
use crate::pg::sql::{Sql, sql};
use crate::pg::tx::Tx;
use customer_domain::StoreError;
use sqlx::postgres::PgRow;
use std::time::{Duration, Instant};

/// The maximum time for a list; a filter that takes longer has no good plan.
const LIST_TIMEOUT: Duration = Duration::from_secs(2);
const ONE_MOMENT: Sql = Sql::text("SET LOCAL transaction_isolation = 'repeatable read'");

pub(super) async fn send(
    pool: &PgPool,
    statements: Statements,
) -> Result<StatementResults, StoreError> {
    match pool.batching() {
        Batching::Single => in_one_message(pool, statements).await,
        Batching::PerStatement => one_by_one(pool, statements).await,
    }
}

async fn in_one_message(
    pool: &PgPool,
    statements: Statements,
) -> Result<StatementResults, StoreError> {
    let Statements {
        tenant,
        count,
        page,
    } = statements;
    let Some(count) = count else {
        let message = [statement_timeout(LIST_TIMEOUT), page];
        let page = read::rows(pool, tenant, &message).await?;
        return Ok(StatementResults { count: None, page });
    };
    // The server limits each statement separately, so the count ends by leaving the remaining time
    // to the page.
    let count = sql!(
        "SELECT count(*), set_config('statement_timeout', greatest(1, {} - (1000 * \
         date_part('epoch', clock_timestamp() - transaction_timestamp()))::int)::text, true) FROM ({}) AS bounded",
        LIST_TIMEOUT.as_millis(),
        count
    );
    let message = [ONE_MOMENT, statement_timeout(LIST_TIMEOUT), count, page];
    let mut rows = read::rows(pool, tenant, &message).await?.into_iter();
    Ok(StatementResults {
        count: Some(counted(rows.next())?),
        page: rows.collect(),
    })
}

async fn one_by_one(pool: &PgPool, statements: Statements) -> Result<StatementResults, StoreError> {
    let start = Instant::now();
    let (mut tx, _) = Tx::begin(pool, statements.tenant, &[&[ONE_MOMENT]]).await?;
    let bounded = |statement: Sql| {
        // Zero would mean no limit.
        let rest = LIST_TIMEOUT
            .saturating_sub(start.elapsed())
            .max(Duration::from_millis(1));
        [statement_timeout(rest), statement]
    };
    let count = match statements.count {
        Some(count) => {
            let count = sql!("SELECT count(*) FROM ({}) AS bounded", count);
            let rows = tx.message(&bounded(count)).await?;
            Some(counted(rows.into_iter().next())?)
        }
        None => None,
    };
    let page = tx.message(&bounded(statements.page)).await?;
    tx.commit().await?;
    Ok(StatementResults { count, page })
}

fn statement_timeout(bound: Duration) -> Sql {
    sql!("SET LOCAL statement_timeout = {}", bound.as_millis())
}

/// Reads the row of a count, which always has one.
fn counted(row: Option<PgRow>) -> Result<u64, StoreError> {
    let row = row.ok_or_else(|| corrupt("customers", "count"))?;
    RowReader::new(&row, "customers").parsed(0, |count: i64| u64::try_from(count).ok())
}
