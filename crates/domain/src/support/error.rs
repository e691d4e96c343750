//! The one error type of every storage port.

use thiserror::Error;

/// What went wrong in a store, in words of the domain.
///
/// A failed statement spoils its transaction: after any `Err` the unit of work can only be
/// dropped or rolled back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// A rule that the store keeps (uniqueness, existence of a parent) was violated.
    #[error("a stored record stands against it: {0:?}")]
    Conflict(Conflict),
    /// The record does not exist in this tenant.
    #[error("no such record")]
    NotFound,
    /// Two transactions were in each other's way; the whole use case may be tried again.
    #[error("another transaction was in the way")]
    Contended,
    /// The statement took longer than it may; a list's filter was too broad.
    #[error("the statement took too long")]
    TooSlow,
    /// The store cannot be reached or refuses work for now. Worth a retry after a moment.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A stored row makes no sense. Names the place, never the content.
    #[error("row {row} of {table} cannot be read")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
    },
}

/// Which stored rule was violated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// The e-mail address belongs to another customer of the tenant.
    Email,
    /// The legacy id belongs to another customer of the tenant.
    LegacyId,
    /// The id in an external system belongs to another customer of the tenant.
    ExternalId,
    /// The customer group does not exist in the tenant.
    UnknownGroup,
    /// The legacy id belongs to another address of the tenant.
    AddressLegacyId,
    /// The customer has a live address that is equal.
    EqualAddress,
    /// The tenant has a group with this id.
    GroupId,
    /// The group cannot go while customers belong to it.
    GroupInUse,
    /// The tenant's outer id is taken.
    TenantSlug,
    /// A reply is already stored under this idempotency key.
    IdempotencyKey,
    /// A constraint that no input should be able to reach; its name.
    Other(String),
}
