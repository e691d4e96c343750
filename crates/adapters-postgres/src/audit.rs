//! The audit trail: written right before COMMIT, together with the events.

use crate::pg::sql::{self, Sql};
use customer_domain::Scope;
use customer_domain::audit::AuditEntry;

pub(crate) const INSERT: &str = "INSERT INTO audit_events (tenant_id, id, created_at, event_type, operation, customer_id, \
     resource_id, actor_type, actor_id, trace_id, correlation_id, changed_fields, reason)";

/// The rows of the entries; `$1` is the tenant.
pub(crate) fn values(sql: &mut Sql, scope: &Scope, entries: &[&AuditEntry]) {
    sql::values(sql, "$1", entries, |row, entry| {
        row.push_bind(entry.id.0)
            .push_bind(entry.at)
            .push_bind(entry.kind.event_type())
            .push_bind(entry.kind.operation())
            .push_bind(entry.customer.map(|customer| customer.0))
            .push_bind(entry.resource)
            .push_bind(scope.actor.kind.code())
            .push_bind(scope.actor.id.as_str())
            .push_bind(scope.trace_id.as_str())
            .push_bind(scope.correlation_id.as_str())
            .push_bind(entry.changed_fields.as_slice())
            .push_bind(entry.reason.as_deref());
    });
}
