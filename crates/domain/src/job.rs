//! Background jobs: each runs on one replica at a time, and continues on another if that replica
//! dies.
//!
//! A job belongs to the holder of its lease. A lease is short and is renewed while the job runs; if
//! its holder dies, another takes over once the lease has expired.

use crate::StoreError;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::fmt;
use std::time::Duration;
use uuid::Uuid;

/// The name of a job, the same on every replica: lower-case words separated by dots, such as
/// `idempotency.purge`, at most 64 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobName(pub &'static str);

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// The holder of leases: a new id for each start of a process.
pub type HolderId = Uuid;

/// A lease on a job, valid for the time that it was acquired for; each successful
/// [`advance`](JobLeases::advance) extends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobLease {
    /// The job.
    pub job: JobName,
    /// The holder.
    pub holder: HolderId,
    /// A number that is greater than that of every earlier lease on this job.
    pub token: i64,
    /// How far the last unfinished run got.
    pub cursor: Option<String>,
    /// The number of failed runs since the last successful one.
    pub failures: u32,
}

/// The result of trying to acquire a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquisition {
    /// The job may run.
    Acquired(JobLease),
    /// The job is not due yet.
    NotDue {
        /// The time until it is due.
        due_in: Duration,
    },
    /// Another process holds the lease.
    Held {
        /// The time until that lease expires, unless it is renewed.
        free_in: Duration,
    },
}

/// The progress of a run since its last report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// How far the run is: where it is resumed if it is interrupted.
    pub cursor: Option<String>,
    /// The number of records processed since the last report.
    pub processed: u64,
}

/// The result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobOutcome {
    /// The run did everything that was to be done.
    Succeeded {
        /// The number of records processed since the last [`Progress`].
        processed: u64,
    },
    /// The run failed.
    Failed {
        /// The reason: a short code, never the message of another system.
        code: &'static str,
    },
}

/// The stored state of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobState {
    /// The job's name; possibly a job of a newer version of the service.
    pub name: String,
    /// The current holder, or one that died.
    pub holder: Option<HolderId>,
    /// Whether the job is held at the moment, by the store's clock.
    pub is_held: bool,
    /// When the lease expires.
    pub lease_expires_at: Option<DateTime<Utc>>,
    /// When the job is to run next; in the past while it runs.
    pub due_at: DateTime<Utc>,
    /// When the last run started or was taken over.
    pub started_at: DateTime<Utc>,
    /// When a run last succeeded.
    pub last_success_at: Option<DateTime<Utc>>,
    /// The reason for the last failure: a short code.
    pub last_error: Option<String>,
    /// When the last failure happened.
    pub last_error_at: Option<DateTime<Utc>>,
    /// The number of finished runs, successful or not.
    pub runs: u64,
    /// The number of failed runs since the last successful one.
    pub failures: u32,
    /// The number of records processed by all runs; after a broken connection some may count twice.
    pub processed: u64,
    /// How far the current run is, or the interrupted one was.
    pub cursor: Option<String>,
}

/// Stores the leases. Only the store's clock decides what is due and what has expired, so the
/// clocks of the replicas may differ.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait JobLeases: Send + Sync {
    /// Acquires the job if it is due and free; a job that the store does not know yet is both. Of
    /// concurrent attempts, at most one MUST succeed.
    ///
    /// # Errors
    /// [`StoreError::Contended`] if others were in the way repeatedly,
    /// [`StoreError::Unavailable`].
    async fn acquire(
        &self,
        job: JobName,
        holder: HolderId,
        lease: Duration,
    ) -> Result<Acquisition, StoreError>;

    /// Acquires the job even if it is not due yet, unless its last run failed: the pause before the
    /// next attempt MUST be kept.
    ///
    /// # Errors
    /// As for [`acquire`](Self::acquire).
    async fn acquire_early(
        &self,
        job: JobName,
        holder: HolderId,
        lease: Duration,
    ) -> Result<Acquisition, StoreError>;

    /// Stores the progress, and makes the lease expire `lease` from now. Returns `false`, and
    /// stores nothing, if the job was released, finished, or acquired by another holder; an expired
    /// lease that no other holder acquired is renewed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn advance(
        &self,
        held: &JobLease,
        progress: Progress,
        lease: Duration,
    ) -> Result<bool, StoreError>;

    /// Ends the run and the lease; the job is due again `due_in` from now. A successful run clears
    /// the cursor; after a failure the next run continues from it. Returns `false`, and stores
    /// nothing, as [`advance`](Self::advance) does.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn finish(
        &self,
        held: &JobLease,
        outcome: JobOutcome,
        due_in: Duration,
    ) -> Result<bool, StoreError>;

    /// Ends only the lease: the job stays due, and the next holder continues from the cursor.
    /// Returns `false` as [`advance`](Self::advance) does.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn release(&self, held: &JobLease) -> Result<bool, StoreError>;

    /// Returns the states of all jobs that were ever started, by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn states(&self) -> Result<Vec<JobState>, StoreError>;
}
