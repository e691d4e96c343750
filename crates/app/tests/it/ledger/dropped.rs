//! Only what was dropped may be missing.

use super::book::{Book, entry, month};
use customer_app::audit::{Forgery, VerifyError};
use customer_domain::AuditEventId;
use customer_domain::audit::AuditLedger as _;
use customer_testkit::builders::{seeded_id, tenant};
use std::sync::Arc;

/// Returns the ledger without January, whose first two seals are deleted.
async fn without_january() -> Arc<Book> {
    let book = super::book().await;
    book.drop_month(month(1)).await;
    book.forget_dropped().await;
    book
}

#[tokio::test]
async fn a_dropped_month_leaves_the_first_seal_that_is_needed_as_the_beginning() {
    let kept = super::book().await.kept(1);
    let verified = without_january().await.verify(&[kept]).await;
    let verified = verified.expect("sound");
    assert_eq!(
        (verified.dropped, verified.sealed, verified.unsealed),
        (1, 1, 1)
    );
    assert_eq!(verified.outdated, 1, "the kept seal is gone with its month");
    let book = without_january().await;
    let seals = book.seals(0, 9).await.expect("seals");
    let left: Vec<_> = seals.iter().map(|seal| seal.number).collect();
    assert_eq!(left, [3, 4]);
}

#[tokio::test]
async fn more_than_what_was_dropped_cannot_go_from_the_beginning() {
    // A month cannot be missing without a seal that records it.
    let book = super::book().await;
    book.forge(|entries, seals| {
        entries.retain(|(of, _)| *of != month(1));
        seals.drain(..2);
    });
    let found = book.verify(&[]).await;
    assert_eq!(found, Err(VerifyError::Forged(Forgery::BeginningCut(1))));
    let book = without_january().await;
    // February's start is missing too: the first seal is now the one that records the dropping of
    // January.
    book.forge(|entries, seals| {
        entries.retain(|(_, entry)| entry.position.transaction > 106);
        seals.remove(0);
    });
    let found = book.verify(&[]).await;
    assert_eq!(found, Err(VerifyError::Forged(Forgery::BeginningCut(3))));
    // A month without any entry must have been dropped.
    let book = super::book().await;
    book.forge(|entries, _| entries.retain(|(of, _)| *of != month(2)));
    let missing = Forgery::EntryMissing {
        seal: 3,
        place: 1,
        before: None,
    };
    assert_eq!(book.verify(&[]).await, Err(VerifyError::Forged(missing)));
}

#[tokio::test]
async fn a_month_may_go_while_the_trail_is_read() {
    let book = Arc::new(Book::default());
    for n in 1..=250 {
        book.write(month(1), n);
        book.sealer().seal().await.expect("sealed");
    }
    book.drop_month(month(1)).await;
    book.forget_dropped_behind(200);
    let verified = book.verify(&[]).await.expect("sound");
    assert_eq!((verified.seals, verified.dropped), (1, 1));
    assert_eq!((verified.sealed, verified.unsealed), (0, 0));
}

#[tokio::test]
async fn what_is_sealed_again_of_a_dropped_month_was_put_in_later() {
    let book = without_january().await;
    book.forge(|entries, _| {
        let mut copy = entry(1);
        copy.position.transaction = 200;
        entries.push((month(1), copy));
    });
    let inserted = Forgery::EntryInserted {
        entry: entry(1).position.entry,
        tenant: tenant().id,
        seal: None,
    };
    let found = book.verify(&[]).await;
    assert_eq!(found, Err(VerifyError::Forged(inserted)));
    book.sealer().seal().await.expect("sealed");
    let reopened = Forgery::MonthReopened(5);
    assert_eq!(book.verify(&[]).await, Err(VerifyError::Forged(reopened)));
}

#[tokio::test]
async fn an_entry_of_a_month_that_was_dropped_is_named() {
    let book = without_january().await;
    book.forge(|entries, _| {
        let mut more = entry(9);
        more.position.transaction = 50;
        entries.push((month(1), more));
    });
    let forged = Forgery::EntryInserted {
        entry: entry(9).position.entry,
        tenant: tenant().id,
        seal: None,
    };
    assert_eq!(book.verify(&[]).await, Err(VerifyError::Forged(forged)));
}

#[tokio::test]
async fn a_month_may_go_while_its_entries_are_read() {
    for blocks in 0..4 {
        let book = Arc::new(Book::default());
        for seal in 0..5_u64 {
            book.forge(|entries, _| {
                for n in 0..500 {
                    let mut one = entry(1);
                    one.position.transaction = 10 + seal;
                    one.position.entry = AuditEventId(seeded_id(seal * 500 + n));
                    entries.push((month(1), one));
                }
            });
            book.sealer().seal().await.expect("sealed");
        }
        book.drop_month(month(1)).await;
        book.forget_dropped_after_blocks(blocks);
        let verified = book.verify(&[]).await.expect("sound");
        assert_eq!(verified.dropped, 1, "{blocks}");
    }
}

#[tokio::test]
async fn seals_may_go_in_many_chunks_while_the_trail_is_read() {
    let book = Arc::new(Book::default());
    for n in 0..1_000 {
        book.forge(|entries, _| {
            let mut one = entry(1);
            one.position.transaction = 10;
            one.position.entry = AuditEventId(seeded_id(n));
            entries.push((month(1), one));
        });
        book.sealer().seal().await.expect("sealed");
    }
    book.drop_month(month(1)).await;
    book.forge(|entries, _| entries.clear());
    book.forget_seals_in_chunks(210);
    let verified = book.verify(&[]).await.expect("sound");
    assert_eq!(verified.dropped, 1);
    assert!(verified.seals < 200, "it began anew: {}", verified.seals);
}

#[tokio::test]
async fn a_process_seals_on_when_the_seal_that_it_saw_went_with_its_month() {
    let book = Arc::new(Book::default());
    book.write(month(1), 1);
    let sealer = book.sealer();
    sealer.seal().await.expect("sealed");
    book.drop_month(month(1)).await;
    book.forget_dropped().await;
    book.write(month(2), 2);
    assert_eq!(sealer.seal().await.expect("sealed").count, 1);
}
