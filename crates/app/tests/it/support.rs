//! The use cases, wired to the fake store.

use customer_app::access::{Access, Refusals};
use customer_app::address::{AddressSettings, Addresses};
use customer_app::api_key::{ApiKeyProvider, ApiKeys};
use customer_app::audit::Audit;
use customer_app::customer::{
    ChangeCustomerError, CreateCustomer, CustomerSettings, Customers, UpdateCustomer,
};
use customer_app::group::Groups;
use customer_app::idempotency::{Idempotent, Outcome};
use customer_app::note::Notes;
use customer_app::tag::Tags;
use customer_app::tenant::{TenantDirectory, Tenants};
use customer_domain::api_key::{ApiKey, ApiKeyMemory, ApiKeySecrets, NewSecret, PresentedSecret};
use customer_domain::customer::{CustomerChanges, CustomerRecord, CustomerRef};
use customer_domain::idempotency::StoredReply;
use customer_domain::tenant::TenantSettings;
use customer_domain::{Context, TenantId};
use customer_testkit::builders::{PlainDigests, at, email, group};
use customer_testkit::stored::StoredAudit;
use customer_testkit::{FakeStore, FixedClock, PlainHasher, SeededIds};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

pub(crate) struct App {
    pub(crate) store: FakeStore,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) hasher: Arc<PlainHasher>,
    pub(crate) customers: Customers,
    pub(crate) addresses: Addresses,
    pub(crate) groups: Groups,
    pub(crate) notes: Notes,
    pub(crate) tags: Tags,
    pub(crate) tenants: Tenants,
    pub(crate) api_keys: ApiKeys,
    pub(crate) access: Access,
    pub(crate) refusals: Arc<Refusals>,
    pub(crate) audit: Audit,
}

pub(crate) fn app() -> App {
    on(FakeStore::seeded())
}

pub(crate) fn on(store: FakeStore) -> App {
    let clock = store.clock();
    clock.set(at(1_000));
    let ids = Arc::new(SeededIds::from(1));
    let hasher = Arc::new(PlainHasher::default());
    let memory = Arc::new(Memory::default());
    let secrets = Arc::new(CountingSecrets::default());
    let directory = Arc::new(TenantDirectory::new(store.tenants(), clock.clone()));
    let refusals = Refusals::new(store.transactions(), clock.clone(), ids.clone());
    let refusals = Arc::new(refusals);
    App {
        customers: Customers {
            transactions: store.transactions(),
            reads: store.customers(),
            tenants: directory.clone(),
            hasher: hasher.clone(),
            refusals: refusals.clone(),
            ids: ids.clone(),
            settings: Arc::new(CustomerSettings::default()),
        },
        addresses: Addresses {
            transactions: store.transactions(),
            reads: store.addresses(),
            tenants: directory.clone(),
            digests: Arc::new(PlainDigests),
            refusals: refusals.clone(),
            ids: ids.clone(),
            settings: AddressSettings::default(),
        },
        groups: Groups {
            transactions: store.transactions(),
            reads: store.groups(),
            ids: ids.clone(),
        },
        notes: Notes {
            transactions: store.transactions(),
            ids: ids.clone(),
        },
        tags: Tags {
            reads: store.tags(),
        },
        tenants: Tenants {
            transactions: store.operator_transactions(),
            customers: store.customers(),
            directory: directory.clone(),
            ids: ids.clone(),
            groups: Arc::new(BTreeMap::from([(group("retail"), "Retail".to_owned())])),
            defaults: Arc::new(TenantSettings::default()),
        },
        api_keys: ApiKeys {
            transactions: store.transactions(),
            operator_transactions: store.operator_transactions(),
            reads: store.api_keys(),
            memory: memory.clone(),
            secrets: secrets.clone(),
            refusals: refusals.clone(),
            ids: ids.clone(),
        },
        audit: Audit {
            transactions: store.transactions(),
            customers: store.customers(),
            ids,
        },
        access: Access {
            providers: vec![Arc::new(ApiKeyProvider {
                keys: store.api_keys(),
                memory,
                secrets,
                clock: clock.clone(),
            })],
            tenants: directory,
            customers: store.customers(),
            refusals: refusals.clone(),
            clock: clock.clone(),
        },
        refusals,
        store,
        clock,
        hasher,
    }
}

impl App {
    /// Changes a customer, without an idempotency key.
    pub(crate) async fn update(
        &self,
        context: &Context,
        customer: CustomerRef,
        update: &UpdateCustomer,
    ) -> Result<CustomerRecord, ChangeCustomerError> {
        let once = unclaimed();
        let outcome = self.customers.update(context, customer, update, &once);
        match outcome.await? {
            Outcome::Done(record) => Ok(record),
            Outcome::Replayed(reply) => unreachable!("nothing was claimed: {reply:?}"),
        }
    }
}

/// Returns a guest with nothing but an e-mail address.
pub(crate) fn guest(address: &str) -> CreateCustomer {
    CreateCustomer {
        email: email(address),
        password: None,
        details: CustomerChanges::default(),
        registration_source: None,
    }
}

/// Returns a request without an idempotency key.
pub(crate) fn unclaimed<T>() -> Idempotent<'static, T> {
    Idempotent::new(None, &|_| StoredReply {
        status: 200,
        location: None,
        etag: None,
        body: Vec::new(),
    })
}

/// Returns the reply that tests store: the customer's id.
pub(crate) fn id_reply(record: &CustomerRecord) -> StoredReply {
    StoredReply {
        status: 201,
        location: None,
        etag: None,
        body: record.customer.id.to_string().into_bytes(),
    }
}

/// Returns the old and new values of an entry.
pub(crate) fn values(entry: &StoredAudit) -> (Value, Value) {
    (json!(entry.old_values), json!(entry.new_values))
}

/// Creates the secrets `csk_1`, `csk_2`, …, which name their tenant.
#[derive(Default)]
struct CountingSecrets {
    made: AtomicU8,
}

impl ApiKeySecrets for CountingSecrets {
    fn generate(&self, tenant: TenantId) -> NewSecret {
        let number = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        NewSecret {
            secret: format!("csk_{number}@{tenant}").into(),
            prefix: format!("csk_{number}"),
            digest: [number; 32],
        }
    }

    fn read(&self, presented: &str) -> Option<PresentedSecret> {
        let (number, tenant) = presented.strip_prefix("csk_")?.split_once('@')?;
        Some(PresentedSecret {
            tenant: tenant.parse().ok()?,
            digest: [number.parse().ok()?; 32],
        })
    }
}

/// A cache without a limit.
#[derive(Default)]
struct Memory(Mutex<HashMap<PresentedSecret, ApiKey>>);

impl ApiKeyMemory for Memory {
    fn get(&self, secret: &PresentedSecret) -> Option<ApiKey> {
        self.0.lock().expect("a sound lock").get(secret).cloned()
    }

    fn put(&self, secret: PresentedSecret, key: ApiKey) {
        self.0.lock().expect("a sound lock").insert(secret, key);
    }

    fn forget(&self, secret: &PresentedSecret) {
        self.0.lock().expect("a sound lock").remove(secret);
    }
}
