//! Migrations up and down, run by an owner that is no superuser.

use crate::support::run;
use customer_postgres::{MigrationStatus, Migrations, SCHEMA};
use customer_testkit::pg::TestDatabase;
use secrecy::SecretString;

/// Creates a database in which every migration was reverted.
async fn emptied() -> (TestDatabase, SecretString) {
    let database = TestDatabase::fresh().await;
    let url = SecretString::from(database.owner_url());
    SCHEMA.revert(&url, usize::MAX).await.expect("all down");
    run(&mut database.admin().await, "DROP TABLE _sqlx_migrations").await;
    (database, url)
}

async fn applied(url: &SecretString) -> Vec<bool> {
    let status = SCHEMA.status(url).await.expect("a status");
    let applied = |migration: &MigrationStatus| migration.applied;
    status.iter().map(applied).collect()
}

/// Describes everything that the migrations created, from the catalogue.
async fn catalogue(database: &TestDatabase) -> Vec<String> {
    let made = "SELECT format('column %s.%s %s %s not null %s default %s', table_name, column_name, ordinal_position, \
         udt_name, is_nullable = 'NO', column_default) FROM information_schema.columns WHERE table_schema = 'public' \
         UNION ALL SELECT format('index %s', indexdef) FROM pg_indexes WHERE schemaname = 'public' \
         UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) \
         FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
         UNION ALL SELECT format('domain %s of %s %s', t.oid::regtype, typbasetype::regtype, \
         (SELECT string_agg(pg_get_constraintdef(k.oid), ', ') FROM pg_constraint k WHERE k.contypid = t.oid)) \
         FROM pg_type t WHERE typtype = 'd' AND typnamespace = 'public'::regnamespace \
         UNION ALL SELECT format('policy %s', p) FROM pg_policies p WHERE schemaname = 'public' \
         UNION ALL SELECT format('relation %s %s %s %s grants %s partition %s', relname, relkind, relrowsecurity, \
         relforcerowsecurity, relacl, pg_get_expr(relpartbound, oid)) FROM pg_class \
         WHERE relnamespace = 'public'::regnamespace \
         UNION ALL SELECT format('grants on %s.%s %s', attrelid::regclass, attname, attacl) FROM pg_attribute \
         JOIN pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND attacl IS NOT NULL \
         UNION ALL SELECT format('schema %s %s', nspname, nspacl) FROM pg_namespace WHERE nspname = 'public' \
         UNION ALL SELECT format('function %s %s %s %s', oid::regprocedure, prosecdef, proconfig, proacl) FROM pg_proc \
         WHERE pronamespace = 'public'::regnamespace ORDER BY 1";
    sqlx::query_scalar(made)
        .fetch_all(&mut database.admin().await)
        .await
        .expect("the catalogue")
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
    let made = catalogue(&database).await;
    let count = applied(&url).await.len();
    assert_eq!(applied(&url).await, vec![true; count]);
    SCHEMA.apply(&url).await.expect("nothing to do");

    SCHEMA.revert(&url, 1).await.expect("one down");
    let but_the_last: Vec<_> = (1..=count).map(|number| number < count).collect();
    assert_eq!(applied(&url).await, but_the_last);
    assert_ne!(catalogue(&database).await, made);

    SCHEMA.revert(&url, usize::MAX).await.expect("all down");
    assert_eq!(applied(&url).await, vec![false; count]);
    assert_eq!(tables(&database).await, Vec::<String>::new());
    SCHEMA.apply(&url).await.expect("up again");
    assert_eq!(catalogue(&database).await, made);
}

#[test]
fn every_migration_gives_up_a_lock_that_it_does_not_get_in_time() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
    let files = std::fs::read_dir(folder).expect("the migrations");
    let files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a text");
        let lines = text.lines().filter(|line| !line.starts_with("--"));
        let statements = lines.collect::<Vec<_>>().join("\n");
        let statements: Vec<_> = statements.split_terminator(';').map(str::trim).collect();
        if text.starts_with("-- no-transaction\n") {
            // A CONCURRENTLY statement runs outside of a transaction, and blocks none while it
            // waits. Statements of these two forms can be repeated after an interruption.
            let [statement] = *statements else {
                panic!("{file:?}: {statements:?}")
            };
            let words: Vec<_> = statement.split_whitespace().collect();
            let is_repeatable = matches!(
                *words,
                ["CREATE", "INDEX", "CONCURRENTLY", _, "ON", ..]
                    | ["DROP", "INDEX", "CONCURRENTLY", "IF", "EXISTS", _]
            );
            assert!(is_repeatable, "{file:?}: {statement}");
            assert!(
                text.contains(&format!("\n{}", words[..3].join(" "))),
                "{file:?}: at the line's beginning"
            );
        } else {
            let first = statements.first().copied().unwrap_or_default();
            assert!(
                first.starts_with("SET LOCAL lock_timeout = "),
                "{file:?}: {first}"
            );
            assert!(!text.contains("CONCURRENTLY"), "{file:?}");
        }
    }
}

/// Counts the invalid indexes of the schema.
async fn invalid_indexes(database: &TestDatabase) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM pg_index WHERE NOT (indisvalid AND indisready)")
        .fetch_one(&mut database.admin().await)
        .await
        .expect("the catalogue")
}

