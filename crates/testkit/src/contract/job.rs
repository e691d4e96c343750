//! Leases on jobs: one holder at a time, none beyond its lease, and no progress lost in between.

use super::Harness;
use crate::builders::seeded_id;
use customer_domain::job::{Acquisition, JobLease, JobName, JobOutcome, JobState, Progress};
use std::time::Duration;
use tokio::time::sleep;

const JOB: JobName = JobName("test.job");
const OTHER: JobName = JobName("test.another");
/// Longer than any case takes.
const LONG: Duration = Duration::from_mins(10);
/// Has expired when a case has waited for [`OVER`].
const SHORT: Duration = Duration::from_millis(20);
const OVER: Duration = Duration::from_millis(60);

async fn try_acquire(h: &impl Harness, job: JobName, holder: u64, lease: Duration) -> Acquisition {
    let acquisition = h.jobs().acquire(job, seeded_id(holder), lease).await;
    acquisition.expect("an answer")
}

async fn acquired(h: &impl Harness, holder: u64, lease: Duration) -> JobLease {
    match try_acquire(h, JOB, holder, lease).await {
        Acquisition::Acquired(lease) => lease,
        other @ (Acquisition::NotDue { .. } | Acquisition::Held { .. }) => {
            unreachable!("it is due and free: {other:?}")
        }
    }
}

async fn finished(h: &impl Harness, lease: &JobLease, outcome: JobOutcome, due_in: Duration) {
    let finished = h.jobs().finish(lease, outcome, due_in).await;
    assert_eq!(finished, Ok(true));
}

async fn advanced(h: &impl Harness, lease: &JobLease, cursor: &str, processed: u64) {
    let progress = progress(cursor, processed);
    let advanced = h.jobs().advance(lease, progress, LONG).await;
    assert_eq!(advanced, Ok(true));
}

async fn state(h: &impl Harness) -> JobState {
    let mut states = h.jobs().states().await.expect("the states");
    states.retain(|state| state.name == JOB.0);
    states.pop().expect("the job was begun")
}

fn progress(cursor: &str, processed: u64) -> Progress {
    Progress {
        cursor: Some(cursor.to_owned()),
        processed,
    }
}

const DONE: JobOutcome = JobOutcome::Succeeded { processed: 0 };
const FAILED: JobOutcome = JobOutcome::Failed { code: "too_slow" };

pub async fn a_job_that_was_never_begun_is_due_and_free(h: &impl Harness) {
    assert_eq!(h.jobs().states().await, Ok(Vec::new()));
    let lease = acquired(h, 1, LONG).await;
    assert_eq!((lease.job, lease.holder), (JOB, seeded_id(1)));
    assert_eq!((lease.cursor, lease.failures), (None, 0));
    let state = state(h).await;
    assert_eq!((state.holder, state.is_held), (Some(seeded_id(1)), true));
    assert!(state.lease_expires_at > Some(state.started_at));
    assert_eq!((state.runs, state.processed, state.failures), (0, 0, 0));
}

pub async fn a_job_that_is_held_is_given_to_nobody_else(h: &impl Harness) {
    acquired(h, 1, LONG).await;
    for holder in [2, 1] {
        match try_acquire(h, JOB, holder, LONG).await {
            Acquisition::Held { free_in } => {
                assert!(free_in <= LONG && free_in > LONG / 2, "{free_in:?}");
            }
            other @ (Acquisition::Acquired(_) | Acquisition::NotDue { .. }) => {
                unreachable!("it is held: {other:?}")
            }
        }
    }
}

pub async fn a_lease_that_ended_is_given_to_another_with_a_greater_number(h: &impl Harness) {
    let first = acquired(h, 1, SHORT).await;
    sleep(OVER).await;
    assert!(!state(h).await.is_held);
    let second = acquired(h, 2, LONG).await;
    assert!(second.token > first.token);
    assert_eq!(state(h).await.holder, Some(seeded_id(2)));
}

pub async fn who_lost_the_lease_can_change_nothing(h: &impl Harness) {
    let lost = acquired(h, 1, SHORT).await;
    sleep(OVER).await;
    acquired(h, 2, LONG).await;
    let before = state(h).await;
    let jobs = h.jobs();
    assert_eq!(jobs.advance(&lost, progress("x", 1), LONG).await, Ok(false));
    assert_eq!(jobs.finish(&lost, DONE, LONG).await, Ok(false));
    assert_eq!(jobs.finish(&lost, FAILED, LONG).await, Ok(false));
    assert_eq!(jobs.release(&lost).await, Ok(false));
    assert_eq!(state(h).await, before);
}

pub async fn a_lease_that_ended_and_that_nobody_took_can_be_renewed(h: &impl Harness) {
    let lease = acquired(h, 1, SHORT).await;
    sleep(OVER).await;
    advanced(h, &lease, "a", 0).await;
    assert!(state(h).await.is_held);
    let other = try_acquire(h, JOB, 2, LONG).await;
    assert!(matches!(other, Acquisition::Held { .. }), "{other:?}");
}

pub async fn progress_is_kept_and_added_up(h: &impl Harness) {
    let lease = acquired(h, 1, LONG).await;
    advanced(h, &lease, "a", 3).await;
    advanced(h, &lease, "b ü\u{1f}\"", 4).await;
    let now = state(h).await;
    assert_eq!(now.cursor.as_deref(), Some("b ü\u{1f}\""));
    assert_eq!((now.processed, now.runs), (7, 0));
    finished(h, &lease, JobOutcome::Succeeded { processed: 2 }, LONG).await;
    assert_eq!(state(h).await.processed, 9);
}

