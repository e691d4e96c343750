//! Entries of the trail as the wire shows them.

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
    /// Its id.
    pub id: Uuid,
    /// What happened.
    #[schema(example = "customer.profile.update", max_length = 100)]
    pub event_type: &'a str,
    /// How grave it is: `DEBUG`, `INFO`, `WARN`, `ERROR` or `CRITICAL`.
    #[schema(example = "INFO")]
    pub severity: &'a str,
    /// The customer concerned, if one is.
    pub customer_id: Option<Uuid>,
    /// The record concerned; the tenant's where it is no other.
    pub resource_id: Option<Uuid>,
    /// What was done to it: `create`, `read`, `update` or `delete`.
    #[schema(example = "update")]
    pub operation: String,
    /// The names of the fields that changed. Secrets are named and have no values.
    pub changed_fields: &'a [String],
    /// What these were; null when none had a value, and when the customer was erased.
    #[schema(value_type = Option<FreeObject>)]
    pub old_values: Option<&'a Map<String, Value>>,
    /// What these are; null as above.
    #[schema(value_type = Option<FreeObject>)]
    pub new_values: Option<&'a Map<String, Value>>,
    /// Why, in the actor's words.
    pub reason: Option<&'a str>,
    /// What the client said it was.
    #[schema(max_length = 512)]
    pub user_agent: Option<&'a str>,
    /// From where the request came.
    #[schema(value_type = Option<String>, example = "192.0.2.1")]
    pub ip_address: Option<IpAddr>,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Instant,
    /// Who acted: the id of an API key or a customer, or a name such as `start-up`.
    pub actor_id: &'a str,
    /// What kind of actor that is.
    #[schema(value_type = AuditActorType)]
    pub actor_type: &'static str,
    /// What it was part of.
    pub metadata: AuditMetadataBody<'a>,
}

words! {
    /// What kind of actor acted.
    AuditActorType: ActorKind::WORDS,
}

/// What an entry was part of.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditMetadataBody<'a> {
    /// The session that the actor was in.
    pub session_id: Option<&'a str>,
    /// The trace; log lines carry it too.
    pub trace_id: &'a str,
    /// The caller's correlation id.
    pub correlation_id: &'a str,
}

/// Entries, counted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditSummaryBody {
    /// By what they are counted.
    #[schema(example = "customer")]
    pub by: &'static str,
    /// The most first, at most a hundred.
    pub counts: Vec<AuditCountBody>,
    /// Whether there are more than these.
    pub has_more: bool,
}

/// The entries about one customer, counted.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditCountBody {
    /// The customer; null for the entries about none.
    pub customer_id: Option<Uuid>,
    /// How many entries there are.
    #[schema(minimum = 1)]
    pub count: u64,
    /// When the latest of them happened.
    #[schema(value_type = String, format = DateTime)]
    pub latest_at: Instant,
}

reply! {
    /// One page of audit events.
    AuditListReply {
        /// One page of audit events.
        AuditListData<'a> {
            /// The newest first.
            events: Vec<AuditEventBody<'a>>,
            /// Begins the next page; null on the last.
            next_cursor: Option<String>,
        }
    }
}

reply! {
    /// Audit events, counted.
    AuditSummaryReply {
        /// Audit events, counted.
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
