//! Queries of the audit trail: filtered lists, and counts by customer (AUD-06, AUD-08).

use super::AuditKind;
use crate::support::vocabulary::vocabulary;
use crate::{ActorKind, AuditEventId, CustomerId, Page, StoreError};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use std::net::IpAddr;
use uuid::Uuid;

/// The most customers in one tally.
pub const MAX_TALLY: usize = 100;
/// The maximum length of the id of an actor in a filter, in characters.
pub const MAX_ACTOR: usize = 255;

vocabulary! {
    /// What an entry did to its record. The words are stored.
    pub enum Operation {
        /// The record was created.
        Create "CREATE",
        /// The record was read.
        Read "READ",
        /// The record was changed.
        Update "UPDATE",
        /// The record was deleted.
        Delete "DELETE",
    }
}

vocabulary! {
    /// The severity of an entry. The words are stored, and the store accepts three more for kinds
    /// that do not exist yet.
    pub enum Severity {
        /// Normal operation.
        Info "INFO",
        /// Something that should be looked into.
        Warn "WARN",
    }
}

/// A filter of entries. All conditions that are given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Entries about this customer.
    pub customer: Option<CustomerId>,
    /// Entries of one of these kinds: an empty list matches nothing, `None` every kind.
    pub kinds: Option<Vec<AuditKind>>,
    /// Entries with this operation.
    pub operation: Option<Operation>,
    /// Entries of the actor with this id.
    pub actor: Option<String>,
    /// Entries about this record.
    pub resource: Option<Uuid>,
    /// Entries from this time on.
    pub from: Option<DateTime<Utc>>,
    /// Entries before this time.
    pub to: Option<DateTime<Utc>>,
}

/// The position of an entry in a list, which is sorted newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditKey {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The entry's id.
    pub id: AuditEventId,
}

/// An entry as the API returns it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// The entry's id.
    pub id: AuditEventId,
    /// What happened, such as `customer.profile.update`. Older versions of the service may have
    /// used other words.
    pub event_type: String,
    /// The severity: `INFO`, `WARN`, ….
    pub severity: String,
    /// The operation on the record, such as `UPDATE`.
    pub operation: String,
    /// The customer concerned, if any.
    pub customer: Option<CustomerId>,
    /// The record concerned.
    pub resource: Option<Uuid>,
    /// The names of the fields that changed.
    pub changed_fields: Vec<String>,
    /// The old values; `None` if there are none, or if the key that they were sealed with is gone
    /// because the customer was erased.
    pub old_values: Option<Map<String, Value>>,
    /// The new values; `None` as for the old ones.
    pub new_values: Option<Map<String, Value>>,
    /// The reason that the actor gave.
    pub reason: Option<String>,
    /// The kind of actor.
    pub actor_kind: ActorKind,
    /// The actor's id.
    pub actor_id: String,
    /// The session that the actor used.
    pub session_id: Option<String>,
    /// The trace that the change was part of.
    pub trace_id: String,
    /// The caller's correlation id.
    pub correlation_id: String,
    /// The IP address that the request came from.
    pub ip: Option<IpAddr>,
    /// The `User-Agent` of the client.
    pub user_agent: Option<String>,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// The number of entries about one customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditCount {
    /// The customer; `None` for the entries that concern no customer.
    pub customer: Option<CustomerId>,
    /// The number of entries.
    pub count: u64,
    /// When the latest of them happened.
    pub latest: DateTime<Utc>,
}

/// The numbers of entries by customer, largest first, equal ones sorted by customer id; the entries
/// that concern no customer come last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditTally {
    /// At most [`MAX_TALLY`] counts.
    pub counts: Vec<AuditCount>,
    /// Whether there are more customers.
    pub has_more: bool,
}

/// Reads the audit trail within a unit of work, which also records that it was read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuditRepo: Send {
    /// Returns the newest entries that match the filter and are older than `after`: at most `size`.
    ///
    /// # Errors
    /// MUST return [`StoreError::TooSlow`] if the filter has no efficient plan and two seconds were
    /// not enough, and [`StoreError::Corrupt`] for an entry that was tampered with and can no
    /// longer be read.
    async fn list(
        &mut self,
        filter: &AuditFilter,
        after: Option<AuditKey>,
        size: u32,
    ) -> Result<Page<AuditEvent, AuditKey>, StoreError>;

    /// Counts the entries of each customer that match the filter.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    async fn tally(&mut self, filter: &AuditFilter) -> Result<AuditTally, StoreError>;
}
