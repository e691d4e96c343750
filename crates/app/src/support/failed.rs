//! The error type of use cases: what all of them have in common, and the rules of a slice.

use super::retry::Retryable;
use super::version::VersionConflict;
use crate::access::{Needed, Refusal};
use customer_domain::idempotency::ClaimError;
use customer_domain::{Conflict, StoreError};
use thiserror::Error;

/// The reason why a use case failed. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failed<R> {
    /// The tenant has no such record.
    #[error("no such record")]
    NotFound,
    /// The record changed since the caller read it.
    #[error("the record is at version {current}")]
    VersionConflict {
        /// The current version.
        current: i64,
    },
    /// These read-only members differ from what is stored.
    #[error("read-only members differ from what is stored: {0:?}")]
    ReadOnly(Vec<&'static str>),
    /// The caller may not do this. It is on record.
    #[error("{} is needed", .0.needed())]
    Forbidden(Refusal),
    /// The same, found inside a unit of work. Whoever began it puts it on record once that has
    /// ended, and returns [`Forbidden`](Self::Forbidden).
    #[error("{0} is needed")]
    Lacking(Needed),
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

/// Succeeds if all of the named members are equal to what is stored.
///
/// # Errors
/// [`Failed::ReadOnly`] with the names of those that differ.
pub(crate) fn expect_equal<R>(
    members: impl IntoIterator<Item = (&'static str, bool)>,
) -> Result<(), Failed<R>> {
    let members = members.into_iter();
    let differing: Vec<_> = members
        .filter_map(|(name, is_equal)| (!is_equal).then_some(name))
        .collect();
    if differing.is_empty() {
        Ok(())
    } else {
        Err(Failed::ReadOnly(differing))
    }
}
