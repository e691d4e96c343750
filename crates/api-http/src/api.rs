//! What the routes stand on.

pub use crate::support::log_levels::{LogLevelError, LogLevelState, LogLevels};

use customer_app::access::Access;
use customer_app::address::Addresses;
use customer_app::api_key::ApiKeys;
use customer_app::audit::Audit;
use customer_app::customer::Customers;
use customer_app::group::Groups;
use customer_app::tag::Tags;
use customer_app::tenant::Tenants;
use customer_domain::job::JobLeases;
use customer_domain::{Clock, KeyedDigest, StoreHealth};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Exports that run at one time: each holds two chunks in memory.
pub const MAX_EXPORTS: usize = 4;

/// The use cases and ports that the routes call. Shared by all requests.
#[derive(Clone)]
pub struct Api {
    /// Customers.
    pub customers: Customers,
    /// Address books.
    pub addresses: Addresses,
    /// Groups of customers.
    pub groups: Groups,
    /// Tags of tenants.
    pub tags: Tags,
    /// Tenants.
    pub tenants: Tenants,
    /// API keys.
    pub api_keys: ApiKeys,
    /// The audit trail.
    pub audit: Audit,
    /// Who may come in.
    pub access: Access,
    /// Whether the database answers.
    pub health: Arc<dyn StoreHealth>,
    /// How the jobs are.
    pub jobs: Arc<dyn JobLeases>,
    /// Digests of idempotent bodies and of cursors.
    pub digests: Arc<dyn KeyedDigest>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// How long replies are kept for repeated requests.
    pub idempotency_retention: Duration,
    /// Places of exports, [`MAX_EXPORTS`] of them.
    pub exports: Arc<Semaphore>,
    /// Renders the metrics; none when they have a listener of their own.
    pub metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
    /// How much is logged.
    pub log_levels: Arc<dyn LogLevels>,
    /// Cancelled once the service is to stop: it is unready from then on, and still serves.
    pub stopping: CancellationToken,
}

/// The state of every route.
pub type Shared = Arc<Api>;
