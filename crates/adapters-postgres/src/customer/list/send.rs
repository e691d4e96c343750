//! How the statements of a page travel, inside one transaction and two seconds.
//!
//! They show one moment: a customer that changed between them would lead the cursor astray. Where
//! the server takes them in one message, a setting hands the ids from the first to the last. A
//! distributed one takes them one by one, and would not hand a setting on: there the ids come back
//! and go out again.

use super::{Answer, Statements};
use crate::pg::literal;
use crate::pg::pool::PgPool;
use crate::pg::row::{Reader, corrupt};
use crate::pg::scope::{self, Form};
use crate::pg::tx::Tx;
use customer_domain::StoreError;
use sqlx::postgres::PgRow;
use std::borrow::Cow;
use std::time::{Duration, Instant};

/// How long a list may take: longer, and its filter has no good plan.
const BOUND: Duration = Duration::from_secs(2);
/// The setting that holds the ids of a page, for the length of a message.
const PAGE: &str = "app.page";
const ONE_MOMENT: &str = "SET LOCAL transaction_isolation = 'repeatable read'";

pub(super) async fn send(pool: &PgPool, statements: &Statements) -> Result<Answer, StoreError> {
    match pool.form() {
        Form::OneMessage => in_one_message(pool, statements).await,
        Form::OwnMessages => one_by_one(pool, statements).await,
    }
}

async fn in_one_message(pool: &PgPool, statements: &Statements) -> Result<Answer, StoreError> {
    let bound = BOUND.as_millis();
    // The server counts the time of each statement by itself: one that ends with this leaves the
    // next one what the bound has left.
    let leave_the_rest = format!(
        "set_config('statement_timeout', greatest(1, {bound} - (1000 * \
         date_part('epoch', clock_timestamp() - transaction_timestamp()))::int)::text, true)"
    );
    let ids = &statements.ids;
    let count = statements.count.iter();
    let message: Vec<_> =
        [ONE_MOMENT.to_owned(), statement_timeout(BOUND)]
            .into_iter()
            .chain([format!(
                "SELECT set_config('{PAGE}', ARRAY({ids})::text, true)::uuid[], {leave_the_rest}"
            )])
            .chain(count.map(|count| {
                format!("SELECT count(*), {leave_the_rest} FROM ({count}) AS bounded")
            }))
            .chain([statements.records(&format!("current_setting('{PAGE}')::uuid[]"))])
            .map(Cow::Owned)
            .collect();
    let mut rows = scope::read(pool, statements.tenant, &message)
        .await?
        .into_iter();
    let ids = Reader::new(&head(rows.next())?, "customers").column()?;
    let count = match statements.count {
        Some(_) => Some(counted(&head(rows.next())?)?),
        None => None,
    };
    Ok(Answer {
        ids,
        count,
        records: rows.collect(),
    })
}

async fn one_by_one(pool: &PgPool, statements: &Statements) -> Result<Answer, StoreError> {
    let start = Instant::now();
    let opening = [Cow::Borrowed(ONE_MOMENT)];
    let (mut tx, _) = Tx::begin(pool, statements.tenant, &opening).await?;
    let bounded = |statement: String| {
        // Zero would be no bound at all.
        let rest = BOUND
            .saturating_sub(start.elapsed())
            .max(Duration::from_millis(1));
        [Cow::Owned(statement_timeout(rest)), Cow::Owned(statement)]
    };
    let ids = tx.message(&bounded(statements.ids.clone())).await?;
    let ids = ids.iter().map(|row| Reader::new(row, "customers").column());
    let ids: Vec<_> = ids.collect::<Result<_, _>>()?;
    let count = match &statements.count {
        Some(count) => {
            let count = format!("SELECT count(*) FROM ({count}) AS bounded");
            let rows = tx.message(&bounded(count)).await?;
            Some(counted(&head(rows.into_iter().next())?)?)
        }
        None => None,
    };
    let records = statements.records(&literal::uuids(ids.iter().copied()));
    let records = tx.message(&bounded(records)).await?;
    tx.commit().await?;
    Ok(Answer {
        ids,
        count,
        records,
    })
}

fn statement_timeout(bound: Duration) -> String {
    format!("SET LOCAL statement_timeout = {}", bound.as_millis())
}

/// The row of a statement that always has one.
fn head(row: Option<PgRow>) -> Result<PgRow, StoreError> {
    row.ok_or_else(|| corrupt("customers", "page"))
}

fn counted(row: &PgRow) -> Result<u64, StoreError> {
    Reader::new(row, "customers").parsed(|count: i64| u64::try_from(count).ok())
}