/// A table, two indexes that are built beside the traffic, and one of them dropped again.
static SAMPLE: Migrations = Migrations::new(sqlx::migrate!("tests/it/migrations/sample"));

#[tokio::test]
async fn an_index_whose_building_was_interrupted_is_built_anew() {
    let (database, url) = emptied().await;
    SAMPLE.apply(&url).await.expect("migrated");
    let made = catalogue(&database).await;
    let mut admin = database.admin().await;
    // One build was interrupted; the other finished, but the program ended before recording it.
    for interruption in [
        "UPDATE pg_index SET indisvalid = false, indisready = false WHERE indexrelid = 'sample_by_size'::regclass",
        "CREATE INDEX sample_by_name ON sample (name)",
        "DELETE FROM _sqlx_migrations WHERE version > 1",
    ] {
        run(&mut admin, interruption).await;
    }
    assert_eq!(invalid_indexes(&database).await, 1);
    SAMPLE.apply(&url).await.expect("migrated");
    assert_eq!(invalid_indexes(&database).await, 0);
    assert_eq!(catalogue(&database).await, made);
    let status = SAMPLE.status(&url).await.expect("a status");
    assert!(status.iter().all(|migration| migration.applied));
}

#[tokio::test]
async fn an_index_that_a_way_back_builds_is_built_anew_too() {
    let (database, url) = emptied().await;
    SAMPLE.apply(&url).await.expect("migrated");
    let mut admin = database.admin().await;
    // Left by an interrupted run, with another column.
    run(&mut admin, "CREATE INDEX sample_by_name ON sample (size)").await;
    SAMPLE.revert(&url, 1).await.expect("down");
    let columns: String = sqlx::query_scalar("SELECT pg_get_indexdef('sample_by_name'::regclass)")
        .fetch_one(&mut admin)
        .await
        .expect("an index");
    assert!(columns.contains("(name)"), "{columns}");
}

#[tokio::test]
async fn a_status_makes_nothing() {
    let (database, url) = emptied().await;
    assert!(applied(&url).await.into_iter().all(|applied| !applied));
    let there: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut database.admin().await)
        .await
        .expect("the catalogue");
    assert!(!there);
}

#[tokio::test]
async fn a_schema_of_a_newer_program_is_served_but_not_taken_back() {
    let database = TestDatabase::fresh().await;
    let url = SecretString::from(database.owner_url());
    SCHEMA.revert(&url, 1).await.expect("one down");
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'newer', true, '\\x00', 0)";
    run(&mut database.admin().await, newer).await;
    SCHEMA.apply(&url).await.expect("the rest is migrated");
    assert!(applied(&url).await.into_iter().all(|applied| applied));
    let refused = SCHEMA.revert(&url, 1).await.expect_err("refused");
    assert!(refused.to_string().contains("9999"), "{refused}");
    assert!(applied(&url).await.into_iter().all(|applied| applied));
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_ran_is_refused() {
    let database = TestDatabase::fresh().await;
    let url = SecretString::from(database.owner_url());
    let changed = "UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 2";
    run(&mut database.admin().await, changed).await;
    let refused = SCHEMA.apply(&url).await.expect_err("refused").to_string();
    assert!(refused.contains("migration 2 "), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn migrators_of_two_databases_and_two_of_one_do_not_trip_over_each_other() {
    let ((_kept, one), (_also_kept, other)) = (emptied().await, emptied().await);
    let (first, second, third) =
        futures_util::future::join3(SCHEMA.apply(&one), SCHEMA.apply(&one), SCHEMA.apply(&other))
            .await;
    for outcome in [first, second, third] {
        outcome.expect("migrated");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_is_no_failed_migration() {
    let nowhere = SecretString::from("postgres://nobody@127.0.0.1:1/nothing");
    let refused = SCHEMA.apply(&nowhere).await;
    let unavailable = refused.is_err_and(|error| error.to_string().contains("unavailable"));
    assert!(unavailable);
}

/// Only the operation and the severity of an audit entry are stored as words.
#[tokio::test]
async fn the_values_of_vocabularies_are_stored_as_small_numbers() {
    let database = TestDatabase::fresh().await;
    let columns = "SELECT format('%s.%s', c.relname, a.attname) FROM pg_class c \
                   JOIN pg_attribute a ON a.attrelid = c.oid \
                   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
                   AND a.attnum > 0 AND NOT a.attisdropped AND (a.atttypid IN ('int2'::regtype, 'int2[]'::regtype) \
                   OR a.atttypid IN (SELECT oid FROM pg_type WHERE typbasetype = 'int2'::regtype)) \
                   ORDER BY 1";
    let mut admin = database.admin().await;
    let columns = sqlx::query_scalar(columns).fetch_all(&mut admin).await;
    let columns: Vec<String> = columns.expect("the catalogue");
    let expected = [
        "api_keys.permissions",
        "audit_events.actor_type",
        "audit_seals.kind",
        "customer_addresses.type",
        "customer_notes.author_type",
        "customer_notes.editor_type",
        "customers.account_state",
        "customers.customer_type",
        "customers.gender",
        "customers.status",
        "customers.tier",
    ];
    assert_eq!(columns, expected);
}
