//! Writes of use cases: state, events and audit entries in one transaction.

use crate::address::AddressRepo;
use crate::api_key::ApiKeyRepo;
use crate::audit::{AuditEntry, AuditRepo};
use crate::customer::CustomerRepo;
use crate::group::GroupRepo;
use crate::idempotency::{ClaimError, IdempotencyClaim, StoredReply};
use crate::note::NoteRepo;
use crate::outbox::Event;
use crate::tenant::TenantRepo;
use crate::{Context, StoreError};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::fmt;

/// Opens units of work.
#[async_trait]
pub trait Transactions: Send + Sync {
    /// Opens a transaction in the context's tenant. One round trip.
    ///
    /// If a pooled connection turns out to be dead, it is replaced once before this fails.
    ///
    /// # Errors
    /// MUST return [`StoreError::Unavailable`] if no connection is available in time.
    async fn begin(&self, context: &Context) -> Result<Box<dyn UnitOfWork>, StoreError>;

    /// Opens a transaction that holds `claim`, or returns the reply that an earlier one stored. Two
    /// round trips: the lock is sent with BEGIN, the stored row is read after it.
    ///
    /// # Errors
    /// MUST return [`ClaimError::InFlight`] while another transaction holds the same claim,
    /// [`ClaimError::KeyReused`] if the stored reply belongs to another body, and
    /// [`ClaimError::Store`] as [`begin`](Self::begin) does. An expired reply MUST be treated as
    /// absent.
    async fn begin_idempotent(
        &self,
        context: &Context,
        claim: &IdempotencyClaim,
    ) -> Result<Claimed, ClaimError>;

    /// Returns the horizon of the context's tenant: every write with an earlier
    /// [time](UnitOfWork::now) is committed or will never be. A read by time that begins afterwards
    /// and shows only rows before the horizon misses none of them, so it can be continued from the
    /// last row. One round trip.
    ///
    /// The horizon MUST be after everything that was committed before the call, except for what
    /// began in the same second as a transaction that is still open, or later.
    ///
    /// # Errors
    /// MUST return [`StoreError::Unavailable`] if no connection is available in time.
    async fn horizon(&self, context: &Context) -> Result<DateTime<Utc>, StoreError>;
}

/// The result of a claim.
pub enum Claimed {
    /// The claim was granted: the work may begin.
    Started(Box<dyn UnitOfWork>),
    /// The work was done before, with this reply.
    Replay(StoredReply),
}

impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(_) => f.write_str("Started(..)"),
            Self::Replay(reply) => f.debug_tuple("Replay").field(reply).finish(),
        }
    }
}

/// A transaction. Nothing is stored unless it is committed.
#[async_trait]
#[must_use = "dropping a unit of work rolls it back"]
pub trait UnitOfWork: Send {
    /// Returns the time of this unit of work, by the clock of the store: that of everything it
    /// writes. It MUST NOT be before a [horizon](Transactions::horizon) that was returned earlier or
    /// will be while it is open.
    fn now(&self) -> DateTime<Utc>;

    /// The customers, each with profile, preferences, tags, identifiers, credentials and the
    /// initial statistics and tier.
    fn customers(&mut self) -> &mut dyn CustomerRepo;

    /// The address books.
    fn addresses(&mut self) -> &mut dyn AddressRepo;

    /// The customer groups.
    fn groups(&mut self) -> &mut dyn GroupRepo;

    /// The notes about customers.
    fn notes(&mut self) -> &mut dyn NoteRepo;

    /// The tenants.
    fn tenants(&mut self) -> &mut dyn TenantRepo;

    /// The API keys.
    fn api_keys(&mut self) -> &mut dyn ApiKeyRepo;

    /// The audit trail, for reading.
    fn audit(&mut self) -> &mut dyn AuditRepo;

    /// Records a change: an event, an audit entry, or both. No rule can reject them, so they are
    /// collected: the next statement that writes a customer or its addresses takes them along, or
    /// else they are sent right before COMMIT. So record a change before it is stored.
    fn record(&mut self, change: Change);

    /// Stores the reply for the claim that this unit of work was opened with.
    fn store_reply(&mut self, claim: IdempotencyClaim, reply: StoredReply);

    /// Writes the recorded changes that no statement took along and the stored reply (one round trip
    /// if there are any), and commits (one more).
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] with
    /// [`Conflict::IdempotencyKey`](crate::Conflict::IdempotencyKey) if another transaction stored
    /// a reply under the same key first; then nothing is written. MUST return
    /// [`StoreError::Unavailable`] if the outcome is unknown.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;

    /// Rolls the transaction back. Dropping it does the same, but later and without reporting
    /// errors.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the connection broke; even then, nothing was written.
    async fn rollback(self: Box<Self>) -> Result<(), StoreError>;
}

/// What a change writes in addition to the state. An action of a caller has an audit entry, and an
/// event if other services need to know of it; what the service derives has an event only.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Published to other services.
    Event(Event),
    /// Recorded in the audit trail.
    Audit(AuditEntry),
    /// Published to other services and recorded in the audit trail.
    Both(Event, AuditEntry),
}

impl Change {
    /// Returns the event, if any.
    pub fn event(&self) -> Option<&Event> {
        match self {
            Self::Event(event) | Self::Both(event, _) => Some(event),
            Self::Audit(_) => None,
        }
    }

    /// Returns the audit entry, if any.
    pub fn audit(&self) -> Option<&AuditEntry> {
        match self {
            Self::Audit(audit) | Self::Both(_, audit) => Some(audit),
            Self::Event(_) => None,
        }
    }
}

impl From<Event> for Change {
    fn from(event: Event) -> Self {
        Self::Event(event)
    }
}

impl From<AuditEntry> for Change {
    fn from(audit: AuditEntry) -> Self {
        Self::Audit(audit)
    }
}

impl From<(Event, AuditEntry)> for Change {
    fn from((event, audit): (Event, AuditEntry)) -> Self {
        Self::Both(event, audit)
    }
}
