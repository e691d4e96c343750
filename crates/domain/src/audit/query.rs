//! The trail as those who may see it: by filter, and counted by customer (AUD-06, AUD-08).

use super::AuditKind;
use crate::support::vocabulary::vocabulary;
use crate::{ActorKind, AuditEventId, CustomerId, Page, StoreError};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use std::net::IpAddr;
use uuid::Uuid;

/// Customers that one count names at most.
pub const MAX_TALLY: usize = 100;

vocabulary! {
    /// What an entry did to its record. The store keeps the words.
    pub enum Operation {
        /// It was created.
        Create "CREATE",
        /// It was read.
        Read "READ",
        /// It was changed.
        Update "UPDATE",
        /// It was deleted.
        Delete "DELETE",
    }
}

vocabulary! {
    /// How grave an entry is. The store keeps the words, and knows three more for kinds that are still
    /// to come.
    pub enum Severity {
        /// The service at work.
        Info "INFO",
        /// What somebody should look at.
        Warn "WARN",
    }
}

/// Which entries are wanted. All that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Those about this customer.
    pub customer: Option<CustomerId>,
    /// Those of one of these kinds, and nothing when there are none of these; `None` for all kinds.
    pub kinds: Option<Vec<AuditKind>>,
    /// Those that did this.
    pub operation: Option<Operation>,
    /// Those of this actor, by its id.
    pub actor: Option<String>,
    /// Those about this record.
    pub resource: Option<Uuid>,
    /// Those from this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Those before this moment.
    pub to: Option<DateTime<Utc>>,
}

/// Where an entry stands in the order of the list: the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditKey {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Which one it is.
    pub id: AuditEventId,
}

/// An entry as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEvent {
    /// Its id.
    pub id: AuditEventId,
    /// What happened, such as `customer.profile.update`. Older programs may have had other words.
    pub event_type: String,
    /// How grave it is: `INFO`, `WARN`, ….
    pub severity: String,
    /// What it did to the record, such as `UPDATE`.
    pub operation: String,
    /// The customer concerned, if one is.
    pub customer: Option<CustomerId>,
    /// The record concerned.
    pub resource: Option<Uuid>,
    /// The names of the fields that changed.
    pub changed_fields: Vec<String>,
    /// What those were that had a value. None when nothing had, and when the key is gone with which
    /// they were sealed: the customer was erased.
    pub old_values: Option<Map<String, Value>>,
    /// What those are that have a value; none as above.
    pub new_values: Option<Map<String, Value>>,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// Who acted.
    pub actor_kind: ActorKind,
    /// Its id.
    pub actor_id: String,
    /// The session that it acted in.
    pub session_id: Option<String>,
    /// The trace that it was part of.
    pub trace_id: String,
    /// The caller's correlation id.
    pub correlation_id: String,
    /// From where the request came.
    pub ip: Option<IpAddr>,
    /// What the client said it was.
    pub user_agent: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Entries of one customer, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditCount {
    /// Whom they are about; none for those about no customer.
    pub customer: Option<CustomerId>,
    /// How many.
    pub count: u64,
    /// When the latest of them happened.
    pub latest: DateTime<Utc>,
}

/// Entries counted by customer, the most first; of equal counts by id, and those about no customer
/// last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditTally {
    /// At most [`MAX_TALLY`] of them.
    pub counts: Vec<AuditCount>,
    /// Whether there are more customers than that.
    pub has_more: bool,
}

/// Reads the trail inside a unit of work, which puts on record that it was read.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuditRepo: Send {
    /// The newest entries that pass the filter, of those older than `after`: at most `size`.
    ///
    /// # Errors
    /// MUST return [`StoreError::TooSlow`] when the filter has no good plan and two seconds were
    /// not enough, and [`StoreError::Corrupt`] for an entry that was changed so that it makes no
    /// sense.
    async fn list(
        &mut self,
        filter: &AuditFilter,
        after: Option<AuditKey>,
        size: u32,
    ) -> Result<Page<AuditEvent, AuditKey>, StoreError>;

    /// How many entries of each customer pass the filter.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    async fn tally(&mut self, filter: &AuditFilter) -> Result<AuditTally, StoreError>;
}
