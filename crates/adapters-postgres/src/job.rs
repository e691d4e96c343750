//! Leases on jobs: one row per job, one statement per step. Times are the server's
//! `clock_timestamp()`, since `now()` would stand still while a statement waits for a row.

use crate::pg::autocommit;
use crate::pg::pool::PgPool;
use crate::pg::row::RowReader;
use async_trait::async_trait;
use customer_domain::StoreError;
use customer_domain::job::{
    Acquisition, JobLease, JobLeases, JobName, JobOutcome, JobState, Progress,
};
use sqlx::postgres::PgRow;
use std::time::Duration;
use tracing::instrument;
use uuid::Uuid;

const TABLE: &str = "job_leases";

/// How many times [`ACQUIRE`] is sent if it loses a race that its snapshot does not show.
const MAX_ATTEMPTS: u32 = 4;

/// Acquires the job, even before it is due if `$4`, or returns why it cannot. The second of two
/// replicas waits for the row, and then finds that its condition no longer holds.
const ACQUIRE: &str = "\
    WITH taken AS MATERIALIZED ( \
      INSERT INTO job_leases AS j (name, token, holder, lease_expires_at, due_at, started_at) \
      VALUES ($1, 1, $2, clock_timestamp() + make_interval(secs => $3), clock_timestamp(), clock_timestamp()) \
      ON CONFLICT (name) DO UPDATE SET token = j.token + 1, holder = excluded.holder, \
        lease_expires_at = clock_timestamp() + make_interval(secs => $3), started_at = clock_timestamp() \
      WHERE (j.due_at <= clock_timestamp() OR $4 AND j.failures = 0) AND (j.holder IS NULL OR j.lease_expires_at <= clock_timestamp()) \
      RETURNING token, cursor, failures) \
    SELECT token, cursor, failures, NULL::float8 AS due_in, NULL::float8 AS free_in FROM taken UNION ALL \
    SELECT 0, NULL, 0, CASE WHEN $4 AND failures = 0 THEN NULL ELSE date_part('epoch', due_at - clock_timestamp()) END, \
      date_part('epoch', lease_expires_at - clock_timestamp()) \
    FROM job_leases WHERE name = $1 AND NOT EXISTS (SELECT FROM taken)";

const ADVANCE: &str = "\
    UPDATE job_leases SET cursor = $3, processed = processed + $4, \
      lease_expires_at = clock_timestamp() + make_interval(secs => $5) \
    WHERE name = $1 AND token = $2 AND holder IS NOT NULL RETURNING name";

const SUCCEED: &str = "\
    UPDATE job_leases SET holder = NULL, lease_expires_at = NULL, \
      due_at = clock_timestamp() + make_interval(secs => $3), last_success_at = clock_timestamp(), \
      runs = runs + 1, failures = 0, processed = processed + $4, cursor = NULL \
    WHERE name = $1 AND token = $2 AND holder IS NOT NULL RETURNING name";

const FAIL: &str = "\
    UPDATE job_leases SET holder = NULL, lease_expires_at = NULL, \
      due_at = clock_timestamp() + make_interval(secs => $3), last_error = $4, \
      last_error_at = clock_timestamp(), runs = runs + 1, failures = failures + 1 \
    WHERE name = $1 AND token = $2 AND holder IS NOT NULL RETURNING name";

const RELEASE: &str = "\
    UPDATE job_leases SET holder = NULL, lease_expires_at = NULL \
    WHERE name = $1 AND token = $2 AND holder IS NOT NULL RETURNING name";

const STATES: &str = "\
    SELECT name, holder, coalesce(lease_expires_at > clock_timestamp(), false) AS is_held, lease_expires_at, due_at, \
      started_at, last_success_at, last_error, last_error_at, runs, failures, processed, cursor \
    FROM job_leases ORDER BY name";

/// Leases on the pool of the worker role.
pub(crate) struct PgJobLeases(pub(crate) PgPool);

#[async_trait]
impl JobLeases for PgJobLeases {
    /// One round trip, and one more each time that another replica creates or acquires the job at
    /// the same moment; four at most.
    #[instrument(name = "db.job.acquire", level = "debug", skip_all)]
    async fn acquire(
        &self,
        job: JobName,
        holder: Uuid,
        lease: Duration,
    ) -> Result<Acquisition, StoreError> {
        self.take(job, holder, lease, false).await
    }

    /// As [`acquire`](Self::acquire).
    #[instrument(name = "db.job.acquire_early", level = "debug", skip_all)]
    async fn acquire_early(
        &self,
        job: JobName,
        holder: Uuid,
        lease: Duration,
    ) -> Result<Acquisition, StoreError> {
        self.take(job, holder, lease, true).await
    }

