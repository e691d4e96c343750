//! Entries that wait to be sealed, and the time from which digests are required.

use super::book::{Book, entry, month};
use customer_app::audit::{Forgery, VerifyError};
use customer_app::job::{Job as _, JobStep, SealAudit};
use customer_domain::audit::{AuditLedger as _, AuditSeal, SealedRange};
use customer_domain::{AuditEventId, StoreError};
use customer_testkit::builders::{at, seeded_id, signer, tenant};
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

/// The transaction number of entries of older versions.
const OLD: u64 = 3;

/// Returns entries without digests, and one seal of the first entry.
async fn of_an_older_program(count: u64) -> Arc<Book> {
    let book = Arc::new(Book::default());
    book.forge(|entries, _| {
        for n in 1..=count {
            let mut old = entry(1);
            old.position.transaction = OLD;
            old.position.entry = AuditEventId(seeded_id(n));
            old.stored = None;
            entries.push((month(1), old));
        }
    });
    book.sealer().seal().await.expect("sealed");
    book
}

#[tokio::test]
async fn entries_without_digests_are_believed_for_a_day_from_the_first_seal_and_never_again() {
    let changed = |seal| Forgery::EntryChanged {
        entry: entry(5).position.entry,
        tenant: tenant().id,
        seal,
    };
    for (age, is_over) in [(0, false), (DAY - 1, false), (DAY, true)] {
        let book = of_an_older_program(2).await;
        // Later entries without a digest do not postpone it.
        for n in 3..=4 {
            book.write(month(1), n);
            book.forge(|entries, _| {
                let (_, bare) = &mut entries[usize::from(n) - 1];
                (bare.stored, bare.at) = (None, at(9 * DAY));
            });
        }
        book.sealer_at(age).seal().await.expect("sealed");
        assert!(book.verify(&[]).await.is_ok(), "what was there, {age}");
        book.write(month(1), 5);
        book.forge(|entries, _| entries[4].1.stored = None);
        let expected = |seal| {
            if is_over {
                Err(VerifyError::Forged(changed(seal)))
            } else {
                Ok(())
            }
        };
        let found = book.verify(&[]).await.map(drop);
        assert_eq!(found, expected(None), "unsealed, {age}");
        book.sealer_at(age).seal().await.expect("sealed");
        let found = book.verify(&[]).await.map(drop);
        assert_eq!(found, expected(Some(3)), "sealed, {age}");
    }
}

#[tokio::test]
async fn digests_are_required_at_once_where_nothing_is_without_one() {
    let book = Arc::new(Book::default());
    book.write(month(1), 1);
    book.sealer().seal().await.expect("sealed");
    let seals = book.seals(0, 9).await.expect("seals");
    assert!(seals[0].requires_digests);
}

#[tokio::test]
async fn a_long_trail_without_digests_is_sealed_as_it_is() {
    let book = of_an_older_program(1_500).await;
    let sealed = book.sealer().seal().await.expect("sealed");
    assert_eq!((sealed.count, sealed.has_more), (500, false));
    assert_eq!(book.verify(&[]).await.expect("sound").sealed, 1_500);
}

#[tokio::test]
async fn the_job_fails_when_entries_have_waited_for_longer_than_a_minute() {
    let book = Arc::new(Book::default());
    for n in 1..=3 {
        book.write(month(1), n);
    }
    let job = |seconds| SealAudit(book.sealer_at(seconds));
    book.hold_open(Some(102));
    let in_time = job(62).run(None).await;
    assert_eq!(in_time, Ok(JobStep::Done { processed: 1 }));
    let late = job(63).run(None).await.expect_err("an alarm");
    assert_eq!(late.code, "held_up");
    assert!(late.detail.contains("of the last 61 s"), "{late}");
    book.hold_open(None);
    let over = job(63).run(None).await;
    assert_eq!(over, Ok(JobStep::Done { processed: 2 }));
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
            &*signer(),
        );
        (lax.number, lax.previous) = (last.number, last.previous);
        lax.digest = lax.own_digest(&*signer());
        lax.signature = signer().sign(&lax.digest);
        seals.push(lax);
    });
    let found = book.verify(&[]).await;
    assert_eq!(found, Err(VerifyError::Forged(Forgery::SealChanged(3))));
}

#[tokio::test]
async fn what_a_seal_signs_never_changes() {
    let of = |range| AuditSeal {
        number: 7,
        month: month(3),
        range,
        through: Some(entry(9).position),
        requires_digests: false,
        previous: [5; 32],
        sealed_at: at(0),
        digest: [0; 32],
        public_key: [6; 32],
        signature: [0; 64],
    };
    let entries = SealedRange::Entries {
        first: entry(1).position,
        last: entry(2).position,
        digests: vec![[1; 32], [2; 32]],
    };
    let requiring = AuditSeal {
        requires_digests: true,
        ..of(entries.clone())
    };
    let signed = [
        of(entries),
        requiring,
        of(SealedRange::Dropped { begins: None }),
        of(SealedRange::Dropped { begins: Some(4) }),
    ]
    .map(|seal| {
        let digest = seal.own_digest(&*signer());
        digest
            .iter()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    });
    assert_eq!(
        signed,
        [
            "d51e802c243abecb0bb9592f39c4527b55acacd2057d998a569a51567bff7f88",
            "b3cf411309748279c1d97a5e6533060b1e6f6fd5debec33978a12ed52d1be89f",
            "e0dbc61b1635151a0e8c5160287a9a71a78ce4c4bd849d55726dfe131d19b46f",
            "5b4e74e88f5bb17504fd2069eae9dbe6e3a00b21a8241be22e305eaa5bc5ba0f"
        ]
    );
}

#[tokio::test]
async fn nothing_is_built_on_a_seal_that_was_changed() {
    // The first seal, changed to postpone the requirement of digests; and the last one.
    for number in [1, 2] {
        let book = of_an_older_program(2).await;
        book.write(month(1), 3);
        book.sealer().seal().await.expect("sealed");
        book.write(month(1), 4);
        book.forge(|_, seals| seals[number - 1].sealed_at = at(9 * DAY));
        let refused = book.sealer_at(2 * DAY).seal().await;
        let row = number.to_string();
        let table = "audit_seals";
        assert_eq!(refused, Err(StoreError::Corrupt { table, row }));
    }
}
