//! The ledger: committed entries in the order of their transactions, and their seals.

use crate::support::Store;
use chrono::NaiveDate;
use customer_domain::audit::{
    AuditKind, AuditLedger, AuditSeal, LedgerEntry, LedgerPosition, Pending, PendingEntry,
    SealedRange,
};
use customer_domain::{StoreError, UnitOfWork};
use customer_testkit::builders::{at, audit_entry, context, operator_context, signer};
use std::sync::Arc;
use std::time::Duration;

/// Begins a unit of work that records the n-th entry.
async fn begun(store: &Store, n: u64) -> Box<dyn UnitOfWork> {
    let begun = store.postgres.transactions().begin(&context()).await;
    let mut work = begun.expect("begin");
    work.record(audit_entry(n, AuditKind::GroupUpdate).into());
    work
}

async fn written(store: &Store, n: u64) {
    begun(store, n).await.commit().await.expect("commit");
}

/// Returns `count` entries, once no running transaction of other tests on the same server holds
/// them back.
async fn pending(ledger: &Arc<dyn AuditLedger>, count: usize) -> Vec<PendingEntry> {
    for _ in 0..600 {
        let entries = ledger.pending(None, 100).await.expect("entries").entries;
        if entries.len() == count {
            return entries;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{count} entries are not shown");
}

fn sealed(previous: Option<&AuditSeal>, entries: &[PendingEntry]) -> AuditSeal {
    let (first, last) = (entries[0], entries[entries.len() - 1]);
    let range = SealedRange::Entries {
        first: first.position,
        last: last.position,
        digests: entries.iter().map(|entry| entry.digest).collect(),
    };
    let through = Some(last.position);
    AuditSeal::after(previous, first.month, range, through, at(0), &*signer())
}

#[tokio::test]
async fn entries_come_in_the_order_of_their_transactions_with_their_true_digests() {
    let store = Store::fresh().await;
    let ledger = store.postgres.audit_ledger();
    for n in [7, 3, 5] {
        written(&store, n).await;
    }
    let pending = pending(&ledger, 3).await;
    let ids: Vec<_> = pending.iter().map(|entry| entry.position.entry).collect();
    let expected = [7, 3, 5].map(|n| audit_entry(n, AuditKind::GroupUpdate).id);
    assert_eq!(ids, expected);
    let beyond = ledger.pending(Some(pending[0].position), 1).await;
    assert_eq!(beyond.expect("entries").entries, pending[1..2]);

    let month = pending[0].month;
    let all = ledger
        .entries(month, None, None, 100)
        .await
        .expect("entries");
    assert!(all.iter().all(LedgerEntry::matches_digest), "{all:?}");
    let times: Vec<_> = all.iter().map(|entry| entry.at).collect();
    assert_eq!(times, [7, 3, 5].map(at));
    let digests: Vec<_> = all.iter().map(|entry| entry.actual).collect();
    let listed: Vec<_> = pending.iter().map(|entry| entry.digest).collect();
    assert_eq!(digests, listed);
    let (first, second) = (pending[0].position, pending[1].position);
    let some = ledger.entries(month, Some(first), Some(second), 100).await;
    assert_eq!(some.expect("entries"), all[1..2]);
    assert!(ledger.months().await.expect("months").contains(&month));
    let horizon = ledger.horizon().await.expect("a number");
    assert!(all.iter().all(|entry| entry.position.transaction < horizon));
}

#[tokio::test]
async fn nothing_is_shown_that_a_running_transaction_could_come_before() {
    let store = Store::fresh().await;
    let ledger = store.postgres.audit_ledger();
    let operator = store.postgres.operator_transactions();
    let mut older = operator.begin(&operator_context()).await.expect("begin");
    // A transaction gets its number when it writes.
    let tenant = customer_testkit::builders::third_tenant();
    let inserted = older.tenants().insert(&tenant, &[]).await;
    inserted.expect("a tenant");
    written(&store, 1).await;
    let waiting = Pending {
        entries: Vec::new(),
        waiting_since: Some(at(1)),
    };
    assert_eq!(ledger.pending(None, 100).await, Ok(waiting));
    older.rollback().await.expect("the end");
    pending(&ledger, 1).await;
}

#[tokio::test]
async fn seals_come_back_as_they_were_and_no_number_is_given_twice() {
    let store = Store::fresh().await;
    let ledger = store.postgres.audit_ledger();
    assert_eq!(ledger.last().await, Ok(None));
    for n in 1..=4 {
        written(&store, n).await;
    }
    let entries = pending(&ledger, 4).await;
    let first = sealed(None, &entries[..2]);
    let second = sealed(Some(&first), &entries[2..]);
    let month = NaiveDate::from_ymd_opt(2019, 3, 1).expect("a day");
    let third = AuditSeal::after(
        Some(&second),
        month,
        SealedRange::Dropped { begins: 2 },
        second.through,
        at(1),
        &*signer(),
    );
    let seals = [first, second, third];
    ledger.append(&seals[..1]).await.expect("a seal");
    let taken = ledger.append(&seals).await;
    assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
    assert_eq!(
        ledger.last().await,
        Ok(Some(seals[0].clone())),
        "all or none"
    );
    ledger.append(&seals[1..]).await.expect("seals");
    assert_eq!(ledger.seals(0, 10).await.as_deref(), Ok(&seals[..]));
    assert_eq!(ledger.seals(1, 1).await.as_deref(), Ok(&seals[1..2]));
    assert_eq!(ledger.last().await, Ok(Some(seals[2].clone())));
    assert_eq!(ledger.dropped().await.as_deref(), Ok(&seals[2..]));
    for seal in &seals {
        assert_eq!(seal.own_digest(&*signer()), seal.digest);
    }
}

#[tokio::test]
async fn a_ledger_that_is_ahead_of_its_database_says_so() {
    let store = Store::fresh().await;
    let ledger = store.postgres.audit_ledger();
    let ahead = LedgerPosition {
        transaction: u64::MAX / 4,
        entry: audit_entry(1, AuditKind::GroupUpdate).id,
    };
    let refused = ledger.pending(Some(ahead), 10).await;
    assert!(
        matches!(refused, Err(StoreError::Corrupt { .. })),
        "{refused:?}"
    );
}

/// Changes the audit trail as only a superuser can.
async fn forge(store: &Store, statements: &str) {
    let mut admin = store.database.admin().await;
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(statements))
        .execute(&mut admin)
        .await;
    done.expect("a forgery");
}

#[tokio::test]
async fn every_month_is_told_that_has_entries_wherever_they_lie() {
    let store = Store::fresh().await;
    let ledger = store.postgres.audit_ledger();
    written(&store, 1).await;
    let month = pending(&ledger, 1).await[0].month;
    let far = ["1999-12-31 23:59:59Z", "2009-06-15 12:00Z", "2199-01-01Z"];
    let moved = far.map(|at| {
        format!(
            "INSERT INTO audit_events (tenant_id, id, created_at, event_type, severity, operation, actor_type, actor_id, \
             trace_id, correlation_id, changed_fields, digest) SELECT tenant_id, gen_random_uuid(), '{at}', event_type, severity, \
             operation, actor_type, actor_id, trace_id, correlation_id, changed_fields, digest FROM audit_events LIMIT 1;"
        )
    });
    forge(&store, &moved.concat()).await;
    let months = ledger.months().await.expect("months");
    let day = |year, month| NaiveDate::from_ymd_opt(year, month, 1).expect("a day");
    for expected in [day(1999, 12), day(2009, 6), month, day(2199, 1)] {
        let found = months.iter().filter(|month| **month == expected);
        assert_eq!(found.count(), 1, "{expected} in {months:?}");
    }
    assert!(months.is_sorted());
}

#[tokio::test]
async fn a_partition_that_is_not_of_one_month_is_named() {
    for bounds in [
        "FROM ('2001-01-01Z') TO ('2001-03-01Z')",
        "FROM ('2001-01-02Z') TO ('2001-02-01Z')",
        "FROM (MINVALUE) TO ('2001-02-01Z')",
    ] {
        let store = Store::fresh().await;
        let attached = format!("CREATE TABLE hidden PARTITION OF audit_events FOR VALUES {bounds}");
        forge(&store, &attached).await;
        let found = store.postgres.audit_ledger().months().await;
        let row = "partition hidden".to_owned();
        let table = "audit_events";
        assert_eq!(found, Err(StoreError::Corrupt { table, row }), "{bounds}");
    }
}

#[tokio::test]
async fn seals_go_up_to_the_first_that_is_needed_and_no_further() {
    let store = Store::fresh().await;
    let ledger = store.postgres.audit_ledger();
    for n in 1..=6 {
        written(&store, n).await;
    }
    let entries = pending(&ledger, 6).await;
    let month = |number| NaiveDate::from_ymd_opt(2019, number, 1).expect("a day");
    let mut seals: Vec<AuditSeal> = Vec::new();
    // Seals of March, March, April, March, May and April.
    for (entry, of) in entries.into_iter().zip([3, 3, 4, 3, 5, 4]) {
        let of_month = PendingEntry {
            month: month(of),
            ..entry
        };
        seals.push(sealed(seals.last(), &[of_month]));
    }
    ledger.append(&seals).await.expect("seals");
    let (march, april, may) = (month(3), month(4), month(5));
    for (dropped, needed) in [
        (vec![], Some(1)),
        (vec![march], Some(3)),
        (vec![april], Some(1)),
        (vec![march, april], Some(5)),
        (vec![may, april, march], None),
    ] {
        let found = ledger.first_needed(&dropped).await;
        assert_eq!(found, Ok(needed), "{dropped:?}");
    }
    assert_eq!(ledger.trim(10).await, Ok(0), "nothing was dropped");
    for (of, begins) in [(april, 5), (march, 3)] {
        let range = SealedRange::Dropped { begins };
        let last = seals.last();
        let through = last.and_then(|last| last.through);
        let dropped = AuditSeal::after(last, of, range, through, at(1), &*signer());
        ledger
            .append(std::slice::from_ref(&dropped))
            .await
            .expect("a seal");
        seals.push(dropped);
    }
    for (most, trimmed) in [(3, 3), (3, 1), (3, 0)] {
        assert_eq!(ledger.trim(most).await, Ok(trimmed));
    }
    assert_eq!(ledger.seals(0, 10).await.as_deref(), Ok(&seals[4..]));
    let refused = ledger.trim(10_001).await;
    assert!(refused.is_err(), "{refused:?}");
}
