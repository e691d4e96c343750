//! The months of the trail: each has a place of its own, so that it can go as a whole.

use crate::StoreError;
use async_trait::async_trait;
use chrono::NaiveDate;

/// Makes and removes the places of months. A month is named by its first day.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuditMonths: Send + Sync {
    /// The months that have a place, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn list(&self) -> Result<Vec<NaiveDate>, StoreError>;

    /// Makes the place of a month; entries of it that are there already move into it. `false` when
    /// it had one. Whoever writes entries MUST NOT wait for it longer than a moment.
    ///
    /// # Errors
    /// MUST return [`StoreError::Contended`] when that cannot be had now, and
    /// [`StoreError::Conflict`] for a month that is long past or years away.
    async fn make(&self, month: NaiveDate) -> Result<bool, StoreError>;

    /// Removes a month with its entries. `false` when it has no place.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`], and remove nothing, while an entry of the month could be
    /// less than twelve months old, and while no seal says that it was dropped;
    /// [`StoreError::Contended`] as [`make`](Self::make).
    async fn remove(&self, month: NaiveDate) -> Result<bool, StoreError>;
}
