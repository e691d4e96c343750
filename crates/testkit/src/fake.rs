//! A store in memory that fulfils the contracts of the storage ports.
//!
//! It passes the same [contract suite](mod@crate::contract) as PostgreSQL, so a test that runs on
//! it says something about the service. Four differences are by design:
//!
//! - One unit of work at a time: a use case that begins a second one while the first is open
//!   hangs at once. Races cannot be tested here; they belong to the adapter's own tests.
//! - Saving a customer that the unit of work has not locked panics.
//! - Time stands still until a test moves the [clock](FakeStore::clock), so what is written after the
//!   horizon was asked for may lie before it.
//! - Nothing is slow and nothing is corrupt, except through [`FakeStore::fail_next`].

mod address;
mod api_key;
mod audit;
mod customer;
mod failure;
mod group;
mod health;
mod idempotency;
mod job;
mod list;
mod note;
mod state;
mod tag;
mod tenant;
mod times;
mod unit_of_work;

pub(crate) use audit::{audit_event, passes};
pub use failure::Step;
pub(crate) use list::{key_of, rank};
pub use times::Times;

use crate::builders::{FixedClock, other_tenant, tenant};
use crate::stored::{StoredAudit, StoredEvent};
use customer_domain::address::AddressReads;
use customer_domain::api_key::ApiKeyReads;
use customer_domain::credential::PasswordHash;
use customer_domain::customer::{CustomerReads, CustomerRecord};
use customer_domain::group::{DEFAULT_GROUPS, GroupReads};
use customer_domain::idempotency::IdempotencyPurge;
use customer_domain::job::JobLeases;
use customer_domain::tag::TagReads;
use customer_domain::tenant::{Tenant, TenantReads};
use customer_domain::{Context, CustomerId, StoreError, StoreHealth, TenantId, Transactions};
use failure::Failures;
use idempotency::ClaimsHeld;
use state::State;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The store. Clones share what is stored.
#[derive(Debug, Clone, Default)]
pub struct FakeStore {
    shared: Arc<Shared>,
    role: Role,
}

/// The role in which units of work are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Role {
    /// Serves one tenant at a time; may not write tenants.
    #[default]
    Serving,
    /// Acts for an operator; may write tenants.
    Operator,
}

#[derive(Debug, Default)]
struct Shared {
    /// Held by the one unit of work that is open.
    turn: Arc<tokio::sync::Mutex<()>>,
    committed: Mutex<Arc<State>>,
    claims: Arc<ClaimsHeld>,
    jobs: job::Jobs,
    failures: Failures,
    clock: Arc<FixedClock>,
}

impl Shared {
    fn committed(&self) -> Arc<State> {
        Arc::clone(&locked(&self.committed))
    }

    /// Returns the committed state, for a read outside of a unit of work.
    fn read(&self) -> Result<Arc<State>, StoreError> {
        self.failures.check(Step::Read)?;
        Ok(self.committed())
    }
}

