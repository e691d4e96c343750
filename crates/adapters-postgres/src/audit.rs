//! The audit trail: written by the statement that writes the change, together with the events. Its
//! values are sealed, and each entry has a digest.

mod entry;
mod ledger;
mod partition;
mod reads;
mod record;
mod seal;

pub(crate) use ledger::PgAuditLedger;

mod month;

pub(crate) use month::PgAuditMonths;

use crate::pg::builder::{self, Builder};
use crate::privacy::WorkKeys;
use customer_domain::audit::AuditEntry;
use customer_domain::{Context, StoreError};
use entry::Written;

const TABLE: &str = "audit_events";

pub(crate) const INSERT: &str = "INSERT INTO audit_events (tenant_id, id, created_at, event_type, severity, operation, \
     customer_id, resource_id, actor_type, actor_id, session_id, trace_id, correlation_id, changed_fields, \
     old_values, new_values, ip_address, user_agent, reason, digest)";

/// Appends the rows of the entries; `$1` is the tenant.
pub(crate) fn values(
    builder: &mut Builder,
    context: &Context,
    entries: &[&AuditEntry],
    keys: &WorkKeys,
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        rows.push(Written::new(context, entry, keys)?);
    }
    builder::values(builder, "$1", &rows, |row, written| {
        let digest = written.entry().digest(keys.ring.digests());
        let Written {
            context,
            audit,
            changed_fields,
            sealed,
        } = written;
        row.push_bind(audit.id.0)
            .push_bind(audit.at)
            .push_bind(audit.kind.event_type())
            .push_bind(audit.kind.severity().as_str())
            .push_bind(audit.kind.operation().as_str())
            .push_bind(audit.customer.map(|customer| customer.0))
            .push_bind(audit.resource)
            .push_bind(context.actor.kind.code())
            .push_bind(context.actor.id.as_str())
            .push_bind(context.session_id.as_deref())
            .push_bind(context.trace_id.as_str())
            .push_bind(context.correlation_id.as_str())
            .push_bind(changed_fields.as_slice());
        for value in sealed {
            row.push_bind(value.as_deref());
        }
        row.push_bind(digest.to_vec());
    });
    Ok(())
}
