//! Messages to the server, and the only place that sets the tenant.
//!
//! The setting is local to a transaction and, wherever the server allows it, travels in the same
//! message as the statements that depend on it (`docs/adr/0001`). A distributed server refuses
//! several statements in one message; there the setting is a separate message.

use super::sql::{Sql, sql};
use customer_domain::TenantId;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

/// How many statements a message may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Batching {
    /// Any number: one round trip.
    Single,
    /// One: as many round trips as statements.
    PerStatement,
}

/// Returns the tenant setting. Row-level security reads it; without it every table is empty.
pub(super) fn setting(tenant: TenantId) -> Sql {
    sql!("SET LOCAL app.tenant_id = '{}'", tenant.0.hyphenated())
}

/// Begins a transaction inside the tenant, and runs `then` in it. One round trip; on a distributed
/// server one for each statement.
pub(super) async fn begin(
    connection: &mut PgConnection,
    batching: Batching,
    tenant: TenantId,
    then: &[&[Sql]],
) -> Result<Vec<PgRow>, sqlx::Error> {
    let opening = [Sql::text("BEGIN"), setting(tenant)];
    let statements = [&[opening.as_slice()], then].concat();
    send(connection, batching, &statements).await
}

/// Sends statements in as few messages as the server accepts, and returns the rows of all of them.
pub(super) async fn send(
    connection: &mut PgConnection,
    batching: Batching,
    statements: &[&[Sql]],
) -> Result<Vec<PgRow>, sqlx::Error> {
    let statements = statements.iter().copied().flatten();
    let messages = match batching {
        Batching::Single => vec![Sql::join(statements, ";")],
        Batching::PerStatement => statements.cloned().collect(),
    };
    let mut rows = Vec::new();
    for message in messages {
        rows.extend(sqlx::raw_sql(message).fetch_all(&mut *connection).await?);
    }
    Ok(rows)
}
