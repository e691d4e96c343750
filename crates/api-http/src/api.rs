//! The dependencies of the routes.

pub use crate::support::log_levels::{LogLevelError, LogLevelState, LogLevels};

use customer_app::access::Access;
use customer_app::address::Addresses;
use customer_app::api_key::ApiKeys;
use customer_app::audit::Audit;
use customer_app::customer::Customers;
use customer_app::group::Groups;
use customer_app::note::Notes;
use customer_app::tag::Tags;
use customer_app::tenant::Tenants;
use customer_domain::job::JobLeases;
use customer_domain::{Clock, KeyedDigest, StoreHealth};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// The most exports that run at the same time: each holds two chunks in memory.
pub const MAX_EXPORTS: usize = 4;

/// The use cases and ports that the routes call. Shared by all requests.
#[derive(Clone)]
pub struct Api {
    /// Customers.
    pub customers: Customers,
    /// Address books.
    pub addresses: Addresses,
    /// Notes about customers.
    pub notes: Notes,
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
    /// Authenticates and authorises callers.
    pub access: Arc<Access>,
    /// Checks that the database responds.
    pub health: Arc<dyn StoreHealth>,
    /// The states of the jobs.
    pub jobs: Arc<dyn JobLeases>,
    /// Computes the digests of idempotent bodies and of cursors.
    pub digests: Arc<dyn KeyedDigest>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// How long replies are stored for repeated requests.
    pub idempotency_retention: Duration,
    /// Limits concurrent exports; has [`MAX_EXPORTS`] permits.
    pub exports: Arc<Semaphore>,
    /// Renders the metrics; `None` if they are disabled or have a listener of their own.
    pub metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
    /// Reads and changes the log level.
    pub log_levels: Arc<dyn LogLevels>,
    /// Cancelled when the service is about to stop: it is unready from then on, but still serves
    /// requests.
    pub stopping: CancellationToken,
}

/// The state of every route.
pub type Shared = Arc<Api>;
