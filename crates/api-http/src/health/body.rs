//! How the parts are, as the wire shows it.

use crate::support::wire::Instant;
use customer_domain::job::JobState;
use serde::Serialize;
use utoipa::ToSchema;

/// How a part is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// It answers.
    Up,
    /// It does not.
    Down,
}

/// How the parts are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthBody {
    /// The service as a whole: up while its database is.
    pub status: HealthStatus,
    /// The database.
    pub database: HealthStatus,
    /// The version that runs.
    pub version: &'static str,
}

/// How the parts are, and the jobs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthDetailBody {
    /// The service as a whole: up while its database is.
    pub status: HealthStatus,
    /// The database.
    pub database: HealthStatus,
    /// The version that runs.
    pub version: &'static str,
    /// The background jobs that ever ran, by name.
    pub jobs: Vec<JobBody>,
}

/// How a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// It waits until it is due.
    Idle,
    /// A replica runs it.
    Running,
    /// Its last run failed, and it is tried again.
    Failing,
}

/// A background job: it runs once across all replicas.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobBody {
    /// Its name.
    #[schema(example = "idempotency.purge")]
    pub name: String,
    /// How it is.
    pub state: JobStatus,
    /// When a run last succeeded.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_success_at: Option<Instant>,
    /// When it is to run next; in the past while it runs.
    #[schema(value_type = String, format = DateTime)]
    pub due_at: Instant,
    /// Why a run last failed: a code.
    #[schema(example = "unavailable")]
    pub last_error: Option<String>,
    /// When that was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_error_at: Option<Instant>,
    /// Records that all its runs have dealt with.
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
