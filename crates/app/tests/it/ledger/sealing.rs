//! What waits to be sealed, and from when on digests are required.

use super::book::{Book, entry, month};
use customer_app::audit::{Forgery, VerifyError};
use customer_app::job::{Job as _, SealAudit, Step};
use customer_domain::AuditEventId;
use customer_domain::audit::{AuditLedger as _, AuditSeal};
use customer_testkit::FixedClock;
use customer_testkit::builders::{at, notary, seeded_id, tenant};
use std::sync::Arc;

#[tokio::test]
async fn entries_that_wait_for_an_open_transaction_are_told_of() {
    let book = Arc::new(Book::default());
    for n in 1..=3 {
        book.write(month(1), n);
    }
    book.hold_open(Some(102));
    let sealed = book.sealer().seal().await.expect("sealed");
    assert_eq!((sealed.count, sealed.waiting_since), (1, Some(at(2))));
    book.hold_open(None);
    let sealed = book.sealer().seal().await.expect("sealed");
    assert_eq!((sealed.count, sealed.waiting_since), (2, None));
}

/// A day, in seconds.
const DAY: i64 = 86_400;

/// Entries 1 and 2 without digests, and 3 with one, sealed when the second is so old, in seconds.
async fn of_two_programs(age: i64) -> Arc<Book> {
    let book = Arc::new(Book::default());
    for n in 1..=3 {
        book.write(month(1), n);
    }
    book.forge(|entries, _| {
        for (_, entry) in &mut entries[..2] {
            entry.stored = None;
        }
    });
    book.sealer_at(2 + age).seal().await.expect("sealed");
    book
}

#[tokio::test]
async fn entries_without_digests_are_believed_for_a_day_and_never_again() {
    let changed = Forgery::EntryChanged {
        entry: entry(4).position.entry,
        tenant: tenant().id,
        seal: None,
    };
    let later = |seal| Forgery::EntryChanged {
        entry: entry(4).position.entry,
        tenant: tenant().id,
        seal: Some(seal),
    };
    for (age, is_over) in [(0, false), (DAY, false), (DAY + 1, true)] {
        let book = of_two_programs(age).await;
        assert!(book.verify(&[]).await.is_ok(), "what was there, {age}");
        book.write(month(1), 4);
        book.forge(|entries, _| entries[3].1.stored = None);
        let expected = |forgery| {
            if is_over {
                Err(VerifyError::Forged(forgery))
            } else {
                Ok(())
            }
        };
        let found = book.verify(&[]).await.map(drop);
        assert_eq!(found, expected(changed.clone()), "unsealed, {age}");
        book.sealer_at(2 + age).seal().await.expect("sealed");
        let found = book.verify(&[]).await.map(drop);
        assert_eq!(found, expected(later(2)), "sealed, {age}");
    }
}

#[tokio::test]
async fn a_long_trail_without_digests_is_sealed_to_its_end_before_they_are_required() {
    let book = Arc::new(Book::default());
    book.forge(|entries, _| {
        for n in 1..=1_500 {
            let mut old = entry(1);
            old.position.transaction = 3;
            old.position.entry = AuditEventId(seeded_id(n));
            old.stored = None;
            entries.push((month(1), old));
        }
    });
    let sealer = book.sealer_at(90 * DAY);
    while sealer.seal().await.expect("sealed").has_more {}
    let seals = book.seals(0, 9).await.expect("seals");
    let required: Vec<_> = seals.iter().map(|seal| seal.requires_digests).collect();
    assert_eq!(required, [false, true]);
    assert_eq!(book.verify(&[]).await.expect("sound").sealed, 1_500);
}

#[tokio::test]
async fn the_job_fails_when_entries_have_waited_for_longer_than_a_minute() {
    let book = Arc::new(Book::default());
    for n in 1..=3 {
        book.write(month(1), n);
    }
    let job = |seconds| SealAudit {
        sealer: book.sealer_at(seconds),
        clock: Arc::new(FixedClock::at(at(seconds))),
    };
    book.hold_open(Some(102));
    let in_time = job(62).run(None).await;
    assert_eq!(in_time, Ok(Step::Done { processed: 1 }));
    let late = job(63).run(None).await.expect_err("an alarm");
    assert_eq!(late.code, "held_up");
    assert!(late.detail.contains("of the last 61 s"), "{late}");
    book.hold_open(None);
    let over = job(63).run(None).await;
    assert_eq!(over, Ok(Step::Done { processed: 2 }));
}

#[tokio::test]
async fn a_seal_that_takes_back_that_digests_are_required_was_changed() {
    let book = Arc::new(Book::default());
    for n in 1..=3 {
        book.write(month(1), n);
        book.sealer().seal().await.expect("sealed");
    }
    book.forge(|_, seals| {
        let last = seals.pop().expect("a seal");
        let mut lax = AuditSeal::after(
            None,
            last.month,
            last.range,
            last.through,
            last.sealed_at,
            &*notary(),
        );
        (lax.number, lax.previous) = (last.number, last.previous);
        lax.digest = lax.own_digest(&*notary());
        lax.signature = notary().sign(&lax.digest);
        seals.push(lax);
    });
    let found = book.verify(&[]).await;
    assert_eq!(found, Err(VerifyError::Forged(Forgery::SealChanged(3))));
}
