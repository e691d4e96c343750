//! The adapter on a separate database, with the two tenants of the tests.

use customer_domain::customer::{CustomerRecord, NewCustomer};
use customer_domain::{StoreError, TenantId};
use customer_postgres::{PgSettings, Postgres, ServiceRole};
use customer_testkit::builders::{
    context, groups, operator_context, other_tenant, sealing, tenant,
};
use customer_testkit::pg::TestDatabase;
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use std::time::Duration;

/// The adapter, and the database below it.
pub(crate) struct Store {
    pub(crate) postgres: Postgres,
    pub(crate) database: TestDatabase,
}

impl Store {
    pub(crate) async fn fresh() -> Self {
        Self::with_connections(4).await
    }

    /// Creates a store with this many connections for requests.
    pub(crate) async fn with_connections(connections: usize) -> Self {
        let database = TestDatabase::fresh().await;
        let postgres = adapter(&database.owner_url(), connections).await;
        let operator = postgres.operator_transactions();
        let mut work = operator.begin(&operator_context()).await.expect("begin");
        for tenant in [tenant(), other_tenant()] {
            let groups = groups(&["retail", "wholesale", "vip"]);
            let inserted = work.tenants().insert(&tenant, &groups).await;
            inserted.expect("a tenant");
        }
        work.commit().await.expect("commit");
        Self { postgres, database }
    }

    /// Stores a customer of tenant A.
    pub(crate) async fn insert(&self, new: &NewCustomer) -> Result<(), StoreError> {
        let mut work = self.postgres.transactions().begin(&context()).await?;
        work.customers().insert(new).await?;
        work.commit().await
    }

    /// Opens a connection that sees what a request of this tenant sees, and nothing else.
    pub(crate) async fn inside(&self, tenant: TenantId) -> PgConnection {
        let mut connection = self.database.admin().await;
        run(&mut connection, "SET ROLE customer_app").await;
        run(&mut connection, &format!("SET app.tenant_id = '{tenant}'")).await;
        connection
    }
}

/// Connects the adapter to a migrated database.
pub(crate) async fn adapter(url: &str, connections: usize) -> Postgres {
    Postgres::connect(
        &settings(url, ServiceRole::App, connections),
        &settings(url, ServiceRole::Worker, 2),
        sealing(),
    )
    .await
    .expect("the adapter connects")
}

/// Returns the settings of one pool.
pub(crate) fn settings(url: &str, role: ServiceRole, connections: usize) -> PgSettings {
    PgSettings {
        max_connections: connections,
        acquire_timeout: Duration::from_secs(20),
        ..PgSettings::new(url.into(), role)
    }
}

/// Returns the record as which a new customer is read.
pub(crate) fn record_of(new: &NewCustomer) -> CustomerRecord {
    CustomerRecord {
        customer: new.customer.clone(),
        summary: new.summary.clone(),
    }
}

/// Runs statements whose result does not matter.
pub(crate) async fn run(connection: &mut PgConnection, sql: &str) {
    let outcome = connection.execute(AssertSqlSafe(sql)).await;
    assert!(outcome.is_ok(), "{sql}: {outcome:?}");
}

/// Waits until a statement waits for a lock.
pub(crate) async fn until_one_waits(store: &Store) {
    let mut owner = store.database.admin().await;
    let waiting = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    loop {
        let count = sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut owner);
        if count.await.expect("a count") > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
