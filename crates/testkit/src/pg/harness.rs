//! The PostgreSQL adapter under the contract.

use super::TestDatabase;
use crate::builders::{groups, operator_scope, other_tenant, tenant};
use crate::contract::Harness;
use crate::stored::{StoredAudit, StoredEvent};
use async_trait::async_trait;
use customer_domain::address::AddressReads;
use customer_domain::api_key::ApiKeyReads;
use customer_domain::customer::CustomerReads;
use customer_domain::group::{DEFAULT_GROUPS, GroupReads};
use customer_domain::tag::TagReads;
use customer_domain::tenant::TenantReads;
use customer_domain::{AuditEventId, CustomerId, Scope, StoreHealth, TenantId, Transactions};
use customer_postgres::Postgres;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The adapter on a database of its own.
pub struct PgHarness {
    postgres: Postgres,
    database: TestDatabase,
}

impl PgHarness {
    /// The database below.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// The adapter.
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
        let begun = transactions.begin(&operator_scope()).await;
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

    fn health(&self) -> Arc<dyn StoreHealth> {
        self.postgres.health()
    }

    async fn events(&self, scope: &Scope) -> Vec<StoredEvent> {
        let statement = "SELECT tenant_id, topic, customer_id, sequence, payload FROM outbox_events \
                         WHERE tenant_id = $1 ORDER BY transaction_id, id";
        let rows = sqlx::query(statement).bind(scope.tenant.0);
        let rows = rows.fetch_all(&mut self.database.admin().await).await;
        rows.expect("the outbox can be read")
            .iter()
            .map(event)
            .collect()
    }

    async fn audit(&self, scope: &Scope) -> Vec<StoredAudit> {
        let statement = "SELECT * FROM audit_events WHERE tenant_id = $1 ORDER BY created_at, id";
        let rows = sqlx::query(statement).bind(scope.tenant.0);
        let rows = rows.fetch_all(&mut self.database.admin().await).await;
        rows.expect("the trail can be read")
            .iter()
            .map(audit)
            .collect()
    }

    async fn password_hash(&self, scope: &Scope, customer: CustomerId) -> Option<String> {
        let statement = "SELECT password_hash FROM customer_credentials \
                         WHERE tenant_id = $1 AND customer_id = $2";
        let hash = sqlx::query_scalar(statement)
            .bind(scope.tenant.0)
            .bind(customer.0);
        let hash = hash.fetch_optional(&mut self.database.admin().await).await;
        hash.expect("the credentials can be read")
    }

    async fn search_terms(&self, scope: &Scope, customer: CustomerId) -> BTreeSet<String> {
        let statement = "SELECT term FROM customer_search_terms \
                         WHERE tenant_id = $1 AND customer_id = $2";
        let terms = sqlx::query_scalar(statement)
            .bind(scope.tenant.0)
            .bind(customer.0);
        let terms = terms.fetch_all(&mut self.database.admin().await).await;
        terms.expect("the terms can be read").into_iter().collect()
    }

    async fn take_down(&self) {
        self.database.take_down().await;
    }
}

fn event(row: &PgRow) -> StoredEvent {
    StoredEvent {
        tenant: TenantId(row.get("tenant_id")),
        topic: row.get("topic"),
        customer: CustomerId(row.get("customer_id")),
        sequence: row.get("sequence"),
        envelope: row.get("payload"),
    }
}

fn audit(row: &PgRow) -> StoredAudit {
    StoredAudit {
        tenant: TenantId(row.get("tenant_id")),
        id: AuditEventId(row.get("id")),
        event_type: row.get("event_type"),
        operation: row.get("operation"),
        customer: row.get::<Option<_>, _>("customer_id").map(CustomerId),
        resource: row.get("resource_id"),
        changed_fields: row.get("changed_fields"),
        reason: row.get("reason"),
        at: row.get("created_at"),
        actor_kind: row.get("actor_type"),
        actor_id: row.get("actor_id"),
        trace_id: row.get("trace_id"),
        correlation_id: row.get("correlation_id"),
    }
}
