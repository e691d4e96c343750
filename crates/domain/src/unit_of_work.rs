//! How a use case writes: state, events and audit in one transaction, or nothing.

use crate::address::AddressRepo;
use crate::api_key::ApiKeyRepo;
use crate::audit::{AuditEntry, AuditRepo};
use crate::customer::CustomerRepo;
use crate::group::GroupRepo;
use crate::idempotency::{ClaimError, Claimed, IdempotencyClaim, StoredReply};
use crate::note::NoteRepo;
use crate::outbox::Event;
use crate::tenant::TenantRepo;
use crate::{Context, StoreError};
use async_trait::async_trait;

/// Opens units of work.
#[async_trait]
pub trait Transactions: Send + Sync {
    /// Opens a transaction inside the context's tenant. One round trip.
    ///
    /// A pooled connection found dead is replaced once before this fails.
    ///
    /// # Errors
    /// MUST return [`StoreError::Unavailable`] when no connection can be had in time.
    async fn begin(&self, context: &Context) -> Result<Box<dyn UnitOfWork>, StoreError>;

    /// Opens a transaction that holds `claim`, or finds the reply that an earlier one stored.
    /// Two round trips: the lock travels with BEGIN, the stored row is read after it.
    ///
    /// # Errors
    /// MUST return [`ClaimError::InFlight`] while another transaction holds the same claim,
    /// [`ClaimError::KeyReused`] when the stored reply belongs to another body, and
    /// [`ClaimError::Store`] as [`begin`](Self::begin) does. A stored reply past its expiry
    /// MUST be treated as absent.
    async fn begin_idempotent(
        &self,
        context: &Context,
        claim: &IdempotencyClaim,
    ) -> Result<Claimed, ClaimError>;
}

/// One transaction. Whatever is not committed never happened.
#[async_trait]
#[must_use = "dropping a unit of work rolls it back"]
pub trait UnitOfWork: Send {
    /// The customers, each with profile, preferences, tags, identifiers, credentials and the
    /// first rows of statistics and tier.
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

    /// The audit trail, to be read.
    fn audit(&mut self) -> &mut dyn AuditRepo;

    /// Takes note of what happened: an event, an audit entry, or both. Neither can fail by a rule,
    /// so they are collected and sent together right before COMMIT.
    fn record(&mut self, change: Change);

    /// Keeps the reply for the claim that this unit of work was opened with.
    fn store_reply(&mut self, claim: IdempotencyClaim, reply: StoredReply);

    /// Writes what was recorded and the remembered reply (one round trip when there are any) and commits
    /// (one more).
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] with
    /// [`Conflict::IdempotencyKey`](crate::Conflict::IdempotencyKey) when another transaction
    /// stored a reply under the same key first; nothing is written then.
    /// MUST return [`StoreError::Unavailable`] when the outcome is unknown.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;

    /// Ends the transaction without a trace. Dropping does the same, later and in silence.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the connection broke; nothing was written then either.
    async fn rollback(self: Box<Self>) -> Result<(), StoreError>;
}

/// What one change leaves behind beside the state. What a caller does has an audit entry, and an
/// event when other services hear of it; what the service derives by itself has its event alone.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Other services are told.
    Event(Event),
    /// It is kept on record.
    Audit(AuditEntry),
    /// Other services are told, and it is kept on record.
    Both(Event, AuditEntry),
}

impl Change {
    /// Returns what other services are told.
    pub fn event(&self) -> Option<&Event> {
        match self {
            Self::Event(event) | Self::Both(event, _) => Some(event),
            Self::Audit(_) => None,
        }
    }

    /// Returns what is kept on record.
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
