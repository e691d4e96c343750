//! The months of the audit trail: each has its own partition, so that it can be dropped as a whole.

use crate::StoreError;
use async_trait::async_trait;
use chrono::NaiveDate;

/// Creates and drops the partitions of the audit trail. A month is named by its first day.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuditMonths: Send + Sync {
    /// Returns the months that have a partition, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn list(&self) -> Result<Vec<NaiveDate>, StoreError>;

    /// Creates the partition of a month and moves the month's existing entries into it. Returns
    /// `false` if the partition already exists. Writers of entries MUST NOT be blocked by it for
    /// longer than a moment.
    ///
    /// # Errors
    /// MUST return [`StoreError::Contended`] if that is not possible at the moment, and
    /// [`StoreError::Conflict`] for a month that is long past or years away.
    async fn create(&self, month: NaiveDate) -> Result<bool, StoreError>;

    /// Drops a month with its entries. Returns `false` if it has no partition.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`], and remove nothing, while an entry of the month could
    /// be less than twelve months old, and while no seal records that the month was dropped;
    /// [`StoreError::Contended`] as for [`create`](Self::create).
    async fn remove(&self, month: NaiveDate) -> Result<bool, StoreError>;
}
