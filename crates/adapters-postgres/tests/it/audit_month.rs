//! Partitions of the audit trail are created and dropped by the worker while others write.

use crate::support::{Store, run};
use chrono::{Datelike, Months, NaiveDate};
use customer_domain::StoreError;
use customer_domain::audit::AuditMonths;
use customer_testkit::builders::tenant;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::sync::Arc;

struct Trail {
    store: Store,
    months: Arc<dyn AuditMonths>,
    owner: PgConnection,
}

impl Trail {
    async fn new() -> Self {
        let store = Store::fresh().await;
        let owner = PgConnection::connect(&store.database.owner_url()).await;
        Self {
            months: store.postgres.audit_months(),
            owner: owner.expect("the owner"),
            store,
        }
    }

    /// Creates the partition of a month as a migration would.
    async fn with(&mut self, month: NaiveDate) {
        let (name, end) = (name(month), month + Months::new(1));
        let made = format!(
            "CREATE TABLE {name} PARTITION OF audit_events FOR VALUES FROM ('{month} 00:00:00+00') TO ('{end} 00:00:00+00'); \
             ALTER TABLE {name} ENABLE ROW LEVEL SECURITY; ALTER TABLE {name} FORCE ROW LEVEL SECURITY"
        );
        run(&mut self.owner, &made).await;
    }

    /// Returns the rows of a query whose one column is text.
    async fn query(&self, query: &str) -> Vec<String> {
        let mut admin = self.store.database.admin().await;
        sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
            .fetch_all(&mut admin)
            .await
            .expect("the catalogue")
    }

    /// Describes everything about a partition but its name and its bounds.
    async fn described(&self, month: NaiveDate) -> Vec<String> {
        let name = name(month);
        let described = format!(
            "SELECT format('column %s %s %s %s', attname, atttypid::regtype, attnotnull, pg_get_expr(adbin, adrelid)) \
             FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
             WHERE attrelid = '{name}'::regclass AND attnum > 0 \
             UNION ALL SELECT format('constraint %s %s', contype, pg_get_constraintdef(oid)) FROM pg_constraint \
             WHERE conrelid = '{name}'::regclass \
             UNION ALL SELECT replace(format('index %s %s', indexdef, (SELECT inhparent::regclass FROM pg_inherits \
             WHERE inhrelid = format('%I', indexname)::regclass)), '{name}', 'x') FROM pg_indexes WHERE tablename = '{name}' \
             UNION ALL SELECT format('table %s %s %s %s', relowner::regrole, relrowsecurity, relforcerowsecurity, relacl) \
             FROM pg_class WHERE oid = '{name}'::regclass \
             UNION ALL SELECT format('bound %s', regexp_replace(pg_get_expr(relpartbound, oid), '\\d+-\\d+', 'x', 'g')) \
             FROM pg_class WHERE oid = '{name}'::regclass ORDER BY 1"
        );
        self.query(&described).await
    }

    /// Stores a seal on entries of a month or, with `begins`, one that the month was dropped.
    async fn seal(&self, number: i64, month: NaiveDate, begins: Option<i64>) {
        let (kind, begins) = match begins {
            Some(begins) => (2, begins.to_string()),
            None => (1, "NULL".to_owned()),
        };
        let seal = format!(
            "INSERT INTO audit_seals (number, month, kind, digests, begins, previous, sealed_at, \
             digest, public_key, signature) \
             VALUES ({number}, '{month}', {kind}, '', {begins}, '', now(), '', '', '')"
        );
        run(&mut self.store.database.admin().await, &seal).await;
    }
}

fn name(month: NaiveDate) -> String {
    month.format("audit_events_%Y_%m").to_string()
}

/// Returns the first month after those that the migrations create.
async fn next(trail: &Trail) -> NaiveDate {
    let there = trail.months.list().await.expect("months");
    assert_eq!(there.len(), 25);
    assert!(there.is_sorted() && there.iter().all(|month| month.day() == 1));
    there[24] + Months::new(1)
}

fn is_refused(outcome: &Result<bool, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Conflict(_)))
}

#[tokio::test]
async fn a_month_is_made_once_and_is_like_those_of_the_schema() {
    let trail = Trail::new().await;
    let month = next(&trail).await;
    assert_eq!(trail.months.create(month).await, Ok(true));
    assert_eq!(trail.months.create(month).await, Ok(false));
    let there = trail.months.list().await.expect("months");
    assert_eq!((there.len(), there[25]), (26, month));
    let like = trail.described(there[24]).await;
    assert!(like.len() > 20, "{like:#?}");
    assert_eq!(trail.described(month).await, like);
}

#[tokio::test]
async fn who_writes_entries_does_not_wait_and_is_not_waited_for() {
    let trail = Trail::new().await;
    let month = next(&trail).await;
    let entry = "INSERT INTO audit_events (tenant_id, id, created_at, event_type, operation, actor_type, actor_id, \
                 trace_id, correlation_id, changed_fields, digest) VALUES (current_setting('app.tenant_id')::uuid, \
                 gen_random_uuid(), now(), 'x', 'X', 3, 'x', '', '', '{}', sha256(''))";
    // One transaction has written, and is still open.
    let mut writer = trail.store.inside(tenant().id).await;
    run(&mut writer, &format!("BEGIN; {entry}")).await;
    let mut making = trail.store.database.admin().await;
    run(&mut making, "BEGIN; SET ROLE customer_worker").await;
    run(&mut making, &format!("SELECT audit_make_month('{month}')")).await;
    // Another one writes while the month is being created.
    let mut other = trail.store.inside(tenant().id).await;
    run(&mut other, &format!("SET lock_timeout = '1s'; {entry}")).await;
    run(&mut making, "COMMIT").await;
    run(&mut writer, "COMMIT").await;
    let written = "SELECT count(*)::text FROM audit_events";
    assert_eq!(trail.query(written).await, ["2"]);
}