/// Locks a mutex, even a poisoned one: a panic elsewhere cannot leave a partial state behind.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeStore {
    /// Creates a store with nothing in it, not even a tenant.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a store with the two tenants of the [builders](crate::builders) and their default
    /// groups.
    pub fn seeded() -> Self {
        let store = Self::new();
        store.add_tenant(&tenant(), &DEFAULT_GROUPS);
        store.add_tenant(&other_tenant(), &DEFAULT_GROUPS);
        store
    }

    /// Returns the clock of the store, which shows the start of every test until it is moved.
    pub fn clock(&self) -> Arc<FixedClock> {
        Arc::clone(&self.shared.clock)
    }

    /// Adds a tenant without a unit of work.
    pub fn add_tenant(&self, tenant: &Tenant, groups: &[&str]) {
        let groups = crate::builders::groups(groups);
        let mut committed = locked(&self.shared.committed);
        Arc::make_mut(&mut committed)
            .insert_tenant(tenant, &groups)
            .expect("the slug is free");
    }

    /// Returns the port that begins units of work inside one tenant.
    pub fn transactions(&self) -> Arc<dyn Transactions> {
        let role = Role::Serving;
        Arc::new(Self {
            role,
            ..self.clone()
        })
    }

    /// Returns the port that begins units of work of operators, which alone may write tenants.
    pub fn operator_transactions(&self) -> Arc<dyn Transactions> {
        let role = Role::Operator;
        Arc::new(Self {
            role,
            ..self.clone()
        })
    }

    /// Returns the port that reads customers.
    pub fn customers(&self) -> Arc<dyn CustomerReads> {
        Arc::new(self.clone())
    }

    /// Returns the port that reads address books.
    pub fn addresses(&self) -> Arc<dyn AddressReads> {
        Arc::new(self.clone())
    }

    /// Returns the port that reads groups.
    pub fn groups(&self) -> Arc<dyn GroupReads> {
        Arc::new(self.clone())
    }

    /// Returns the port that reads tags.
    pub fn tags(&self) -> Arc<dyn TagReads> {
        Arc::new(self.clone())
    }

    /// Returns the port that reads tenants.
    pub fn tenants(&self) -> Arc<dyn TenantReads> {
        Arc::new(self.clone())
    }

    /// Returns the port that reads API keys.
    pub fn api_keys(&self) -> Arc<dyn ApiKeyReads> {
        Arc::new(self.clone())
    }

    /// Returns the port for leases on jobs.
    pub fn jobs(&self) -> Arc<dyn JobLeases> {
        Arc::new(self.clone())
    }

    /// Returns the port that deletes expired replies.
    pub fn idempotency_purge(&self) -> Arc<dyn IdempotencyPurge> {
        Arc::new(self.clone())
    }

    /// Returns the health check.
    pub fn health(&self) -> Arc<dyn StoreHealth> {
        Arc::new(self.clone())
    }

    /// Returns every committed event, oldest first.
    pub fn events(&self) -> Vec<StoredEvent> {
        let state = self.shared.committed();
        let events = state.events.iter();
        events.map(|event| (**event).clone()).collect()
    }

    /// Returns every committed entry of the audit trail, oldest first.
    pub fn audit(&self) -> Vec<StoredAudit> {
        let state = self.shared.committed();
        let audit = state.audit.iter();
        audit.map(|entry| (**entry).clone()).collect()
    }

    /// Returns every committed customer of the tenant by id, including deleted ones.
    pub fn stored_customers(&self, tenant: TenantId) -> Vec<CustomerRecord> {
        let state = self.shared.committed();
        state
            .customers_of(tenant)
            .map(|row| row.record.clone())
            .collect()
    }

    /// Returns the hash of a customer's password, if it has one.
    pub fn password_hash(&self, context: &Context, customer: CustomerId) -> Option<PasswordHash> {
        let state = self.shared.committed();
        let row = state.customers.get(&(context.tenant, customer))?;
        row.password_hash.clone()
    }

    /// Returns the terms by which a search finds a customer.
    pub fn search_terms(&self, context: &Context, customer: CustomerId) -> BTreeSet<String> {
        let state = self.shared.committed();
        let row = state.customers.get(&(context.tenant, customer));
        row.map(|row| row.terms.clone()).unwrap_or_default()
    }

    /// Makes the next call fail, whichever it is. Several failures queue up.
    pub fn fail_next(&self, error: StoreError) {
        self.shared.failures.add(None, error);
    }

    /// Makes the next call of one kind fail; other calls go on.
    pub fn fail_next_at(&self, step: Step, error: StoreError) {
        self.shared.failures.add(Some(step), error);
    }

    /// Makes every call fail with [`StoreError::Unavailable`], or work again.
    pub fn set_down(&self, down: bool) {
        self.shared.failures.set_down(down);
    }
}
