//! The outbox: written by the statement that writes the change, together with the audit trail.
//! Messages are sealed until they are published.

use crate::pg::builder::{self, Builder};
use crate::privacy::WorkKeys;
use customer_domain::outbox::Event;
use customer_domain::privacy::SealContext;
use customer_domain::{Context, EventId, StoreError, TenantId};

pub(crate) const INSERT: &str = "INSERT INTO outbox_events (tenant_id, id, customer_id, sequence, topic, event_type, \
     payload, created_at, trace_id)";

/// Returns the context to which the sealed message of an event is bound.
pub(crate) fn seal_context(tenant: TenantId, event: EventId) -> SealContext<'static> {
    SealContext {
        tenant,
        table: "outbox_events",
        row: event.0,
        column: "payload",
    }
}

/// Appends the rows of the events, each with the whole message as subscribers receive it; `$1` is
/// the tenant.
pub(crate) fn values(
    builder: &mut Builder,
    context: &Context,
    events: &[&Event],
    keys: &WorkKeys,
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        let message = event.envelope(context).to_string();
        let seal_context = seal_context(context.tenant, event.id);
        let hidden = keys.seal(Some(event.customer), seal_context, message.as_bytes())?;
        rows.push((event, hidden));
    }
    builder::values(builder, "$1", rows, |row, (event, hidden)| {
        row.push_bind(event.id.0)
            .push_bind(event.customer.0)
            .push_bind(event.sequence)
            .push_bind(event.kind.topic())
            .push_bind(event.kind.event_type())
            .push_bind(hidden)
            .push_bind(event.at)
            .push_bind(context.trace_id.as_str());
    });
    Ok(())
}
