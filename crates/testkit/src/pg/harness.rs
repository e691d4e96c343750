//! The harness that tests the contract on the PostgreSQL adapter.

use super::TestDatabase;
use super::sealed::opened_event;
use crate::builders::{groups, operator_context, other_tenant, tenant};
use crate::contract::Harness;
use crate::stored::{StoredAudit, StoredEvent};
use async_trait::async_trait;
use customer_domain::address::AddressReads;
use customer_domain::api_key::ApiKeyReads;
use customer_domain::audit::AuditFilter;
use customer_domain::customer::CustomerReads;
use customer_domain::group::{DEFAULT_GROUPS, GroupReads};
use customer_domain::idempotency::IdempotencyPurge;
use customer_domain::job::JobLeases;
use customer_domain::tag::TagReads;
use customer_domain::tenant::TenantReads;
use customer_domain::{Context, CustomerId, StoreHealth, TenantId, Transactions};
use customer_postgres::Postgres;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The adapter on a separate database.
pub struct PgHarness {
    postgres: Postgres,
    database: TestDatabase,
}

impl PgHarness {
    /// Returns the database.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// Returns the adapter.
    pub fn postgres(&self) -> &Postgres {
        &self.postgres
    }
}

#[async_trait]
impl Harness for PgHarness {
    async fn fresh() -> Self {
        let database = TestDatabase::fresh().await;
        let postgres = database.postgres().await;
        let groups = groups(&DEFAULT_GROUPS);
        let transactions = postgres.operator_transactions();
        let begun = transactions.begin(&operator_context()).await;
        let mut work = begun.expect("the operator's role is there");
        for tenant in [tenant(), other_tenant()] {
            let inserted = work.tenants().insert(&tenant, &groups).await;
            inserted.expect("the tenant is stored");
        }
        work.commit().await.expect("the tenants are committed");
        Self { postgres, database }
    }

    fn transactions(&self) -> Arc<dyn Transactions> {
        self.postgres.transactions()
    }

    fn operator_transactions(&self) -> Arc<dyn Transactions> {
        self.postgres.operator_transactions()
    }

    fn customers(&self) -> Arc<dyn CustomerReads> {
        self.postgres.customers()
    }

    fn addresses(&self) -> Arc<dyn AddressReads> {
        self.postgres.addresses()
    }

    fn groups(&self) -> Arc<dyn GroupReads> {
        self.postgres.groups()
    }

    fn tags(&self) -> Arc<dyn TagReads> {
        self.postgres.tags()
    }

    fn tenants(&self) -> Arc<dyn TenantReads> {
        self.postgres.tenants()
    }

    fn api_keys(&self) -> Arc<dyn ApiKeyReads> {
        self.postgres.api_keys()
    }

    fn jobs(&self) -> Arc<dyn JobLeases> {
        self.postgres.jobs()
    }

    fn idempotency_purge(&self) -> Arc<dyn IdempotencyPurge> {
        self.postgres.idempotency_purge()
    }

    fn health(&self) -> Arc<dyn StoreHealth> {
        self.postgres.health()
    }

    async fn events(&self, context: &Context) -> Vec<StoredEvent> {
        let statement = "SELECT id, tenant_id, topic, customer_id, sequence, payload FROM outbox_events \
                         WHERE tenant_id = $1 ORDER BY ctid";
        let mut admin = self.database.admin().await;
        let rows = sqlx::query(statement).bind(context.tenant.0);
        let rows = rows.fetch_all(&mut admin).await;
        let mut events = Vec::new();
        for row in rows.expect("the outbox can be read") {
            events.push(event(&mut admin, &row).await);
        }
        events
    }

    async fn audit(&self, context: &Context) -> Vec<StoredAudit> {
        let begun = self.postgres.transactions().begin(context).await;
        let mut work = begun.expect("a unit of work");
        let all = AuditFilter::default();
        let read = work.audit().list(&all, None, 1_000).await;
        let read = read.expect("the trail can be read");
        assert!(read.next.is_none(), "more than one page");
        work.rollback().await.expect("the end");
        let mut entries: Vec<_> = read.items.into_iter().collect();
        entries.reverse();
        let stored = |entry| StoredAudit::read(context.tenant, entry);
        entries.into_iter().map(stored).collect()
    }

    async fn password_hash(&self, context: &Context, customer: CustomerId) -> Option<String> {
        let statement = "SELECT password_hash FROM customer_credentials \
                         WHERE tenant_id = $1 AND customer_id = $2";
        let hash = sqlx::query_scalar(statement)
            .bind(context.tenant.0)
            .bind(customer.0);
        let hash = hash.fetch_optional(&mut self.database.admin().await).await;
        hash.expect("the credentials can be read")
    }

    async fn search_terms(&self, context: &Context, customer: CustomerId) -> BTreeSet<String> {
        let statement = "SELECT term FROM customer_search_terms \
                         WHERE tenant_id = $1 AND customer_id = $2";
        let terms = sqlx::query_scalar(statement)
            .bind(context.tenant.0)
            .bind(customer.0);
        let terms = terms.fetch_all(&mut self.database.admin().await).await;
        terms.expect("the terms can be read").into_iter().collect()
    }

    async fn take_down(&self) {
        self.database.take_down().await;
    }
}

async fn event(admin: &mut PgConnection, row: &PgRow) -> StoredEvent {
    let (tenant, customer) = (
        TenantId(row.get("tenant_id")),
        CustomerId(row.get("customer_id")),
    );
    let sealed = row.get("payload");
    StoredEvent {
        tenant,
        topic: row.get("topic"),
        customer,
        sequence: row.get("sequence"),
        envelope: opened_event(admin, tenant, customer, row.get("id"), sealed).await,
    }
}
