//! Whether the store answers.

use crate::StoreError;
use async_trait::async_trait;

/// Asks the store whether it is there.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait StoreHealth: Send + Sync {
    /// One trivial round trip on a serving connection, within a second.
    ///
    /// # Errors
    /// MUST return [`StoreError::Unavailable`] when there is no answer.
    async fn ping(&self) -> Result<(), StoreError>;
}