#[tokio::test]
async fn entries_that_came_before_their_month_move_into_it() {
    let trail = Trail::new().await;
    let month = next(&trail).await;
    let mut admin = trail.store.database.admin().await;
    for (id, at) in [(1, month), (2, month + Months::new(1))] {
        let early = format!(
            "INSERT INTO audit_events (tenant_id, id, created_at, event_type, operation, actor_type, actor_id, trace_id, \
             correlation_id, changed_fields, digest) VALUES ('{}', '00000000-0000-0000-0000-00000000000{id}', '{at} 00:00:00+00', \
             'x', 'X', 3, 'x', '', '', '{{}}', sha256(''))",
            tenant().id
        );
        run(&mut admin, &early).await;
    }
    let like = trail
        .described(trail.months.list().await.expect("months")[24])
        .await;
    assert_eq!(trail.months.create(month).await, Ok(true));
    assert_eq!(trail.described(month).await, like);
    let placed = "SELECT format('%s %s', tableoid::regclass, right(id::text, 1)) FROM audit_events ORDER BY id";
    assert_eq!(
        trail.query(placed).await,
        [
            format!("{} 1", name(month)),
            "audit_events_default 2".to_owned()
        ]
    );
    let hidden = "SELECT relname::text FROM pg_class WHERE relname = 'audit_events_default' \
                  AND relrowsecurity AND relforcerowsecurity";
    assert_eq!(trail.query(hidden).await.len(), 1);
}

#[tokio::test]
async fn months_that_no_job_would_ask_for_are_refused() {
    let trail = Trail::new().await;
    let month = next(&trail).await;
    let day = month.with_day(2).expect("a day");
    for refused in [day, month + Months::new(24), month - Months::new(40)] {
        assert!(is_refused(&trail.months.create(refused).await), "{refused}");
    }
    let present = month - Months::new(25);
    for refused in [present, present - Months::new(12), day] {
        assert!(is_refused(&trail.months.remove(refused).await), "{refused}");
    }
    let gone = present - Months::new(60);
    assert_eq!(trail.months.remove(gone).await, Ok(false));
    assert_eq!(trail.months.list().await.expect("months").len(), 25);
}

#[tokio::test]
async fn a_month_that_cannot_be_made_at_once_is_left_for_later() {
    let trail = Trail::new().await;
    let month = next(&trail).await;
    let mut reader = trail.store.database.admin().await;
    run(&mut reader, "BEGIN; SELECT FROM audit_events").await;
    assert_eq!(trail.months.create(month).await, Err(StoreError::Contended));
    let left = format!(
        "SELECT relname::text FROM pg_class WHERE relname = '{}'",
        name(month)
    );
    assert_eq!(trail.query(&left).await, Vec::<String>::new());
    run(&mut reader, "COMMIT").await;
    assert_eq!(trail.months.create(month).await, Ok(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_make_a_month_at_once_make_it_once() {
    let trail = Trail::new().await;
    let month = next(&trail).await;
    let made = futures_util::future::join(trail.months.create(month), trail.months.create(month));
    let made = <[_; 2]>::from(made.await);
    assert!(made.contains(&Ok(true)), "{made:?}");
    let other = made.iter().filter(|made| **made != Ok(true));
    assert!(other.clone().count() == 1, "{made:?}");
    for other in other {
        assert!(
            matches!(other, Ok(false) | Err(StoreError::Contended)),
            "{other:?}"
        );
    }
}

#[tokio::test]
async fn a_month_goes_after_its_seal_and_then_the_seals_that_nothing_is_held_against() {
    let mut trail = Trail::new().await;
    let (old, older) = (month_of(2003, 5), month_of(2003, 4));
    for month in [old, older] {
        trail.with(month).await;
    }
    let ledger = trail.store.postgres.audit_ledger();
    for (number, month) in [(1, older), (2, older), (3, old), (4, older)] {
        trail.seal(number, month, None).await;
    }
    let unsealed = trail.months.remove(older).await;
    assert!(is_refused(&unsealed), "{unsealed:?}");
    trail.seal(5, older, Some(3)).await;
    assert_eq!(trail.months.remove(older).await, Ok(true));
    assert_eq!(trail.months.remove(older).await, Ok(false), "it is gone");
    let there = trail.months.list().await.expect("months");
    assert!(there.contains(&old) && !there.contains(&older), "{there:?}");
    let seals = "SELECT number::text FROM audit_seals ORDER BY number";
    assert_eq!(trail.query(seals).await, ["1", "2", "3", "4", "5"]);
    // Only the seals before the first that is still needed, so that there is no gap.
    assert_eq!(ledger.trim(10).await, Ok(2));
    assert_eq!(trail.query(seals).await, ["3", "4", "5"]);
    trail.seal(6, old, Some(6)).await;
    assert_eq!(trail.months.remove(old).await, Ok(true));
    assert_eq!(ledger.trim(10).await, Ok(3));
    assert_eq!(trail.query(seals).await, ["6"]);
    let hidden =
        "SELECT relname::text FROM pg_class WHERE relname = 'audit_seals' AND relforcerowsecurity";
    assert_eq!(trail.query(hidden).await.len(), 1);
}

fn month_of(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, 1).expect("a month")
}
