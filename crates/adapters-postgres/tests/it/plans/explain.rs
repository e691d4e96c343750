//! The rows that a statement touches, as the server counts them.

use crate::proxy::Proxy;
use crate::support::run;
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection};
use std::collections::BTreeSet;
use std::sync::Mutex;

/// The indexes that a case names and its plan uses.
static NAMED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// A plan that was executed.
#[derive(Debug)]
pub(super) struct Plan {
    /// The scans, in the form that a failed test prints.
    scans: Vec<String>,
    /// The indexes that were scanned, whether or not anything was found.
    pub(super) indexes: BTreeSet<String>,
    /// The number of rows and index entries that scans read, including those that a filter removed,
    /// and of pairs that joins discarded.
    pub(super) touched: f64,
}

impl Plan {
    /// Executes a statement, and rolls it back.
    pub(super) async fn of(connection: &mut PgConnection, statement: &str) -> Self {
        let explain = format!("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}");
        run(connection, "BEGIN").await;
        let Json(document): Json<Value> = sqlx::query_scalar(AssertSqlSafe(explain))
            .persistent(false)
            .fetch_one(&mut *connection)
            .await
            .expect("a plan");
        run(connection, "ROLLBACK").await;
        let mut plan = Self {
            indexes: BTreeSet::new(),
            touched: 0.0,
            scans: Vec::new(),
        };
        plan.walk(&document[0]["Plan"]);
        let parents = "SELECT p.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
                       JOIN pg_class p ON p.oid = i.inhparent WHERE c.relname = ANY ($1)";
        let used: Vec<_> = plan.indexes.iter().cloned().collect();
        let parents = sqlx::query_scalar(parents).bind(used).fetch_all(connection);
        plan.indexes
            .extend(parents.await.expect("the indexes of partitioned tables"));
        plan
    }

    /// Executes again what was sent and contains this text, and rolls it back.
    pub(super) async fn of_sent(
        proxy: &Proxy,
        connection: &mut PgConnection,
        text: &str,
    ) -> Vec<Self> {
        let seen = proxy.take().statements;
        let statements = seen.iter().flat_map(|message| message.split(';'));
        let mut plans = Vec::new();
        for statement in statements.filter(|statement| statement.contains(text)) {
            plans.push(Self::of(connection, statement).await);
        }
        plans
    }

    fn walk(&mut self, node: &Value) {
        let number = |name: &str| node[name].as_f64().unwrap_or_default();
        let loops = number("Actual Loops");
        let is_scan = node["Relation Name"].is_string() || node["Index Name"].is_string();
        // A ModifyTable node names its table too, but its rows were counted where they were found.
        if is_scan && loops > 0.0 && node["Node Type"] != "ModifyTable" {
            self.indexes
                .extend(node["Index Name"].as_str().map(str::to_owned));
            let rows = number("Actual Rows")
                + number("Rows Removed by Filter")
                + number("Rows Removed by Index Recheck");
            self.touched += rows * loops;
            let what = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
            let (kind, table) = (what("Node Type"), what("Relation Name"));
            let condition: String = what("Index Cond").chars().take(300).collect();
            let by = format!("{} {condition}", what("Index Name"));
            self.scans
                .push(format!("{kind} {table} {by}: {rows} x {loops}"));
        }
        self.touched += number("Rows Removed by Join Filter") * loops;
        for child in node["Plans"].as_array().into_iter().flatten() {
            self.walk(child);
        }
    }

    /// Asserts that the plan uses an index beginning with `index`, and touches at most `most` rows.
    #[track_caller]
    pub(super) fn expect(&self, what: &str, index: &str, most: u32) {
        let used = self.indexes.iter().filter(|used| used.starts_with(index));
        let is_used = used.clone().next().is_some();
        NAMED.lock().expect("the names").extend(used.cloned());
        let found = (is_used, self.touched <= f64::from(most));
        assert_eq!(
            found,
            (true, true),
            "{what}: {index} is wanted, {} rows were touched of {most}: {:#?}",
            self.touched,
            self.scans
        );
    }
}

/// Asserts that every index is used by a plan that names it, unless it keeps something unique or is
/// named elsewhere.
pub(super) async fn every_index_has_its_plan(admin: &mut PgConnection) {
    const ELSEWHERE: [&str; 2] = [
        // In `note.rs`.
        "customer_notes_list_idx",
        // By the relay of events, which is to come.
        "outbox_events_unnumbered_idx",
    ];
    let indexes = "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
                   WHERE NOT i.indisunique AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace";
    let indexes: Vec<String> = sqlx::query_scalar(indexes)
        .fetch_all(admin)
        .await
        .expect("the indexes");
    assert!(indexes.len() >= 20, "{indexes:?}");
    let named = NAMED.lock().expect("the names").clone();
    let unnamed: Vec<_> = indexes
        .iter()
        .filter(|index| !named.contains(*index) && !ELSEWHERE.contains(&index.as_str()))
        .collect();
    assert!(unnamed.is_empty(), "no plan uses {unnamed:?}");
}
