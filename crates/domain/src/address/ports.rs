//! The ports of the address slice.

use super::{Address, AddressBook, BookChanges};
use crate::customer::{CustomerRef, Status};
use crate::{Context, CustomerId, StoreError};
use async_trait::async_trait;
use std::collections::HashMap;

/// Writes address books, inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AddressRepo: Send {
    /// Locks the customer, and reads its live addresses under the lock, oldest first. One round
    /// trip.
    ///
    /// # Errors
    /// MUST return [`StoreError::NotFound`] if the tenant has no such customer, and
    /// [`StoreError::Contended`] if a legacy id moved to another customer in the meantime.
    async fn book_for_update(&mut self, customer: CustomerRef) -> Result<LockedBook, StoreError>;

    /// Stores the changes of a book whose customer this unit of work has locked, takes the next
    /// number of the customer's event sequence, and moves the customer's `updated_at` to the time of
    /// the changes, never back; its version stays. A removed address is kept for the record, with its
    /// legacy id, but its digest can be used again. A written address without a digest keeps the
    /// stored one. No round trip if nothing changed, otherwise one, or two if a role or digest is
    /// given up before it is taken.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] with `AddressLegacyId` if a legacy id belongs to
    /// another address of the tenant, including deleted ones, and with `EqualAddress` if two live
    /// addresses of the customer have the same digest.
    async fn save(&mut self, changes: &BookChanges) -> Result<(), StoreError>;
}

/// An address book and the customer that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct LockedBook {
    /// The customer.
    pub holder: BookHolder,
    /// The live addresses.
    pub book: AddressBook,
}

/// The customer of an address book: the data that changing the book requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookHolder {
    /// The customer's id.
    pub customer: CustomerId,
    /// The customer's status.
    pub status: Status,
    /// The number of the next event, which a change takes.
    pub event_seq: i64,
}

/// Reads addresses, outside any unit of work. One round trip each.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AddressReads: Send + Sync {
    /// Returns the live addresses of a customer, oldest first; `None` if the tenant has no such
    /// customer. The addresses of a deleted customer are returned, those of an erased one are not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn book(
        &self,
        context: &Context,
        customer: CustomerRef,
    ) -> Result<Option<AddressBook>, StoreError>;

    /// Returns the live addresses of each of these customers, oldest first and at most
    /// [`MAX_EXPANDED`] for each. A customer without addresses is left out.
    ///
    /// [`MAX_EXPANDED`]: super::MAX_EXPANDED
    ///
    /// # Errors
    /// As [`book`](Self::book).
    async fn books(
        &self,
        context: &Context,
        customers: &[CustomerId],
    ) -> Result<HashMap<CustomerId, Vec<Address>>, StoreError>;
}
