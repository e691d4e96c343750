//! Leases on jobs, by the runtime's clock: a test that pauses it decides when they expire.

use super::{FakeStore, Step, locked};
use crate::builders::at;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use customer_domain::StoreError;
use customer_domain::job::{
    Acquisition, JobLease, JobLeases, JobName, JobOutcome, JobState, Progress,
};
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

#[derive(Debug, Default)]
pub(super) struct Jobs {
    rows: Mutex<BTreeMap<String, Row>>,
    /// The moment of the first call, which is [`at`] 0.
    epoch: OnceLock<Instant>,
}

#[derive(Debug)]
struct Row {
    token: i64,
    /// The holder, and the end of its lease.
    held: Option<(Uuid, Instant)>,
    due: Instant,
    started: Instant,
    last_success: Option<Instant>,
    last_error: Option<(&'static str, Instant)>,
    runs: u64,
    failures: u32,
    progress: Progress,
}

impl Jobs {
    fn now(&self) -> Instant {
        let now = Instant::now();
        self.epoch.get_or_init(|| now);
        now
    }

    fn time(&self, instant: Instant) -> DateTime<Utc> {
        let epoch = self.epoch.get_or_init(Instant::now);
        let delta = |duration| TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX);
        match instant.checked_duration_since(*epoch) {
            Some(later) => at(0) + delta(later),
            None => at(0) - delta(epoch.duration_since(instant)),
        }
    }

    fn state(&self, name: &str, row: &Row) -> JobState {
        let time = |instant| self.time(instant);
        JobState {
            name: name.to_owned(),
            holder: row.held.map(|(holder, _)| holder),
            is_held: row.held.is_some_and(|(_, end)| end > Instant::now()),
            lease_expires_at: row.held.map(|(_, end)| time(end)),
            due_at: time(row.due),
            started_at: time(row.started),
            last_success_at: row.last_success.map(time),
            last_error: row.last_error.map(|(code, _)| code.to_owned()),
            last_error_at: row.last_error.map(|(_, at)| time(at)),
            runs: row.runs,
            failures: row.failures,
            processed: row.progress.processed,
            cursor: row.progress.cursor.clone(),
        }
    }
}

impl FakeStore {
    fn take(
        &self,
        job: JobName,
        holder: Uuid,
        lease: Duration,
        early: bool,
    ) -> Result<Acquisition, StoreError> {
        self.shared.failures.check(Step::Statement)?;
        let now = self.shared.jobs.now();
        let mut rows = locked(&self.shared.jobs.rows);
        let row = rows.entry(job.0.to_owned()).or_insert_with(|| Row {
            token: 0,
            held: None,
            due: now,
            started: now,
            last_success: None,
            last_error: None,
            runs: 0,
            failures: 0,
            progress: Progress::default(),
        });
        if let Some((_, end)) = row.held.filter(|(_, end)| *end > now) {
            let free_in = end - now;
            return Ok(Acquisition::Held { free_in });
        }
        if row.due > now && !(early && row.failures == 0) {
            let due_in = row.due - now;
            return Ok(Acquisition::NotDue { due_in });
        }
        row.token += 1;
        row.held = Some((holder, now + lease));
        row.started = now;
        Ok(Acquisition::Acquired(JobLease {
            job,
            holder,
            token: row.token,
            cursor: row.progress.cursor.clone(),
            failures: row.failures,
        }))
    }

    /// Changes the row of a lease if it has not been lost.
    fn with_lease(
        &self,
        lease: &JobLease,
        change: impl FnOnce(&mut Row, Instant),
    ) -> Result<bool, StoreError> {
        self.shared.failures.check(Step::Statement)?;
        let now = self.shared.jobs.now();
        let mut rows = locked(&self.shared.jobs.rows);
        let row = rows.get_mut(lease.job.0);
        let good = row.filter(|row| row.token == lease.token && row.held.is_some());
        Ok(good.map(|row| change(row, now)).is_some())
    }
}

#[async_trait]
impl JobLeases for FakeStore {
    async fn acquire(
        &self,
        job: JobName,
        holder: Uuid,
        lease: Duration,
    ) -> Result<Acquisition, StoreError> {
        self.take(job, holder, lease, false)
    }

    async fn acquire_early(
        &self,
        job: JobName,
        holder: Uuid,
        lease: Duration,
    ) -> Result<Acquisition, StoreError> {
        self.take(job, holder, lease, true)
    }

    async fn advance(
        &self,
        held: &JobLease,
        progress: Progress,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        self.with_lease(held, |row, now| {
            row.held = Some((held.holder, now + lease));
            row.progress.cursor = progress.cursor;
            row.progress.processed += progress.processed;
        })
    }

    async fn finish(
        &self,
        held: &JobLease,
        outcome: JobOutcome,
        due_in: Duration,
    ) -> Result<bool, StoreError> {
        self.with_lease(held, |row, now| {
            row.held = None;
            row.due = now + due_in;
            row.runs += 1;
            match outcome {
                JobOutcome::Succeeded { processed } => {
                    row.last_success = Some(now);
                    row.failures = 0;
                    row.progress.cursor = None;
                    row.progress.processed += processed;
                }
                JobOutcome::Failed { code } => {
                    row.last_error = Some((code, now));
                    row.failures += 1;
                }
            }
        })
    }

    async fn release(&self, held: &JobLease) -> Result<bool, StoreError> {
        self.with_lease(held, |row, _| row.held = None)
    }

    async fn states(&self) -> Result<Vec<JobState>, StoreError> {
        self.shared.failures.check(Step::Read)?;
        let rows = locked(&self.shared.jobs.rows);
        let jobs = &self.shared.jobs;
        Ok(rows
            .iter()
            .map(|(name, row)| jobs.state(name, row))
            .collect())
    }
}
