//! The outbox: written right before COMMIT, together with the audit trail.

use crate::pg::sql::{self, Sql};
use customer_domain::Scope;
use customer_domain::outbox::Event;

pub(crate) const INSERT: &str = "INSERT INTO outbox_events (tenant_id, id, customer_id, sequence, topic, event_type, \
     payload, created_at)";

/// The rows of the events, each with the whole message as subscribers receive it; `$1` is the
/// tenant.
pub(crate) fn values(sql: &mut Sql, scope: &Scope, events: &[&Event]) {
    sql::values(sql, "$1", events, |row, event| {
        row.push_bind(event.id.0)
            .push_bind(event.customer.0)
            .push_bind(event.sequence)
            .push_bind(event.kind.topic())
            .push_bind(event.kind.event_type())
            .push_bind(event.envelope(scope))
            .push_bind(event.at);
    });
}
