//! What the address slice asks of a store.

use super::{Address, AddressBook, BookChanges};
use crate::customer::{CustomerRef, Status};
use crate::{Context, CustomerId, StoreError};
use async_trait::async_trait;
use std::collections::HashMap;

/// Writes address books, inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AddressRepo: Send {
    /// Locks the customer, takes the next number of its event sequence, and reads its live
    /// addresses as they are under the lock, oldest first. One round trip.
    ///
    /// # Errors
    /// MUST return [`StoreError::NotFound`] when the tenant has no such customer, and
    /// [`StoreError::Contended`] when a legacy id went to another customer meanwhile.
    async fn book_for_update(&mut self, customer: CustomerRef) -> Result<LockedBook, StoreError>;

    /// Stores what changed in a book whose customer this unit of work holds locked. A removed
    /// address is kept for the record, with its legacy id; its digest is free again. A written one
    /// without a digest keeps the one that is stored. Nothing when
    /// nothing changed; else one round trip, two when something is given up and something taken.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] with `AddressLegacyId` when a legacy id belongs to
    /// another address of the tenant, deleted ones included, and with `EqualAddress` when two
    /// live addresses of the customer have one digest.
    async fn save(&mut self, changes: &BookChanges) -> Result<(), StoreError>;
}

/// A book, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct LockedBook {
    /// Whose.
    pub holder: BookHolder,
    /// The live addresses.
    pub book: AddressBook,
}

/// What a change of an address needs to know of its customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookHolder {
    /// Its id.
    pub customer: CustomerId,
    /// Where it stands in its life.
    pub status: Status,
    /// The number taken for the event of this change.
    pub event_seq: i64,
}

/// Reads addresses, outside any unit of work. One round trip each.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AddressReads: Send + Sync {
    /// The live addresses of a customer, oldest first; `None` when the tenant has no such
    /// customer. A deleted customer keeps its addresses; an erased one is nobody's to read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn book(
        &self,
        context: &Context,
        customer: CustomerRef,
    ) -> Result<Option<AddressBook>, StoreError>;

    /// The live addresses of each of these customers, oldest first, the first [`MAX_EXPANDED`] of
    /// each; a customer without any is left out.
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
