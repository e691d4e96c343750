//! Facts as a store keeps them, read back by tests to be compared with what was recorded.

use chrono::{DateTime, Utc};
use customer_domain::audit::{AuditEntry, AuditEvent, FieldChange};
use customer_domain::outbox::Event;
use customer_domain::{AuditEventId, Change, Context, CustomerId, Origin, TenantId};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A row of the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// The tenant that it lies in.
    pub tenant: TenantId,
    /// Where it is to be published.
    pub topic: String,
    /// Whom it is about.
    pub customer: CustomerId,
    /// Its place among the customer's events.
    pub sequence: i64,
    /// The whole message, as subscribers receive it.
    pub envelope: Value,
}

impl StoredEvent {
    /// What recording `event` in `context` has to leave behind.
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
    /// The tenant that it lies in.
    pub tenant: TenantId,
    /// Its id.
    pub id: AuditEventId,
    /// The type, such as `customer.profile.update`.
    pub event_type: String,
    /// `CREATE`, `UPDATE` or `DELETE`.
    pub operation: String,
    /// The customer concerned.
    pub customer: Option<CustomerId>,
    /// The record concerned.
    pub resource: Uuid,
    /// The names of what changed.
    pub changed_fields: Vec<String>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// [`ActorKind::code`](customer_domain::ActorKind::code) of who acted.
    pub actor_kind: i16,
    /// The id of who acted.
    pub actor_id: String,
    /// The trace that it was part of.
    pub trace_id: String,
    /// The caller's correlation id.
    pub correlation_id: String,
    /// What the fields were.
    pub old_values: Option<Map<String, Value>>,
    /// What the fields are.
    pub new_values: Option<Map<String, Value>>,
    /// The session that it was part of.
    pub session_id: Option<String>,
    /// From where the request came.
    pub origin: Origin,
}

impl StoredAudit {
    /// What recording `entry` in `context` has to leave behind.
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

    /// What was read of an entry.
    ///
    /// # Panics
    /// When it is about no record.
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

/// What the events of `changes` have to leave behind, in their order.
pub fn events_of(context: &Context, changes: &[Change]) -> Vec<StoredEvent> {
    let events = changes.iter().filter_map(|change| change.event.as_ref());
    events
        .map(|event| StoredEvent::of(context, event))
        .collect()
}

/// What the audit entries of `changes` have to leave behind, in their order.
pub fn audit_of(context: &Context, changes: &[Change]) -> Vec<StoredAudit> {
    let entries = changes.iter().filter_map(|change| change.audit.as_ref());
    entries
        .map(|entry| StoredAudit::of(context, entry))
        .collect()
}
