//! Background jobs: each runs once across all replicas, and goes on elsewhere when its replica dies.
//!
//! A job belongs to whoever has its lease. The lease is for a short time, and is renewed while the
//! job runs; a holder that dies is replaced when that time is over.

use crate::StoreError;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::fmt;
use std::time::Duration;
use uuid::Uuid;

/// The name of a job, the same on every replica: small words with dots between them, such as
/// `idempotency.purge`, at most 64 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobName(pub &'static str);

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Who holds leases: another id for each process, and each start of it.
pub type HolderId = Uuid;

/// A lease on a job. It is good for the time that it was given for, and for longer when
/// [`advance`](JobLeases::advance) said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobLease {
    /// The job.
    pub job: JobName,
    /// Who holds it.
    pub holder: HolderId,
    /// A number that no lease on this job had before: each is greater than all before it.
    pub token: i64,
    /// How far an earlier run got that did not come to its end.
    pub cursor: Option<String>,
    /// How many runs have failed since the last that succeeded.
    pub failures: u32,
}

/// What became of the wish to run a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquisition {
    /// It may run.
    Acquired(JobLease),
    /// It is not due yet.
    NotDue {
        /// It will be after this time.
        due_in: Duration,
    },
    /// Somebody else has it.
    Held {
        /// Their lease ends after this time, unless they renew it.
        free_in: Duration,
    },
}

/// What a run has done since it last said so.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// How far it is: where a run begins that has to go on from here.
    pub cursor: Option<String>,
    /// Records that it dealt with since then.
    pub processed: u64,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobOutcome {
    /// It did everything that there was to do.
    Succeeded {
        /// Records that it dealt with since its last [`Progress`].
        processed: u64,
    },
    /// It could not.
    Failed {
        /// Why: a short code, never words of another system.
        code: &'static str,
    },
}

/// A job as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobState {
    /// Its name; it may be one of a newer program.
    pub name: String,
    /// Who has it, or had it and died.
    pub holder: Option<HolderId>,
    /// Whether somebody has it, by the store's clock.
    pub is_held: bool,
    /// When the lease ends.
    pub lease_expires_at: Option<DateTime<Utc>>,
    /// When it is to run next; in the past while it runs.
    pub due_at: DateTime<Utc>,
    /// When it was last begun, or taken over.
    pub started_at: DateTime<Utc>,
    /// When a run last succeeded.
    pub last_success_at: Option<DateTime<Utc>>,
    /// Why a run last failed: a short code.
    pub last_error: Option<String>,
    /// When that was.
    pub last_error_at: Option<DateTime<Utc>>,
    /// Runs that came to an end, good or bad.
    pub runs: u64,
    /// How many runs have failed since the last that succeeded.
    pub failures: u32,
    /// Records that all runs have dealt with; after a broken connection some may count twice.
    pub processed: u64,
    /// How far the run is, or was when it was broken off.
    pub cursor: Option<String>,
}

/// Keeps the leases. The store's clock alone decides what is due and what has ended, so that the
/// clocks of replicas may differ.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait JobLeases: Send + Sync {
    /// Takes the job, if it is due and free. One that the store does not know yet is both. Of all who
    /// ask at one moment one at most MUST get it.
    ///
    /// # Errors
    /// [`StoreError::Contended`] when others were in the way time and again,
    /// [`StoreError::Unavailable`].
    async fn acquire(
        &self,
        job: JobName,
        holder: HolderId,
        lease: Duration,
    ) -> Result<Acquisition, StoreError>;

    /// As [`acquire`](Self::acquire), though the job is not due yet, unless its last run failed: the
    /// pause before the next try MUST be kept.
    ///
    /// # Errors
    /// As [`acquire`](Self::acquire).
    async fn acquire_early(
        &self,
        job: JobName,
        holder: HolderId,
        lease: Duration,
    ) -> Result<Acquisition, StoreError>;

    /// Keeps the progress, and makes the lease end `lease` from now. `false`, and nothing is kept,
    /// when the job was released, finished, or taken by somebody else; a lease that ended and that
    /// nobody took is renewed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn advance(
        &self,
        held: &JobLease,
        progress: Progress,
        lease: Duration,
    ) -> Result<bool, StoreError>;

    /// Ends the run and the lease; the job is due again `due_in` from now. A run that succeeded has no
    /// cursor any more, the next one after a failure goes on from it. `false`, and nothing is kept, as
    /// [`advance`](Self::advance).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn finish(
        &self,
        held: &JobLease,
        outcome: JobOutcome,
        due_in: Duration,
    ) -> Result<bool, StoreError>;

    /// Ends the lease alone: the job stays due, and the next holder goes on from the cursor. `false` as
    /// [`advance`](Self::advance).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn release(&self, held: &JobLease) -> Result<bool, StoreError>;

    /// All jobs that were ever begun, by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn states(&self) -> Result<Vec<JobState>, StoreError>;
}
