//! The health of the store.

use crate::StoreError;
use async_trait::async_trait;

/// Checks that the store responds.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait StoreHealth: Send + Sync {
    /// Makes one trivial round trip on a serving connection, within a second.
    ///
    /// # Errors
    /// MUST return [`StoreError::Unavailable`] if there is no response.
    async fn ping(&self) -> Result<(), StoreError>;
}
