//! A customer is changed by a merge.

use super::Customers;
use crate::idempotency::{Once, Outcome};
use crate::support::retry::{Retryable, retried};
use crate::support::version::{VersionConflict, expect_version};
use chrono::{DateTime, Utc};
use customer_domain::audit::{AuditEntry, AuditKind, FieldChange};
use customer_domain::customer::{
    AccountState, Customer, CustomerChanges, CustomerRecord, CustomerRef, Email, Lookup, Status,
    StatusChange, TransitionError,
};
use customer_domain::idempotency::{ClaimError, Claimed};
use customer_domain::outbox::Event;
use customer_domain::{Conflict, CustomerId, Fact, Scope, StoreError};
use thiserror::Error;

/// A merge into a customer.
#[derive(Debug, Clone, Default)]
pub struct UpdateCustomer {
    /// What changes.
    pub changes: CustomerChanges,
    /// The status that it is to have.
    pub status: Option<Status>,
    /// Whether the caller may change the status.
    pub may_change_status: bool,
    /// The versions that the caller is content with; any, when it did not say.
    pub expected_versions: Option<Vec<i64>>,
    /// What the caller says of members that cannot be written.
    pub stated: Stated,
}

/// Members that cannot be written, as a caller sent them. They are accepted when they are what
/// is stored, so that what was read can be sent back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stated {
    /// `id`, in any of the ways in which a path may name a customer.
    pub id: Option<CustomerRef>,
    /// `userId`
    pub user_id: Option<Option<CustomerId>>,
    /// `accountState`
    pub account_state: Option<AccountState>,
    /// `emailVerified`
    pub email_verified: Option<bool>,
    /// `phoneVerified`
    pub phone_verified: Option<bool>,
    /// `registrationSource`
    pub registration_source: Option<Option<String>>,
}

impl Stated {
    /// Content when every member is what is stored.
    pub(super) fn expect(&self, customer: &Customer) -> Result<(), ChangeCustomerError> {
        let contradicting = self.contradicting(customer);
        if contradicting.is_empty() {
            Ok(())
        } else {
            Err(ChangeCustomerError::ReadOnly(contradicting))
        }
    }

    /// The members that differ from what is stored.
    fn contradicting(&self, customer: &Customer) -> Vec<&'static str> {
        let differs = |name, differs: bool| differs.then_some(name);
        [
            differs("id", self.id.is_some_and(|id| !names(id, customer))),
            differs(
                "userId",
                self.user_id.is_some_and(|id| id != customer.user_id()),
            ),
            differs(
                "accountState",
                self.account_state
                    .is_some_and(|state| state != customer.account_state),
            ),
            differs(
                "emailVerified",
                self.email_verified
                    .is_some_and(|flag| flag != customer.email_verified),
            ),
            differs(
                "phoneVerified",
                self.phone_verified
                    .is_some_and(|flag| flag != customer.phone_verified),
            ),
            differs(
                "registrationSource",
                self.registration_source
                    .as_ref()
                    .is_some_and(|source| *source != customer.registration_source),
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn names(reference: CustomerRef, customer: &Customer) -> bool {
    match reference {
        CustomerRef::Id(id) => id == customer.id,
        CustomerRef::Legacy(id) => Some(id) == customer.legacy_id,
    }
}

/// Why a customer could not be changed. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChangeCustomerError {
    /// The tenant has no such customer.
    #[error("no such customer")]
    NotFound,
    /// It changed since the caller read it.
    #[error("the customer is at version {current}")]
    VersionConflict {
        /// The version that it has.
        current: i64,
    },
    /// It is deleted, and only reactivating brings it back.
    #[error(transparent)]
    Transition(#[from] TransitionError),
    /// No change leads to the wanted status: pending comes from registering, deleted from
    /// deactivating.
    #[error("the status cannot be set to this")]
    StatusUnreachable,
    /// The caller may not change the status.
    #[error("the status may be changed by an administrator only")]
    StatusForbidden,
    /// These members cannot be written, and differ from what is stored.
    #[error("members that cannot be written differ: {0:?}")]
    ReadOnly(Vec<&'static str>),
    /// Merged into what is stored, these members would outgrow their limits.
    #[error("members outgrow their limits: {0:?}")]
    Overgrown(Vec<&'static str>),
    /// The address belongs to another customer; to which.
    #[error("the e-mail address is taken")]
    EmailTaken(Option<CustomerId>),
    /// The legacy id belongs to another customer.
    #[error("the legacy id is taken")]
    LegacyIdTaken,
    /// One of the external ids belongs to another customer.
    #[error("an external id is taken")]
    ExternalIdTaken,
    /// The group does not exist.
    #[error("the group does not exist")]
    UnknownGroup,
    /// The idempotency key stands against it.
    #[error(transparent)]
    Claim(ClaimError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<VersionConflict> for ChangeCustomerError {
    fn from(VersionConflict { current }: VersionConflict) -> Self {
        Self::VersionConflict { current }
    }
}

impl From<StoreError> for ChangeCustomerError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Conflict(Conflict::Email) => Self::EmailTaken(None),
            StoreError::Conflict(Conflict::LegacyId) => Self::LegacyIdTaken,
            StoreError::Conflict(Conflict::ExternalId) => Self::ExternalIdTaken,
            StoreError::Conflict(Conflict::UnknownGroup) => Self::UnknownGroup,
            other @ (StoreError::Conflict(_)
            | StoreError::Contended
            | StoreError::TooSlow
            | StoreError::Unavailable(_)
            | StoreError::Corrupt { .. }) => Self::Store(other),
        }
    }
}

impl From<ClaimError> for ChangeCustomerError {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Store(error) => error.into(),
            ClaimError::InFlight | ClaimError::KeyReused => Self::Claim(error),
        }
    }
}

impl Retryable for ChangeCustomerError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }
}

