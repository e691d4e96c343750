//! Months of the audit trail are created in advance, and recorded in a seal before they are
//! dropped.

use chrono::{Months, NaiveDate};
use customer_app::job::{AuditPartitions, Job as _, JobStep, MONTHS_AHEAD, MonthSeals};
use customer_domain::audit::{AuditSeal, LedgerEntry, LedgerPosition, SealedRange};
use customer_domain::mocks::{MockAuditLedger, MockAuditMonths, MockSealSigner};
use customer_domain::{AuditEventId, Conflict, StoreError};
use customer_testkit::FixedClock;
use customer_testkit::builders::{at, seeded_id, tenant};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Seven years.
const RETENTION: Duration = Duration::from_hours(24 * 2_557);

/// What happened to months and seals, in order.
type Log = Arc<Mutex<Vec<String>>>;

fn in_order(log: &Log) -> Vec<String> {
    log.lock().unwrap().clone()
}

/// The tests begin in January 2026.
fn month(year: i32, month: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, 1).unwrap()
}

/// Returns the current month and those in advance.
fn ahead() -> Vec<NaiveDate> {
    (0..=MONTHS_AHEAD)
        .map(|n| month(2026, 1) + Months::new(n))
        .collect()
}

fn months(there: Vec<NaiveDate>, log: &Log) -> MockAuditMonths {
    let there = Arc::new(Mutex::new(there));
    let mut months = MockAuditMonths::new();
    let list = Arc::clone(&there);
    months
        .expect_list()
        .returning(move || Ok(list.lock().unwrap().clone()));
    let (list, notes) = (Arc::clone(&there), Arc::clone(log));
    months.expect_create().returning(move |month| {
        list.lock().unwrap().push(month);
        notes.lock().unwrap().push(format!("made {month}"));
        Ok(true)
    });
    let notes = Arc::clone(log);
    months.expect_remove().returning(move |month| {
        there.lock().unwrap().retain(|other| *other != month);
        notes.lock().unwrap().push(format!("removed {month}"));
        Ok(true)
    });
    months
}

fn signer() -> MockSealSigner {
    let mut signer = MockSealSigner::new();
    signer.expect_hash().returning(|message| {
        let mut digest = [0; 32];
        digest[0] = message
            .iter()
            .fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
        digest
    });
    signer.expect_public_key().returning(|| [9; 32]);
    signer.expect_sign().returning(|_| [8; 64]);
    signer
        .expect_is_signed()
        .returning(|key, _, signature| (*key, *signature) == ([9; 32], [8; 64]));
    signer
}

fn place(transaction: u64) -> LedgerPosition {
    LedgerPosition {
        transaction,
        entry: AuditEventId(seeded_id(1)),
    }
}

/// Returns seals 1 to 41: up to 16 of December 2018, the others of January 2025.
fn seals() -> Vec<AuditSeal> {
    let mut seals: Vec<AuditSeal> = Vec::new();
    for number in 1..=41 {
        let month = if number < 17 {
            month(2018, 12)
        } else {
            month(2025, 1)
        };
        let range = SealedRange::Entries {
            first: place(number),
            last: place(number),
            digests: vec![[1; 32]],
        };
        let through = Some(place(36 + number));
        seals.push(AuditSeal::after(
            seals.last(),
            month,
            range,
            through,
            at(0),
            &signer(),
        ));
    }
    seals
}

/// Returns the last seal of the ledger.
fn last() -> AuditSeal {
    seals().pop().expect("a seal")
}

fn expect_seals(ledger: &mut MockAuditLedger, seals: Vec<AuditSeal>) {
    ledger.expect_seals().returning(move |after, limit| {
        let beyond = seals.iter().filter(|seal| seal.number > after);
        Ok(beyond
            .take(usize::try_from(limit).unwrap())
            .cloned()
            .collect())
    });
}

