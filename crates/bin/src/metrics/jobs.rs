//! The metrics of background jobs. Runs are counted in the process that runs them; the states of
//! the jobs come from the store, so that every replica reports the same.

use customer_app::job::{JobObserver, RunEnd};
use customer_domain::job::{JobLeases, JobName, JobState};
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often the states are read from the store.
const LOOK: Duration = Duration::from_secs(10);

const RUNS: &str = "customer_job_runs_total";
/// The histogram of how long runs take.
pub(crate) const DURATION: &str = "customer_job_duration_seconds";
/// Upper bounds of the histogram's buckets, in seconds.
pub(crate) const DURATION_BUCKETS: &[f64] = &[
    0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1_800.0, 7_200.0,
];
const PROCESSED: &str = "customer_job_processed_total";
const LEASE_HELD: &str = "customer_job_lease_held";
const LAST_SUCCESS: &str = "customer_job_last_success_timestamp_seconds";
const FAILURES: &str = "customer_job_failures_in_a_row";

pub(super) fn describe() {
    describe_counter!(
        RUNS,
        "Runs of background jobs in this process, by job and outcome"
    );
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Duration of runs in this process, by job"
    );
    describe_counter!(
        PROCESSED,
        "Records processed by jobs in this process, by job"
    );
    describe_gauge!(LEASE_HELD, "Whether this process runs the job");
    describe_gauge!(
        LAST_SUCCESS,
        Unit::Seconds,
        "When a run of the job last succeeded, in any process"
    );
    describe_gauge!(
        FAILURES,
        "Runs of the job that failed since the last that succeeded, in any process"
    );
}

/// Counts the runs of this process.
pub(crate) struct JobMetrics;

impl JobObserver for JobMetrics {
    fn began(&self, job: JobName) {
        gauge!(LEASE_HELD, "job" => job.0).set(1);
    }

    fn processed(&self, job: JobName, records: u64) {
        counter!(PROCESSED, "job" => job.0).increment(records);
    }

    fn ended(&self, job: JobName, end: RunEnd, took: Duration) {
        gauge!(LEASE_HELD, "job" => job.0).set(0);
        counter!(RUNS, "job" => job.0, "outcome" => end.as_str()).increment(1);
        histogram!(DURATION, "job" => job.0).record(took);
    }
}

/// Updates the gauges that come from the store, for as long as it is polled.
pub(crate) async fn follow(jobs: Arc<dyn JobLeases>) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match jobs.states().await {
            Ok(states) => states.iter().for_each(show),
            Err(error) => tracing::debug!(%error, "the states of the jobs cannot be read"),
        }
    }
}

fn show(job: &JobState) {
    gauge!(FAILURES, "job" => job.name.clone()).set(job.failures);
    let since_epoch = job.last_success_at.map(|at| at.timestamp_millis());
    if let Some(millis) = since_epoch.and_then(|millis| u64::try_from(millis).ok()) {
        let since_epoch = Duration::from_millis(millis);
        gauge!(LAST_SUCCESS, "job" => job.name.clone()).set(since_epoch.as_secs_f64());
    }
}
