//! A job as the runner sees it: with a cursor as text, and a way to wake it.

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

    /// Returns a handle that wakes the job on this replica.
    pub fn waker(&self) -> JobWaker {
        JobWaker(Arc::clone(&self.woken))
    }
}

/// A handle that wakes a job from anywhere in the process.
#[derive(Clone)]
pub struct JobWaker(Arc<Notify>);

impl JobWaker {
    /// Starts a run after this call, before the job is due. If the job is running, here or on
    /// another replica, it runs once more afterwards, however often it was woken. A job whose last
    /// run failed still waits for its next attempt. Wake-ups are lost when the process ends, so
    /// regular runs must find the same work.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// A [`Job`] with any type of cursor, which is stored as text.
#[async_trait]
pub(super) trait AnyJob: Send + Sync {
    fn name(&self) -> JobName;

    fn every(&self) -> Duration;

    /// As [`Job::run`]; a cursor that cannot be parsed is ignored.
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
                tracing::warn!(%job, "the cursor of a job cannot be read, so it starts over");
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

/// Parses the output of [`written`]; `None` for anything else.
pub(super) fn read<C: Cursor>(text: &str) -> Option<C> {
    C::from_fields(&serde_json::from_str::<Vec<String>>(text).ok()?)
}
