//! Sends the statements of a page, in one transaction and within two seconds.
//!
//! All see one snapshot: a customer that changed between them would make the cursor wrong. In a
//! single message, a setting passes the ids on. A distributed server runs statements one by one and
//! does not keep the setting, so there the client passes the ids.

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
use uuid::Uuid;

/// The maximum time for a list; a filter that takes longer has no good plan.
const LIST_TIMEOUT: Duration = Duration::from_secs(2);
const ONE_MOMENT: Sql = Sql::text("SET LOCAL transaction_isolation = 'repeatable read'");

pub(super) async fn send(
    pool: &PgPool,
    statements: &Statements,
) -> Result<StatementResults, StoreError> {
    match pool.batching() {
        Batching::Single => in_one_message(pool, statements).await,
        Batching::PerStatement => one_by_one(pool, statements).await,
    }
}

async fn in_one_message(
    pool: &PgPool,
    statements: &Statements,
) -> Result<StatementResults, StoreError> {
    // The server limits each statement separately, so each ends by leaving the remaining time to
    // the next.
    let leave_the_rest = sql!(
        "set_config('statement_timeout', greatest(1, {} - (1000 * \
         date_part('epoch', clock_timestamp() - transaction_timestamp()))::int)::text, true)",
        LIST_TIMEOUT.as_millis()
    );
    // A setting holds the ids, for the length of the message.
    let ids = sql!(
        "SELECT set_config('app.page', ARRAY({})::text, true)::uuid[], {}",
        statements.ids,
        leave_the_rest
    );
    let count = statements.count.iter().map(|count| {
        sql!(
            "SELECT count(*), {} FROM ({}) AS bounded",
            leave_the_rest,
            count
        )
    });
    let records = statements.records(&Sql::text("current_setting('app.page')::uuid[]"));
    let message: Vec<_> = [ONE_MOMENT, statement_timeout(LIST_TIMEOUT), ids]
        .into_iter()
        .chain(count)
        .chain([records])
        .collect();
    let mut rows = read::rows(pool, statements.tenant, &message)
        .await?
        .into_iter();
    let ids = RowReader::new(&head(rows.next())?, "customers").column(0)?;
    let count = match statements.count {
        Some(_) => Some(counted(&head(rows.next())?)?),
        None => None,
    };
    Ok(StatementResults {
        ids,
        count,
        records: rows.collect(),
    })
}

async fn one_by_one(
    pool: &PgPool,
    statements: &Statements,
) -> Result<StatementResults, StoreError> {
    let start = Instant::now();
    let (mut tx, _) = Tx::begin(pool, statements.tenant, &[ONE_MOMENT]).await?;
    let bounded = |statement: Sql| {
        // Zero would mean no limit.
        let rest = LIST_TIMEOUT
            .saturating_sub(start.elapsed())
            .max(Duration::from_millis(1));
        [statement_timeout(rest), statement]
    };
    let ids = tx.message(&bounded(statements.ids.clone())).await?;
    let ids = ids
        .iter()
        .map(|row| RowReader::new(row, "customers").column(0));
    let ids: Vec<Uuid> = ids.collect::<Result<_, _>>()?;
    let count = match &statements.count {
        Some(count) => {
            let count = sql!("SELECT count(*) FROM ({}) AS bounded", count);
            let rows = tx.message(&bounded(count)).await?;
            Some(counted(&head(rows.into_iter().next())?)?)
        }
        None => None,
    };
    let records = statements.records(&ids.as_slice());
    let records = tx.message(&bounded(records)).await?;
    tx.commit().await?;
    Ok(StatementResults {
        ids,
        count,
        records,
    })
}

fn statement_timeout(bound: Duration) -> Sql {
    sql!("SET LOCAL statement_timeout = {}", bound.as_millis())
}

/// Returns the row of a statement that always has one.
fn head(row: Option<PgRow>) -> Result<PgRow, StoreError> {
    row.ok_or_else(|| corrupt("customers", "page"))
}

fn counted(row: &PgRow) -> Result<u64, StoreError> {
    RowReader::new(row, "customers").parsed(0, |count: i64| u64::try_from(count).ok())
}
