//! Connects ports with their adapters and passes them to the use cases. The only place that knows
//! all of them.

mod jobs;

pub(crate) use jobs::jobs;

use crate::config::{Config, Distributed, Environment};
use crate::database::Database;
use crate::failure::Failure;
use crate::secrets::Secrets;
use customer_app::access::{Access, Refusals};
use customer_app::address::{AddressSettings, Addresses};
use customer_app::api_key::{ApiKeyProvider, ApiKeys};
use customer_app::audit::Audit;
use customer_app::customer::{CustomerSettings, Customers};
use customer_app::group::Groups;
use customer_app::note::Notes;
use customer_app::tag::Tags;
use customer_app::tenant::{CreateTenant, TenantDirectory, Tenants};
use customer_domain::api_key::{ApiKey, NewSecret, Permission};
use customer_domain::credential::PasswordPolicy;
use customer_domain::tenant::{TenantSettings, TenantSlug};
use customer_domain::{Clock, Context, IdSource};
use customer_http::api::{Api, LogLevels, MAX_EXPORTS};
use customer_local::{MokaApiKeyMemory, SystemClock, UuidV7Ids};
use customer_postgres::{PgSettings, Postgres, ServiceRole};
use customer_security::{Argon2Hasher, HashingSettings, SecretMaker};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// The maximum number of API keys cached in memory.
const REMEMBERED_KEYS: u64 = 10_000;
/// How long an API key is cached, and so how long another replica still accepts it after it was
/// revoked.
const KEY_MEMORY: Duration = Duration::from_secs(5);
/// Connections for jobs and operators. A job needs one for its current chunk, and one to renew its
/// lease.
const WORKER_CONNECTIONS: usize = 8;

