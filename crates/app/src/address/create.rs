//! An address is added to a book (DOM-19).

use super::{AddressError, AddressRule, Addresses, Edit, open};
use crate::idempotency::{Idempotent, Outcome};
use crate::support::retry::retried;
use customer_domain::address::{
    Added, Address, AddressChanges, AddressProblem, AddressRef, Country, LockedBook, PostalAddress,
};
use customer_domain::customer::CustomerRef;
use customer_domain::idempotency::Claimed;
use customer_domain::{AddressId, Context, CustomerId};
use tracing::instrument;

/// An address that is to be added.
#[derive(Debug, Clone)]
pub struct CreateAddress {
    /// What it says. One that names no country is in the tenant's. With `is_default` it becomes
    /// the default in all roles of its type; without, only where the customer has no other
    /// address that could be.
    pub details: AddressChanges,
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
    /// Returns the address that `details` describe, in the tenant's country unless they name
    /// another. `None` when they name none and the tenant's is none that is known.
    pub fn postal(&self, context: &Context, details: &AddressChanges) -> Option<PostalAddress> {
        let country = self.country(context, details)?;
        Some(details.clone().into_postal(country))
    }

    fn country(&self, context: &Context, details: &AddressChanges) -> Option<Country> {
        let of_tenant = || Country::parse(&self.tenants.settings(context.tenant).country).ok();
        details.country.or_else(of_tenant)
    }

    /// Adds an address to a customer's book, unless an equal one is there: then that one is
    /// answered, takes over the legacy id if it has none, and becomes the default if that was
    /// asked for.
    ///
    /// # Errors
    /// As [`AddressRule`] lists, or as [`Failed`](crate::Failed) does.
    #[instrument(name = "app.address.create", level = "debug", skip_all)]
    pub async fn create(
        &self,
        context: &Context,
        customer: CustomerRef,
        command: &CreateAddress,
        once: &Idempotent<'_, AddedAddress>,
    ) -> Result<Outcome<AddedAddress>, AddressError> {
        let details = command.details.clone();
        let country = self.country(context, &details);
        let country = country.ok_or(AddressRule::NoCountry)?;
        let id = AddressId(self.ids.new_id());
        let address = Address::new(id, country, details, self.clock.now());
        refuse_invalid(&address.postal)?;
        retried(|| self.try_create(context, customer, command, &address, once)).await
    }

    async fn try_create(
        &self,
        context: &Context,
        customer: CustomerRef,
        command: &CreateAddress,
        address: &Address,
        once: &Idempotent<'_, AddedAddress>,
    ) -> Result<Outcome<AddedAddress>, AddressError> {
        let mut work = match once.begin(&*self.transactions, context).await? {
            Claimed::Started(work) => work,
            Claimed::Replay(reply) => return Ok(Outcome::Replayed(reply)),
        };
        let LockedBook { holder, mut book } =
            open(&mut *work, customer, command.stated_customer).await?;
        let (new, limit) = (address.id, self.limit(context));
        let make_default = command.details.is_default == Some(true);
        let added = book.add(address.clone(), make_default, limit, &*self.digests)?;
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
        let edit = match &changed {
            Some(changed) => Edit::Updated(changed),
            None => Edit::Created(&given),
        };
        work.record(self.changed(holder, &book, &added.address, edit));
        once.store_reply(&mut *work, &added);
        work.commit().await?;
        Ok(Outcome::Done(added))
    }
}

/// Succeeds when the post of its country would take the address.
pub(super) fn refuse_invalid(postal: &PostalAddress) -> Result<(), AddressError> {
    let mut problems = postal.check();
    problems.retain(AddressProblem::is_fatal);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(AddressRule::Invalid(problems).into())
    }
}
