//! Changing, defaulting and deleting an address (DOM-20, DOM-22).

use super::create::refuse_invalid;
use super::{AddressError, AddressRule, Addresses, Edit, HeldAddress, open, refuse_staff_fields};
use crate::idempotency::{Idempotent, Outcome};
use crate::support::retry::retried;
use crate::support::stated::Stated;
use crate::support::version::expect_version;
use customer_domain::address::{
    Address, AddressBook, AddressChanges, AddressField, AddressRef, LockedBook, Role,
};
use customer_domain::customer::CustomerRef;
use customer_domain::{AddressId, Claimed, Context};
use tracing::instrument;

/// A request to merge changes into an address.
#[derive(Debug, Clone, Default)]
pub struct UpdateAddress {
    /// The changes.
    pub changes: AddressChanges,
    /// The versions that the caller expects; `None` for any.
    pub expected_versions: Option<Vec<i64>>,
    /// The customer that the body names.
    pub stated_customer: Option<CustomerRef>,
    /// The read-only members that the caller sent. With `roles` among them, an `is_default` that
    /// follows from them is no change.
    pub stated: Stated<Address>,
}

/// A request to make an address the default.
#[derive(Debug, Clone, Default)]
pub struct SetDefaultAddress {
    /// The role; `None` for all roles of the address's type.
    pub role: Option<Role>,
    /// The versions that the caller expects; `None` for any.
    pub expected_versions: Option<Vec<i64>>,
    /// The customer that the body names.
    pub stated_customer: Option<CustomerRef>,
}

/// A request to delete an address.
#[derive(Debug, Clone, Default)]
pub struct RemoveAddress {
    /// The versions that the caller expects; `None` for any.
    pub expected_versions: Option<Vec<i64>>,
}

impl Addresses {
    /// Merges changes into an address and returns it. If nothing changes, nothing is written.
    ///
    /// # Errors
    /// As [`AddressRule`] lists, or as [`Failed`](crate::Failed) does.
    #[instrument(name = "app.address.update", level = "debug", skip_all)]
    pub async fn update(
        &self,
        context: &Context,
        customer: CustomerRef,
        address: AddressRef,
        command: &UpdateAddress,
    ) -> Result<HeldAddress, AddressError> {
        match retried(|| self.try_update(context, customer, address, command)).await {
            Err(error) => Err(self.refusals.recorded(context, error).await),
            Ok(changed) => Ok(changed),
        }
    }

    async fn try_update(
        &self,
        context: &Context,
        customer: CustomerRef,
        address: AddressRef,
        command: &UpdateAddress,
    ) -> Result<HeldAddress, AddressError> {
        let mut work = self.transactions.begin(context).await?;
        let LockedBook { holder, mut book } =
            open(&mut *work, customer, command.stated_customer).await?;
        let before = book.get(address)?;
        expect_version(before.version, command.expected_versions.as_deref())?;
        command.stated.expect(before)?;
        refuse_staff_fields(context, before, &command.changes)?;
        let (id, edit) = (before.id, wanted_edit(before, command));
        let changed = book.change(id, edit, work.now())?;
        let after = find(&book, id)?;
        if changed.is_empty() {
            work.rollback().await?;
            return Ok(after);
        }
        refuse_unsound(&after.address, &changed)?;
        let edit = Edit::Updated(&changed);
        work.record(self.changed(holder, &book, &after.address, edit));
        work.addresses().save(&book.changes(&*self.digests)).await?;
        work.commit().await?;
        Ok(after)
    }

    /// Makes an address the default for a role, or for all roles of its type. If it already is,
    /// nothing is written.
    ///
    /// # Errors
    /// As [`AddressRule`] lists, or as [`Failed`](crate::Failed) does.
    #[instrument(name = "app.address.set_default", level = "debug", skip_all)]
    pub async fn set_default(
        &self,
        context: &Context,
        customer: CustomerRef,
        address: AddressRef,
        command: &SetDefaultAddress,
        once: &Idempotent<'_, HeldAddress>,
    ) -> Result<Outcome<HeldAddress>, AddressError> {
        retried(|| self.try_set_default(context, customer, address, command, once)).await
    }