impl Customers {
    /// Merges changes into a customer. When nothing changes nothing is written, and the
    /// customer is answered as it is.
    ///
    /// # Errors
    /// As [`ChangeCustomerError`] lists.
    pub async fn update(
        &self,
        scope: &Scope,
        customer: CustomerRef,
        command: &UpdateCustomer,
        once: &Once<'_, CustomerRecord>,
    ) -> Result<Outcome<CustomerRecord>, ChangeCustomerError> {
        match retried(|| self.try_update(scope, customer, command, once)).await {
            Err(ChangeCustomerError::EmailTaken(None)) => {
                let wanted = command.changes.email.as_set().cloned();
                Err(self.email_taken(scope, customer, wanted).await)
            }
            outcome => outcome,
        }
    }

    /// Who has the address that was wanted, or else the customer's own, which reactivating
    /// claims again. The failed transaction is over, so this is a read of its own, and may find
    /// nobody any more.
    pub(super) async fn email_taken(
        &self,
        scope: &Scope,
        customer: CustomerRef,
        wanted: Option<Email>,
    ) -> ChangeCustomerError {
        let own = async || {
            let record = self.reads.find(scope, customer).await.ok().flatten();
            record.map(|record| record.customer.email)
        };
        let email = match wanted {
            Some(email) => Some(email),
            None => own().await,
        };
        ChangeCustomerError::EmailTaken(match email {
            Some(email) => self.holder(scope, Lookup::Email(email)).await,
            None => None,
        })
    }

    async fn try_update(
        &self,
        scope: &Scope,
        customer: CustomerRef,
        command: &UpdateCustomer,
        once: &Once<'_, CustomerRecord>,
    ) -> Result<Outcome<CustomerRecord>, ChangeCustomerError> {
        let mut work = match once.begin(&*self.transactions, scope).await? {
            Claimed::Fresh(work) => work,
            Claimed::Replay(reply) => return Ok(Outcome::Replayed(reply)),
        };
        let mut record = work.customers().find_for_update(customer).await?;
        let facts = self.decide_update(&mut record.customer, command)?;
        if facts.is_empty() {
            work.rollback().await?;
            return Ok(Outcome::Done(record));
        }
        work.customers().save(&record.customer).await?;
        for fact in facts {
            work.record(fact);
        }
        once.remember(&mut *work, &record);
        work.commit().await?;
        Ok(Outcome::Done(record))
    }

    /// Changes the customer as asked, and tells what happened: nothing, a merge, a step of its
    /// life, or both, each with an event of its own.
    fn decide_update(
        &self,
        customer: &mut Customer,
        command: &UpdateCustomer,
    ) -> Result<Vec<Fact>, ChangeCustomerError> {
        expect_version(customer.version, command.expected_versions.as_deref())?;
        command.stated.expect(customer)?;
        let before = customer.clone();
        let now = self.clock.now();
        let mut facts = Vec::new();
        let step = wanted_step(customer, command)?;
        if let Some(step) = step {
            customer.change_status(step, now)?;
        }
        if customer.is_deleted() {
            return Err(TransitionError::Deleted.into());
        }
        let merge = command.changes.clone();
        let mut changed = customer.merge(merge.with_default_type(self.settings.default_type));
        let overgrown = customer.overgrown(&changed);
        if !overgrown.is_empty() {
            return Err(ChangeCustomerError::Overgrown(overgrown));
        }
        if step.is_none() && changed.is_empty() {
            return Ok(facts);
        }
        customer.version += 1;
        customer.updated_at = now;
        match step {
            // Both are told as a changed profile: one change and kind, one event.
            Some(StatusChange::SetInactive) if !changed.is_empty() => changed.insert(0, "status"),
            Some(step) => {
                facts.push(self.status_changed(&before, customer, step, None));
                customer.event_seq += i64::from(!changed.is_empty());
            }
            None => {}
        }
        if !changed.is_empty() {
            facts.push(self.updated(&before, customer, &changed));
        }
        Ok(facts)
    }

    fn updated(&self, before: &Customer, customer: &Customer, changed: &[&str]) -> Fact {
        let event = Event::profile_updated(self.event_id(), customer, changed);
        let fields = FieldChange::between(before, customer, changed);
        let audit = self.audited(customer, AuditKind::ProfileUpdate, fields, None);
        Fact {
            event: Some(event),
            audit,
        }
    }

    pub(super) fn audited(
        &self,
        customer: &Customer,
        kind: AuditKind,
        changes: Vec<FieldChange>,
        reason: Option<String>,
    ) -> AuditEntry {
        let at: DateTime<Utc> = customer.updated_at;
        AuditEntry {
            id: self.audit_id(),
            kind,
            customer: Some(customer.id),
            resource: customer.id.0,
            changes,
            reason,
            at,
        }
    }
}

/// The step that leads to the wanted status; none when it is had already.
fn wanted_step(
    customer: &Customer,
    command: &UpdateCustomer,
) -> Result<Option<StatusChange>, ChangeCustomerError> {
    let Some(wanted) = command.status.filter(|wanted| *wanted != customer.status) else {
        return Ok(None);
    };
    if !command.may_change_status {
        return Err(ChangeCustomerError::StatusForbidden);
    }
    StatusChange::leading_to(wanted)
        .map(Some)
        .ok_or(ChangeCustomerError::StatusUnreachable)
}
