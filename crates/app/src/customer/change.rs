//! Changing a customer by a merge.

use super::Customers;
use super::lifecycle::clear_deleted_group;
use crate::idempotency::{Idempotent, Outcome};
use crate::support::failed::{Failed, Rule, expect_equal, expect_own};
use crate::support::refusal::Needed;
use crate::support::retry::retried;
use crate::support::stated::Stated;
use crate::support::version::expect_version;
use chrono::{DateTime, Utc};
use customer_domain::address::AddressBook;
use customer_domain::audit::{AuditEntry, AuditKind, FieldChange};
use customer_domain::customer::{
    Customer, CustomerChanges, CustomerField, CustomerRecord, CustomerRef, Identifier, Lookup,
    Status, StatusChange, TransitionError,
};
use customer_domain::outbox::Event;
use customer_domain::{Change, Claimed, Conflict, Context, CustomerId, Permission, UnitOfWork};
use thiserror::Error;
use tracing::instrument;

/// A request to merge changes into a customer.
#[derive(Debug, Clone, Default)]
pub struct UpdateCustomer {
    /// The changes.
    pub changes: CustomerChanges,
    /// The requested status, if any.
    pub status: Option<Status>,
    /// The versions that the caller expects; `None` for any.
    pub expected_versions: Option<Vec<i64>>,
    /// The read-only members that the caller sent.
    pub stated: Stated<Customer>,
    /// The addresses that the caller sent, which are read-only here.
    pub stated_addresses: Stated<AddressBook>,
}

/// The reason why a customer could not be changed.
pub type ChangeCustomerError = Failed<ChangeCustomerRule>;

/// The rules of changing a customer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChangeCustomerRule {
    /// The customer is deleted, and has to be reactivated first.
    #[error(transparent)]
    Transition(TransitionError),
    /// No transition leads to the requested status: pending comes from registering, deleted from
    /// deactivating.
    #[error("the status cannot be set to this")]
    StatusUnreachable,
    /// These members would be too large after the merge.
    #[error("members would be too large: {0:?}")]
    TooLarge(Vec<CustomerField>),
    /// The e-mail address belongs to another customer, with its id if the caller may know it.
    #[error("the e-mail address is taken")]
    EmailTaken(Option<CustomerId>),
    /// The legacy id belongs to another customer.
    #[error("the legacy id is taken")]
    LegacyIdTaken,
    /// One of the external ids belongs to another customer.
    #[error("an external id is taken")]
    ExternalIdTaken,
    /// Other customers have these identifiers, which the deleted customer would claim again.
    #[error("what the deleted customer had is taken")]
    FormerIdentifiersTaken(Vec<(Identifier, CustomerId)>),
    /// The group does not exist.
    #[error("the group does not exist")]
    UnknownGroup,
}

impl Rule for ChangeCustomerRule {
    const STORED: &'static [(Conflict, Self)] = &[
        (Conflict::Email, Self::EmailTaken(None)),
        (Conflict::LegacyId, Self::LegacyIdTaken),
        (Conflict::ExternalId, Self::ExternalIdTaken),
        (Conflict::UnknownGroup, Self::UnknownGroup),
    ];
}

impl From<TransitionError> for ChangeCustomerError {
    fn from(error: TransitionError) -> Self {
        Self::Rule(ChangeCustomerRule::Transition(error))
    }
}

impl Customers {
    /// Merges changes into a customer and returns it. If nothing changes, nothing is written.
    ///
    /// # Errors
    /// As [`ChangeCustomerRule`] lists, or as [`Failed`] does.
    #[instrument(name = "app.customer.update", level = "debug", skip_all)]
    pub async fn update(
        &self,
        context: &Context,
        customer: CustomerRef,
        command: &UpdateCustomer,
        once: &Idempotent<'_, CustomerRecord>,
    ) -> Result<Outcome<CustomerRecord>, ChangeCustomerError> {
        match retried(|| self.try_update(context, customer, command, once)).await {
            Err(ChangeCustomerError::Rule(rule)) => Err(self
                .with_holders(context, customer, &command.changes, rule)
                .await),
            Err(error) => Err(self.refusals.recorded(context, error).await),
            Ok(outcome) => Ok(outcome),
        }
    }