    /// One round trip.
    #[instrument(name = "db.job.advance", level = "debug", skip_all)]
    async fn advance(
        &self,
        held: &JobLease,
        progress: Progress,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let processed = count(progress.processed);
        let rows = autocommit::fetch(&self.0, || {
            let advance = sqlx::query(ADVANCE).bind(held.job.0).bind(held.token);
            let advance = advance.bind(progress.cursor.as_deref()).bind(processed);
            advance.bind(lease.as_secs_f64())
        });
        Ok(!rows.await?.is_empty())
    }

    /// One round trip.
    #[instrument(name = "db.job.finish", level = "debug", skip_all)]
    async fn finish(
        &self,
        held: &JobLease,
        outcome: JobOutcome,
        due_in: Duration,
    ) -> Result<bool, StoreError> {
        let (statement, due_in) = match outcome {
            JobOutcome::Succeeded { .. } => (SUCCEED, due_in.as_secs_f64()),
            JobOutcome::Failed { .. } => (FAIL, due_in.as_secs_f64()),
        };
        let rows = autocommit::fetch(&self.0, || {
            let finish = sqlx::query(statement).bind(held.job.0).bind(held.token);
            let finish = finish.bind(due_in);
            match outcome {
                JobOutcome::Succeeded { processed } => finish.bind(count(processed)),
                JobOutcome::Failed { code } => finish.bind(code),
            }
        });
        Ok(!rows.await?.is_empty())
    }

    /// One round trip.
    #[instrument(name = "db.job.release", level = "debug", skip_all)]
    async fn release(&self, held: &JobLease) -> Result<bool, StoreError> {
        let rows = autocommit::fetch(&self.0, || {
            sqlx::query(RELEASE).bind(held.job.0).bind(held.token)
        });
        Ok(!rows.await?.is_empty())
    }

    /// One round trip.
    #[instrument(name = "db.job.states", level = "debug", skip_all)]
    async fn states(&self) -> Result<Vec<JobState>, StoreError> {
        let rows = autocommit::fetch(&self.0, || sqlx::query(STATES)).await?;
        rows.iter().map(state).collect()
    }
}

impl PgJobLeases {
    async fn take(
        &self,
        job: JobName,
        holder: Uuid,
        lease: Duration,
        early: bool,
    ) -> Result<Acquisition, StoreError> {
        for _ in 0..MAX_ATTEMPTS {
            let rows = autocommit::fetch(&self.0, || {
                let acquire = sqlx::query(ACQUIRE).bind(job.0).bind(holder);
                acquire.bind(lease.as_secs_f64()).bind(early)
            });
            if let Some(row) = rows.await?.first()
                && let Some(answer) = acquisition(row, job, holder)?
            {
                return Ok(answer);
            }
        }
        Err(StoreError::Contended)
    }
}

/// Decodes the row of [`ACQUIRE`]; `None` if its snapshot is older than another replica's lease.
fn acquisition(row: &PgRow, job: JobName, holder: Uuid) -> Result<Option<Acquisition>, StoreError> {
    let row = RowReader::new(row, TABLE);
    let token = row.column("token")?;
    if token > 0 {
        return Ok(Some(Acquisition::Acquired(JobLease {
            job,
            holder,
            token,
            cursor: row.column("cursor")?,
            failures: row.parsed("failures", natural)?,
        })));
    }
    let [due_in, free_in] = [row.column("due_in")?, row.column("free_in")?].map(remaining);
    Ok(match (due_in, free_in) {
        (_, Some(free_in)) => Some(Acquisition::Held { free_in }),
        (Some(due_in), None) => Some(Acquisition::NotDue { due_in }),
        (None, None) => None,
    })
}

/// Returns a remaining time; `None` if there is none left.
fn remaining(seconds: Option<f64>) -> Option<Duration> {
    let duration = Duration::try_from_secs_f64(seconds?).ok()?;
    (!duration.is_zero()).then_some(duration)
}

fn count(records: u64) -> i64 {
    i64::try_from(records).unwrap_or(i64::MAX)
}

fn natural<T>(stored: i32) -> Option<T>
where
    T: TryFrom<i32>,
{
    T::try_from(stored).ok()
}

fn state(row: &PgRow) -> Result<JobState, StoreError> {
    let row = RowReader::new(row, TABLE);
    Ok(JobState {
        name: row.column("name")?,
        holder: row.column("holder")?,
        is_held: row.column("is_held")?,
        lease_expires_at: row.column("lease_expires_at")?,
        due_at: row.column("due_at")?,
        started_at: row.column("started_at")?,
        last_success_at: row.column("last_success_at")?,
        last_error: row.column("last_error")?,
        last_error_at: row.column("last_error_at")?,
        runs: row.parsed("runs", |stored: i64| u64::try_from(stored).ok())?,
        failures: row.parsed("failures", natural)?,
        processed: row.parsed("processed", |stored: i64| u64::try_from(stored).ok())?,
        cursor: row.column("cursor")?,
    })
}
