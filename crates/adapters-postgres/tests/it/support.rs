//! The adapter on a database of its own, ready for the contract.

use crate::server::{Database, run, url};
use async_trait::async_trait;
use customer_domain::api_key::ApiKeyReads;
use customer_domain::customer::{CustomerReads, NewCustomer};
use customer_domain::tenant::{Tenant, TenantReads};
use customer_domain::{
    AuditEventId, CustomerId, Scope, StoreError, StoreHealth, TenantId, Transactions,
};
use customer_postgres::{PgSettings, Postgres, ServiceRole};
use customer_testkit::builders::{operator_scope, other_tenant, scope, tenant};
use customer_testkit::contract::Harness;
use customer_testkit::stored::{StoredAudit, StoredEvent};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The adapter, and the database below it.
pub(crate) struct Store {
    pub(crate) postgres: Postgres,
    pub(crate) database: Database,
}

impl Store {
    /// On a database with nothing but the two tenants of the tests, and pools of this size.
    pub(crate) async fn with_connections(connections: usize) -> Self {
        let database = Database::migrated().await;
        let postgres = adapter(&database.options(), connections).await;
        for tenant in [tenant(), other_tenant()] {
            seed(&postgres, &tenant).await;
        }
        Self { postgres, database }
    }

    /// Stores a customer of tenant A.
    pub(crate) async fn insert(&self, new: &NewCustomer) -> Result<(), StoreError> {
        let mut work = self.postgres.transactions().begin(&scope()).await?;
        work.customers().insert(new).await?;
        work.commit().await
    }

    /// A connection that sees what a request of this tenant sees, and nothing else.
    pub(crate) async fn inside(&self, tenant: TenantId) -> PgConnection {
        let mut connection = self.database.owner().await;
        run(&mut connection, "SET ROLE customer_app").await;
        run(&mut connection, &format!("SET app.tenant_id = '{tenant}'")).await;
        connection
    }

    async fn rows(&self, scope: &Scope, sql: &str) -> Vec<PgRow> {
        sqlx::query(AssertSqlSafe(sql))
            .fetch_all(&mut self.inside(scope.tenant).await)
            .await
            .expect("rows")
    }
}

/// The adapter on a migrated database.
pub(crate) async fn adapter(database: &PgConnectOptions, connections: usize) -> Postgres {
    Postgres::connect(
        &settings(database, ServiceRole::App, connections),
        &settings(database, ServiceRole::Worker, 2),
    )
    .await
    .expect("the adapter connects")
}

/// Settings for one pool.
pub(crate) fn settings(
    database: &PgConnectOptions,
    role: ServiceRole,
    connections: usize,
) -> PgSettings {
    PgSettings {
        max_connections: connections,
        acquire_timeout: Duration::from_secs(20),
        ..PgSettings::new(url(database), role)
    }
}

async fn seed(postgres: &Postgres, tenant: &Tenant) {
    let operator = postgres.operator_transactions();
    let mut work = operator.begin(&operator_scope()).await.expect("begin");
    let groups = ["retail", "wholesale", "vip"].map(str::to_owned);
    work.tenants().insert(tenant, &groups).await.expect("a tenant");
    work.commit().await.expect("commit");
}

#[async_trait]
impl Harness for Store {
    async fn fresh() -> Self {
        Self::with_connections(4).await
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
        let rows = self.rows(scope, "SELECT * FROM outbox_events ORDER BY customer_id, sequence");
        let stored = |row: &PgRow| StoredEvent {
            tenant: TenantId(row.get("tenant_id")),
            topic: row.get("topic"),
            customer: CustomerId(row.get("customer_id")),
            sequence: row.get("sequence"),
            envelope: row.get("payload"),
        };
        rows.await.iter().map(stored).collect()
    }

    async fn audit(&self, scope: &Scope) -> Vec<StoredAudit> {
        let rows = self.rows(scope, "SELECT * FROM audit_events ORDER BY created_at, id");
        let stored = |row: &PgRow| StoredAudit {
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
        };
        rows.await.iter().map(stored).collect()
    }

    async fn password_hash(&self, scope: &Scope, customer: CustomerId) -> Option<String> {
        let sql = format!(
            "SELECT password_hash FROM customer_credentials WHERE customer_id = '{customer}'"
        );
        let rows = self.rows(scope, &sql).await;
        rows.first().map(|row| row.get(0))
    }

    async fn search_terms(&self, scope: &Scope, customer: CustomerId) -> BTreeSet<String> {
        let sql = format!("SELECT term FROM customer_search_terms WHERE customer_id = '{customer}'");
        let rows = self.rows(scope, &sql).await;
        rows.iter().map(|row| row.get(0)).collect()
    }

    async fn take_down(&self) {
        let mut admin = self.database.admin().await;
        let name = self.database.name();
        run(&mut admin, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
        let kill = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        run(&mut admin, &kill).await;
    }
}
