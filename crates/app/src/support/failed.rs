//! The error type of use cases: what all of them have in common, and the rules of a slice.

use super::refusal::{Needed, Refusal};
use super::retry::Retryable;
use super::version::VersionConflict;
use customer_domain::customer::{CustomerRef, Status};
use customer_domain::idempotency::ClaimError;
use customer_domain::{Conflict, CustomerId, Permission, StoreError};
use thiserror::Error;

/// The reason why a use case failed. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failed<R> {
    /// The tenant has no such record.
    #[error("no such record")]
    NotFound,
    /// The customer is deleted, and has to be reactivated first.
    #[error("the customer is deleted: reactivate it first")]
    CustomerDeleted,
    /// The record changed since the caller read it.
    #[error("the record is at version {current}")]
    VersionConflict {
        /// The current version.
        current: i64,
    },
    /// These read-only members differ from what is stored.
    #[error("read-only members differ from what is stored: {0:?}")]
    ReadOnly(Vec<&'static str>),
    /// The caller may not do this. The refusal was recorded in the audit trail.
    #[error("{} is needed", .refusal.needed())]
    Forbidden {
        /// The recorded refusal.
        refusal: Refusal,
        /// The fields that the caller may not change; empty if the whole call is refused.
        fields: Vec<&'static str>,
    },
    /// The same, found inside a unit of work. The use case that began it records the refusal after
    /// the unit of work has ended, see `Refusals::recorded`; an adapter that is given this error
    /// reports it as an internal one.
    #[error("{needed} is needed")]
    Lacking {
        /// What the caller lacks.
        needed: Needed,
        /// The fields that the caller may not change; empty if the whole call is refused.
        fields: Vec<&'static str>,
    },
    /// A rule of the slice was violated.
    #[error(transparent)]
    Rule(R),
    /// The idempotency key is in use, or was used for another request.
    #[error(transparent)]
    Claim(ClaimError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

/// The rules of one slice.
pub trait Rule: Clone + 'static {
    /// The rules that the store enforces, by the conflict that a violation causes.
    const STORED: &'static [(Conflict, Self)];

    /// Returns the rule behind a conflict; `None` if it is not a rule of this slice.
    fn of(conflict: &Conflict) -> Option<Self> {
        let mut rules = Self::STORED.iter();
        let (_, rule) = rules.find(|(stored, _)| stored == conflict)?;
        Some(rule.clone())
    }
}

impl<R: Rule> From<R> for Failed<R> {
    fn from(rule: R) -> Self {
        Self::Rule(rule)
    }
}

impl<R: Rule> From<StoreError> for Failed<R> {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Conflict(conflict) => {
                R::of(&conflict).map_or(Self::Store(StoreError::Conflict(conflict)), Self::Rule)
            }
            other @ (StoreError::Contended
            | StoreError::TooSlow
            | StoreError::Unavailable(_)
            | StoreError::Keys
            | StoreError::Corrupt { .. }) => Self::Store(other),
        }
    }
}

impl<R: Rule> From<ClaimError> for Failed<R> {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Store(error) => error.into(),
            ClaimError::InFlight | ClaimError::KeyReused => Self::Claim(error),
        }
    }
}

impl<R> From<VersionConflict> for Failed<R> {
    fn from(VersionConflict { current }: VersionConflict) -> Self {
        Self::VersionConflict { current }
    }
}

impl<R> Retryable for Failed<R> {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }
}

/// Succeeds if `fields` is empty: the fields that the caller changes and would need `wanted` for.
///
/// # Errors
/// [`Failed::Lacking`] with the fields.
pub(crate) fn expect_own<R>(
    wanted: Permission,
    fields: Vec<&'static str>,
) -> Result<(), Failed<R>> {
    if fields.is_empty() {
        return Ok(());
    }
    let needed = Needed::Permission(wanted);
    Err(Failed::Lacking { needed, fields })
}

/// Succeeds if `differing` is empty: the read-only members that differ from what is stored.
///
/// # Errors
/// [`Failed::ReadOnly`] with the members.
pub(crate) fn expect_equal<R>(differing: Vec<&'static str>) -> Result<(), Failed<R>> {
    if differing.is_empty() {
        Ok(())
    } else {
        Err(Failed::ReadOnly(differing))
    }
}

/// Succeeds if the customer that the caller states is the one that it named.
///
/// # Errors
/// [`Failed::ReadOnly`] with `customerId`.
pub(crate) fn expect_customer<R>(
    stated: Option<CustomerRef>,
    named: CustomerRef,
    id: CustomerId,
) -> Result<(), Failed<R>> {
    let is_same = |stated| stated == named || stated == CustomerRef::Id(id);
    if stated.is_none_or(is_same) {
        Ok(())
    } else {
        Err(Failed::ReadOnly(vec!["customerId"]))
    }
}

/// Succeeds unless the customer is deleted.
///
/// # Errors
/// [`Failed::CustomerDeleted`].
pub(crate) fn expect_not_deleted<R>(status: Status) -> Result<(), Failed<R>> {
    if status == Status::Deleted {
        Err(Failed::CustomerDeleted)
    } else {
        Ok(())
    }
}
