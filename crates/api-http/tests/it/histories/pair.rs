//! The same API on two stores, which get the same requests and have to answer alike.

use crate::support::{
    Call, Key, Reply, Stores, api, context_of, default_tenant, exchange, insert_keys, other_tenant,
    settings,
};
use axum::Router;
use chrono::TimeDelta;
use customer_domain::CustomerId;
use customer_domain::tenant::Tenant;
use customer_testkit::builders::{groups, operator_context, token};
use customer_testkit::contract::{FakeHarness, Harness};
use customer_testkit::pg::PgHarness;
use customer_testkit::{FixedClock, PlainHasher, SeededIds, Times};
use http::Method;
use http_kit::limits::Limits;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;

/// The path of tenants.
pub(super) const TENANTS: &str = "/api/v1/tenants";

/// A request, which can be sent twice and be shown.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    pub(super) if_match: Option<String>,
    pub(super) idempotency_key: Option<String>,
    /// The customer who calls, and how many seconds ago they authenticated; `None` for staff.
    pub(super) customer: Option<(CustomerId, i64)>,
}

impl Request {
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: None,
            if_match: None,
            idempotency_key: None,
            customer: None,
        }
    }

    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    fn call(&self, tenant: &Tenant) -> Call {
        let separator = if self.path.contains('?') { '&' } else { '?' };
        let target = format!("{}{separator}tenant_id={}", self.path, tenant.slug.as_str());
        let mut call = Call::new(self.method.clone(), target);
        call = match self.customer {
            Some((customer, seconds)) => call.token(&token(customer, tenant.id, seconds)),
            None => call.key(Key::Operator),
        };
        for (name, value) in [
            ("if-match", &self.if_match),
            ("idempotency-key", &self.idempotency_key),
        ] {
            if let Some(value) = value {
                call = call.header(name, value);
            }
        }
        match &self.body {
            Some(body) => call.json(body),
            None => call,
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        if let Some(value) = &self.if_match {
            write!(f, " If-Match: {value}")?;
        }
        if let Some(value) = &self.idempotency_key {
            write!(f, " Idempotency-Key: {value}")?;
        }
        if let Some((customer, seconds)) = &self.customer {
            write!(f, " by {customer}, authenticated {seconds} s ago")?;
        }
        match &self.body {
            Some(body) => write!(f, " {body}"),
            None => Ok(()),
        }
    }
}

/// A tenant on PostgreSQL, and the same tenant in memory.
pub(super) struct Pair<'a> {
    seed: u32,
    tenant: Tenant,
    stores: (&'a PgHarness, FakeHarness),
    routers: (Router, Router),
    /// The time of the service, which both share.
    clock: Arc<FixedClock>,
    times: Times,
    sent: Vec<String>,
}

/// Stores what every pair on this database begins with.
pub(super) async fn prepare(store: &impl Harness) {
    let operator = store.operator_transactions();
    let mut work = operator.begin(&operator_context()).await.expect("begin");
    for tenant in [default_tenant(), other_tenant()] {
        let inserted = work.tenants().insert(&tenant, &groups(&[])).await;
        inserted.expect("a new tenant");
    }
    work.commit().await.expect("commit");
    insert_keys(&*operator).await;
}

impl<'a> Pair<'a> {
    /// Creates a tenant of its own for this seed.
    pub(super) async fn new(postgres: &'a PgHarness, seed: u32) -> Self {
        let fake = FakeHarness::fresh().await;
        prepare(&fake).await;
        let times = Times::default();
        let clock = Arc::new(FixedClock::default());
        let router = |stores: Stores| {
            // Tenants on one database share no id.
            let ids = SeededIds::from((u64::from(seed) + 1) << 24);
            let hasher = Arc::new(PlainHasher::default());
            let api = api(&stores, &clock, &hasher, ids);
            customer_http::router(api, settings(Limits::default()))
        };
        let fake_clock = fake.0.clock();
        let routers = (
            router(Stores {
                transactions: times.leading(postgres.transactions()),
                operator_transactions: times.leading(postgres.operator_transactions()),
                ..Stores::of(postgres)
            }),
            router(Stores {
                transactions: times.following(fake.transactions(), &fake_clock),
                operator_transactions: times.following(fake.operator_transactions(), &fake_clock),
                ..Stores::of(&fake)
            }),
        );
        let mut pair = Self {
            seed,
            tenant: default_tenant(),
            stores: (postgres, fake),
            routers,
            clock,
            times,
            sent: Vec::new(),
        };
        pair.enter().await;
        pair
    }

    /// Creates the tenant, and makes all further requests in it.
    async fn enter(&mut self) {
        let slug = format!("history-{}", self.seed);
        let create = Request::new(Method::POST, TENANTS).body(json!({"id": slug}));
        let created = self.send(&create).await;
        assert_eq!(created.status, 201, "{created}");
        let tenants = self.stores.0.tenants().all().await.expect("tenants");
        let tenant = tenants.into_iter().find(|one| one.slug.as_str() == slug);
        self.tenant = tenant.expect("the new tenant");
    }

    /// Sends a request to both. Panics if they do not answer alike.
    pub(super) async fn send(&mut self, request: &Request) -> Reply {
        self.sent.push(request.to_string());
        self.clock.advance(TimeDelta::seconds(1));
        let (postgres, fake) = &self.routers;
        let answered = exchange(postgres, request.call(&self.tenant)).await;
        let expected = exchange(fake, request.call(&self.tenant)).await;
        let left = self.times.left();
        let parts = |reply: &Reply| (reply.status, reply.headers.clone(), reply.body.clone());
        assert!(
            parts(&answered) == parts(&expected) && left == 0,
            "{}PostgreSQL: {answered}\n\nin memory: {expected}\n\n\
             {left} units of work that only PostgreSQL began",
            self.story()
        );
        expected
    }

    pub(super) fn slug(&self) -> &str {
        self.tenant.slug.as_str()
    }

    pub(super) async fn get(&mut self, path: String) -> Reply {
        self.send(&Request::get(path)).await
    }

    /// Reads all pages of a list, and returns the last one.
    pub(super) async fn get_all(&mut self, path: String) -> Reply {
        let mut reply = self.get(path.clone()).await;
        let separator = if path.contains('?') { '&' } else { '?' };
        while let Some(next) = reply.next_page() {
            reply = self.get(format!("{path}{separator}cursor={next}")).await;
        }
        reply
    }

    /// Compares the outboxes, the events of each customer in their order.
    pub(super) async fn compare_events(&self) {
        let context = context_of(&self.tenant);
        let mut stored = self.stores.0.events(&context).await;
        let mut expected = self.stores.1.events(&context).await;
        for events in [&mut stored, &mut expected] {
            events.sort_by_key(|event| (event.customer, event.sequence));
        }
        assert_eq!(stored.len(), expected.len(), "{}events", self.story());
        for (stored, expected) in stored.iter().zip(&expected) {
            assert_eq!(stored, expected, "{}events", self.story());
        }
    }

    /// Returns everything that was done.
    fn story(&self) -> String {
        let (seed, sent) = (self.seed, self.sent.join("\n"));
        format!("history {seed}:\n{sent}\n\n")
    }
}
