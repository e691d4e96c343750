//! Changing a customer's status: suspending, reactivating and deactivating.

use super::Customers;
use super::change::ChangeCustomerError;
use crate::idempotency::{Idempotent, Outcome};
use crate::support::retry::retried;
use crate::support::stated::Stated;
use crate::support::version::expect_version;
use customer_domain::audit::{AuditEntry, AuditKind, FieldChange};
use customer_domain::customer::{
    Customer, CustomerChanges, CustomerField, CustomerRecord, CustomerRef, StatusChange,
};
use customer_domain::outbox::{Event, EventKind};
use customer_domain::{Claimed, Context, StoreError, UnitOfWork};
use tracing::instrument;

/// A request to change a customer's status.
#[derive(Debug, Clone)]
pub struct ChangeStatus {
    /// The transition.
    pub change: StatusChange,
    /// The reason, as the caller gave it.
    pub reason: Option<String>,
    /// The versions that the caller expects; `None` for any.
    pub expected_versions: Option<Vec<i64>>,
    /// The read-only members that the caller sent.
    pub stated: Stated<Customer>,
}

impl Customers {
    /// Changes a customer's status. If the customer already has it, nothing is written.
    ///
    /// # Errors
    /// As [`ChangeCustomerRule`](super::ChangeCustomerRule) lists, or as [`Failed`](crate::Failed)
    /// does.
    #[instrument(name = "app.customer.change_status", level = "debug", skip_all)]
    pub async fn change_status(
        &self,
        context: &Context,
        customer: CustomerRef,
        command: &ChangeStatus,
        once: &Idempotent<'_, CustomerRecord>,
    ) -> Result<Outcome<CustomerRecord>, ChangeCustomerError> {
        let outcome = retried(|| self.try_change_status(context, customer, command, once)).await;
        match outcome {
            Err(ChangeCustomerError::Rule(rule)) => {
                let changes = CustomerChanges::default();
                Err(self.with_holders(context, customer, &changes, rule).await)
            }
            outcome => outcome,
        }
    }

    async fn try_change_status(
        &self,
        context: &Context,
        customer: CustomerRef,
        command: &ChangeStatus,
        once: &Idempotent<'_, CustomerRecord>,
    ) -> Result<Outcome<CustomerRecord>, ChangeCustomerError> {
        let mut work = match once.begin(&*self.transactions, context).await? {
            Claimed::Started(work) => work,
            Claimed::Replay(reply) => return Ok(Outcome::Replayed(reply)),
        };
        let now = work.now();
        let mut record = work.customers().find_for_update(customer).await?;
        let customer = &mut record.customer;
        expect_version(customer.version, command.expected_versions.as_deref())?;
        command.stated.expect(customer)?;
        let before = customer.clone();
        if !customer.change_status(command.change, now)? {
            work.rollback().await?;
            return Ok(Outcome::Done(record));
        }
        let mut changed = vec![CustomerField::Status];
        if before.is_deleted() && clear_deleted_group(&mut *work, customer).await? {
            changed.push(CustomerField::GroupId);
        }
        customer.touch(now);
        let reason = command.reason.clone();
        let (event, entry) = self.status_changed(&before, customer, command.change, &changed);
        work.record((event, entry.because(reason)).into());
        work.customers().save(customer).await?;
        once.store_reply(&mut *work, &record);
        work.commit().await?;
        Ok(Outcome::Done(record))
    }

    /// Returns what to record about a change of the status, and of the group with it.
    pub(super) fn status_changed(
        &self,
        before: &Customer,
        customer: &Customer,
        step: StatusChange,
        changed: &[CustomerField],
    ) -> (Event, AuditEntry) {
        let (event, audit) = match step {
            StatusChange::Reactivate => (EventKind::Reactivated, AuditKind::Reactivate),
            StatusChange::Suspend => (EventKind::Suspended, AuditKind::Suspend),
            StatusChange::Deactivate => (EventKind::Deactivated, AuditKind::ProfileDelete),
            StatusChange::SetInactive => (EventKind::ProfileUpdated, AuditKind::SetInactive),
        };
        let event = Event::status_changed(self.event_id(), event, customer, changed);
        let fields = FieldChange::between(before, customer, changed);
        (event, self.audited(customer, audit, fields))
    }
}

/// Clears the group of a customer that is being reactivated if the group was deleted meanwhile, and
/// returns whether it was. One round trip for a customer with a group.
pub(super) async fn clear_deleted_group(
    work: &mut dyn UnitOfWork,
    customer: &mut Customer,
) -> Result<bool, StoreError> {
    let Some(group) = &customer.group else {
        return Ok(false);
    };
    if work.groups().keep(group).await? {
        return Ok(false);
    }
    customer.group = None;
    Ok(true)
}
