//! The map of personal data, compared with the schema after all migrations.

use crate::support::run;
use customer_domain::privacy::{Path, entries};
use customer_testkit::pg::TestDatabase;
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// Every column, and whether it holds JSON; partitions are left out, as they repeat their parent.
const COLUMNS: &str = "SELECT c.relname::text, a.attname::text, a.atttypid IN ('json'::regtype, 'jsonb'::regtype)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relname <> '_sqlx_migrations' AND a.attnum > 0 AND NOT a.attisdropped";

/// Returns the differences between the map and the schema, by column.
async fn differences(connection: &mut PgConnection) -> Vec<String> {
    let read = sqlx::query_as::<_, (String, String, bool)>(COLUMNS);
    let rows = read.fetch_all(connection).await.expect("the catalogue");
    let mut columns: BTreeMap<_, _> = rows
        .into_iter()
        .map(|(table, column, is_json)| ((table, column), (is_json, Vec::new())))
        .collect();
    let mut faults = Vec::new();
    for entry in entries() {
        let at = (entry.table.to_owned(), entry.column.name.to_owned());
        match columns.get_mut(&at) {
            Some((_, paths)) => paths.push(entry.column.path),
            None => faults.push(format!("{}.{} is no column", at.0, at.1)),
        }
    }
    for ((table, column), (is_json, paths)) in columns {
        let fits = match &paths[..] {
            [] => {
                faults.push(format!("{table}.{column} has no entry"));
                continue;
            }
            [Path::Whole] => !is_json,
            several => {
                let rests = several.iter().filter(|path| **path == Path::Rest);
                is_json && rests.count() == 1 && !several.contains(&Path::Whole)
            }
        };
        if !fits {
            faults.push(format!("{table}.{column} (JSON: {is_json}) has {paths:?}"));
        }
    }
    faults
}

#[tokio::test]
async fn every_column_of_the_schema_has_its_entry_and_every_entry_its_column() {
    let database = TestDatabase::fresh().await;
    let mut admin = database.admin().await;
    assert_eq!(differences(&mut admin).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_column_that_nobody_entered_is_named_and_so_is_an_entry_without_one() {
    let database = TestDatabase::fresh().await;
    let mut admin = database.admin().await;
    for change in [
        "ALTER TABLE customers ADD COLUMN mothers_name text",
        "ALTER TABLE audit_events ADD COLUMN fingerprint bytea",
        "CREATE TABLE customer_shoes (size smallint)",
        "ALTER TABLE customer_statistics RENAME COLUMN order_count TO orders",
        "ALTER TABLE customers ALTER COLUMN external_ids TYPE text",
    ] {
        run(&mut admin, change).await;
    }
    let mut found = differences(&mut admin).await;
    found.sort_unstable();
    let expected = [
        "audit_events.fingerprint has no entry",
        "customer_shoes.size has no entry",
        "customer_statistics.order_count is no column",
        "customer_statistics.orders has no entry",
        "customers.external_ids (JSON: false) has [Rest]",
        "customers.mothers_name has no entry",
    ];
    assert_eq!(found, expected);
}
