//! The whole API on the store in memory, with a fixed time, counted ids, and a client that checks
//! every reply against the OpenAPI document.

mod api;
mod call;
mod cases;
mod contract;
mod fakes;
mod keys;
mod reply;

pub(crate) use api::{Stores, api, settings};
pub(crate) use call::Call;
pub(crate) use cases::{CASES, Case, Needs, Own, World};
pub(crate) use contract::{CONTRACT, Operation};
pub(crate) use keys::{Key, default_tenant, insert_keys, other_tenant};
pub(crate) use reply::Reply;

use axum::Router;
use axum::body::Body;
use customer_domain::Context;
use customer_domain::address::Address;
use customer_domain::api_key::ApiKey;
use customer_domain::customer::{CustomerRecord, CustomerRef, NewCustomer};
use customer_domain::group::{DEFAULT_GROUPS, Group};
use customer_domain::note::Note;
use customer_domain::tenant::Tenant;
use customer_testkit::contract::FakeHarness;
use customer_testkit::stored::{StoredAudit, StoredEvent};
use customer_testkit::{FakeStore, FixedClock, PlainHasher, SeededIds};
use http::{Method, Response};
use http_body_util::BodyExt as _;
use http_kit::limits::Limits;
use serde_json::Value;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// The first base path; the second one is `/v1`.
pub(crate) const BASE: &str = "/api/v1";
pub(crate) const CUSTOMERS: &str = "/api/v1/customers";

/// The API and its dependencies.
pub(crate) struct TestApi {
    pub(crate) store: FakeStore,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) hasher: Arc<PlainHasher>,
    pub(crate) stopping: CancellationToken,
    router: Router,
}

/// All stored data, for comparisons. The last use of keys is left out, since every request updates
/// it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stored {
    pub(crate) customers: Vec<CustomerRecord>,
    pub(crate) addresses: Vec<Address>,
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) notes: Vec<Note>,
    pub(crate) groups: Vec<Group>,
    pub(crate) keys: Vec<ApiKey>,
    pub(crate) events: Vec<StoredEvent>,
    pub(crate) audit: Vec<StoredAudit>,
}

impl TestApi {
    /// Creates two tenants, `default` and `tenant-123`, with every [`Key`] and no customers.
    pub(crate) async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    /// Does the same with a limit of concurrent requests.
    pub(crate) async fn with_places(in_flight: usize) -> Self {
        let limits = Limits {
            in_flight,
            ..Limits::default()
        };
        Self::with(limits).await
    }

    async fn with(limits: Limits) -> Self {
        let store = FakeStore::new();
        for tenant in [default_tenant(), other_tenant()] {
            store.add_tenant(&tenant, &DEFAULT_GROUPS);
        }
        insert_keys(&*store.operator_transactions()).await;
        let clock = store.clock();
        let hasher = Arc::new(PlainHasher::default());
        let stores = Stores::of(&FakeHarness(store.clone()));
        let api = api(&stores, &clock, &hasher, SeededIds::default());
        let stopping = api.stopping.clone();
        let router = customer_http::router(api, settings(limits));
        Self {
            store,
            clock,
            hasher,
            stopping,
            router,
        }
    }

    /// Sends a request. Panics if the reply does not match the OpenAPI document.
    pub(crate) async fn send(&self, call: Call) -> Reply {
        let method = call.method.clone();
        let target = call.target.clone();
        let reply = self.send_unchecked(call).await;
        CONTRACT.check(&method, &target, &reply);
        reply
    }

    /// Returns the router, to be served on a socket.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// Sends a request, without reading the body of the reply.
    pub(crate) async fn response(&self, call: Call) -> Response<Body> {
        respond(&self.router, call).await
    }

    /// Sends a request that matches no operation of the document.
    pub(crate) async fn send_unchecked(&self, call: Call) -> Reply {
        exchange(&self.router, call).await
    }

    pub(crate) async fn get(&self, target: impl Into<String>, key: Key) -> Reply {
        self.send(Call::new(Method::GET, target).key(key)).await
    }

    pub(crate) async fn post(&self, target: impl Into<String>, key: Key, body: Value) -> Reply {
        self.send(Call::post(target).key(key).json(&body)).await
    }

    pub(crate) async fn put(&self, target: impl Into<String>, key: Key, body: Value) -> Reply {
        self.send(Call::put(target).key(key).json(&body)).await
    }

