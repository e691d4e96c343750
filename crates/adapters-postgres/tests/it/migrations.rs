//! Migrations, up and down, by an owner that is no superuser.

use customer_postgres::{MigrationStatus, migrate, migrate_down, migration_status};
use customer_testkit::pg::TestDatabase;
use secrecy::SecretString;

/// A database from which everything was taken back.
async fn emptied() -> (TestDatabase, SecretString) {
    let database = TestDatabase::fresh().await;
    let url = SecretString::from(database.owner_url());
    migrate_down(&url, usize::MAX).await.expect("all down");
    (database, url)
}

async fn applied(url: &SecretString) -> Vec<bool> {
    let status = migration_status(url).await.expect("a status");
    let applied = |migration: &MigrationStatus| migration.applied;
    status.iter().map(applied).collect()
}

async fn tables(database: &TestDatabase) -> Vec<String> {
    let tables = "SELECT tablename::text FROM pg_tables \
                  WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations' ORDER BY 1";
    sqlx::query_scalar(tables)
        .fetch_all(&mut database.admin().await)
        .await
        .expect("the catalogue")
}

#[tokio::test]
async fn migrations_go_down_to_nothing_and_up_again() {
    let database = TestDatabase::fresh().await;
    let url = SecretString::from(database.owner_url());
    let all = tables(&database).await;
    let count = applied(&url).await.len();
    assert_eq!(applied(&url).await, vec![true; count]);
    migrate(&url).await.expect("nothing to do");

    migrate_down(&url, 1).await.expect("one down");
    let but_the_last: Vec<_> = (1..=count).map(|number| number < count).collect();
    assert_eq!(applied(&url).await, but_the_last);
    assert!(tables(&database).await.len() < all.len());

    migrate_down(&url, usize::MAX).await.expect("all down");
    assert_eq!(applied(&url).await, vec![false; count]);
    assert_eq!(tables(&database).await, Vec::<String>::new());
    migrate(&url).await.expect("up again");
    assert_eq!(tables(&database).await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn migrators_of_two_databases_and_two_of_one_do_not_trip_over_each_other() {
    let ((_kept, one), (_also_kept, other)) = (emptied().await, emptied().await);
    let (first, second, third) =
        futures_util::future::join3(migrate(&one), migrate(&one), migrate(&other)).await;
    for outcome in [first, second, third] {
        outcome.expect("migrated");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_no_failed_migration() {
    let nowhere = SecretString::from("postgres://nobody@127.0.0.1:1/nothing");
    let refused = migrate(&nowhere).await;
    let unavailable = refused.is_err_and(|error| error.to_string().contains("unavailable"));
    assert!(unavailable);
}
