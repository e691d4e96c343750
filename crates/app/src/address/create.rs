//! Adding an address to a book (DOM-19).

use super::{AddressError, AddressRule, Addresses, Edit, open, refuse_staff_fields};
use crate::idempotency::{Idempotent, Outcome};
use crate::support::retry::retried;
use chrono::DateTime;
use customer_domain::address::{
    Added, Address, AddressChanges, AddressProblem, AddressRef, Country, LockedBook, PostalAddress,
};
use customer_domain::customer::CustomerRef;
use customer_domain::{AddressId, Claimed, Context, CustomerId};
use tracing::instrument;

/// A request to add an address.
#[derive(Debug, Clone)]
pub struct CreateAddress {
    /// The fields of the address; its country defaults to the tenant's. With `is_default` it
    /// becomes the default for all roles of its type; without, only for those that no other address
    /// of the customer covers.
    pub details: AddressChanges,
    /// The customer that the body names.
    pub stated_customer: Option<CustomerRef>,
}

/// The result of adding an address.
#[derive(Debug, Clone, PartialEq)]
pub struct AddedAddress {
    /// The customer whose address it is.
    pub customer: CustomerId,
    /// The address that is in the book now.
    pub address: Address,
    /// Whether the address is new; `false` if an equal one existed.
    pub is_new: bool,
}

impl Addresses {
    /// Returns the address that `details` describe, in the tenant's country unless they name
    /// another one. `None` if they name none and the tenant's country is not a known one.
    pub fn postal(&self, context: &Context, details: &AddressChanges) -> Option<PostalAddress> {
        let country = self.country(context, details)?;
        Some(details.clone().into_postal(country))
    }

    fn country(&self, context: &Context, details: &AddressChanges) -> Option<Country> {
        let of_tenant = || Country::parse(&self.tenants.settings(context.tenant).country).ok();
        details.country.or_else(of_tenant)
    }

    /// Adds an address to a customer's book. If an equal one exists, that one is returned: it takes
    /// over the legacy id if it has none, and becomes the default if that was requested.
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
        // An address is dated when it is written.
        let (id, undated) = (AddressId(self.ids.new_id()), DateTime::UNIX_EPOCH);
        let blank = Address::new(id, country, AddressChanges::default(), undated);
        if let Err(error) = refuse_staff_fields(context, &blank, &details) {
            return Err(self.refusals.recorded(context, error).await);
        }
        let draft = Address::new(id, country, details, undated);
        refuse_invalid(&draft.postal)?;
        retried(|| self.try_create(context, customer, command, draft.clone(), once)).await
    }

    async fn try_create(
        &self,
        context: &Context,
        customer: CustomerRef,
        command: &CreateAddress,
        draft: Address,
        once: &Idempotent<'_, AddedAddress>,
    ) -> Result<Outcome<AddedAddress>, AddressError> {
        let mut work = match once.begin(&*self.transactions, context).await? {
            Claimed::Started(work) => work,
            Claimed::Replay(reply) => return Ok(Outcome::Replayed(reply)),
        };
        let LockedBook { holder, mut book } =
            open(&mut *work, customer, command.stated_customer).await?;
        let (new, limit, now) = (draft.id, self.limit(context), work.now());
        let make_default = command.details.is_default == Some(true);
        let address = Address {
            created_at: now,
            updated_at: now,
            ..draft
        };
        let added = book.add(address, make_default, limit)?;
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
        let given = added.address.given_fields();
        let edit = match &changed {
            Some(changed) => Edit::Updated(changed),
            None => Edit::Created(&given),
        };
        work.record(self.changed(holder, &book, &added.address, edit));
        work.addresses().save(&book.changes(&*self.digests)).await?;
        once.store_reply(&mut *work, &added);
        work.commit().await?;
        Ok(Outcome::Done(added))
    }
}

/// Succeeds if the address follows the rules of its country's post.
pub(super) fn refuse_invalid(postal: &PostalAddress) -> Result<(), AddressError> {
    let mut problems = postal.check();
    problems.retain(AddressProblem::is_fatal);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(AddressRule::Invalid(problems).into())
    }
}
