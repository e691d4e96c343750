//! Customers: created, read, changed, listed, exported and deactivated.

mod change;
mod create;
mod export;
mod lifecycle;
mod read;

pub use change::{
    ChangeCustomerError, ChangeCustomerRule, ReadOnlyFields, StatedAddresses, UpdateCustomer,
};
pub use create::{CreateCustomer, CreateCustomerError, CreateCustomerRule};
pub use export::{ExportChunk, ExportFormat, ExportRequest};
pub use lifecycle::ChangeStatus;
pub use read::BatchGet;

use crate::access::Refusals;
use crate::tenant::TenantDirectory;
use customer_domain::credential::{PasswordHasher, PasswordPolicy};
use customer_domain::customer::{CustomerReads, CustomerType};
use customer_domain::preference::Preferences;
use customer_domain::tier::Tier;
use customer_domain::{AuditEventId, Clock, EventId, IdSource, Transactions};
use std::sync::Arc;

/// The use cases of this slice.
#[derive(Clone)]
pub struct Customers {
    /// Where writes go.
    pub transactions: Arc<dyn Transactions>,
    /// Where reads come from.
    pub reads: Arc<dyn CustomerReads>,
    /// The tenants, for their currency.
    pub tenants: Arc<TenantDirectory>,
    /// Makes password hashes.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Puts refusals on record.
    pub refusals: Arc<Refusals>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn IdSource>,
    /// What the operator decided.
    pub settings: Arc<CustomerSettings>,
}

/// What an operator decides about customers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CustomerSettings {
    /// Which passwords are accepted.
    pub passwords: PasswordPolicy,
    /// The type of a customer whose type is not given.
    pub default_type: CustomerType,
    /// The tier of a new customer.
    pub default_tier: Tier,
    /// The preferences of a customer who voiced none.
    pub default_preferences: Preferences,
}

impl Customers {
    fn event_id(&self) -> EventId {
        EventId(self.ids.new_id())
    }

    fn audit_id(&self) -> AuditEventId {
        AuditEventId(self.ids.new_id())
    }
}
