//! Sealing the audit trail and verifying it.

mod book;
mod dropped;
mod sealing;

use book::{Book, NEXT, entry, month};
use chrono::NaiveDate;
use customer_app::audit::{AuditVerifier, Forgery, Verified, VerifyError};
use customer_domain::audit::{AuditLedger as _, AuditSeal, LedgerEntry, SealedRange};
use customer_domain::{AuditEventId, StoreError, TenantId};
use customer_testkit::builders::{at, signer, tenant};
use std::sync::Arc;

/// Returns a ledger with three seals: entries 1 to 3 of January; 4 and 6 of January next to 5 of
/// February; and entry 7, which is too recent to be sealed.
async fn book() -> Arc<Book> {
    let book = Arc::new(Book::default());
    for n in 1..=3 {
        book.write(month(1), n);
    }
    let sealed = book.sealer().seal().await.expect("sealed");
    assert_eq!((sealed.count, sealed.has_more), (3, false));
    for (of, n) in [(1, 4), (2, 5), (1, 6)] {
        book.write(month(of), n);
    }
    book.sealer().seal().await.expect("sealed");
    book.write(month(2), 7);
    book
}

fn at_place(n: u8) -> (AuditEventId, TenantId) {
    (entry(n).position.entry, tenant().id)
}

#[tokio::test]
async fn an_untouched_trail_is_sound_and_each_month_has_seals_of_its_own() {
    let book = book().await;
    let sound = Verified {
        seals: 3,
        sealed: 6,
        unsealed: 1,
        unsealed_since: Some(at(7)),
        dropped: 0,
        outdated: 0,
    };
    assert_eq!(book.verify(&[book.kept(1), book.kept(3)]).await, Ok(sound));
    let months: Vec<_> = book.seals(0, 9).await.expect("seals");
    let months: Vec<_> = months
        .iter()
        .map(|seal| (seal.month, seal.count()))
        .collect();
    assert_eq!(months, [(month(1), 3), (month(1), 2), (month(2), 1)]);
    assert_eq!(
        Arc::new(Book::default()).verify(&[]).await,
        Ok(Verified::default())
    );
    let nothing = Arc::new(Book::default())
        .sealer()
        .seal()
        .await
        .expect("nothing");
    assert_eq!(nothing.count, 0);
}

#[tokio::test]
async fn the_first_thing_that_is_wrong_is_named() {
    type Entries = Vec<(NaiveDate, LedgerEntry)>;
    type Case = (fn(&mut Entries, &mut Vec<AuditSeal>), Forgery);
    let (second, tenant) = at_place(2);
    let (third, seventh, ninth) = (at_place(3).0, at_place(7).0, at_place(9).0);
    let changed = |entry, seal| Forgery::EntryChanged {
        entry,
        tenant,
        seal,
    };
    let inserted = |entry, seal| Forgery::EntryInserted {
        entry,
        tenant,
        seal,
    };
    let cases: [Case; 18] = [
        // Edited, without and with a matching digest.
        (
            |entries, _| entries[1].1.actual = [99; 32],
            changed(second, Some(1)),
        ),
        (
            |entries, _| {
                entries[1].1.actual = [99; 32];
                entries[1].1.stored = [99; 32];
            },
            changed(second, Some(1)),
        ),
        (
            |entries, _| {
                entries[1].1.actual = [99; 32];
                entries[1].1.stored = [98; 32];
            },
            changed(second, Some(1)),
        ),
        // Deleted: in the middle and at the end of a seal.
        (
            |entries, _| {
                entries.remove(1);
            },
            Forgery::EntryMissing {
                seal: 1,
                place: 2,
                before: Some(third),
            },
        ),
        (
            |entries, _| {
                entries.remove(2);
            },
            Forgery::EntryMissing {
                seal: 1,
                place: 3,
                before: None,
            },
        ),
        // Reordered.
        (
            |entries, _| {
                let (one, other) = (entries[1].1.position, entries[2].1.position);
                (
                    entries[1].1.position.transaction,
                    entries[2].1.position.transaction,
                ) = (other.transaction, one.transaction);
            },
            Forgery::EntryMoved {
                entry: third,
                tenant,
                seal: 1,
            },
        ),
        // Inserted: among sealed entries, after the last one of its month, into a month without
        // seals.
        (
            |entries, _| {
                let mut more = entry(9);
                more.position.transaction = 101;
                entries.push((month(1), more));
            },
            inserted(ninth, Some(1)),
        ),
        (
            |entries, _| {
                let mut more = entry(9);
                more.position.transaction = 105;
                entries.push((month(2), more));
            },
            inserted(ninth, None),
        ),
        (
            |entries, _| {
                let mut more = entry(9);
                more.position.transaction = 50;
                entries.push((month(3), more));
            },
            inserted(ninth, None),
        ),
        // The unsealed entry is edited.
        (
            |entries, _| entries[6].1.actual = [99; 32],
            changed(seventh, None),
        ),
        (
            |entries, _| entries[6].1.stored = [98; 32],
            changed(seventh, None),
        ),
        // An entry at a position that would never be sealed.
        (
            |entries, _| entries[6].1.position.transaction = NEXT,
            Forgery::EntryAhead {
                entry: seventh,
                tenant,
            },
        ),
        // The end is cut off, and then everything.
        (
            |entries, seals| {
                entries.truncate(3);
                seals.truncate(1);
            },
            Forgery::CutOff(3),
        ),
        (
            |entries, seals| {
                entries.clear();
                seals.clear();
            },
            Forgery::CutOff(3),
        ),
        // Seals are changed.
        (
            // An unsigned seal that hides a month.
            |_, seals| {
                let mut hiding = seals[0].clone();
                (hiding.number, hiding.range) = (-1, SealedRange::Dropped { begins: 1 });
                seals.insert(0, hiding);
            },
            Forgery::SealChanged(-1),
        ),
        (|_, seals| drop(seals.remove(1)), Forgery::SealMissing(2)),
        (|_, seals| drop(seals.remove(0)), Forgery::BeginningCut(1)),
        (
            |_, seals| seals[1].sealed_at = at(1),
            Forgery::SealChanged(2),
        ),
    ];
    for (at, (forge, expected)) in cases.into_iter().enumerate() {
        let book = book().await;
        let kept = book.kept(3);
        book.forge(forge);
        let found = book.verify(&[kept]).await;
        assert_eq!(found, Err(VerifyError::Forged(expected)), "case {at}");
    }
}

