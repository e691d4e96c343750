//! An address is added to a book (DOM-19).

use super::{AddressError, Addresses, Change, open};
use crate::idempotency::{Once, Outcome};
use crate::support::retry::retried;
use customer_domain::address::{
    Added, Address, AddressChanges, AddressProblem, AddressRef, Country, LockedBook, PostalAddress,
};
use customer_domain::customer::CustomerRef;
use customer_domain::idempotency::Claimed;
use customer_domain::{AddressId, CustomerId, Scope};

/// An address that is to be added.
#[derive(Debug, Clone)]
pub struct CreateAddress {
    /// The address, as [`Addresses::draft`] makes it.
    pub address: Address,
    /// Whether it is to be the default in all roles of its type. Otherwise it is only where the
    /// customer has no other address that could be.
    pub make_default: bool,
    /// The customer that the caller says it is for.
    pub stated_customer: Option<CustomerRef>,
}

/// The address that an addition came to.
#[derive(Debug, Clone, PartialEq)]
pub struct AddedAddress {
    /// Whose it is.
    pub customer: CustomerId,
    /// The address that is in the book now.
    pub address: Address,
    /// Whether it is new: otherwise an equal one was there.
    pub is_new: bool,
}

impl Addresses {
    /// What `details` say as a new address; one that names no country is in the tenant's.
    /// Nothing is stored, and nothing is said yet about what its country's post would take.
    /// `None` when no country is named and the tenant's is none that is known.
    pub fn draft(&self, scope: &Scope, details: AddressChanges) -> Option<Address> {
        let of_tenant = || Country::parse(&self.tenants.settings(scope.tenant).country).ok();
        let country = details.country.or_else(of_tenant)?;
        let id = AddressId(self.ids.new_id());
        Some(Address::new(id, country, details, self.clock.now()))
    }

    /// Adds an address to a customer's book, unless an equal one is there: then that one is
    /// answered, takes over the legacy id if it has none, and becomes the default if that was
    /// asked for.
    ///
    /// # Errors
    /// As [`AddressError`] lists.
    pub async fn create(
        &self,
        scope: &Scope,
        customer: CustomerRef,
        command: &CreateAddress,
        once: &Once<'_, AddedAddress>,
    ) -> Result<Outcome<AddedAddress>, AddressError> {
        refuse_invalid(&command.address.postal)?;
        retried(|| self.try_create(scope, customer, command, once)).await
    }

    async fn try_create(
        &self,
        scope: &Scope,
        customer: CustomerRef,
        command: &CreateAddress,
        once: &Once<'_, AddedAddress>,
    ) -> Result<Outcome<AddedAddress>, AddressError> {
        let mut work = match once.begin(&*self.transactions, scope).await? {
            Claimed::Fresh(work) => work,
            Claimed::Replay(reply) => return Ok(Outcome::Replayed(reply)),
        };
        let LockedBook { holder, mut book } =
            open(&mut *work, customer, command.stated_customer).await?;
        let address = command.address.clone();
        let (new, limit) = (address.id, self.limit(scope));
        let added = book.add(address, command.make_default, limit, &*self.digests)?;
        let (id, changed) = match added {
            Added::New => (new, None),
            Added::Equal { id, changed } => (id, Some(changed)),
        };
        let address = book.get(AddressRef::Id(id))?.clone();
        let added = AddedAddress {
            customer: holder.customer,
            address,
            is_new: changed.is_none(),
        };
        if changed.as_ref().is_some_and(Vec::is_empty) {
            work.rollback().await?;
            return Ok(Outcome::Done(added));
        }
        work.addresses().save(&book.changes(&*self.digests)).await?;
        let given = added.address.given_fields();
        let change = match &changed {
            Some(changed) => Change::Updated(changed),
            None => Change::Created(&given),
        };
        work.record(self.fact(holder, &book, &added.address, change));
        once.remember(&mut *work, &added);
        work.commit().await?;
        Ok(Outcome::Done(added))
    }
}

/// Content with an address that its country's post would take.
pub(super) fn refuse_invalid(postal: &PostalAddress) -> Result<(), AddressError> {
    let mut problems = postal.check();
    problems.retain(AddressProblem::is_fatal);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(AddressError::Invalid(problems))
    }
}
