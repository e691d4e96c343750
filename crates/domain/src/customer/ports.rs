//! What the customer slice asks of a store.

use super::{Customer, ExternalId, LegacyId, NewCustomer};
use super::{CustomerFilter, CustomerKey, CustomerRecord, CustomerRef, CustomerSort};
use crate::{Context, CustomerId, Page, PageRequest, StoreError};
use async_trait::async_trait;

/// Writes customers, inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait CustomerRepo: Send {
    /// Stores a new customer with profile, preferences, tags, identifiers, search terms,
    /// credentials when it has a password, and the first rows of statistics and tier.
    /// One statement.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] with `Email`, `LegacyId`, `ExternalId` or
    /// `UnknownGroup` when that rule is violated, whatever runs in parallel.
    async fn insert(&mut self, customer: &NewCustomer) -> Result<(), StoreError>;

    /// Locks the customer, takes the next number of its event sequence, and reads it as it is
    /// under the lock: the returned `event_seq` is the number taken. One round trip.
    ///
    /// # Errors
    /// MUST return [`StoreError::NotFound`] when the tenant has no such customer, and
    /// [`StoreError::Contended`] when a legacy id went to another customer meanwhile.
    async fn find_for_update(
        &mut self,
        customer: CustomerRef,
    ) -> Result<CustomerRecord, StoreError>;

    /// Stores the changed state of a customer that this unit of work holds locked: every part
    /// of the aggregate, with the identifiers and search terms that follow from it, and its
    /// `event_seq`. One statement.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] as [`insert`](Self::insert) does.
    async fn save(&mut self, customer: &Customer) -> Result<(), StoreError>;
}

/// One thing by which a customer is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The e-mail address, as it is compared.
    Email(super::Email),
    /// The digits of a phone number. Several customers may share one: the longest-standing
    /// customer that is not deleted is found.
    PhoneDigits(String),
    /// The id in Magento.
    Legacy(LegacyId),
    /// The id in another system.
    External(ExternalId),
    /// The user that signs in as it.
    UserId(CustomerId),
}

/// Reads customers, outside any unit of work. One round trip each.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait CustomerReads: Send + Sync {
    /// The customer, deleted or not; `None` when the tenant has no such customer.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn find(
        &self,
        context: &Context,
        customer: CustomerRef,
    ) -> Result<Option<CustomerRecord>, StoreError>;

    /// The customers with these ids, in no order; those that do not exist are left out.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    async fn find_many(
        &self,
        context: &Context,
        ids: &[CustomerId],
    ) -> Result<Vec<CustomerRecord>, StoreError>;

    /// The customer that is known by this.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    async fn look_up(
        &self,
        context: &Context,
        lookup: &Lookup,
    ) -> Result<Option<CustomerRecord>, StoreError>;

    /// One page of the customers that the filter lets through.
    ///
    /// # Errors
    /// MUST return [`StoreError::TooSlow`] after two seconds of work; else as
    /// [`find`](Self::find).
    async fn list(
        &self,
        context: &Context,
        filter: &CustomerFilter,
        sort: CustomerSort,
        page: &PageRequest<CustomerKey>,
    ) -> Result<Page<CustomerRecord, CustomerKey>, StoreError>;
}
