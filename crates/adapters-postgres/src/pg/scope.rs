//! The one place that tells the database which tenant is served.
//!
//! The setting is local to a transaction and, wherever the server allows it, travels in the same
//! message as what it guards (`docs/adr/0001`). A distributed server refuses several statements
//! in one message; there the setting is a message of its own.

use super::error::Failure;
use super::pool::{Lease, PgPool};
use customer_domain::{StoreError, TenantId};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection};
use std::borrow::Cow;
use uuid::Uuid;

/// For statements of the worker about all tenants: it sees all of them, whichever is set.
pub(crate) const ANY: TenantId = TenantId(Uuid::nil());

/// Statements of one message, built from constants and the literals of [`super::literal`].
pub(crate) type Statements<'a> = &'a [Cow<'static, str>];

/// How many statements a message may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As many as one likes: one round trip.
    OneMessage,
    /// One: as many round trips as statements.
    OwnMessages,
}

/// The tenant setting. Row-level security reads it; without it every table is empty.
fn setting(tenant: TenantId) -> Cow<'static, str> {
    Cow::Owned(format!(
        "SET LOCAL app.tenant_id = '{}'",
        tenant.0.hyphenated()
    ))
}

/// Opens a transaction inside the tenant, and runs `then` in it. One round trip; when
/// distributed, one for each statement.
pub(crate) async fn begin(
    connection: &mut PgConnection,
    form: Form,
    tenant: TenantId,
    then: Statements<'_>,
) -> Result<Vec<PgRow>, sqlx::Error> {
    let opening = [Cow::Borrowed("BEGIN"), setting(tenant)];
    send(connection, form, &[&opening, then]).await
}

/// Runs reads inside the tenant, and yields the rows of all of them; once more when the
/// connection turns out to be dead. One round trip, in the transaction that a message is by
/// itself; when distributed, one for each statement, and BEGIN, the setting and COMMIT.
pub(crate) async fn read(
    pool: &PgPool,
    tenant: TenantId,
    statements: Statements<'_>,
) -> Result<Vec<PgRow>, StoreError> {
    match read_on(pool.lease().await?, tenant, statements).await {
        Err(failure) if failure.dead => {
            Ok(read_on(pool.replacement().await?, tenant, statements).await?)
        }
        outcome => Ok(outcome?),
    }
}

async fn read_on(
    mut lease: Lease,
    tenant: TenantId,
    statements: Statements<'_>,
) -> Result<Vec<PgRow>, Failure> {
    let form = lease.form();
    let setting = [setting(tenant)];
    let (open, close): (&[_], &[_]) = match form {
        Form::OneMessage => (&[], &[]),
        Form::OwnMessages => (&[Cow::Borrowed("BEGIN")], &[Cow::Borrowed("COMMIT")]),
    };
    let connection = lease.start()?;
    match send(connection, form, &[open, &setting, statements, close]).await {
        Ok(rows) => {
            lease.finish();
            Ok(rows)
        }
        Err(error) => {
            let failure = Failure::from(error);
            if !failure.dead {
                lease.roll_back(form == Form::OwnMessages).await;
            }
            Err(failure)
        }
    }
}

/// Sends statements in as few messages as the form allows.
pub(crate) async fn send(
    connection: &mut PgConnection,
    form: Form,
    statements: &[Statements<'_>],
) -> Result<Vec<PgRow>, sqlx::Error> {
    if form == Form::OneMessage {
        let message = statements.concat().join(";");
        return sqlx::raw_sql(AssertSqlSafe(message))
            .fetch_all(connection)
            .await;
    }
    let mut rows = Vec::new();
    for part in statements {
        for statement in *part {
            let message = sqlx::raw_sql(AssertSqlSafe(statement.clone()));
            rows.extend(message.fetch_all(&mut *connection).await?);
        }
    }
    Ok(rows)
}