    async fn try_set_default(
        &self,
        context: &Context,
        customer: CustomerRef,
        address: AddressRef,
        command: &SetDefaultAddress,
        once: &Idempotent<'_, HeldAddress>,
    ) -> Result<Outcome<HeldAddress>, AddressError> {
        let mut work = match once.begin(&*self.transactions, context).await? {
            Claimed::Started(work) => work,
            Claimed::Replay(reply) => return Ok(Outcome::Replayed(reply)),
        };
        let LockedBook { holder, mut book } =
            open(&mut *work, customer, command.stated_customer).await?;
        let before = book.get(address)?;
        expect_version(before.version, command.expected_versions.as_deref())?;
        let id = before.id;
        let is_changed = book.set_default(id, command.role, work.now())?;
        let after = find(&book, id)?;
        if !is_changed {
            work.rollback().await?;
            return Ok(Outcome::Done(after));
        }
        let edit = Edit::Updated(&[AddressField::Roles]);
        work.record(self.changed(holder, &book, &after.address, edit));
        work.addresses().save(&book.changes(&*self.digests)).await?;
        once.store_reply(&mut *work, &after);
        work.commit().await?;
        Ok(Outcome::Done(after))
    }

    /// Deletes an address and returns its last state; its roles go to other addresses.
    ///
    /// # Errors
    /// As [`AddressRule`] lists, or as [`Failed`](crate::Failed) does.
    #[instrument(name = "app.address.remove", level = "debug", skip_all)]
    pub async fn remove(
        &self,
        context: &Context,
        customer: CustomerRef,
        address: AddressRef,
        command: &RemoveAddress,
    ) -> Result<HeldAddress, AddressError> {
        retried(|| self.try_remove(context, customer, address, command)).await
    }

    async fn try_remove(
        &self,
        context: &Context,
        customer: CustomerRef,
        address: AddressRef,
        command: &RemoveAddress,
    ) -> Result<HeldAddress, AddressError> {
        let mut work = self.transactions.begin(context).await?;
        let LockedBook { holder, mut book } = open(&mut *work, customer, None).await?;
        let before = book.get(address)?;
        expect_version(before.version, command.expected_versions.as_deref())?;
        let id = before.id;
        let removed = book.remove(id, work.now())?;
        work.record(self.changed(holder, &book, &removed, Edit::Deleted));
        work.addresses().save(&book.changes(&*self.digests)).await?;
        work.commit().await?;
        Ok(HeldAddress {
            customer: holder.customer,
            address: removed,
        })
    }
}

fn find(book: &AddressBook, id: AddressId) -> Result<HeldAddress, AddressError> {
    Ok(HeldAddress {
        customer: book.customer(),
        address: book.get(AddressRef::Id(id))?.clone(),
    })
}

/// Returns the changes that the caller really wants: roles that are sent back as they were read,
/// along with the `isDefault` that follows from them, are not a request to change them.
fn wanted_edit(address: &Address, command: &UpdateAddress) -> AddressChanges {
    let mut edit = command.changes.clone();
    let is_default = !address.roles().is_empty();
    if command.stated.has(AddressField::Roles.as_str()) && edit.is_default == Some(is_default) {
        edit.is_default = None;
    }
    edit
}

/// Rejects an address for faults in its changed fields only: rules that were added after it was
/// stored do not prevent its owner from correcting other fields.
fn refuse_unsound(address: &Address, changed: &[AddressField]) -> Result<(), AddressError> {
    if changed.iter().any(|field| field.is_judged()) {
        refuse_invalid(&address.postal)?;
    }
    if changed.contains(&AddressField::Metadata) && address.is_metadata_too_large() {
        return Err(AddressRule::TooLarge.into());
    }
    Ok(())
}