/// Returns a ledger that accepts only the expected seal, after rejecting it `refused` times.
fn ledger(refused: usize, log: &Log) -> MockAuditLedger {
    let mut ledger = MockAuditLedger::new();
    ledger.expect_dropped().returning(|| Ok(Vec::new()));
    ledger.expect_last().returning(|| Ok(Some(last())));
    ledger
        .expect_entries()
        .withf(|_, after, through, _| (*after, *through) == (Some(place(77)), None))
        .returning(|_, _, _, _| Ok(Vec::new()));
    ledger
        .expect_first_needed()
        .withf(|dropped| dropped == [month(2018, 12)])
        .returning(|_| Ok(Some(17)));
    expect_seals(&mut ledger, seals());
    // The numbers of seals that are deleted in two chunks.
    let left = Mutex::new(vec![3, 10_000]);
    let notes = Arc::clone(log);
    ledger.expect_trim().returning(move |most| {
        assert_eq!(most, 10_000);
        let trimmed = left.lock().unwrap().pop().unwrap_or(0);
        notes.lock().unwrap().push(format!("trimmed {trimmed}"));
        Ok(trimmed)
    });
    let conflict = StoreError::Conflict(Conflict::Other("audit_seals_pkey".to_owned()));
    ledger
        .expect_append()
        .times(refused)
        .returning(move |_| Err(conflict.clone()));
    let log = Arc::clone(log);
    ledger.expect_append().returning(move |seals| {
        let [seal] = seals else {
            unreachable!("one at a time: {seals:?}");
        };
        assert_eq!((seal.number, seal.previous), (42, last().digest));
        assert_eq!(
            (&seal.range, seal.through),
            (&SealedRange::Dropped { begins: 17 }, Some(place(77)))
        );
        assert_eq!((seal.signature, seal.sealed_at), ([8; 64], at(0)));
        assert_eq!(seal.digest, seal.own_digest(&signer()));
        log.lock().unwrap().push(format!("sealed {}", seal.month));
        Ok(())
    });
    ledger
}

fn job(months: MockAuditMonths, ledger: Option<MockAuditLedger>) -> AuditPartitions {
    AuditPartitions {
        months: Arc::new(months),
        seals: ledger.map(|ledger| MonthSeals {
            ledger: Arc::new(ledger),
            signer: Arc::new(signer()),
        }),
        retention: RETENTION,
        clock: Arc::new(FixedClock::default()),
    }
}

/// Runs the job to its end, and returns the number of months processed.
async fn run(job: &AuditPartitions) -> u64 {
    let mut dealt_with = 0;
    loop {
        match job.run(None).await.expect("a chunk") {
            JobStep::More { processed, .. } => dealt_with += processed,
            JobStep::Done { processed } => return dealt_with + processed,
        }
    }
}

#[tokio::test]
async fn the_present_month_and_those_ahead_are_made_when_they_are_missing() {
    let log = Log::default();
    let mut there = ahead();
    there.retain(|one| ![month(2026, 1), month(2027, 3), month(2028, 1)].contains(one));
    there.insert(0, month(2025, 12));
    let job = job(months(there, &log), None);
    assert_eq!(run(&job).await, 3);
    assert_eq!(
        in_order(&log),
        ["made 2026-01-01", "made 2027-03-01", "made 2028-01-01"]
    );
    assert_eq!(run(&job).await, 0, "nothing is left");
}

#[tokio::test]
async fn a_month_goes_when_its_last_entry_is_too_old_and_its_seal_comes_first() {
    let log = Log::default();
    // On 15 January 2026 everything in December 2018 is older than seven years, and January 2019 is
    // not.
    let mut there = vec![month(2018, 12), month(2019, 1), month(2025, 1)];
    there.extend(ahead());
    let job = job(months(there, &log), Some(ledger(0, &log)));
    assert_eq!(run(&job).await, 1);
    let done = [
        "sealed 2018-12-01",
        "removed 2018-12-01",
        "trimmed 10000",
        "trimmed 3",
        "trimmed 0",
    ];
    assert_eq!(in_order(&log), done);
}

#[tokio::test]
async fn without_a_ledger_old_months_stay() {
    let log = Log::default();
    let mut there = vec![month(2001, 1)];
    there.extend(ahead());
    assert_eq!(run(&job(months(there, &log), None)).await, 0);
    assert_eq!(in_order(&log), Vec::<String>::new());
}

