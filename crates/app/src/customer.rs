//! Customers: creating, reading, changing, listing, exporting and deactivating them.

mod change;
mod create;
mod export;
mod lifecycle;
mod read;

pub use change::{ChangeCustomerError, ChangeCustomerRule, UpdateCustomer};
pub use create::{CreateCustomer, CreateCustomerError, CreateCustomerRule};
pub use export::{BegunExport, ExportChunk, ExportFormat, ExportRequest};
pub use lifecycle::ChangeStatus;
pub use read::{BatchGet, CustomerPage};

use crate::support::refusal::Refusals;
use crate::tenant::TenantDirectory;
use customer_domain::credential::{PasswordHasher, PasswordPolicy};
use customer_domain::customer::{CustomerReads, CustomerType};
use customer_domain::preference::Preferences;
use customer_domain::tier::Tier;
use customer_domain::{EventId, IdSource, Transactions};
use std::sync::Arc;

/// The use cases of customers.
#[derive(Clone)]
pub struct Customers {
    /// Starts the units of work for writes.
    pub transactions: Arc<dyn Transactions>,
    /// Reads customers.
    pub reads: Arc<dyn CustomerReads>,
    /// The tenants, for their currency.
    pub tenants: Arc<TenantDirectory>,
    /// Hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Records refusals in the audit trail.
    pub refusals: Arc<Refusals>,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
    /// The operator's settings.
    pub settings: Arc<CustomerSettings>,
}

/// The operator's settings for customers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CustomerSettings {
    /// The rules for passwords.
    pub passwords: PasswordPolicy,
    /// The default type of a customer.
    pub default_type: CustomerType,
    /// The tier of a new customer.
    pub default_tier: Tier,
    /// The default preferences of a customer.
    pub default_preferences: Preferences,
}

impl Customers {
    fn event_id(&self) -> EventId {
        EventId(self.ids.new_id())
    }
}
