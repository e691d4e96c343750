//! The ledger: what was committed, in the order of its transactions, and its seals.

use crate::support::Store;
use chrono::NaiveDate;
use customer_domain::audit::{
    AuditKind, AuditLedger, AuditSeal, LedgerEntry, LedgerPosition, PendingEntry, SealedRange,
};
use customer_domain::{Fact, StoreError, UnitOfWork};
use customer_testkit::builders::{at, audit_entry, notary, operator_scope, scope};
use std::sync::Arc;
use std::time::Duration;

/// A unit of work with the n-th entry.
async fn begun(store: &Store, n: u64) -> Box<dyn UnitOfWork> {
    let begun = store.postgres.transactions().begin(&scope()).await;
    let mut work = begun.expect("begin");
    work.record(Fact {
        event: None,
        audit: audit_entry(n, AuditKind::GroupUpdate),
    });
    work
}

async fn written(store: &Store, n: u64) {
    begun(store, n).await.commit().await.expect("commit");
}

/// So many entries, once no transaction of other tests on the same server could come before them.
async fn pending(ledger: &Arc<dyn AuditLedger>, count: usize) -> Vec<PendingEntry> {
    for _ in 0..600 {
        let entries = ledger.pending(None, 100).await.expect("entries");
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
    AuditSeal::after(previous, first.month, range, through, at(0), &*notary())
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
    assert_eq!(beyond.expect("entries"), pending[1..2]);

    let month = pending[0].month;
    let all = ledger
        .entries(month, None, None, 100)
        .await
        .expect("entries");
    assert!(all.iter().all(LedgerEntry::is_true), "{all:?}");
    let digests: Vec<_> = all.iter().map(|entry| entry.actual).collect();
    let listed: Vec<_> = pending.iter().map(|entry| entry.digest).collect();
    assert_eq!(digests, listed);
    let (first, second) = (pending[0].position, pending[1].position);
    let some = ledger.entries(month, Some(first), Some(second), 100).await;
    assert_eq!(some.expect("entries"), all[1..2]);
    assert_eq!(ledger.months().await, Ok(vec![month]));
}

#[tokio::test]
async fn nothing_is_shown_that_a_running_transaction_could_come_before() {
    let store = Store::fresh().await;
    let ledger = store.postgres.audit_ledger();
    let operator = store.postgres.operator_transactions();
    let mut older = operator.begin(&operator_scope()).await.expect("begin");
    // It has its number once it writes.
    let tenant = customer_testkit::builders::third_tenant();
    let inserted = older.tenants().insert(&tenant, &[]).await;
    inserted.expect("a tenant");
    written(&store, 1).await;
    assert_eq!(ledger.pending(None, 100).await, Ok(Vec::new()));
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
        SealedRange::Dropped,
        second.through,
        at(1),
        &*notary(),
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
    assert_eq!(ledger.dropped().await, Ok(vec![month]));
    for seal in &seals {
        assert_eq!(seal.own_digest(&*notary()), seal.digest);
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