/// The services that commands need: tenants and API keys.
#[derive(Clone)]
pub(crate) struct AdminServices {
    pub(crate) tenants: Tenants,
    pub(crate) api_keys: ApiKeys,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What the listeners need.
pub(crate) struct Services {
    pub(crate) api: Api,
    pub(crate) ids: Arc<dyn IdSource>,
    /// Where the service keeps files, described for operators; `None` if it keeps none.
    pub(crate) state: Option<String>,
}

/// Whether there is an API key to administer the service with.
pub(crate) enum Operator {
    /// It was created just now.
    Made(NewSecret),
    /// A key with the permission to administer exists, and has been used.
    Known,
    /// Such a key exists but was never used: its secret may be lost.
    Unused,
    /// No such key exists, and none was to be created.
    Missing,
}

/// Connects to the database in the roles that serve requests and run jobs.
pub(crate) async fn connect(
    config: &Config,
    database: &Database,
    secrets: &Secrets,
) -> Result<Postgres, Failure> {
    let settings = |role, url: &Option<secrecy::SecretString>, most: usize| {
        let from = &config.database;
        PgSettings {
            url: url.as_ref().unwrap_or(database.owner_url()).clone(),
            role,
            max_connections: most,
            // At least one, so that wrong settings are reported at the start.
            min_idle: usize::try_from(from.min_idle_connections)
                .unwrap_or(usize::MAX)
                .clamp(1, most.max(1)),
            max_lifetime: from.conn_max_lifetime,
            acquire_timeout: from.acquire_timeout,
            statement_timeout: from.statement_timeout,
            distributed: from.distributed == Distributed::Citus,
        }
    };
    let most = usize::try_from(config.database.max_connections).unwrap_or(usize::MAX);
    let app = settings(ServiceRole::App, &config.database.app_url, most);
    let worker = settings(
        ServiceRole::Worker,
        &config.database.worker_url,
        WORKER_CONNECTIONS,
    );
    let connected = Postgres::connect(&app, &worker, secrets.sealing.clone()).await;
    connected.map_err(|error| {
        let [app, worker] = [app.role.as_str(), worker.role.as_str()];
        format!("{} as {app} and {worker}: {error}", database.note()).into()
    })
}

/// Creates the services that commands need.
pub(crate) fn admin(config: &Config, postgres: &Postgres) -> AdminServices {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids: Arc<dyn IdSource> = Arc::new(UuidV7Ids);
    let directory = TenantDirectory::new(postgres.tenants(), Arc::clone(&clock));
    let refusals = Refusals::new(
        postgres.transactions(),
        Arc::clone(&clock),
        Arc::clone(&ids),
    );
    AdminServices {
        tenants: Tenants {
            transactions: postgres.operator_transactions(),
            customers: postgres.customers(),
            directory: Arc::new(directory),
            ids: Arc::clone(&ids),
            groups: Arc::new(config.customers.groups.clone()),
            defaults: Arc::new(TenantSettings {
                currency: config.customers.default_currency.clone(),
                country: config.customers.default_country.clone(),
                ..TenantSettings::default()
            }),
        },
        api_keys: ApiKeys {
            transactions: postgres.transactions(),
            operator_transactions: postgres.operator_transactions(),
            reads: postgres.api_keys(),
            memory: Arc::new(MokaApiKeyMemory::new(REMEMBERED_KEYS, KEY_MEMORY)),
            secrets: Arc::new(SecretMaker),
            refusals: Arc::new(refusals),
            ids,
        },
        clock,
    }
}

/// Creates the services that the listeners need.
pub(crate) fn services(
    config: &Config,
    postgres: &Postgres,
    admin: AdminServices,
    secrets: &Secrets,
    log_levels: Arc<dyn LogLevels>,
) -> Result<Services, Failure> {
    let digests = Arc::clone(&secrets.digests);
    let state = secrets.state.as_ref();
    let AdminServices {
        tenants,
        api_keys,
        clock,
    } = admin;
    let ids = Arc::clone(&tenants.ids);
    let api = Api {
        customers: Customers {
            transactions: postgres.transactions(),
            reads: postgres.customers(),
            tenants: Arc::clone(&tenants.directory),
            hasher: Arc::new(Argon2Hasher::new(hashing(config))?),
            refusals: Arc::clone(&api_keys.refusals),
            ids: Arc::clone(&ids),
            settings: Arc::new(customer_settings(config)),
        },
        addresses: Addresses {
            transactions: postgres.transactions(),
            reads: postgres.addresses(),
            tenants: Arc::clone(&tenants.directory),
            digests: Arc::clone(&digests),
            refusals: Arc::clone(&api_keys.refusals),
            ids: Arc::clone(&ids),
            settings: AddressSettings {
                limit: config.customers.max_addresses,
            },
        },
        groups: Groups {
            transactions: postgres.transactions(),
            reads: postgres.groups(),
            ids: Arc::clone(&ids),
        },
        notes: Notes {
            transactions: postgres.transactions(),
            ids: Arc::clone(&ids),
        },
        tags: Tags {
            reads: postgres.tags(),
        },
        audit: Audit {
            transactions: postgres.transactions(),
            customers: postgres.customers(),
            ids: Arc::clone(&ids),
        },
        access: Arc::new(Access {
            providers: vec![Arc::new(ApiKeyProvider {
                keys: postgres.api_keys(),
                memory: Arc::clone(&api_keys.memory),
                secrets: Arc::clone(&api_keys.secrets),
                clock: Arc::clone(&clock),
            })],
            tenants: Arc::clone(&tenants.directory),
            customers: postgres.customers(),
            refusals: Arc::clone(&api_keys.refusals),
            clock: Arc::clone(&clock),
        }),
        tenants,
        api_keys,
        health: secrets.health(postgres),
        jobs: postgres.jobs(),
        digests,
        clock,
        idempotency_retention: config.server.idempotency_retention,
        exports: Arc::new(Semaphore::new(MAX_EXPORTS)),
        metrics: None,
        log_levels,
        stopping: CancellationToken::new(),
    };
    let state = state.map(|state| {
        let note = state.note.as_ref().map(|note| format!(" ({note})"));
        format!("{}{}", state.path.display(), note.unwrap_or_default())
    });
    Ok(Services { api, ids, state })
}

/// Creates the default tenant if it does not exist, and in development the operator's key with it.
pub(crate) async fn bootstrap(config: &Config, admin: &AdminServices) -> Result<Operator, Failure> {
    let development = config.environment == Environment::Development;
    if let Some(made) = default_tenant(config, admin, development).await? {
        return Ok(Operator::Made(made));
    }
    let slug = &config.customers.default_tenant;
    let tenant = admin.tenants.directory.by_slug(slug).await?;
    let tenant = tenant.ok_or("the default tenant was created and is gone")?;
    let context = Context::system(tenant.id, slug, "start-up");
    let keys = admin.api_keys.reads.list(&context).await?;
    let now = admin.clock.now();
    let administers = |key: &&ApiKey| key.is_live(now) && key.grants(Permission::Admin);
    let mut administrators = keys.iter().filter(administers).peekable();
    Ok(if administrators.peek().is_none() {
        Operator::Missing
    } else if administrators.any(|key| key.last_used_at.is_some()) {
        Operator::Known
    } else {
        Operator::Unused
    })
}

/// Creates the default tenant if it does not exist, and with it the operator's key if
/// `operator_key` is set.
pub(crate) async fn default_tenant(
    config: &Config,
    admin: &AdminServices,
    operator_key: bool,
) -> Result<Option<NewSecret>, Failure> {
    let slug = &config.customers.default_tenant;
    let command = CreateTenant {
        slug: TenantSlug::parse(slug)?,
        name: slug.clone(),
        settings: TenantSettings::clone(&admin.tenants.defaults),
    };
    let made = admin
        .api_keys
        .bootstrap(&admin.tenants, command, operator_key);
    Ok(made.await?)
}

pub(crate) fn hashing(config: &Config) -> HashingSettings {
    let security = &config.security;
    HashingSettings {
        memory_kib: security.argon2.memory_kib,
        iterations: security.argon2.iterations,
        parallelism: security.argon2.parallelism,
        threads: security.hashing_threads.get(),
        queue: security.hashing_queue_length,
    }
}

fn customer_settings(config: &Config) -> CustomerSettings {
    let from = &config.customers;
    CustomerSettings {
        passwords: PasswordPolicy {
            min_length: config.security.password_min_length,
        },
        default_type: from.default_type,
        default_tier: from.default_tier,
        default_preferences: from.preference_defaults.clone(),
    }
}
