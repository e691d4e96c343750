//! Broken connections, and abandoned units of work.

use crate::support::{Store, adapter, record_of, run, settings};
use customer_domain::customer::{CustomerRef, Lookup};
use customer_domain::{Conflict, StoreError};
use customer_postgres::{PgPool, PgSettings, Postgres, SCHEMA, ServiceRole};
use customer_testkit::builders::{
    context, customer, external, new_customer, operator_context, other_context, other_tenant,
};
use customer_testkit::pg::TestDatabase;
use sqlx::Row;
use std::time::Duration;

/// Ends every connection of the adapter, as a restarted server does.
async fn kill_all(store: &Store) {
    let mut admin = store.database.admin().await;
    let name = store.database.name();
    let kill = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    );
    run(&mut admin, &kill).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[tokio::test]
async fn a_connection_that_was_killed_is_replaced_for_reads_and_for_begin() {
    let store = Store::fresh().await;
    let new = new_customer();
    store.insert(&new).await.expect("insert");
    let id = CustomerRef::Id(new.customer.id);

    kill_all(&store).await;
    let found = store.postgres.customers().find(&context(), id).await;
    assert!(found.expect("a read").is_some());
    kill_all(&store).await;
    let begun = store.postgres.transactions().begin(&context()).await;
    begun.expect("begin").rollback().await.expect("rollback");
    kill_all(&store).await;
    assert_eq!(store.postgres.health().ping().await, Ok(()));
    kill_all(&store).await;
    assert_eq!(
        store.postgres.tenants().all().await.expect("tenants").len(),
        2
    );
}

#[tokio::test]
async fn a_read_outlives_a_migration_that_changes_what_it_yields() {
    let store = Store::fresh().await;
    let new = new_customer();
    store.insert(&new).await.expect("insert");
    let id = CustomerRef::Id(new.customer.id);
    let reads = store.postgres.customers();
    let before = reads.find(&context(), id).await.expect("a read");
    let mut owner = store.database.admin().await;
    let wider = "ALTER TABLE customers ALTER COLUMN first_name TYPE varchar(120)";
    run(&mut owner, wider).await;
    let after = reads.find(&context(), id).await.expect("a read");
    assert_eq!((after.is_some(), after), (true, before));
}

#[tokio::test]
async fn defaults_of_the_database_do_not_change_how_it_is_spoken_to() {
    let store = Store::fresh().await;
    let mut owner = store.database.admin().await;
    for default in [
        "standard_conforming_strings = off",
        "search_path = pg_catalog",
        "default_transaction_isolation = serializable",
    ] {
        let name = store.database.name();
        run(&mut owner, &format!("ALTER DATABASE {name} SET {default}")).await;
    }
    let adapter = adapter(&store.database.owner_url(), 2).await;
    let begun = adapter.transactions().begin(&context()).await;
    let mut work = begun.expect("begin");
    let (first, second) = (
        customer().number(2).build_new(),
        customer().external("erp", r"\' OR true --").build_new(),
    );
    store.insert(&first).await.expect("insert");
    let first = CustomerRef::Id(first.customer.id);
    work.customers()
        .find_for_update(first)
        .await
        .expect("there");
    // A serializable transaction would not see what came after its first statement.
    store.insert(&second).await.expect("insert");
    let id = CustomerRef::Id(second.customer.id);
    work.customers().find_for_update(id).await.expect("there");
    work.rollback().await.expect("rollback");
    let lookup = Lookup::External(external("erp", r"\' OR true --"));
    let found = adapter.customers().look_up(&context(), &lookup).await;
    assert_eq!(found, Ok(Some(record_of(&second))));
}

