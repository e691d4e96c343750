//! Why an address book stays as it is.

use crate::support::failed::{Failed, Rule};
use customer_domain::address::{AddressProblem, AddressType, BookError, Role};
use customer_domain::{AddressId, Conflict};
use thiserror::Error;

/// Why an address could not be read, stored or changed. [`Failed::NotFound`] is about the
/// customer.
pub type AddressError = Failed<AddressRule>;

/// The rules of address books.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressRule {
    /// The customer is deleted, and only reactivating brings it back.
    #[error("the customer is deleted: reactivate it first")]
    CustomerDeleted,
    /// The customer has no such address.
    #[error("no such address")]
    NotFound,
    /// Neither the address nor its tenant names a country that is known.
    #[error("the address is in no country that is known")]
    NoCountry,
    /// Its country's post would not take it.
    #[error("the address is not one of its country")]
    Invalid(Vec<AddressProblem>),
    /// Merged into what is stored, its metadata would be too large.
    #[error("the metadata would be too large")]
    TooLarge,
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
}

impl Rule for AddressRule {
    const STORED: &'static [(Conflict, Self)] = &[
        (Conflict::AddressLegacyId, Self::LegacyIdTaken),
        // One that was stored by other rules, which the book does not take for equal.
        (Conflict::EqualAddress, Self::Duplicate(None)),
    ];
}

impl From<AddressRule> for AddressError {
    fn from(rule: AddressRule) -> Self {
        Self::Rule(rule)
    }
}

impl From<BookError> for AddressError {
    fn from(error: BookError) -> Self {
        Self::Rule(match error {
            BookError::NotFound => AddressRule::NotFound,
            BookError::Full { limit } => AddressRule::LimitExceeded { limit },
            BookError::Equal(id) => AddressRule::Duplicate(Some(id)),
            BookError::NotCovered { kind, role } => AddressRule::NotCovered { kind, role },
        })
    }
}
