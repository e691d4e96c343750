//! Entries that wait to be sealed, and what a seal signs.

use super::book::{Book, entry, month};
use customer_app::job::{Job as _, JobStep, SealAudit};
use customer_domain::StoreError;
use customer_domain::audit::{AuditSeal, SealedRange};
use customer_testkit::builders::{at, signer};
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
async fn what_a_seal_signs_never_changes() {
    let of = |range| AuditSeal {
        number: 7,
        month: month(3),
        range,
        through: Some(entry(9).position),
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
    let signed = [of(entries), of(SealedRange::Dropped { begins: 4 })].map(|seal| {
        let digest = seal.own_digest(&*signer());
        digest
            .iter()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    });
    assert_eq!(
        signed,
        [
            "d51e802c243abecb0bb9592f39c4527b55acacd2057d998a569a51567bff7f88",
            "3192222b6c236ec5e2ed15b70d483fbb792843892ceb3cb12d10fde70ce107b4"
        ]
    );
}

#[tokio::test]
async fn nothing_is_built_on_a_seal_that_was_changed() {
    let book = Arc::new(Book::default());
    book.write(month(1), 1);
    book.sealer().seal().await.expect("sealed");
    book.write(month(1), 2);
    book.forge(|_, seals| seals[0].sealed_at = at(9));
    let refused = book.sealer().seal().await;
    let (table, row) = ("audit_seals", "1".to_owned());
    assert_eq!(refused, Err(StoreError::Corrupt { table, row }));
}
