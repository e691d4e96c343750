//! Puts adapters behind ports and hands them to the use cases. The only place that knows all.

use crate::command::Failure;
use crate::config::{Config, Distributed};
use crate::database::Database;
use customer_app::access::Access;
use customer_app::api_key::ApiKeys;
use customer_app::customer::{CustomerSettings, Customers};
use customer_app::tenant::{CreateTenant, TenantDirectory, Tenants};
use customer_domain::api_key::{ApiKeyMemory, ApiKeySecrets, NewSecret};
use customer_domain::credential::PasswordPolicy;
use customer_domain::customer::CustomerType;
use customer_domain::preference::Preferences;
use customer_domain::tenant::{TenantSettings, TenantSlug};
use customer_domain::tier::Tier;
use customer_domain::{Clock, IdSource};
use customer_http::api::Api;
use customer_local::root_secret::load_or_create;
use customer_local::{MokaApiKeyMemory, SystemClock, UuidV7Ids};
use customer_postgres::{PgSettings, Postgres, ServiceRole};
use customer_security::{Argon2Hasher, HashingSettings, HkdfDigests, RootSecret, SecretMaker};
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::time::Duration;

/// Keys that are remembered.
const REMEMBERED_KEYS: u64 = 10_000;
/// How long a key is remembered: how late a revocation on another replica bites.
const KEY_MEMORY: Duration = Duration::from_secs(5);
/// Connections for jobs and operators.
const WORKER_CONNECTIONS: usize = 4;

/// What the listeners need.
pub(crate) struct Parts {
    pub(crate) api: Api,
    pub(crate) ids: Arc<dyn IdSource>,
}

/// Connects the two serving roles.
pub(crate) async fn connect(config: &Config, database: &Database) -> Result<Postgres, Failure> {
    let settings = |role, url: &Option<secrecy::SecretString>, most: usize| {
        let from = &config.database;
        PgSettings {
            url: url.as_ref().unwrap_or(database.owner_url()).clone(),
            role,
            max_connections: most,
            min_idle: usize::try_from(from.min_idle_connections)
                .unwrap_or(0)
                .min(most),
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
    Ok(Postgres::connect(&app, &worker).await?)
}

/// Puts everything together.
pub(crate) fn parts(
    config: &Config,
    database: &Database,
    postgres: &Postgres,
) -> Result<Parts, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids: Arc<dyn IdSource> = Arc::new(UuidV7Ids);
    let memory: Arc<dyn ApiKeyMemory> =
        Arc::new(MokaApiKeyMemory::new(REMEMBERED_KEYS, KEY_MEMORY));
    let secrets: Arc<dyn ApiKeySecrets> = Arc::new(SecretMaker);
    let directory = Arc::new(TenantDirectory::new(postgres.tenants(), Arc::clone(&clock)));
    let api = Api {
        customers: Customers {
            transactions: postgres.transactions(),
            reads: postgres.customers(),
            tenants: Arc::clone(&directory),
            hasher: Arc::new(hasher(config)?),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            settings: Arc::new(customer_settings(config)?),
        },
        tenants: Tenants {
            transactions: postgres.operator_transactions(),
            directory: Arc::clone(&directory),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            groups: Arc::new(config.customers.groups.clone()),
        },
        api_keys: ApiKeys {
            transactions: postgres.transactions(),
            reads: postgres.api_keys(),
            memory: Arc::clone(&memory),
            secrets: Arc::clone(&secrets),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
        },
        access: Access {
            keys: postgres.api_keys(),
            memory,
            secrets,
            tenants: directory,
            clock: Arc::clone(&clock),
        },
        health: postgres.health(),
        digests: Arc::new(HkdfDigests::new(&root_secret(config, database)?)),
        clock,
        idempotency_retention: config.server.idempotency_retention,
        metrics: None,
    };
    Ok(Parts { api, ids })
}

/// Makes the default tenant, and with it the operator's key, once.
pub(crate) async fn bootstrap(
    config: &Config,
    parts: &Parts,
    operator_key: bool,
) -> Result<Option<NewSecret>, Failure> {
    let customers = &config.customers;
    let command = CreateTenant {
        slug: TenantSlug::parse(&customers.default_tenant)?,
        name: customers.default_tenant.clone(),
        settings: TenantSettings {
            currency: customers.default_currency.clone(),
            country: customers.default_country.clone(),
        },
    };
    let api = &parts.api;
    Ok(api
        .api_keys
        .bootstrap(&api.tenants, command, operator_key)
        .await?)
}

/// The configured root secret, or one that a development machine makes for itself.
fn root_secret(config: &Config, database: &Database) -> Result<RootSecret, Failure> {
    if let Some(key) = &config.security.secret_key {
        return Ok(RootSecret::from_bytes(key.expose_secret())?);
    }
    let folder = database.state_dir();
    std::fs::create_dir_all(folder)?;
    let path = folder.join("root-secret");
    let text = load_or_create(&path, || RootSecret::generate().to_base64())
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(RootSecret::from_base64(text.expose_secret())?)
}

fn hasher(config: &Config) -> Result<Argon2Hasher, Failure> {
    let security = &config.security;
    Ok(Argon2Hasher::new(HashingSettings {
        memory_kib: security.argon2.memory_kib,
        iterations: security.argon2.iterations,
        parallelism: security.argon2.parallelism,
        threads: security.hashing_threads.get(),
        queue: security.hashing_queue_length,
    })?)
}

fn customer_settings(config: &Config) -> Result<CustomerSettings, Failure> {
    let from = &config.customers;
    let kinds = CustomerType::ALL.into_iter();
    let tiers = Tier::ALL.into_iter();
    let wishes = from.preference_defaults;
    Ok(CustomerSettings {
        passwords: PasswordPolicy {
            min_length: config.security.password_min_length,
        },
        default_type: kinds
            .into_iter()
            .find(|kind| kind.as_str() == from.default_type)
            .ok_or("the default customer type is not known")?,
        default_tier: tiers
            .into_iter()
            .find(|tier| tier.as_str() == from.default_tier)
            .ok_or("the default tier is not known")?,
        default_preferences: Preferences {
            email_marketing: wishes.email_marketing,
            sms_marketing: wishes.sms_marketing,
            push_notifications: wishes.push_notifications,
            order_updates: wishes.order_updates,
            promotional_emails: wishes.promotional_emails,
            newsletter: wishes.newsletter,
            data_sharing: wishes.data_sharing,
            analytics_tracking: wishes.analytics_tracking,
            cookie_consent: wishes.cookie_consent,
            ..Preferences::default()
        },
    })
}
