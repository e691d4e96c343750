//! What a store has to provide in order to be tested.

use crate::FakeStore;
use crate::stored::{StoredAudit, StoredEvent};
use async_trait::async_trait;
use customer_domain::address::AddressReads;
use customer_domain::api_key::ApiKeyReads;
use customer_domain::customer::CustomerReads;
use customer_domain::group::GroupReads;
use customer_domain::idempotency::IdempotencyPurge;
use customer_domain::job::JobLeases;
use customer_domain::tag::TagReads;
use customer_domain::tenant::TenantReads;
use customer_domain::{Context, CustomerId, StoreHealth, Transactions};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A store under test, and a view of what no port reads.
#[async_trait]
pub trait Harness: Sized + Send + Sync {
    /// Creates a separate store with nothing in it but the tenants
    /// [`tenant`](crate::builders::tenant) and [`other_tenant`](crate::builders::other_tenant),
    /// each with the groups `retail`, `wholesale` and `vip`.
    async fn fresh() -> Self;

    /// Returns the port that begins units of work inside one tenant.
    fn transactions(&self) -> Arc<dyn Transactions>;

    /// Returns the port that begins units of work of operators.
    fn operator_transactions(&self) -> Arc<dyn Transactions>;

    /// Returns the port that reads customers.
    fn customers(&self) -> Arc<dyn CustomerReads>;

    /// Returns the port that reads address books.
    fn addresses(&self) -> Arc<dyn AddressReads>;

    /// Returns the port that reads groups.
    fn groups(&self) -> Arc<dyn GroupReads>;

    /// Returns the port that reads tags.
    fn tags(&self) -> Arc<dyn TagReads>;

    /// Returns the port that reads tenants.
    fn tenants(&self) -> Arc<dyn TenantReads>;

    /// Returns the port that reads API keys.
    fn api_keys(&self) -> Arc<dyn ApiKeyReads>;

    /// Returns the port for leases on jobs.
    fn jobs(&self) -> Arc<dyn JobLeases>;

    /// Returns the port that deletes expired replies.
    fn idempotency_purge(&self) -> Arc<dyn IdempotencyPurge>;

    /// Returns the health check.
    fn health(&self) -> Arc<dyn StoreHealth>;

    /// Returns the tenant's committed events, in the order of the outbox.
    async fn events(&self, context: &Context) -> Vec<StoredEvent>;

    /// Returns the tenant's committed audit trail, by time and id.
    async fn audit(&self, context: &Context) -> Vec<StoredAudit>;

    /// Returns the stored hash of a customer's password.
    async fn password_hash(&self, context: &Context, customer: CustomerId) -> Option<String>;

    /// Returns the stored terms by which a search finds a customer.
    async fn search_terms(&self, context: &Context, customer: CustomerId) -> BTreeSet<String>;

    /// Makes the store unavailable for good, for open units of work too.
    async fn take_down(&self);
}

/// The in-memory store under test.
#[derive(Debug)]
pub struct FakeHarness(pub FakeStore);

#[async_trait]
impl Harness for FakeHarness {
    async fn fresh() -> Self {
        Self(FakeStore::seeded())
    }

    fn transactions(&self) -> Arc<dyn Transactions> {
        self.0.transactions()
    }

    fn operator_transactions(&self) -> Arc<dyn Transactions> {
        self.0.operator_transactions()
    }

    fn customers(&self) -> Arc<dyn CustomerReads> {
        self.0.customers()
    }

    fn addresses(&self) -> Arc<dyn AddressReads> {
        self.0.addresses()
    }

    fn groups(&self) -> Arc<dyn GroupReads> {
        self.0.groups()
    }

    fn tags(&self) -> Arc<dyn TagReads> {
        self.0.tags()
    }

    fn tenants(&self) -> Arc<dyn TenantReads> {
        self.0.tenants()
    }

    fn api_keys(&self) -> Arc<dyn ApiKeyReads> {
        self.0.api_keys()
    }

    fn jobs(&self) -> Arc<dyn JobLeases> {
        self.0.jobs()
    }

    fn idempotency_purge(&self) -> Arc<dyn IdempotencyPurge> {
        self.0.idempotency_purge()
    }

    fn health(&self) -> Arc<dyn StoreHealth> {
        self.0.health()
    }

    async fn events(&self, context: &Context) -> Vec<StoredEvent> {
        let mut events = self.0.events();
        events.retain(|event| event.tenant == context.tenant);
        events
    }

    async fn audit(&self, context: &Context) -> Vec<StoredAudit> {
        let mut audit = self.0.audit();
        audit.retain(|entry| entry.tenant == context.tenant);
        audit.sort_by_key(|entry| (entry.at, entry.id));
        audit
    }

    async fn password_hash(&self, context: &Context, customer: CustomerId) -> Option<String> {
        self.0.password_hash(context, customer).map(|hash| hash.0)
    }

    async fn search_terms(&self, context: &Context, customer: CustomerId) -> BTreeSet<String> {
        self.0.search_terms(context, customer)
    }

    async fn take_down(&self) {
        self.0.set_down(true);
    }
}
