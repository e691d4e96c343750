//! A job as the runner has it: its cursor is text, and it can be woken.

use super::{Cursor, Job, JobError, JobStep};
use async_trait::async_trait;
use customer_domain::job::JobName;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// A job that [`Jobs`](super::Jobs) runs.
pub struct ScheduledJob {
    pub(super) job: Arc<dyn AnyJob>,
    pub(super) woken: Arc<Notify>,
}

impl ScheduledJob {
    /// Schedules the job.
    pub fn new(job: Arc<impl Job + 'static>) -> Self {
        let woken = Arc::default();
        Self { job, woken }
    }

    /// Returns the job's name.
    pub fn name(&self) -> JobName {
        self.job.name()
    }

    /// Returns what wakes the job on this replica.
    pub fn waker(&self) -> JobWaker {
        JobWaker(Arc::clone(&self.woken))
    }
}

/// Wakes a job, from anywhere in the process.
#[derive(Clone)]
pub struct JobWaker(Arc<Notify>);

impl JobWaker {
    /// Has a run begin after this call, before the job is due. While the job runs, here or on another
    /// replica, that is one more run after it, however often it was woken. A job whose last run failed
    /// waits for its next try all the same. A wake-up ends with the process: what must not be missed is
    /// also found by the run that is due.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// A [`Job`] whatever its cursor is, which is kept as text.
#[async_trait]
pub(super) trait AnyJob: Send + Sync {
    fn name(&self) -> JobName;

    fn every(&self) -> Duration;

    /// As [`Job::run`]; a cursor that cannot be read counts as none.
    async fn run(&self, cursor: Option<String>) -> Result<JobStep<String>, JobError>;
}

#[async_trait]
impl<J: Job> AnyJob for J {
    fn name(&self) -> JobName {
        Job::name(self)
    }

    fn every(&self) -> Duration {
        Job::every(self)
    }

    async fn run(&self, cursor: Option<String>) -> Result<JobStep<String>, JobError> {
        let cursor = cursor.and_then(|text| {
            let cursor = read(&text);
            if cursor.is_none() {
                let job = Job::name(self);
                tracing::warn!(%job, "the cursor of a job cannot be read, and it begins anew");
            }
            cursor
        });
        Ok(match Job::run(self, cursor).await? {
            JobStep::More { cursor, processed } => JobStep::More {
                cursor: written(&cursor),
                processed,
            },
            JobStep::Done { processed } => JobStep::Done { processed },
        })
    }
}

/// Writes a cursor as a JSON array of its fields.
pub(super) fn written(cursor: &impl Cursor) -> String {
    Value::from(cursor.to_fields()).to_string()
}

/// Reads what [`written`] wrote; `None` for anything else.
pub(super) fn read<C: Cursor>(text: &str) -> Option<C> {
    C::from_fields(&serde_json::from_str::<Vec<String>>(text).ok()?)
}
