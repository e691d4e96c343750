//! The API, put together from stores and deterministic dependencies.

use super::fakes::{CountedSecrets, FoldedDigests, PlainLevels, RememberedKeys};
use customer_app::access::{Access, Refusals};
use customer_app::address::{AddressSettings, Addresses};
use customer_app::api_key::{ApiKeyProvider, ApiKeys};
use customer_app::audit::Audit;
use customer_app::customer::{CustomerSettings, Customers};
use customer_app::group::Groups;
use customer_app::note::Notes;
use customer_app::tag::Tags;
use customer_app::tenant::{TenantDirectory, Tenants};
use customer_domain::address::AddressReads;
use customer_domain::api_key::{ApiKeyMemory, ApiKeyReads, ApiKeySecrets};
use customer_domain::customer::CustomerReads;
use customer_domain::group::{DEFAULT_GROUPS, GroupReads};
use customer_domain::job::JobLeases;
use customer_domain::tag::TagReads;
use customer_domain::tenant::{TenantReads, TenantSettings};
use customer_domain::{Clock, IdSource, StoreHealth, Transactions};
use customer_http::api::{Api, MAX_EXPORTS};
use customer_http::{health, observe};
use customer_testkit::builders::{PlainTokens, group, seeded_id};
use customer_testkit::contract::Harness;
use customer_testkit::{FixedClock, PlainHasher, SeededIds};
use http_kit::headers::CorsOrigins;
use http_kit::limits::Limits;
use http_kit::origin::TrustedProxies;
use http_kit::stack::HttpSettings;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// The ports of a store.
pub(crate) struct Stores {
    pub(crate) transactions: Arc<dyn Transactions>,
    pub(crate) operator_transactions: Arc<dyn Transactions>,
    pub(crate) customers: Arc<dyn CustomerReads>,
    pub(crate) addresses: Arc<dyn AddressReads>,
    pub(crate) groups: Arc<dyn GroupReads>,
    pub(crate) tags: Arc<dyn TagReads>,
    pub(crate) tenants: Arc<dyn TenantReads>,
    pub(crate) api_keys: Arc<dyn ApiKeyReads>,
    pub(crate) jobs: Arc<dyn JobLeases>,
    pub(crate) health: Arc<dyn StoreHealth>,
}

impl Stores {
    pub(crate) fn of(store: &impl Harness) -> Self {
        Self {
            transactions: store.transactions(),
            operator_transactions: store.operator_transactions(),
            customers: store.customers(),
            addresses: store.addresses(),
            groups: store.groups(),
            tags: store.tags(),
            tenants: store.tenants(),
            api_keys: store.api_keys(),
            jobs: store.jobs(),
            health: store.health(),
        }
    }
}

/// Returns the API on these stores, with a fixed time and counted ids.
pub(crate) fn api(
    stores: &Stores,
    clock: &Arc<FixedClock>,
    hasher: &Arc<PlainHasher>,
    ids: SeededIds,
) -> Api {
    let now: Arc<dyn Clock> = Arc::<FixedClock>::clone(clock);
    let ids: Arc<dyn IdSource> = Arc::new(ids);
    let secrets: Arc<dyn ApiKeySecrets> = Arc::new(CountedSecrets::default());
    let memory: Arc<dyn ApiKeyMemory> = Arc::new(RememberedKeys::default());
    let directory = Arc::new(TenantDirectory::new(
        Arc::clone(&stores.tenants),
        Arc::clone(&now),
    ));
    let refusals = Refusals::new(
        Arc::clone(&stores.transactions),
        Arc::clone(&now),
        Arc::clone(&ids),
    );
    let refusals = Arc::new(refusals);
    Api {
        customers: Customers {
            transactions: Arc::clone(&stores.transactions),
            reads: Arc::clone(&stores.customers),
            tenants: Arc::clone(&directory),
            hasher: Arc::<PlainHasher>::clone(hasher),
            refusals: Arc::clone(&refusals),
            ids: Arc::clone(&ids),
            settings: Arc::new(CustomerSettings::default()),
        },
        groups: Groups {
            transactions: Arc::clone(&stores.transactions),
            reads: Arc::clone(&stores.groups),
            ids: Arc::clone(&ids),
        },
        notes: Notes {
            transactions: Arc::clone(&stores.transactions),
            ids: Arc::clone(&ids),
        },
        tags: Tags {
            reads: Arc::clone(&stores.tags),
        },
        addresses: Addresses {
            transactions: Arc::clone(&stores.transactions),
            reads: Arc::clone(&stores.addresses),
            tenants: Arc::clone(&directory),
            digests: Arc::new(FoldedDigests),
            refusals: Arc::clone(&refusals),
            ids: Arc::clone(&ids),
            settings: AddressSettings::default(),
        },
        tenants: Tenants {
            transactions: Arc::clone(&stores.operator_transactions),
            customers: Arc::clone(&stores.customers),
            directory: Arc::clone(&directory),
            ids: Arc::clone(&ids),
            groups: Arc::new(DEFAULT_GROUPS.map(|id| (group(id), id.to_owned())).into()),
            defaults: Arc::new(TenantSettings {
                currency: "EUR".to_owned(),
                country: "FI".to_owned(),
                ..TenantSettings::default()
            }),
        },
        api_keys: ApiKeys {
            transactions: Arc::clone(&stores.transactions),
            operator_transactions: Arc::clone(&stores.operator_transactions),
            reads: Arc::clone(&stores.api_keys),
            memory: Arc::clone(&memory),
            secrets: Arc::clone(&secrets),
            refusals: Arc::clone(&refusals),
            ids: Arc::clone(&ids),
        },
        audit: Audit {
            transactions: Arc::clone(&stores.transactions),
            customers: Arc::clone(&stores.customers),
            ids,
        },
        access: Arc::new(Access {
            providers: vec![
                Arc::new(ApiKeyProvider {
                    keys: Arc::clone(&stores.api_keys),
                    memory,
                    secrets,
                    clock: Arc::clone(&now),
                }),
                Arc::new(PlainTokens(Arc::clone(&now))),
            ],
            tenants: directory,
            customers: Arc::clone(&stores.customers),
            refusals,
            clock: Arc::clone(&now),
        }),
        health: Arc::clone(&stores.health),
        jobs: Arc::clone(&stores.jobs),
        digests: Arc::new(FoldedDigests),
        clock: now,
        idempotency_retention: Duration::from_hours(24),
        exports: Arc::new(Semaphore::new(MAX_EXPORTS)),
        log_levels: Arc::new(PlainLevels::default()),
        metrics: Some(Arc::new(|| "customer_requests_total 1\n".to_owned())),
        stopping: CancellationToken::new(),
    }
}

/// Returns the settings of the middleware.
pub(crate) fn settings(limits: Limits) -> HttpSettings {
    let next = AtomicU64::new(0x7ace_0001);
    HttpSettings {
        proxies: TrustedProxies::new(["10.0.0.0/8".parse().expect("a network")]),
        limits,
        cors: CorsOrigins::default(),
        always_served: health::PATHS,
        observer: observe::request,
        ids: Arc::new(move || seeded_id(next.fetch_add(1, Ordering::Relaxed))),
    }
}
