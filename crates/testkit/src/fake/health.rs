use super::{FakeStore, Step};
use async_trait::async_trait;
use customer_domain::{StoreError, StoreHealth};

#[async_trait]
impl StoreHealth for FakeStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.shared.failures.check(Step::Read)
    }
}
