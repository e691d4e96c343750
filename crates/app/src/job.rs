//! Background jobs: what they are made of, and what runs them.
//!
//! A job works in chunks. Between two of them its cursor is kept with its lease, so that whoever takes
//! it over goes on from there. A chunk can be broken off at any moment, and another replica may begin
//! the same one while the broken one still runs out: it must be safe to run twice.

mod audit_partitions;
mod audit_seal;
mod idempotency_purge;
mod outbox_seal;
mod runner;
mod scheduled;

pub use audit_partitions::{AuditPartitions, MONTHS_AHEAD, MonthSeals};
pub use audit_seal::SealAudit;
pub use idempotency_purge::{CHUNK, PurgeReplies};
pub use outbox_seal::SealOutbox;
pub use runner::Jobs;
pub use scheduled::{JobWaker, ScheduledJob};

use crate::audit::VerifyError;
use async_trait::async_trait;
use customer_domain::StoreError;
use customer_domain::job::JobName;
use std::time::Duration;
use thiserror::Error;

/// Something to be done from time to time.
#[async_trait]
pub trait Job: Send + Sync {
    /// Where a chunk begins.
    type Cursor: Cursor;

    /// Its name.
    fn name(&self) -> JobName;

    /// How long after a run that succeeded the next one begins.
    fn every(&self) -> Duration;

    /// Does the next chunk, from the cursor of the chunk before it. A run begins without one, unless
    /// an earlier run did not come to its end.
    ///
    /// # Errors
    /// [`JobError`]: the run has failed.
    async fn run(&self, cursor: Option<Self::Cursor>) -> Result<JobStep<Self::Cursor>, JobError>;
}

/// How far a run is, in a form that outlives the process. The runner keeps the fields as text.
pub trait Cursor: Sized + Send {
    /// Returns what [`from_fields`](Self::from_fields) reads.
    fn to_fields(&self) -> Vec<String>;

    /// Reads the fields; `None` if another program wrote them, and the job then begins anew.
    fn from_fields(fields: &[String]) -> Option<Self>;
}

/// For a job whose progress shows in what is left to do.
impl Cursor for () {
    fn to_fields(&self) -> Vec<String> {
        Vec::new()
    }

    fn from_fields(fields: &[String]) -> Option<Self> {
        fields.is_empty().then_some(())
    }
}

/// What a chunk has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobStep<C> {
    /// There is more to do.
    More {
        /// Where the next chunk begins.
        cursor: C,
        /// Records that it dealt with.
        processed: u64,
    },
    /// That was all.
    Done {
        /// Records that it dealt with.
        processed: u64,
    },
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{code}: {detail}")]
pub struct JobError {
    /// For metrics and for `/health`: a short code of small letters and underscores.
    pub code: &'static str,
    /// For the log.
    pub detail: String,
}

impl From<StoreError> for JobError {
    fn from(error: StoreError) -> Self {
        let code = match error {
            StoreError::Conflict(_) => "conflict",
            StoreError::NotFound => "not_found",
            StoreError::Contended => "contended",
            StoreError::TooSlow => "too_slow",
            StoreError::Unavailable(_) => "unavailable",
            StoreError::Corrupt { .. } => "corrupt",
        };
        let detail = error.to_string();
        Self { code, detail }
    }
}

impl From<VerifyError> for JobError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Store(error) => error.into(),
            VerifyError::Forged(_) | VerifyError::Renumbered => Self {
                code: "forged",
                detail: error.to_string(),
            },
        }
    }
}

/// How a run ended on this replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// With everything done.
    Succeeded,
    /// With an error; the job's state has its code.
    Failed,
    /// Somebody else took the job, or may have done so: its chunk was dropped.
    Lost,
    /// This replica stops: the job is free.
    Stopped,
}

impl RunEnd {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::Stopped => "stopped",
        }
    }
}

/// Hears what this replica does, for metrics.
pub trait JobObserver: Send + Sync {
    /// It has the lease, and begins.
    fn began(&self, job: JobName);

    /// It dealt with so many more records.
    fn processed(&self, job: JobName, records: u64);

    /// It gave the lease up, after so long.
    fn ended(&self, job: JobName, end: RunEnd, took: Duration);
}
