//! The representations of health in replies.

use crate::support::wire::Instant;
use customer_domain::job::JobState;
use serde::Serialize;
use utoipa::ToSchema;

/// The health of a component.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// The component responds.
    Up,
    /// The component does not respond.
    Down,
}

/// The health of the service.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthBody {
    /// The service as a whole: up if its database is.
    pub status: HealthStatus,
    /// The database.
    pub database: HealthStatus,
    /// The version of the running service.
    pub version: &'static str,
}

/// The health of the service and its jobs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthDetailBody {
    /// The service as a whole: up if its database is.
    pub status: HealthStatus,
    /// The database.
    pub database: HealthStatus,
    /// The version of the running service.
    pub version: &'static str,
    /// The background jobs that ever ran, by name.
    pub jobs: Vec<JobBody>,
}

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// The job is waiting until it is due.
    Idle,
    /// The job is running on a replica.
    Running,
    /// The last run failed and will be retried.
    Failing,
}

/// A background job, which runs on one replica at a time.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobBody {
    /// The job's name.
    #[schema(example = "idempotency.purge")]
    pub name: String,
    /// The job's state.
    pub state: JobStatus,
    /// When a run last succeeded.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_success_at: Option<Instant>,
    /// When the job is to run next; in the past while it runs.
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Instant,
    /// The reason for the last failure: a code.
    #[schema(example = "unavailable")]
    pub last_error: Option<String>,
    /// When the last failure happened.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_error_at: Option<Instant>,
    /// The number of records that all runs have processed.
    pub processed: u64,
}

impl HealthBody {
    pub(super) fn up() -> Self {
        Self {
            status: HealthStatus::Up,
            database: HealthStatus::Up,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

impl HealthDetailBody {
    pub(super) fn up(jobs: Vec<JobState>) -> Self {
        let HealthBody {
            status,
            database,
            version,
        } = HealthBody::up();
        Self {
            status,
            database,
            version,
            jobs: jobs.into_iter().map(JobBody::from).collect(),
        }
    }
}

impl From<&JobState> for JobStatus {
    fn from(job: &JobState) -> Self {
        if job.failures > 0 {
            Self::Failing
        } else if job.is_held {
            Self::Running
        } else {
            Self::Idle
        }
    }
}

impl From<JobState> for JobBody {
    fn from(job: JobState) -> Self {
        Self {
            state: JobStatus::from(&job),
            name: job.name,
            last_success_at: job.last_success_at.map(Instant),
            due_at: Instant(job.due_at),
            last_error: job.last_error,
            last_error_at: job.last_error_at.map(Instant),
            processed: job.processed,
        }
    }
}
