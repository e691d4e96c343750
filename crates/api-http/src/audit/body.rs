//! The representations of audit events in replies.

use crate::support::envelope::reply;
use crate::support::vocabulary::words;
use crate::support::wire::{FreeObject, Instant};
use customer_domain::ActorKind;
use customer_domain::audit::{AuditCount, AuditEvent, AuditTally};
use serde::Serialize;
use serde_json::{Map, Value};
use std::net::IpAddr;
use utoipa::ToSchema;
use uuid::Uuid;

/// An entry of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEventBody<'a> {
    /// The event's id.
    pub id: Uuid,
    /// What happened.
    #[schema(example = "customer.profile.update")]
    pub event_type: &'a str,
    /// The severity: `DEBUG`, `INFO`, `WARN`, `ERROR` or `CRITICAL`.
    #[schema(example = "INFO")]
    pub severity: &'a str,
    /// The customer concerned, if any.
    pub customer_id: Option<Uuid>,
    /// The record concerned; the tenant's id if there is no other record.
    pub resource_id: Option<Uuid>,
    /// The operation on the record: `create`, `read`, `update` or `delete`.
    #[schema(example = "update")]
    pub operation: String,
    /// The names of the fields that changed. Secrets are named without values.
    pub changed_fields: &'a [String],
    /// The old values; `null` if there are none, or if the customer was erased.
    #[schema(value_type = Option<FreeObject>)]
    pub old_values: Option<&'a Map<String, Value>>,
    /// The new values; `null` as for the old ones.
    #[schema(value_type = Option<FreeObject>)]
    pub new_values: Option<&'a Map<String, Value>>,
    /// The reason that the actor gave.
    pub reason: Option<&'a str>,
    /// The `User-Agent` of the client.
    pub user_agent: Option<&'a str>,
    /// The IP address that the request came from.
    #[schema(value_type = Option<String>, example = "192.0.2.1")]
    pub ip_address: Option<IpAddr>,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Instant,
    /// The actor: the id of an API key or a customer, or a name such as `start-up`.
    pub actor_id: &'a str,
    /// The kind of actor.
    #[schema(value_type = AuditActorType)]
    pub actor_type: &'static str,
    /// The request that the event was part of.
    pub metadata: AuditMetadataBody<'a>,
}

words! {
    /// The kind of actor.
    AuditActorType: ActorKind::WORDS,
}

/// The request that an event was part of.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditMetadataBody<'a> {
    /// The session that the actor used.
    pub session_id: Option<&'a str>,
    /// The trace id, which log lines carry too.
    pub trace_id: &'a str,
    /// The caller's correlation id.
    pub correlation_id: &'a str,
}

/// The numbers of audit events.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditSummaryBody {
    /// The property that events are counted by.
    #[schema(example = "customer")]
    pub by: &'static str,
    /// The counts, largest first, at most a hundred.
    pub counts: Vec<AuditCountBody>,
    /// Whether there are more counts.
    pub has_more: bool,
}

/// The number of events about one customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditCountBody {
    /// The customer; `null` for the events that concern no customer.
    pub customer_id: Option<Uuid>,
    /// The number of events.
    #[schema(minimum = 1)]
    pub count: u64,
    /// When the latest of them happened.
    #[schema(value_type = String, format = DateTime)]
    pub latest_at: Instant,
}

reply! {
    /// A page of audit events.
    AuditListReply {
        /// A page of audit events.
        AuditListData<'a> {
            /// The events, newest first.
            events: Vec<AuditEventBody<'a>>,
            /// The cursor of the next page; `null` on the last one.
            next_cursor: Option<String>,
        }
    }
}

reply! {
    /// The numbers of audit events.
    AuditSummaryReply {
        /// The numbers of audit events.
        AuditSummaryData {
            /// The counts.
            summary: AuditSummaryBody,
        }
    }
}

impl<'a> From<&'a AuditEvent> for AuditEventBody<'a> {
    fn from(event: &'a AuditEvent) -> Self {
        Self {
            id: event.id.0,
            event_type: &event.event_type,
            severity: &event.severity,
            customer_id: event.customer.map(|id| id.0),
            resource_id: event.resource,
            operation: event.operation.to_ascii_lowercase(),
            changed_fields: &event.changed_fields,
            old_values: event.old_values.as_ref(),
            new_values: event.new_values.as_ref(),
            reason: event.reason.as_deref(),
            user_agent: event.user_agent.as_deref(),
            ip_address: event.ip,
            timestamp: Instant(event.at),
            actor_id: &event.actor_id,
            actor_type: event.actor_kind.as_str(),
            metadata: AuditMetadataBody {
                session_id: event.session_id.as_deref(),
                trace_id: &event.trace_id,
                correlation_id: &event.correlation_id,
            },
        }
    }
}

impl From<&AuditTally> for AuditSummaryBody {
    fn from(tally: &AuditTally) -> Self {
        Self {
            by: "customer",
            counts: tally.counts.iter().map(AuditCountBody::from).collect(),
            has_more: tally.has_more,
        }
    }
}

impl From<&AuditCount> for AuditCountBody {
    fn from(count: &AuditCount) -> Self {
        Self {
            customer_id: count.customer.map(|id| id.0),
            count: count.count,
            latest_at: Instant(count.latest),
        }
    }
}