    /// Adds who has what was refused: the requested e-mail address, or all that a deleted customer
    /// had and would claim again. The failed transaction is over, so these are separate reads, which
    /// may no longer find who was in the way.
    pub(super) async fn with_holders(
        &self,
        context: &Context,
        customer: CustomerRef,
        changes: &CustomerChanges,
        rule: ChangeCustomerRule,
    ) -> ChangeCustomerError {
        let rule = match (rule, &changes.email) {
            (ChangeCustomerRule::EmailTaken(_), Some(email)) => {
                let holder = self.holder(context, Lookup::Email(email.clone())).await;
                ChangeCustomerRule::EmailTaken(holder)
            }
            (
                rule @ (ChangeCustomerRule::EmailTaken(_)
                | ChangeCustomerRule::LegacyIdTaken
                | ChangeCustomerRule::ExternalIdTaken),
                _,
            ) => {
                let former = self.former_identifiers_taken(context, customer, changes);
                former
                    .await
                    .map_or(rule, ChangeCustomerRule::FormerIdentifiersTaken)
            }
            (rule, _) => rule,
        };
        rule.into()
    }

    /// Returns the identifiers that a deleted customer would claim after these changes and that others
    /// have now, each with its holder. One round trip for each.
    async fn former_identifiers_taken(
        &self,
        context: &Context,
        customer: CustomerRef,
        changes: &CustomerChanges,
    ) -> Option<Vec<(Identifier, CustomerId)>> {
        let mut found = self.reads.find(context, customer).await.ok().flatten()?;
        if !found.customer.is_deleted() {
            return None;
        }
        found.customer.merge(changes.clone());
        let mut taken = Vec::new();
        for identifier in found.customer.identifiers() {
            if let Some(holder) = self.holder(context, identifier.clone().into()).await {
                taken.push((identifier, holder));
            }
        }
        (!taken.is_empty()).then_some(taken)
    }

    async fn try_update(
        &self,
        context: &Context,
        customer: CustomerRef,
        command: &UpdateCustomer,
        once: &Idempotent<'_, CustomerRecord>,
    ) -> Result<Outcome<CustomerRecord>, ChangeCustomerError> {
        let mut work = match once.begin(&*self.transactions, context).await? {
            Claimed::Started(work) => work,
            Claimed::Replay(reply) => return Ok(Outcome::Replayed(reply)),
        };
        let mut record = work.customers().find_for_update(customer).await?;
        let customer = &mut record.customer;
        expect_version(customer.version, command.expected_versions.as_deref())?;
        expect_stated(&mut *work, customer, command).await?;
        let before = customer.clone();
        if before.is_deleted() && command.status == Some(Status::Active) {
            clear_deleted_group(&mut *work, customer).await?;
        }
        let now = work.now();
        let recorded = self.decide_update(context, &before, customer, command, now)?;
        if recorded.is_empty() {
            work.rollback().await?;
            return Ok(Outcome::Done(record));
        }
        for change in recorded {
            work.record(change);
        }
        work.customers().save(&record.customer).await?;
        once.store_reply(&mut *work, &record);
        work.commit().await?;
        Ok(Outcome::Done(record))
    }

