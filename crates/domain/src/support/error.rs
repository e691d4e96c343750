//! The error type of all storage ports.

use thiserror::Error;

/// An error of a store, in terms of the domain.
///
/// A failed statement aborts its transaction: after any `Err` the unit of work can only be dropped
/// or rolled back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoreError {
    /// A rule that the store keeps (uniqueness, existence of a parent) was violated.
    #[error("a stored record conflicts with it: {0:?}")]
    Conflict(Conflict),
    /// The record does not exist in this tenant.
    #[error("no such record")]
    NotFound,
    /// Two transactions were in each other's way; the whole use case may be retried.
    #[error("another transaction was in the way")]
    Contended,
    /// The statement exceeded its time limit; the filter of a list was too broad.
    #[error("the statement took too long")]
    TooSlow,
    /// The store cannot be reached or rejects work at the moment. Worth a retry after a moment.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The keys that seal personal data cannot be used: the key store does not help, or it has
    /// others. Worth a retry, at another replica.
    #[error("the keys that seal personal data cannot be used")]
    Keys,
    /// A stored row is invalid. Names the row, never its content.
    #[error("row {row} of {table} cannot be read")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's key.
        row: String,
    },
}

/// The stored rule that was violated.
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
    /// The customer has an equal live address.
    EqualAddress,
    /// The tenant already has a group with this id.
    GroupId,
    /// The group cannot be deleted while customers belong to it.
    GroupInUse,
    /// The customer has as many notes as it may have.
    NoteLimit,
    /// Another tenant has this slug.
    TenantSlug,
    /// A reply is already stored under this idempotency key.
    IdempotencyKey,
    /// A constraint that no input should be able to violate, by name.
    Other(String),
}
