//! Tests of the database that each test gets.

use customer_domain::customer::CustomerRef;
use customer_testkit::builders::{context, customer, new_customer, other_tenant, tenant};
use customer_testkit::chaos::{Behaviour, Proxy};
use customer_testkit::contract::Harness;
use customer_testkit::pg::{PgHarness, TestDatabase};
use sqlx::{Connection, PgConnection};

async fn databases_named(connection: &mut PgConnection, name: &str) -> i64 {
    let count = "SELECT count(*) FROM pg_database WHERE datname = $1";
    let count = sqlx::query_scalar(count).bind(name).fetch_one(connection);
    count.await.expect("the catalogue can be read")
}

#[tokio::test]
async fn a_fresh_database_is_migrated_and_empty() {
    let database = TestDatabase::fresh().await;
    let postgres = database.postgres().await;
    assert_eq!(postgres.health().ping().await, Ok(()));
    assert_eq!(postgres.tenants().all().await, Ok(Vec::new()));
    assert_eq!(postgres.api_keys().list(&context()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn databases_share_nothing() {
    let (one, other) = (PgHarness::fresh().await, PgHarness::fresh().await);
    assert_ne!(one.database().name(), other.database().name());
    let mut work = one.transactions().begin(&context()).await.unwrap();
    work.customers().insert(&new_customer()).await.unwrap();
    work.commit().await.unwrap();
    let reference = CustomerRef::Id(customer().build().id);
    assert!(
        one.customers()
            .find(&context(), reference)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        other
            .customers()
            .find(&context(), reference)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn the_owner_is_no_superuser_and_the_administrator_sees_all() {
    let harness = PgHarness::fresh().await;
    let mut owner = PgConnection::connect(&harness.database().owner_url())
        .await
        .unwrap();
    let role: (String, bool, bool, bool) = sqlx::query_as(
        "SELECT rolname::text, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!(role, ("customer_test_owner".to_owned(), false, false, true));
    let mut admin = harness.database().admin().await;
    let tenants = "SELECT count(*) FROM tenants";
    let seen: i64 = sqlx::query_scalar(tenants)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    assert_eq!(seen, 2);
}

#[tokio::test]
async fn a_connection_inside_a_tenant_sees_that_tenant_alone() {
    let harness = PgHarness::fresh().await;
    for tenant in [tenant(), other_tenant()] {
        let mut inside = harness.database().inside(tenant.id).await;
        let seen: Vec<String> = sqlx::query_scalar("SELECT slug FROM tenants")
            .fetch_all(&mut inside)
            .await
            .unwrap();
        assert_eq!(seen, [tenant.slug.as_str()]);
    }
}

#[tokio::test]
async fn a_database_goes_with_its_test() {
    let bystander = TestDatabase::fresh().await;
    let mut admin = bystander.admin().await;
    let database = TestDatabase::fresh().await;
    let name = database.name().to_owned();
    let postgres = database.postgres().await;
    assert_eq!(databases_named(&mut admin, &name).await, 1);
    drop(database);
    assert_eq!(
        databases_named(&mut admin, &name).await,
        0,
        "though it was in use"
    );
    assert!(postgres.health().ping().await.is_err());
}

#[tokio::test]
async fn the_proxy_stands_before_a_database() {
    let database = TestDatabase::fresh().await;
    let proxy = Proxy::before(database.upstream()).await.unwrap();
    let postgres = database.postgres_through(&proxy).await;
    let health = postgres.health();
    assert_eq!(health.ping().await, Ok(()));
    let before = proxy.traffic();
    assert_eq!(health.ping().await, Ok(()));
    let after = proxy.traffic();
    assert_eq!(after.round_trips - before.round_trips, 1);
    assert_eq!(after.connections, before.connections);
    proxy.set(Behaviour::Cut);
    assert!(health.ping().await.is_err());
    proxy.set(Behaviour::Pass);
    assert_eq!(health.ping().await, Ok(()));
}