    /// Changes the customer as requested, and returns what to record: nothing, a merge, a
    /// transition, or both, each with its own event.
    fn decide_update(
        &self,
        context: &Context,
        before: &Customer,
        customer: &mut Customer,
        command: &UpdateCustomer,
        now: DateTime<Utc>,
    ) -> Result<Vec<Change>, ChangeCustomerError> {
        let mut recorded = Vec::new();
        let step = wanted_step(context, customer, command)?;
        if let Some(step) = step {
            customer.change_status(step, now)?;
        }
        if customer.is_deleted() {
            return Err(TransitionError::Deleted.into());
        }
        let merge = command.changes.clone();
        let mut changed = customer.merge(merge.with_default_type(self.settings.default_type));
        if !context.may(Permission::Write) {
            refuse_staff_fields(command.status, &changed)?;
        }
        let too_large = customer.too_large(&changed);
        if !too_large.is_empty() {
            return Err(ChangeCustomerRule::TooLarge(too_large).into());
        }
        if step.is_none() && changed.is_empty() {
            return Ok(recorded);
        }
        customer.touch(now);
        match step {
            // Both would be published as a changed profile, and a change has one event of each
            // kind.
            Some(StatusChange::SetInactive) if !changed.is_empty() => {
                changed.insert(0, CustomerField::Status);
            }
            Some(step) => {
                let mut fields = vec![CustomerField::Status];
                // A group that is gone; another one that was asked for is among the changed.
                if before.is_deleted() && customer.group.is_none() && before.group.is_some() {
                    fields.push(CustomerField::GroupId);
                    changed.retain(|field| *field != CustomerField::GroupId);
                }
                let change = self.status_changed(before, customer, step, &fields);
                recorded.push(change.into());
                customer.event_seq += i64::from(!changed.is_empty());
            }
            None => {}
        }
        if !changed.is_empty() {
            recorded.push(self.updated(before, customer, &changed));
        }
        Ok(recorded)
    }

    fn updated(&self, before: &Customer, customer: &Customer, changed: &[CustomerField]) -> Change {
        let event = Event::profile_updated(self.event_id(), customer, changed);
        let fields = FieldChange::between(before, customer, changed);
        let entry = self.audited(customer, AuditKind::ProfileUpdate, fields);
        (event, entry).into()
    }

    /// Returns the audit entry about a customer in its current state.
    pub(super) fn audited(
        &self,
        customer: &Customer,
        kind: AuditKind,
        changes: Vec<FieldChange>,
    ) -> AuditEntry {
        let entry = AuditEntry::new(&*self.ids, kind, customer.id.0, customer.updated_at);
        entry.about(customer.id).with(changes)
    }
}

/// Succeeds if all read-only members equal what is stored. One round trip if the caller sent
/// addresses, otherwise none.
async fn expect_stated(
    work: &mut dyn UnitOfWork,
    customer: &Customer,
    command: &UpdateCustomer,
) -> Result<(), ChangeCustomerError> {
    let mut differing = command.stated.differing(customer);
    if !command.stated_addresses.is_empty() {
        let id = CustomerRef::Id(customer.id);
        let locked = work.addresses().book_for_update(id).await?;
        differing.extend(command.stated_addresses.differing(&locked.book));
    }
    expect_equal(differing)
}

/// Succeeds if customers may change these fields themselves. They may not even send the status.
fn refuse_staff_fields(
    status: Option<Status>,
    changed: &[CustomerField],
) -> Result<(), ChangeCustomerError> {
    let (wanted, named) = match status {
        Some(_) => (Permission::Admin, Some(CustomerField::Status)),
        None => (Permission::Write, None),
    };
    let others = changed.iter().copied().filter(|field| !field.is_own());
    let others = named.into_iter().chain(others).map(CustomerField::path);
    expect_own(wanted, others.collect())
}

/// Returns the transition to the requested status; `None` if the customer already has it or the
/// caller is a customer, who may not request one.
fn wanted_step(
    context: &Context,
    customer: &Customer,
    command: &UpdateCustomer,
) -> Result<Option<StatusChange>, ChangeCustomerError> {
    let wanted = command.status.filter(|wanted| *wanted != customer.status);
    let Some(wanted) = wanted.filter(|_| context.may(Permission::Write)) else {
        return Ok(None);
    };
    if !context.may(Permission::Admin) {
        return Err(ChangeCustomerError::Lacking {
            needed: Needed::Permission(Permission::Admin),
            fields: Vec::new(),
        });
    }
    StatusChange::leading_to(wanted)
        .map(Some)
        .ok_or(ChangeCustomerRule::StatusUnreachable.into())
}