pub async fn a_finished_job_is_not_due_before_its_time(h: &impl Harness) {
    let lease = acquired(h, 1, LONG).await;
    finished(h, &lease, DONE, LONG).await;
    for holder in [1, 2] {
        match try_acquire(h, JOB, holder, LONG).await {
            Acquisition::NotDue { due_in } => {
                assert!(due_in <= LONG && due_in > LONG / 2, "{due_in:?}");
            }
            other @ (Acquisition::Acquired(_) | Acquisition::Held { .. }) => {
                unreachable!("it is not due: {other:?}")
            }
        }
    }
    let state = state(h).await;
    assert_eq!((state.holder, state.lease_expires_at), (None, None));
    assert!(Some(state.due_at) > state.last_success_at);
    let jobs = h.jobs();
    let late = jobs.advance(&lease, progress("x", 1), LONG).await;
    assert_eq!(late, Ok(false), "it is finished");
    assert_eq!(jobs.finish(&lease, DONE, LONG).await, Ok(false));
}

pub async fn a_finished_job_is_due_again_when_its_time_has_come(h: &impl Harness) {
    let lease = acquired(h, 1, LONG).await;
    finished(h, &lease, DONE, SHORT).await;
    sleep(OVER).await;
    assert!(acquired(h, 2, LONG).await.token > lease.token);
}

pub async fn a_job_is_had_early_unless_it_is_held_or_its_last_run_failed(h: &impl Harness) {
    let jobs = h.jobs();
    let early = async || jobs.acquire_early(JOB, seeded_id(2), LONG).await;
    let first = match early().await {
        Ok(Acquisition::Acquired(first)) => first,
        other => unreachable!("it was never begun: {other:?}"),
    };
    let held = early().await;
    assert!(matches!(held, Ok(Acquisition::Held { .. })), "{held:?}");
    finished(h, &first, DONE, LONG).await;
    let second = match early().await {
        Ok(Acquisition::Acquired(second)) => second,
        other => unreachable!("it succeeded: {other:?}"),
    };
    assert!(second.token > first.token);
    finished(h, &second, FAILED, LONG).await;
    match early().await {
        Ok(Acquisition::NotDue { due_in }) => {
            assert!(due_in <= LONG && due_in > LONG / 2, "{due_in:?}");
        }
        other => unreachable!("it failed: {other:?}"),
    }
}

pub async fn a_failed_run_is_told_and_the_next_goes_on_from_its_cursor(h: &impl Harness) {
    for failures in 1..=2 {
        let lease = acquired(h, 1, LONG).await;
        assert_eq!(lease.failures, failures - 1);
        advanced(h, &lease, "half", 1).await;
        finished(h, &lease, FAILED, Duration::ZERO).await;
        let state = state(h).await;
        assert_eq!((state.failures, state.runs), (failures, failures.into()));
        assert_eq!(state.last_error.as_deref(), Some("too_slow"));
        assert!(state.last_error_at.is_some() && state.last_success_at.is_none());
    }
    assert_eq!(acquired(h, 1, LONG).await.cursor.as_deref(), Some("half"));
}

pub async fn a_success_ends_the_row_of_failures_and_begins_anew(h: &impl Harness) {
    let lease = acquired(h, 1, LONG).await;
    advanced(h, &lease, "half", 1).await;
    finished(h, &lease, FAILED, Duration::ZERO).await;
    let lease = acquired(h, 1, LONG).await;
    finished(h, &lease, DONE, Duration::ZERO).await;
    let ended = state(h).await;
    assert_eq!((ended.failures, ended.runs, ended.cursor), (0, 2, None));
    assert!(ended.last_success_at >= ended.last_error_at);
    assert_eq!(ended.last_error.as_deref(), Some("too_slow"), "the last");
    let next = acquired(h, 1, LONG).await;
    assert_eq!((next.cursor, next.failures), (None, 0));
}

pub async fn a_released_job_is_free_at_once_and_goes_on(h: &impl Harness) {
    let lease = acquired(h, 1, LONG).await;
    advanced(h, &lease, "half", 1).await;
    assert_eq!(h.jobs().release(&lease).await, Ok(true));
    assert_eq!(h.jobs().release(&lease).await, Ok(false), "once");
    let state = state(h).await;
    assert_eq!((state.holder, state.is_held, state.runs), (None, false, 0));
    let next = acquired(h, 2, LONG).await;
    assert_eq!(next.cursor.as_deref(), Some("half"));
}

pub async fn jobs_do_not_wait_for_each_other_and_are_listed_by_name(h: &impl Harness) {
    acquired(h, 1, LONG).await;
    let other = try_acquire(h, OTHER, 1, LONG).await;
    assert!(matches!(other, Acquisition::Acquired(_)), "{other:?}");
    let states = h.jobs().states().await.expect("the states");
    let names: Vec<_> = states.iter().map(|state| state.name.as_str()).collect();
    assert_eq!(names, [OTHER.0, JOB.0]);
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_job {
    ($each:path) => {
        $each! { job {
            a_job_that_was_never_begun_is_due_and_free,
            a_job_that_is_held_is_given_to_nobody_else,
            a_lease_that_ended_is_given_to_another_with_a_greater_number,
            who_lost_the_lease_can_change_nothing,
            a_lease_that_ended_and_that_nobody_took_can_be_renewed,
            progress_is_kept_and_added_up,
            a_finished_job_is_not_due_before_its_time,
            a_finished_job_is_due_again_when_its_time_has_come,
            a_job_is_had_early_unless_it_is_held_or_its_last_run_failed,
            a_failed_run_is_told_and_the_next_goes_on_from_its_cursor,
            a_success_ends_the_row_of_failures_and_begins_anew,
            a_released_job_is_free_at_once_and_goes_on,
            jobs_do_not_wait_for_each_other_and_are_listed_by_name,
        } }
    };
}