#[tokio::test]
async fn a_sealer_that_comes_before_it_is_no_failure_and_one_that_always_does_is() {
    let there = || [vec![month(2018, 12)], ahead()].concat();
    let log = Log::default();
    let patient = job(months(there(), &log), Some(ledger(4, &log)));
    assert_eq!(run(&patient).await, 1);
    let log = Log::default();
    let unlucky = job(months(there(), &log), Some(ledger(5, &log)));
    let failed = unlucky.run(None).await;
    assert_eq!(failed.expect_err("a failure").code, "contended");
    assert_eq!(in_order(&log), Vec::<String>::new(), "nothing was dropped");
}

#[tokio::test]
async fn a_month_that_was_sealed_off_before_the_holder_died_is_not_sealed_off_again() {
    let log = Log::default();
    let there = [vec![month(2018, 12)], ahead()].concat();
    let mut ledger = MockAuditLedger::new();
    ledger.expect_dropped().returning(|| {
        let (last, of) = (last(), month(2018, 12));
        let range = SealedRange::Dropped { begins: 17 };
        let dropped = AuditSeal::after(Some(&last), of, range, last.through, at(0), &signer());
        Ok(vec![dropped])
    });
    ledger.expect_trim().returning(|_| Ok(0));
    assert_eq!(run(&job(months(there, &log), Some(ledger))).await, 1);
    assert_eq!(in_order(&log), ["removed 2018-12-01"]);
}

#[tokio::test]
async fn a_month_with_entries_that_no_seal_lists_stays() {
    let log = Log::default();
    let there = [vec![month(2018, 12)], ahead()].concat();
    let mut ledger = MockAuditLedger::new();
    ledger.expect_dropped().returning(|| Ok(Vec::new()));
    ledger.expect_last().returning(|| Ok(None));
    ledger
        .expect_entries()
        .withf(|of, _, _, _| *of == month(2018, 12))
        .returning(|_, _, _, _| {
            Ok(vec![LedgerEntry {
                position: place(3),
                tenant: tenant().id,
                at: at(0),
                stored: [1; 32],
                actual: [1; 32],
            }])
        });
    let failed = job(months(there, &log), Some(ledger)).run(None).await;
    assert_eq!(failed.expect_err("a failure").code, "not_sealed");
    assert_eq!(in_order(&log), Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_dropped_from_a_trail_whose_beginning_is_not_what_was_sealed() {
    type Forge = fn(&mut Vec<AuditSeal>);
    let forgeries: [Forge; 4] = [
        |seals| drop(seals.remove(0)),
        |seals| drop(seals.remove(8)),
        |seals| seals[8].month = month(2018, 11),
        |seals| seals[8].signature = [7; 64],
    ];
    for (case, forge) in forgeries.into_iter().enumerate() {
        let log = Log::default();
        let there = [vec![month(2018, 12)], ahead()].concat();
        let mut forged = seals();
        forge(&mut forged);
        let mut ledger = MockAuditLedger::new();
        ledger.expect_dropped().returning(|| Ok(Vec::new()));
        ledger.expect_last().returning(|| Ok(Some(last())));
        ledger
            .expect_entries()
            .returning(|_, _, _, _| Ok(Vec::new()));
        ledger.expect_first_needed().returning(|_| Ok(Some(17)));
        expect_seals(&mut ledger, forged);
        let failed = job(months(there, &log), Some(ledger)).run(None).await;
        assert_eq!(failed.expect_err("a failure").code, "forged", "{case}");
        assert_eq!(in_order(&log), Vec::<String>::new(), "{case}");
    }
}

#[tokio::test]
async fn a_month_that_a_seal_says_was_dropped_goes_though_it_is_kept_for_longer_now() {
    let log = Log::default();
    let there = [vec![month(2018, 12)], ahead()].concat();
    let mut ledger = MockAuditLedger::new();
    ledger.expect_dropped().returning(|| {
        let (of, range) = (month(2018, 12), SealedRange::Dropped { begins: 1 });
        Ok(vec![AuditSeal::after(
            None,
            of,
            range,
            None,
            at(0),
            &signer(),
        )])
    });
    ledger.expect_trim().returning(|_| Ok(0));
    let longer = AuditPartitions {
        retention: RETENTION * 2,
        ..job(months(there, &log), Some(ledger))
    };
    assert_eq!(run(&longer).await, 1);
    assert_eq!(in_order(&log), ["removed 2018-12-01"]);
}
