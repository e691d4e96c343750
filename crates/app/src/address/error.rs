//! Why an address book stays as it is.

use crate::support::retry::Retryable;
use crate::support::version::VersionConflict;
use customer_domain::address::{AddressProblem, AddressType, BookError, Role};
use customer_domain::idempotency::ClaimError;
use customer_domain::{AddressId, Conflict, StoreError};
use thiserror::Error;

/// Why an address could not be read, stored or changed. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// The tenant has no such customer.
    #[error("no such customer")]
    CustomerNotFound,
    /// The customer is deleted, and only reactivating brings it back.
    #[error("the customer is deleted: reactivate it first")]
    CustomerDeleted,
    /// The customer has no such address.
    #[error("no such address")]
    NotFound,
    /// It changed since the caller read it.
    #[error("the address is at version {current}")]
    VersionConflict {
        /// The version that it has.
        current: i64,
    },
    /// These members cannot be written, and differ from what is stored.
    #[error("members that cannot be written differ: {0:?}")]
    ReadOnly(Vec<&'static str>),
    /// Its country's post would not take it.
    #[error("the address is not one of its country")]
    Invalid(Vec<AddressProblem>),
    /// Merged into what is stored, its metadata would outgrow their limit.
    #[error("the metadata outgrow their limit")]
    Overgrown,
    /// The customer has as many as it may have.
    #[error("the customer has {limit} addresses, which is the most")]
    LimitExceeded {
        /// How many that is.
        limit: usize,
    },
    /// It would become equal to another; to which, if that is known.
    #[error("the customer has an equal address")]
    Duplicate(Option<AddressId>),
    /// Its type does not cover the role.
    #[error("an address of type {} cannot be the default for {}", .kind.as_str(), .role.as_str())]
    NotCovered {
        /// Its type.
        kind: AddressType,
        /// The role that was asked for.
        role: Role,
    },
    /// The legacy id belongs to another address of the tenant.
    #[error("the legacy id is taken")]
    LegacyIdTaken,
    /// The idempotency key stands against it.
    #[error(transparent)]
    Claim(ClaimError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<BookError> for AddressError {
    fn from(error: BookError) -> Self {
        match error {
            BookError::NotFound => Self::NotFound,
            BookError::Full { limit } => Self::LimitExceeded { limit },
            BookError::Equal(id) => Self::Duplicate(Some(id)),
            BookError::NotCovered { kind, role } => Self::NotCovered { kind, role },
        }
    }
}

impl From<VersionConflict> for AddressError {
    fn from(VersionConflict { current }: VersionConflict) -> Self {
        Self::VersionConflict { current }
    }
}

impl From<StoreError> for AddressError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::CustomerNotFound,
            StoreError::Conflict(Conflict::AddressLegacyId) => Self::LegacyIdTaken,
            // One that was stored by other rules, which the book does not take for equal.
            StoreError::Conflict(Conflict::EqualAddress) => Self::Duplicate(None),
            other @ (StoreError::Conflict(_)
            | StoreError::Contended
            | StoreError::TooSlow
            | StoreError::Unavailable(_)
            | StoreError::Corrupt { .. }) => Self::Store(other),
        }
    }
}

impl From<ClaimError> for AddressError {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Store(error) => error.into(),
            ClaimError::InFlight | ClaimError::KeyReused => Self::Claim(error),
        }
    }
}

impl Retryable for AddressError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }
}
