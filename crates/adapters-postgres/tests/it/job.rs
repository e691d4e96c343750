//! Leases on jobs when many replicas compete, and when the connections of a holder freeze.

use crate::support::{Store, run};
use customer_domain::Claimed;
use customer_domain::idempotency::Purged;
use customer_domain::job::{Acquisition, JobLease, JobLeases, JobName, JobOutcome, Progress};
use customer_postgres::Postgres;
use customer_testkit::builders::{at, claim, context, reply, seeded_id};
use customer_testkit::chaos::{Behaviour, Proxy};
use customer_testkit::pg::TestDatabase;
use futures_util::future::{join, join_all};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::time::sleep;

const JOB: JobName = JobName("test.job");
const LONG: Duration = Duration::from_mins(10);
const DONE: JobOutcome = JobOutcome::Succeeded { processed: 1 };

/// Uses every method of the port.
pub(crate) async fn hold_a_job(postgres: &Postgres) {
    let jobs = postgres.jobs();
    let lease = acquired(&*jobs, 1, LONG).await.expect("it is free");
    for (token, outcome) in [(lease.token, DONE), (0, JobOutcome::Failed { code: "x" })] {
        let held = JobLease {
            token,
            ..lease.clone()
        };
        let is_held = token == lease.token;
        let advanced = jobs.advance(&held, Progress::default(), LONG).await;
        assert_eq!(advanced, Ok(is_held));
        assert_eq!(jobs.finish(&held, outcome, LONG).await, Ok(is_held));
        assert_eq!(jobs.release(&held).await, Ok(false));
    }
    let early = jobs.acquire_early(JOB, seeded_id(1), LONG).await;
    let Ok(Acquisition::Acquired(early)) = early else {
        panic!("{early:?}");
    };
    assert_eq!(jobs.release(&early).await, Ok(true));
    assert!(!jobs.states().await.expect("the states").is_empty());
}

