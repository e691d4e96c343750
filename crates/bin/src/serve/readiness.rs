//! Readiness that ends before the service does.

use async_trait::async_trait;
use customer_domain::{StoreError, StoreHealth};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The store's health until the service is asked to stop, and unavailable from then on.
pub(super) struct Readiness {
    store: Arc<dyn StoreHealth>,
    stop: CancellationToken,
}

impl Readiness {
    pub(super) fn new(store: Arc<dyn StoreHealth>, stop: CancellationToken) -> Arc<Self> {
        Arc::new(Self { store, stop })
    }
}

#[async_trait]
impl StoreHealth for Readiness {
    async fn ping(&self) -> Result<(), StoreError> {
        if self.stop.is_cancelled() {
            return Err(StoreError::Unavailable(
                "the service is stopping".to_owned(),
            ));
        }
        self.store.ping().await
    }
}
