//! `audit.seal`: seals the committed entries of the audit trail.

use super::{Job, JobError, JobStep};
use crate::audit::{AuditSealer, Sealed};
use async_trait::async_trait;
use chrono::TimeDelta;
use customer_domain::job::JobName;
use std::time::Duration;

/// The interval of the job, and so the age at which an entry is sealed.
const EVERY: Duration = Duration::from_secs(1);
/// Entries that wait longer raise an alarm: a transaction that stays open prevents them from being
/// sealed.
const SEALING_TIMEOUT: TimeDelta = TimeDelta::minutes(1);

/// The job.
pub struct SealAudit(pub AuditSealer);

#[async_trait]
impl Job for SealAudit {
    type Cursor = ();

    fn name(&self) -> JobName {
        JobName("audit.seal")
    }

    fn every(&self) -> Duration {
        EVERY
    }

    /// Replicas that seal concurrently create the same numbers, of which the store accepts each
    /// once.
    async fn run(&self, _cursor: Option<()>) -> Result<JobStep<()>, JobError> {
        let sealed = self.0.seal().await?;
        let processed = u64::try_from(sealed.count).unwrap_or(u64::MAX);
        Ok(if sealed.has_more {
            JobStep::More {
                cursor: (),
                processed,
            }
        } else {
            self.look_at_waiting(sealed)?;
            JobStep::Done { processed }
        })
    }
}

impl SealAudit {
    /// Fails, to alert operators, if entries have waited too long. The others are sealed anyway.
    fn look_at_waiting(&self, sealed: Sealed) -> Result<(), JobError> {
        let now = self.0.clock.now();
        let waiting = sealed.waiting_since.map(|since| now - since);
        match waiting.filter(|waiting| *waiting > SEALING_TIMEOUT) {
            None => Ok(()),
            Some(waiting) => Err(JobError {
                code: "held_up",
                detail: format!(
                    "an open transaction keeps entries of the last {} s from being sealed; \
                     `backend_xid` in `pg_stat_activity` identifies its session, `pg_prepared_xacts` a prepared one",
                    waiting.num_seconds()
                ),
            }),
        }
    }
}
