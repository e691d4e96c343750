//! A mock of every port, for teams that embed this crate and for simulating failures. Behaviour is
//! better tested with the fakes of the test kit, which fulfil the contracts.

pub use crate::access::MockAuthProvider;
pub use crate::address::{MockAddressReads, MockAddressRepo};
pub use crate::api_key::{MockApiKeyMemory, MockApiKeyReads, MockApiKeyRepo, MockApiKeySecrets};
pub use crate::audit::{MockAuditLedger, MockAuditMonths, MockAuditRepo, MockSealSigner};
pub use crate::credential::MockPasswordHasher;
pub use crate::customer::{MockCustomerReads, MockCustomerRepo};
pub use crate::group::{MockGroupReads, MockGroupRepo};
pub use crate::idempotency::MockIdempotencyPurge;
pub use crate::job::MockJobLeases;
pub use crate::note::MockNoteRepo;
pub use crate::privacy::{MockCipher, MockInstallation, MockKeyStore};
pub use crate::support::clock::{MockClock, MockIdSource};
pub use crate::support::digest::MockKeyedDigest;
pub use crate::support::health::MockStoreHealth;
pub use crate::tag::MockTagReads;
pub use crate::tenant::{MockTenantReads, MockTenantRepo};

use crate::address::AddressRepo;
use crate::api_key::ApiKeyRepo;
use crate::audit::AuditRepo;
use crate::customer::CustomerRepo;
use crate::group::GroupRepo;
use crate::idempotency::{ClaimError, IdempotencyClaim, StoredReply};
use crate::note::NoteRepo;
use crate::tenant::TenantRepo;
use crate::{Change, Claimed, Context, StoreError, Transactions, UnitOfWork};
use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// A unit of work that consists of mocks. Recorded changes are collected; `outcome` is the result
/// of the commit.
#[derive(Debug)]
pub struct MockUnitOfWork {
    /// The customers.
    pub customers: MockCustomerRepo,
    /// The address books.
    pub addresses: MockAddressRepo,
    /// The groups.
    pub groups: MockGroupRepo,
    /// The notes.
    pub notes: MockNoteRepo,
    /// The tenants.
    pub tenants: MockTenantRepo,
    /// The API keys.
    pub api_keys: MockApiKeyRepo,
    /// Returned by `audit()`.
    pub audit: MockAuditRepo,
    /// Returned by `now()`.
    pub now: DateTime<Utc>,
    /// The recorded changes.
    pub changes: Vec<Change>,
    /// The result of the commit.
    pub outcome: Result<(), StoreError>,
}

impl Default for MockUnitOfWork {
    fn default() -> Self {
        Self {
            customers: MockCustomerRepo::new(),
            addresses: MockAddressRepo::new(),
            groups: MockGroupRepo::new(),
            notes: MockNoteRepo::new(),
            tenants: MockTenantRepo::new(),
            api_keys: MockApiKeyRepo::new(),
            audit: MockAuditRepo::new(),
            now: DateTime::UNIX_EPOCH,
            changes: Vec::new(),
            outcome: Ok(()),
        }
    }
}

#[async_trait]
impl UnitOfWork for MockUnitOfWork {
    fn now(&self) -> DateTime<Utc> {
        self.now
    }

    fn customers(&mut self) -> &mut dyn CustomerRepo {
        &mut self.customers
    }

    fn addresses(&mut self) -> &mut dyn AddressRepo {
        &mut self.addresses
    }

    fn groups(&mut self) -> &mut dyn GroupRepo {
        &mut self.groups
    }

    fn notes(&mut self) -> &mut dyn NoteRepo {
        &mut self.notes
    }

    fn tenants(&mut self) -> &mut dyn TenantRepo {
        &mut self.tenants
    }

    fn api_keys(&mut self) -> &mut dyn ApiKeyRepo {
        &mut self.api_keys
    }

    fn audit(&mut self) -> &mut dyn AuditRepo {
        &mut self.audit
    }

    fn record(&mut self, change: Change) {
        self.changes.push(change);
    }

    fn store_reply(&mut self, _claim: IdempotencyClaim, _reply: StoredReply) {}

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.outcome
    }

    async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}

mockall::mock! {
    /// Starts the unit of work that the test prepared.
    pub Transactions {}

    #[async_trait]
    impl Transactions for Transactions {
        async fn begin(&self, context: &Context) -> Result<Box<dyn UnitOfWork>, StoreError>;
        async fn begin_idempotent(
            &self,
            context: &Context,
            claim: &IdempotencyClaim,
        ) -> Result<Claimed, ClaimError>;
        async fn horizon(&self, context: &Context) -> Result<DateTime<Utc>, StoreError>;
    }
}
