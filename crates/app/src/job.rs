//! Background jobs, and their runner.
//!
//! A job works in chunks. After each chunk its cursor is stored with its lease, so that the next
//! holder continues from there. A chunk can be interrupted at any moment, and another replica may
//! start the same chunk while the interrupted one is still running: it must be safe to run twice.

mod audit_partitions;
mod audit_seal;
mod idempotency_purge;
mod keys_refresh;
mod runner;
mod scheduled;
mod tenants;

pub use audit_partitions::{AuditPartitions, MONTHS_AHEAD, MonthSeals};
pub use audit_seal::SealAudit;
pub use idempotency_purge::{CHUNK, PurgeReplies};
pub use keys_refresh::{KEYS_CHUNK, RefreshKeys};
pub use runner::Jobs;
pub use scheduled::{JobWaker, ScheduledJob};

use crate::audit::VerifyError;
use async_trait::async_trait;
use customer_domain::StoreError;
use customer_domain::job::JobName;
use std::time::Duration;
use thiserror::Error;

/// A task to be done regularly.
#[async_trait]
pub trait Job: Send + Sync {
    /// The start of a chunk.
    type Cursor: Cursor;

    /// Returns the job's name.
    fn name(&self) -> JobName;

    /// Returns the time between a successful run and the next one.
    fn every(&self) -> Duration;

    /// Processes the next chunk, from the cursor that the previous chunk returned. The first chunk
    /// of a run has no cursor, unless an earlier run was not completed.
    ///
    /// # Errors
    /// [`JobError`] if the run has failed.
    async fn run(&self, cursor: Option<Self::Cursor>) -> Result<JobStep<Self::Cursor>, JobError>;
}

/// The progress of a run, in a form that outlives the process. The runner stores the fields as
/// text.
pub trait Cursor: Sized + Send {
    /// Returns the fields that [`from_fields`](Self::from_fields) parses.
    fn to_fields(&self) -> Vec<String>;

    /// Parses the fields; `None` if another version wrote them, and the job then starts over.
    fn from_fields(fields: &[String]) -> Option<Self>;
}

/// For a job whose progress is visible in what is left to do.
impl Cursor for () {
    fn to_fields(&self) -> Vec<String> {
        Vec::new()
    }

    fn from_fields(fields: &[String]) -> Option<Self> {
        fields.is_empty().then_some(())
    }
}

/// The result of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobStep<C> {
    /// There is more to do.
    More {
        /// The start of the next chunk.
        cursor: C,
        /// The number of records processed.
        processed: u64,
    },
    /// Everything is done.
    Done {
        /// The number of records processed.
        processed: u64,
    },
}

/// The reason why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{code}: {detail}")]
pub struct JobError {
    /// A short code in lower case with underscores, for metrics and for `/health`.
    pub code: &'static str,
    /// The details, for the log.
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
            StoreError::Keys => "keys",
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

/// The way in which a run ended on this replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// Everything was done.
    Succeeded,
    /// The run failed; the job's state has the code.
    Failed,
    /// Another replica acquired the job, or may have done so: the chunk was aborted.
    Lost,
    /// This replica is stopping, and released the job.
    Stopped,
}

impl RunEnd {
    /// Returns the name used in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::Stopped => "stopped",
        }
    }
}

/// Observes the jobs of this replica, for metrics.
pub trait JobObserver: Send + Sync {
    /// A run started: the lease was acquired.
    fn began(&self, job: JobName);

    /// A run processed `records` more records.
    fn processed(&self, job: JobName, records: u64);

    /// A run ended after `took`, and the lease was given up.
    fn ended(&self, job: JobName, end: RunEnd, took: Duration);
}
