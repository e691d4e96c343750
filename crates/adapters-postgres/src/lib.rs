//! PostgreSQL behind the ports of `customer-domain`.
//!
//! Each slice has a module of the same name as in the domain; `pg` holds what they share. Hot paths
//! are hand-written SQL, one statement or one message each; all else goes through sea-orm's
//! entities. Every statement runs inside a tenant, behind row-level security, except those of
//! operators and jobs, which have a separate role.

mod address;
mod api_key;
mod audit;
mod customer;
mod group;
mod idempotency;
mod job;
mod note;
mod outbox;
mod pg;
mod privacy;
mod tag;
mod tenant;
mod unit_of_work;

pub use pg::metrics::describe as describe_metrics;
pub use pg::migrate::{MigrationError, MigrationStatus, Migrations, SCHEMA};
pub use pg::pool::{PgPool, PoolStatus};
pub use pg::provision::provision;
pub use pg::settings::{PgSettings, SERVING_PLANNER, ServiceRole};
/// Public for the examples in its documentation, which test what does not compile.
#[doc(hidden)]
pub use pg::sql::{Literal, Sql};
pub use privacy::Sealing;

use customer::PgCustomerReads;
use customer_domain::address::AddressReads;
use customer_domain::api_key::ApiKeyReads;
use customer_domain::audit::{AuditLedger, AuditMonths};
use customer_domain::customer::CustomerReads;
use customer_domain::group::GroupReads;
use customer_domain::idempotency::IdempotencyPurge;
use customer_domain::job::JobLeases;
use customer_domain::privacy::Installation;
use customer_domain::tag::TagReads;
use customer_domain::tenant::TenantReads;
use customer_domain::{StoreError, StoreHealth, Transactions};
use pg::sql::sql;
use pg::totals::Totals;
use privacy::KeyRing;
use std::sync::Arc;
use unit_of_work::PgTransactions;

/// The adapter: every port of the domain that is implemented with PostgreSQL.
#[derive(Clone)]
pub struct Postgres {
    app: PgPool,
    app_jobs: PgPool,
    worker: PgPool,
    ring: Arc<KeyRing>,
    totals: Arc<Totals>,
}

impl Postgres {
    /// Connects both roles to a migrated database. Events and the values of audit entries are
    /// sealed with `sealing`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if either role cannot connect.
    pub async fn connect(
        app: &PgSettings,
        worker: &PgSettings,
        sealing: Sealing,
    ) -> Result<Self, StoreError> {
        let app_jobs = PgPool::connect(&app.of_jobs()).await?;
        let app = PgPool::connect(app).await?;
        let worker = PgPool::connect(worker).await?;
        let ring = Arc::new(KeyRing::new(sealing, worker.clone()));
        Ok(Self {
            app,
            app_jobs,
            worker,
            ring,
            totals: Arc::new(Totals::new()),
        })
    }

    /// Returns the port that begins units of work inside one tenant.
    pub fn transactions(&self) -> Arc<dyn Transactions> {
        Arc::new(self.transactions_of(&self.app))
    }

    /// Returns the port that begins the units of work of operators, which write tenants, and keys
    /// of any tenant. They see no customer.
    pub fn operator_transactions(&self) -> Arc<dyn Transactions> {
        Arc::new(self.transactions_of(&self.worker))
    }

    /// Returns the port that reads customers.
    pub fn customers(&self) -> Arc<dyn CustomerReads> {
        Arc::new(self.customers_on(&self.app))
    }

    /// Returns the port that reads customers in jobs.
    pub fn job_customers(&self) -> Arc<dyn CustomerReads> {
        Arc::new(self.customers_on(&self.app_jobs))
    }

    /// Returns the port that begins the units of work of jobs inside one tenant.
    pub fn job_transactions(&self) -> Arc<dyn Transactions> {
        Arc::new(self.transactions_of(&self.app_jobs))
    }

    /// Returns the port that reads address books.
    pub fn addresses(&self) -> Arc<dyn AddressReads> {
        Arc::new(address::PgAddressReads(self.app.clone()))
    }