async fn acquired(jobs: &dyn JobLeases, holder: u64, lease: Duration) -> Option<JobLease> {
    match jobs.acquire(JOB, seeded_id(holder), lease).await {
        Ok(Acquisition::Acquired(lease)) => Some(lease),
        Ok(Acquisition::Held { .. } | Acquisition::NotDue { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_ask_at_once_one_gets_the_job_new_or_known_or_left_behind() {
    let database = TestDatabase::fresh().await;
    let postgres = database.postgres_of(16).await;
    let jobs = postgres.jobs();
    let mut tokens = Vec::new();
    for round in 0..20 {
        let asking = (0..50).map(|holder| acquired(&*jobs, holder, LONG));
        let got: Vec<_> = join_all(asking).await.into_iter().flatten().collect();
        let [lease] = &*got else {
            panic!("{got:?}");
        };
        tokens.push(lease.token);
        if round % 2 == 0 {
            let finished = jobs.finish(lease, DONE, Duration::ZERO).await;
            assert_eq!(finished, Ok(true));
        } else {
            let ended = "UPDATE job_leases SET lease_expires_at = now() - interval '1 ms'";
            run(&mut database.admin().await, ended).await;
        }
    }
    assert_eq!(tokens, (1..=20).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_ask_early_at_once_one_gets_the_job_and_the_others_hear_that_it_is_held() {
    let database = TestDatabase::fresh().await;
    let postgres = database.postgres_of(16).await;
    let jobs = postgres.jobs();
    let lease = acquired(&*jobs, 0, LONG).await.expect("it is free");
    assert_eq!(jobs.finish(&lease, DONE, LONG).await, Ok(true));
    for _ in 0..20 {
        let asking = (0..50).map(|holder| jobs.acquire_early(JOB, seeded_id(holder), LONG));
        let mut got = Vec::new();
        for answer in join_all(asking).await {
            match answer {
                Ok(Acquisition::Acquired(lease)) => got.push(lease),
                Ok(Acquisition::Held { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
        let [lease] = &*got else {
            panic!("{got:?}");
        };
        assert_eq!(jobs.finish(lease, DONE, LONG).await, Ok(true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_never_hold_a_job_at_one_time_however_fast_it_changes_hands() {
    let database = TestDatabase::fresh().await;
    let postgres = database.postgres_of(12).await;
    let (jobs, held, runs) = (postgres.jobs(), AtomicBool::new(false), AtomicU64::new(0));
    let replica = async |holder: u64| {
        while runs.load(Ordering::SeqCst) < 200 {
            let Some(lease) = acquired(&*jobs, holder, LONG).await else {
                continue;
            };
            assert!(!held.swap(true, Ordering::SeqCst), "somebody has it");
            runs.fetch_add(1, Ordering::SeqCst);
            let advanced = jobs.advance(&lease, Progress::default(), LONG).await;
            assert_eq!(advanced, Ok(true));
            held.store(false, Ordering::SeqCst);
            let done = jobs.finish(&lease, DONE, Duration::ZERO).await;
            assert_eq!(done, Ok(true));
        }
    };
    join_all((0..12).map(replica)).await;
    let state = &jobs.states().await.expect("the states")[0];
    assert_eq!(state.runs, runs.into_inner());
    assert_eq!(state.processed, state.runs);
}

#[tokio::test]
async fn who_waited_for_the_row_asks_what_time_it_is_then() {
    let database = TestDatabase::fresh().await;
    let jobs = database.postgres().await.jobs();
    let lease = Duration::from_millis(500);
    acquired(&*jobs, 1, lease).await.expect("it is free");
    let mut admin = database.admin().await;
    run(&mut admin, "BEGIN; SELECT FROM job_leases FOR UPDATE").await;
    let (waited, ()) = join(acquired(&*jobs, 2, LONG), async {
        sleep(lease * 2).await;
        run(&mut admin, "COMMIT").await;
    })
    .await;
    // The statement began while the lease was valid.
    assert_eq!(waited.expect("it is over").holder, seeded_id(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_whose_connections_freeze_is_replaced_and_finds_that_it_has_lost() {
    let database = TestDatabase::fresh().await;
    let proxy = Proxy::before(database.upstream()).await.expect("a proxy");
    let frozen = database.postgres_through(&proxy).await.jobs();
    let other = database.postgres().await.jobs();
    let lease = Duration::from_secs(2);
    let begun = Instant::now();
    let held = acquired(&*frozen, 1, lease).await.expect("it is free");
    proxy.set(Behaviour::BlackHole);
    // The message on its way arrives when the network is back.
    let late = {
        let (frozen, held) = (Arc::clone(&frozen), held.clone());
        async move {
            let progress = Progress {
                cursor: Some("late".to_owned()),
                processed: 1,
            };
            frozen.advance(&held, progress, LONG).await
        }
    };
    let taken = async {
        loop {
            match other.acquire(JOB, seeded_id(2), LONG).await {
                Ok(Acquisition::Acquired(taken)) => break taken,
                Ok(Acquisition::Held { free_in }) => {
                    assert!(free_in <= lease, "{free_in:?}");
                    sleep(free_in).await;
                }
                answer => panic!("{answer:?}"),
            }
        }
    };
    let thaw = async {
        let taken = taken.await;
        let took = begun.elapsed();
        proxy.set(Behaviour::Pass);
        (taken, took)
    };
    let (late, (taken, took)) = join(late, thaw).await;
    assert!(took >= lease && took < lease * 3, "{took:?}");
    assert!(taken.token > held.token);
    assert_eq!(late, Ok(false), "it has lost");
    let state = &other.states().await.expect("the states")[0];
    assert_eq!((state.holder, &state.cursor), (Some(seeded_id(2)), &None));
}

#[tokio::test]
async fn a_reply_that_took_an_expired_ones_place_meanwhile_stays() {
    let store = Store::fresh().await;
    let transactions = store.postgres.transactions();
    let begun = transactions.begin_idempotent(&context(), &claim("k")).await;
    let Ok(Claimed::Started(mut work)) = begun else {
        panic!("{begun:?}");
    };
    work.store_reply(claim("k"), reply());
    work.commit().await.expect("commit");
    let mut admin = store.database.admin().await;
    let renewed = "BEGIN; UPDATE idempotency_keys SET expires_at = expires_at + interval '1 day'";
    run(&mut admin, renewed).await;
    let purge = store.postgres.idempotency_purge();
    let (purged, ()) = join(
        purge.purge(context().tenant, None, at(100_000), 10),
        async {
            sleep(Duration::from_millis(200)).await;
            run(&mut admin, "COMMIT").await;
        },
    )
    .await;
    let Purged { seen, deleted, .. } = purged.expect("a look");
    assert_eq!((seen, deleted), (1, 0));
}
