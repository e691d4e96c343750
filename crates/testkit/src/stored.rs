//! Events and audit entries as a store keeps them, to be compared with what was recorded.

use chrono::{DateTime, Utc};
use customer_domain::audit::{AuditEntry, AuditEvent, FieldChange};
use customer_domain::outbox::Event;
use customer_domain::{AuditEventId, Change, Context, CustomerId, Origin, TenantId};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A row of the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// The topic to which it is published.
    pub topic: String,
    /// The customer that it is about.
    pub customer: CustomerId,
    /// Its number among the customer's events.
    pub sequence: i64,
    /// The whole message, as subscribers receive it.
    pub envelope: Value,
}

impl StoredEvent {
    /// Returns what recording `event` in `context` must store.
    pub fn of(context: &Context, event: &Event) -> Self {
        Self {
            tenant: context.tenant,
            topic: event.kind.topic().to_owned(),
            customer: event.customer,
            sequence: event.sequence,
            envelope: event.envelope(context),
        }
    }
}

/// A row of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAudit {
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// The id of the entry.
    pub id: AuditEventId,
    /// The type, such as `customer.profile.update`.
    pub event_type: String,
    /// `CREATE`, `READ`, `UPDATE` or `DELETE`.
    pub operation: String,
    /// The customer concerned.
    pub customer: Option<CustomerId>,
    /// The record concerned.
    pub resource: Uuid,
    /// The names of the fields that changed.
    pub changed_fields: Vec<String>,
    /// The reason that the caller gave, if any.
    pub reason: Option<String>,
    /// The time of the change.
    pub at: DateTime<Utc>,
    /// The [`ActorKind::code`](customer_domain::ActorKind::code) of the actor.
    pub actor_kind: i16,
    /// The id of the actor.
    pub actor_id: String,
    /// The trace of the request.
    pub trace_id: String,
    /// The caller's correlation id.
    pub correlation_id: String,
    /// The values of the fields before the change.
    pub old_values: Option<Map<String, Value>>,
    /// The values of the fields after the change.
    pub new_values: Option<Map<String, Value>>,
    /// The session of the request.
    pub session_id: Option<String>,
    /// The origin of the request: IP address and user agent.
    pub origin: Origin,
}

impl StoredAudit {
    /// Returns what recording `entry` in `context` must store.
    pub fn of(context: &Context, entry: &AuditEntry) -> Self {
        Self {
            tenant: context.tenant,
            id: entry.id,
            event_type: entry.kind.event_type().to_owned(),
            operation: entry.kind.operation().as_str().to_owned(),
            customer: entry.customer,
            resource: entry.resource,
            changed_fields: entry
                .changes
                .iter()
                .map(|change| change.field.clone())
                .collect(),
            reason: entry.reason.clone(),
            at: entry.at,
            actor_kind: context.actor.kind.code(),
            actor_id: context.actor.id.clone(),
            trace_id: context.trace_id.clone(),
            correlation_id: context.correlation_id.clone(),
            old_values: FieldChange::old_values(&entry.changes),
            new_values: FieldChange::new_values(&entry.changes),
            session_id: context.session_id.clone(),
            origin: context.origin.clone(),
        }
    }

    /// Converts an entry that was read.
    ///
    /// # Panics
    /// If it is about no record.
    pub fn read(tenant: TenantId, event: AuditEvent) -> Self {
        Self {
            tenant,
            id: event.id,
            event_type: event.event_type,
            operation: event.operation,
            customer: event.customer,
            resource: event.resource.expect("a record"),
            changed_fields: event.changed_fields,
            reason: event.reason,
            at: event.at,
            actor_kind: event.actor_kind.code(),
            actor_id: event.actor_id,
            trace_id: event.trace_id,
            correlation_id: event.correlation_id,
            old_values: event.old_values,
            new_values: event.new_values,
            session_id: event.session_id,
            origin: Origin {
                ip: event.ip,
                user_agent: event.user_agent,
            },
        }
    }
}

/// Returns what recording the events of `changes` must store, in their order.
pub fn events_of(context: &Context, changes: &[Change]) -> Vec<StoredEvent> {
    let events = changes.iter().filter_map(Change::event);
    events
        .map(|event| StoredEvent::of(context, event))
        .collect()
}

/// Returns what recording the audit entries of `changes` must store, in their order.
pub fn audit_of(context: &Context, changes: &[Change]) -> Vec<StoredAudit> {
    let entries = changes.iter().filter_map(Change::audit);
    entries
        .map(|entry| StoredAudit::of(context, entry))
        .collect()
}