    /// Returns the port that reads groups.
    pub fn groups(&self) -> Arc<dyn GroupReads> {
        Arc::new(group::PgGroupReads(self.app.clone()))
    }

    /// Returns the port that reads tags.
    pub fn tags(&self) -> Arc<dyn TagReads> {
        Arc::new(tag::PgTagReads(self.app.clone()))
    }

    /// Returns the port that reads all tenants.
    pub fn tenants(&self) -> Arc<dyn TenantReads> {
        Arc::new(tenant::PgTenantReads(self.worker.clone()))
    }

    /// Returns the port that reads API keys.
    pub fn api_keys(&self) -> Arc<dyn ApiKeyReads> {
        Arc::new(api_key::PgApiKeyReads(self.app.clone()))
    }

    /// Returns the port for leases on jobs.
    pub fn jobs(&self) -> Arc<dyn JobLeases> {
        Arc::new(job::PgJobLeases(self.worker.clone()))
    }

    /// Returns the port that deletes expired replies.
    pub fn idempotency_purge(&self) -> Arc<dyn IdempotencyPurge> {
        Arc::new(idempotency::PgIdempotencyPurge(self.worker.clone()))
    }

    /// Returns the port that creates and drops partitions of the audit trail.
    pub fn audit_months(&self) -> Arc<dyn AuditMonths> {
        Arc::new(audit::PgAuditMonths(self.worker.clone()))
    }

    /// Returns the health check, which does not depend on how many requests wait for a connection.
    pub fn health(&self) -> Arc<dyn StoreHealth> {
        Arc::new(pg::health::PgHealth(self.worker.clone()))
    }

    /// Returns the ledger of the audit trail, of all tenants.
    pub fn audit_ledger(&self) -> Arc<dyn AuditLedger> {
        Arc::new(audit::PgAuditLedger {
            pool: self.worker.clone(),
            ring: Arc::clone(&self.ring),
        })
    }

    /// Returns what the database knows of the installation's secrets.
    pub fn installation(&self) -> Arc<dyn Installation> {
        Arc::new(privacy::PgInstallation {
            worker: self.worker.clone(),
            ring: Arc::clone(&self.ring),
        })
    }

    fn customers_on(&self, pool: &PgPool) -> PgCustomerReads {
        PgCustomerReads {
            pool: pool.clone(),
            totals: Arc::clone(&self.totals),
        }
    }

    fn transactions_of(&self, pool: &PgPool) -> PgTransactions {
        PgTransactions {
            pool: pool.clone(),
            ring: Arc::clone(&self.ring),
            totals: Arc::clone(&self.totals),
        }
    }

    /// Returns the state of each pool, for metrics.
    pub fn status(&self) -> [(ServiceRole, PoolStatus); 3] {
        [
            (ServiceRole::App, self.app.status()),
            (ServiceRole::AppJobs, self.app_jobs.status()),
            (ServiceRole::Worker, self.worker.status()),
        ]
    }

    /// Closes the pools, and waits up to five seconds for rollbacks under way.
    pub async fn close(&self) {
        let pools = [&self.app, &self.app_jobs, &self.worker];
        futures_util::future::join_all(pools.map(PgPool::close)).await;
    }
}

impl PgPool {
    /// Opens a pool with `min_idle` connections. Wrong settings are reported here, unless that is 0.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot be reached, refuses the login, or has no
    /// schema yet.
    pub async fn connect(settings: &PgSettings) -> Result<Self, StoreError> {
        let prepare = match settings.role {
            ServiceRole::App | ServiceRole::AppJobs => prepared_statements(),
            ServiceRole::Worker => vec![preparing(pg::clock::prepared())],
        };
        Self::open(settings, prepare).await
    }
}

/// Returns the statements that prepare the hot statements of every serving connection.
fn prepared_statements() -> Vec<Sql> {
    customer::prepared()
        .chain(address::prepared())
        .chain([api_key::prepared(), pg::clock::prepared()])
        .map(preparing)
        .collect()
}

fn preparing((name, types, text): (&'static str, &'static str, Sql)) -> Sql {
    let [name, types] = [name, types].map(Sql::text);
    sql!("PREPARE {}({}) AS {}", name, types, text)
}
