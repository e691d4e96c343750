//! The errors of the address book.

use crate::support::failed::{Failed, Rule};
use customer_domain::address::{AddressProblem, AddressType, BookError, Role};
use customer_domain::{AddressId, Conflict};
use thiserror::Error;

/// The reason why an address could not be read, created or changed. [`Failed::NotFound`] refers to
/// the customer.
pub type AddressError = Failed<AddressRule>;

/// The rules of address books.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressRule {
    /// The customer has no such address.
    #[error("no such address")]
    NotFound,
    /// Neither the address nor its tenant names a known country.
    #[error("the country of the address is not known")]
    NoCountry,
    /// The address breaks the rules of its country's post.
    #[error("the address breaks the rules of its country's post")]
    Invalid(Vec<AddressProblem>),
    /// The metadata would be too large after the merge.
    #[error("the metadata would be too large")]
    TooLarge,
    /// The customer already has the most addresses allowed.
    #[error("the customer has {limit} addresses, which is the maximum")]
    LimitExceeded {
        /// The limit.
        limit: usize,
    },
    /// The address would become equal to another one, with that one's id if it is known.
    #[error("the customer has an equal address")]
    Duplicate(Option<AddressId>),
    /// The type of the address does not cover the role.
    #[error("an address of type {} cannot be the default for {}", .kind.as_str(), .role.as_str())]
    NotCovered {
        /// The address's type.
        kind: AddressType,
        /// The requested role.
        role: Role,
    },
    /// The legacy id belongs to another address of the tenant.
    #[error("the legacy id is taken")]
    LegacyIdTaken,
}

impl Rule for AddressRule {
    const STORED: &'static [(Conflict, Self)] = &[
        (Conflict::AddressLegacyId, Self::LegacyIdTaken),
        // An address whose digest was computed by older rules, so that the book does not see it as
        // equal.
        (Conflict::EqualAddress, Self::Duplicate(None)),
    ];
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