#[tokio::test]
async fn a_write_on_a_connection_that_was_killed_is_not_tried_again() {
    let store = Store::fresh().await;
    let mut work = store
        .postgres
        .transactions()
        .begin(&context())
        .await
        .expect("begin");
    kill_all(&store).await;
    let refused = work.customers().insert(&new_customer()).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    let refused = work.commit().await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_dropped_unit_of_work_leaves_no_lock_and_no_setting() {
    let store = Store::with_connections(1).await;
    let new = new_customer();
    store.insert(&new).await.expect("insert");
    let id = CustomerRef::Id(new.customer.id);
    for _ in 0..3 {
        let mut work = store
            .postgres
            .transactions()
            .begin(&context())
            .await
            .expect("begin");
        work.customers().find_for_update(id).await.expect("found");
        drop(work);
        // The pool has one connection, which is used again only after the rollback.
        let other = store.postgres.customers().find(&other_context(), id).await;
        assert_eq!(other, Ok(None));
    }
    let mut owner = store.database.admin().await;
    let name = store.database.name();
    let open = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND state LIKE 'idle in%'"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(open))
        .fetch_one(&mut owner)
        .await;
    assert_eq!(row.expect("a row").get::<i64, _>(0), 0);
    run(&mut owner, "SET lock_timeout = '1s'").await;
    run(&mut owner, "SELECT FROM customers FOR UPDATE NOWAIT").await;
}

#[tokio::test]
async fn a_failed_statement_releases_its_connection_before_its_unit_of_work_is_dropped() {
    let store = Store::with_connections(1).await;
    store.insert(&new_customer()).await.expect("insert");
    let mut work = store
        .postgres
        .transactions()
        .begin(&context())
        .await
        .expect("begin");
    let taken = customer()
        .number(2)
        .email("customer-1@example.com")
        .build_new();
    let conflict = Err(StoreError::Conflict(Conflict::Email));
    assert_eq!(work.customers().insert(&taken).await, conflict);
    // The pool has one connection, and the unit of work is still there.
    let fine = customer().number(3).build_new();
    let id = CustomerRef::Id(fine.customer.id);
    let found = store.postgres.customers().find(&context(), id).await;
    assert_eq!(found, Ok(None));
    // Every later statement gets the same error, and writes nothing.
    assert_eq!(work.customers().insert(&fine).await, conflict);
    assert_eq!(work.commit().await, conflict);
    let found = store.postgres.customers().find(&context(), id).await;
    assert_eq!(found, Ok(None));
}

#[tokio::test]
async fn an_answer_that_nobody_waited_for_closes_its_connection() {
    let store = Store::with_connections(1).await;
    let new = new_customer();
    store.insert(&new).await.expect("insert");
    let mut blocker = store.database.admin().await;
    run(&mut blocker, "BEGIN; LOCK TABLE customers").await;
    let id = CustomerRef::Id(new.customer.id);
    let (tenant, reads) = (context(), store.postgres.customers());
    let read = reads.find(&tenant, id);
    assert!(
        tokio::time::timeout(Duration::from_millis(50), read)
            .await
            .is_err()
    );
    run(&mut blocker, "COMMIT").await;
    let found = store.postgres.customers().find(&other_context(), id).await;
    assert_eq!(found, Ok(None), "never the answer to the question before");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_reads_of_two_tenants_never_mix() {
    let store = Store::with_connections(4).await;
    // Both tenants have a customer with the same id and e-mail address, but different names.
    let mine = customer().named("Ada", "A").build_new();
    let theirs = customer().of(&other_tenant()).named("Eve", "B").build_new();
    store.insert(&mine).await.expect("insert");
    let begun = store.postgres.transactions().begin(&other_context()).await;
    let mut work = begun.expect("begin");
    work.customers().insert(&theirs).await.expect("insert");
    work.commit().await.expect("commit");

    let reads = store.postgres.customers();
    let lookup = Lookup::Email(mine.customer.email.clone());
    let id = CustomerRef::Id(mine.customer.id);
    let read = async |n: usize| {
        let (context, expected) = if n.is_multiple_of(2) {
            (context(), "A")
        } else {
            (other_context(), "B")
        };
        let found = if n.is_multiple_of(3) {
            reads.look_up(&context, &lookup).await
        } else {
            reads.find(&context, id).await
        };
        let customer = found.expect("a read").expect("a customer").customer;
        assert_eq!(customer.tenant, context.tenant);
        assert_eq!(customer.profile.last_name.as_deref(), Some(expected));
    };
    futures_util::StreamExt::for_each_concurrent(futures_util::stream::iter(0..10_000), 16, read)
        .await;
}

#[tokio::test]
async fn who_finds_no_free_connection_in_time_is_told_so() {
    let store = Store::fresh().await;
    let app = PgSettings {
        acquire_timeout: Duration::from_secs(1),
        ..settings(&store.database.owner_url(), ServiceRole::App, 1)
    };
    let worker = settings(&store.database.owner_url(), ServiceRole::Worker, 1);
    let small = Postgres::connect(&app, &worker, customer_testkit::builders::sealing())
        .await
        .expect("connect");
    let held = small.transactions().begin(&context()).await.expect("begin");
    let refused = small.transactions().begin(&context()).await.map(drop);
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    let busy = small.status()[0].1;
    assert_eq!((busy.max, busy.open, busy.idle), (1, 1, 0));
    assert_eq!(small.health().ping().await, Ok(()), "busy is not gone");
    drop(held);
}

#[tokio::test]
async fn a_closed_pool_refuses_and_keeps_no_connection() {
    let store = Store::fresh().await;
    store.postgres.close().await;
    let refused = store
        .postgres
        .operator_transactions()
        .begin(&operator_context())
        .await;
    assert!(matches!(refused.map(drop), Err(StoreError::Unavailable(_))));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut admin = store.database.admin().await;
    let count =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()";
    let count = sqlx::query_scalar::<_, i64>(count).bind(store.database.name());
    assert_eq!(count.fetch_one(&mut admin).await.expect("a count"), 0);
}

#[tokio::test]
async fn a_database_without_the_schema_says_what_to_do() {
    let database = TestDatabase::fresh().await;
    let url = database.owner_url();
    let everything = usize::MAX;
    let down = SCHEMA.revert(&url.as_str().into(), everything).await;
    down.expect("all migrations can be taken back");
    let connected = PgPool::connect(&settings(&url, ServiceRole::App, 1)).await;
    let Err(StoreError::Unavailable(reason)) = connected.map(drop) else {
        panic!("connected without a schema");
    };
    assert!(reason.contains("migrations"), "{reason}");
}