    pub(crate) async fn delete(&self, target: impl Into<String>, key: Key) -> Reply {
        self.send(Call::delete(target).key(key)).await
    }

    /// Creates a customer in the tenant of `key`, and returns its id.
    pub(crate) async fn created(&self, key: Key, body: Value) -> String {
        let reply = self.post(CUSTOMERS, key, body).await;
        assert_eq!(reply.status, 201, "{reply}");
        reply.customer()["id"].as_str().expect("an id").to_owned()
    }

    /// Adds an address to the customer at `path`, and returns its path.
    pub(crate) async fn added(&self, path: &str, key: Key, body: Value) -> String {
        let reply = self.post(format!("{path}/addresses"), key, body).await;
        assert_eq!(reply.status, 201, "{reply}");
        reply.header("location").expect("a location").to_owned()
    }

    /// Stores customers directly in the store.
    pub(crate) async fn store_customers(&self, tenant: &Tenant, customers: Vec<NewCustomer>) {
        let context = context_of(tenant);
        let mut work = self
            .store
            .transactions()
            .begin(&context)
            .await
            .expect("work");
        for mut new in customers {
            new.customer.tenant = tenant.id;
            work.customers().insert(&new).await.expect("no conflict");
        }
        work.commit().await.expect("a commit");
    }

    /// Stores a note about a customer of `default` as it is, past the API.
    pub(crate) async fn store_note(&self, note: &Note) {
        let context = context_of(&default_tenant());
        let begun = self.store.transactions().begin(&context).await;
        let mut work = begun.expect("work");
        let customer = CustomerRef::Id(note.customer);
        let found = work.notes().find_for_update(customer, note.id).await;
        assert_eq!(found.expect("a customer").1, None);
        work.notes().insert(note).await.expect("room for it");
        work.commit().await.expect("a commit");
    }

    /// Returns all stored data.
    pub(crate) async fn stored(&self) -> Stored {
        let tenants = self.store.tenants().all().await.expect("tenants");
        let mut customers = Vec::new();
        let mut addresses = Vec::new();
        let mut notes = Vec::new();
        let mut groups = Vec::new();
        let mut keys = Vec::new();
        for tenant in &tenants {
            let context = context_of(tenant);
            for record in self.store.stored_customers(tenant.id) {
                let customer = CustomerRef::Id(record.customer.id);
                let book = self.store.addresses().book(&context, customer).await;
                let book = book.expect("a store").expect("a customer");
                addresses.extend_from_slice(book.addresses());
                customers.push(record);
            }
            notes.extend(self.store.stored_notes(tenant.id));
            let listed = self.store.groups().list(&context, None, u32::MAX).await;
            groups.extend(listed.expect("groups"));
            keys.extend(self.store.api_keys().list(&context).await.expect("keys"));
        }
        for key in &mut keys {
            key.last_used_at = None;
        }
        Stored {
            customers,
            addresses,
            tenants,
            notes,
            groups,
            keys,
            events: self.store.events(),
            audit: self.store.audit(),
        }
    }

    /// Returns the types of the events so far, and the changed fields that they name.
    pub(crate) fn events(&self) -> Vec<(String, Value)> {
        let events = self.store.events().into_iter();
        events
            .map(|event| {
                let kind = event.envelope["eventType"].as_str().expect("a type");
                let changed = event.envelope["data"]["changedFields"].clone();
                (kind.to_owned(), changed)
            })
            .collect()
    }
}

/// Sends a request to a router, and reads the whole reply.
pub(crate) async fn exchange(router: &Router, call: Call) -> Reply {
    let (parts, body) = respond(router, call).await.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Reply::new(parts, body)
}

async fn respond(router: &Router, call: Call) -> Response<Body> {
    let response = router.clone().oneshot(call.request()).await;
    response.expect("an infallible router")
}

/// Fails a test where no assertion is suitable.
#[expect(clippy::panic, reason = "a test fails by panicking")]
#[track_caller]
pub(crate) fn fail(why: impl std::fmt::Display) -> ! {
    panic!("{why}")
}

/// Returns the context of the service itself in a tenant.
pub(crate) fn context_of(tenant: &Tenant) -> Context {
    Context::system(tenant.id, tenant.slug.as_str(), "test")
}
