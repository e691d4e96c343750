//! What a store has to offer to be tested.

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

/// A store under test, and the eyes of the test on what no port shows.
#[async_trait]
pub trait Harness: Sized + Send + Sync {
    /// A store of its own with nothing in it but the tenants of
    /// [`tenant`](crate::builders::tenant) and [`other_tenant`](crate::builders::other_tenant),
    /// each with the groups `retail`, `wholesale` and `vip`.
    async fn fresh() -> Self;

    /// Units of work that serve one tenant.
    fn transactions(&self) -> Arc<dyn Transactions>;

    /// Units of work of an operator.
    fn operator_transactions(&self) -> Arc<dyn Transactions>;

    /// Reads of customers.
    fn customers(&self) -> Arc<dyn CustomerReads>;

    /// Reads of address books.
    fn addresses(&self) -> Arc<dyn AddressReads>;

    /// Reads of groups.
    fn groups(&self) -> Arc<dyn GroupReads>;

    /// Reads of tags.
    fn tags(&self) -> Arc<dyn TagReads>;

    /// Reads of tenants.
    fn tenants(&self) -> Arc<dyn TenantReads>;

    /// Reads of API keys.
    fn api_keys(&self) -> Arc<dyn ApiKeyReads>;

    /// Leases on jobs.
    fn jobs(&self) -> Arc<dyn JobLeases>;

    /// Takes expired replies away.
    fn idempotency_purge(&self) -> Arc<dyn IdempotencyPurge>;

    /// Whether the store answers.
    fn health(&self) -> Arc<dyn StoreHealth>;

    /// The tenant's committed events, in the order of the outbox.
    async fn events(&self, context: &Context) -> Vec<StoredEvent>;

    /// The tenant's committed audit trail, by time and id.
    async fn audit(&self, context: &Context) -> Vec<StoredAudit>;

    /// The stored hash of a customer's password.
    async fn password_hash(&self, context: &Context, customer: CustomerId) -> Option<String>;

    /// The stored terms that a customer is found by.
    async fn search_terms(&self, context: &Context, customer: CustomerId) -> BTreeSet<String>;

    /// Takes the store away for good, from open units of work too.
    async fn take_down(&self);
}

/// The fake under test.
#[derive(Debug)]
pub struct FakeHarness(FakeStore);

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
