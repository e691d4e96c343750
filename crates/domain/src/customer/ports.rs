//! The store of customers.

use super::{Customer, ExternalId, Identifier, LegacyId, NewCustomer, SeenKeys};
use super::{CustomerFilter, CustomerKey, CustomerRecord, CustomerRef, CustomerSort};
use crate::profile::PhoneKeys;
use crate::{Context, CustomerId, Page, PageRequest, StoreError};
use async_trait::async_trait;

/// Writes customers, within a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait CustomerRepo: Send {
    /// Stores a new customer with profile, preferences, tags, identifiers, search terms,
    /// credentials if it has a password, and the initial statistics and tier.
    /// One statement.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] with `Email`, `LegacyId`, `ExternalId` or
    /// `UnknownGroup` if that rule is violated, even by a concurrent transaction.
    async fn insert(&mut self, customer: &NewCustomer) -> Result<(), StoreError>;

    /// Locks a customer and reads it as it is then: the returned `event_seq` is the number of the
    /// next event, which [`save`](Self::save) takes. One round trip.
    ///
    /// # Errors
    /// MUST return [`StoreError::NotFound`] if the tenant has no such customer, and
    /// [`StoreError::Contended`] if the legacy id was moved to another customer meanwhile.
    async fn find_for_update(
        &mut self,
        customer: CustomerRef,
    ) -> Result<CustomerRecord, StoreError>;

    /// Stores the changed state of a customer that this unit of work has locked: all parts of the
    /// aggregate, with its identifiers, search terms and `event_seq`, which is the number before for a
    /// save without an event. The keys are made anew, but for that of the e-mail address. One statement.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] as [`insert`](Self::insert) does.
    async fn save(&mut self, customer: &Customer) -> Result<(), StoreError>;
}

/// An identifier or a phone number by which a customer is looked up. An id in Magento or in another
/// system that no living customer has finds the deleted one that gave it up last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The e-mail address, compared by its key.
    Email(super::Email),
    /// A phone number. If several customers share it, the one that registered first and is not
    /// deleted is found; one with the digits alone only if none has the key.
    Phone(PhoneKeys),
    /// The id in Magento.
    Legacy(LegacyId),
    /// The id in another system.
    External(ExternalId),
    /// The user that signs in as the customer.
    UserId(CustomerId),
}

impl From<Identifier> for Lookup {
    fn from(identifier: Identifier) -> Self {
        match identifier {
            Identifier::Email(email) => Self::Email(email),
            Identifier::Legacy(id) => Self::Legacy(id),
            Identifier::External(id) => Self::External(id),
        }
    }
}

/// Reads customers, outside any unit of work. One round trip each.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait CustomerReads: Send + Sync {
    /// Returns the customer, deleted or not; `None` if the tenant has no such customer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn find(
        &self,
        context: &Context,
        customer: CustomerRef,
    ) -> Result<Option<CustomerRecord>, StoreError>;

    /// Returns the customers with these ids, in any order; those that do not exist are left out.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    async fn find_many(
        &self,
        context: &Context,
        ids: &[CustomerId],
    ) -> Result<Vec<CustomerRecord>, StoreError>;

    /// Returns the customer that has this identifier or phone number, as [`Lookup`] says.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    async fn look_up(
        &self,
        context: &Context,
        lookup: &Lookup,
    ) -> Result<Option<CustomerRecord>, StoreError>;

    /// Returns one page of the customers that meet the filter.
    ///
    /// # Errors
    /// MUST return [`StoreError::TooSlow`] after two seconds of work; otherwise as
    /// [`find`](Self::find).
    async fn list(
        &self,
        context: &Context,
        filter: &CustomerFilter,
        sort: CustomerSort,
        page: &PageRequest<CustomerKey>,
    ) -> Result<Page<CustomerRecord, CustomerKey>, StoreError>;

    /// Looks at up to `limit` customers after `after`, by id, for keys that
    /// [the rules](super::KeyRules) for the context's country supersede. Erased customers have no keys.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    async fn outdated_keys(
        &self,
        context: &Context,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<SeenKeys, StoreError>;
}