#[tokio::test]
async fn a_trail_that_was_sealed_anew_is_not_the_one_that_was_kept() {
    let book = book().await;
    let kept = book.kept(2);
    book.forge(|entries, seals| {
        entries[0].1.actual = [99; 32];
        entries[0].1.stored = [99; 32];
        seals.clear();
    });
    book.sealer().seal().await.expect("sealed");
    assert!(book.verify(&[]).await.is_ok(), "in itself it is sound");
    let found = book.verify(&[kept]).await;
    assert_eq!(found, Err(VerifyError::Forged(Forgery::SealReplaced(2))));
}

#[tokio::test]
async fn a_process_seals_nothing_on_a_trail_that_was_cut_back() {
    let book = book().await;
    let sealer = book.sealer();
    sealer.seal().await.expect("sealed");
    book.write(month(2), 8);
    sealer.seal().await.expect("sealed");
    book.forge(|entries, seals| {
        entries.remove(6);
        seals.pop();
        seals.pop();
    });
    let refused = sealer.seal().await;
    assert!(
        matches!(refused, Err(StoreError::Corrupt { .. })),
        "{refused:?}"
    );
    assert!(
        book.sealer().seal().await.is_ok(),
        "another knows nothing of it"
    );
    // The process still refuses after another one has sealed.
    assert!(sealer.seal().await.is_err());
}

#[tokio::test]
async fn a_database_that_numbers_anew_is_told_from_a_forged_one() {
    let book = book().await;
    book.renumber(NEXT - 106);
    assert_eq!(book.verify(&[]).await, Err(VerifyError::Renumbered));
}

#[tokio::test]
async fn each_kept_seal_counts_also_of_one_number() {
    let book = book().await;
    let mut other = book.kept(2);
    other.digest = [1; 32];
    for kept in [[other, book.kept(2)], [book.kept(2), other]] {
        let found = book.verify(&kept).await;
        assert_eq!(found, Err(VerifyError::Forged(Forgery::SealReplaced(2))));
    }
}

#[tokio::test]
async fn a_seal_of_another_key_is_foreign_unless_it_is_trusted() {
    let book = book().await;
    book.forge(|_, seals| seals[0].public_key = [1; 32]);
    let found = book.verify(&[]).await;
    // The seal's digest covers the key.
    assert_eq!(found, Err(VerifyError::Forged(Forgery::SealChanged(1))));
    book.forge(|_, seals| seals[0].digest = seals[0].own_digest(&*signer()));
    let found = book.verify(&[]).await;
    assert_eq!(found, Err(VerifyError::Forged(Forgery::SealForeign(1))));
    let trusting = AuditVerifier {
        ledger: Arc::<Book>::clone(&book),
        signer: signer(),
        trusted: vec![[1; 32]],
        kept: Vec::new(),
    };
    let found = trusting.verify().await;
    assert_eq!(
        found,
        Err(VerifyError::Forged(Forgery::SealChanged(1))),
        "no signature of that key"
    );
}
