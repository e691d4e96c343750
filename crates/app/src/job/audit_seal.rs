//! `audit.seal`: seals the entries of the trail that were committed.

use super::{Job, JobError, JobStep};
use crate::audit::{AuditSealer, Sealed};
use async_trait::async_trait;
use chrono::TimeDelta;
use customer_domain::job::JobName;
use std::time::Duration;

/// How often: what is younger is not sealed yet.
const EVERY: Duration = Duration::from_secs(1);
/// Entries that wait for longer are an alarm: whoever holds a transaction open keeps them unsealed.
const PATIENCE: TimeDelta = TimeDelta::minutes(1);

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

    /// Two that seal at once make the same numbers, of which the store takes one.
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
    /// Fails, for operators to see it, when entries have waited for long. What could be sealed is.
    fn look_at_waiting(&self, sealed: Sealed) -> Result<(), JobError> {
        let now = self.0.clock.now();
        let waiting = sealed.waiting_since.map(|since| now - since);
        match waiting.filter(|waiting| *waiting > PATIENCE) {
            None => Ok(()),
            Some(waiting) => Err(JobError {
                code: "held_up",
                detail: format!(
                    "a transaction that stays open keeps entries of the last {} s from being sealed; \
                     `backend_xid` in `pg_stat_activity` tells whose, `pg_prepared_xacts` if nobody's",
                    waiting.num_seconds()
                ),
            }),
        }
    }
}
