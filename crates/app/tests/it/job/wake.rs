//! A job can be woken before it is due.

use super::{Do, LEASE, Plan, Replicas, pass, seconds};
use customer_testkit::builders::seeded_id;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn a_woken_job_runs_at_once_and_is_due_again_after_that() {
    let mut replicas = Replicas::of(&[Plan(seconds(3), Do::Done(0))]);
    let _stops = [1, 2].map(|number| replicas.start(number));
    pass(100).await;
    replicas.wakers[1].wake();
    pass(900).await;
    assert_eq!(replicas.times(), [0, 100, 703]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_woken_while_it_runs_runs_once_more() {
    let mut replicas = Replicas::of(&[Plan(seconds(10), Do::Done(0))]);
    let _stop = replicas.start(1);
    for _ in 0..3 {
        pass(2).await;
        replicas.wakers[0].wake();
    }
    pass(100).await;
    assert_eq!(replicas.times(), [0, 10]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_woken_while_another_replica_runs_it_runs_once_more() {
    let mut replicas = Replicas::of(&[Plan(seconds(20), Do::Done(0))]);
    let _stops = [1, 2].map(|number| replicas.start(number));
    let waker = replicas.wakers[1].clone();
    for _ in 0..3 {
        pass(4).await;
        assert_eq!(replicas.state().await.holder, Some(seeded_id(1)));
        waker.wake();
    }
    pass(100).await;
    let times = replicas.times();
    assert_eq!(times.len(), 2, "{times:?}");
    assert!((20..=20 + LEASE.as_secs()).contains(&times[1]), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_does_not_shorten_the_pause_after_a_failure() {
    let mut replicas = Replicas::of(&[Plan(Duration::ZERO, Do::Fail)]);
    let _stop = replicas.start(1);
    for _ in 0..40 {
        pass(1).await;
        replicas.wakers[0].wake();
    }
    assert_eq!(replicas.times(), [0, 1, 3, 7, 15, 31]);
}
