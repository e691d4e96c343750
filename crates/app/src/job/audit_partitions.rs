//! `audit.partitions`: creates the months of the audit trail in advance, and drops the oldest ones.

use super::{Job, JobError, JobStep};
use crate::audit::{Beginning, Chain, Signers, VerifyError};
use async_trait::async_trait;
use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use customer_domain::audit::{AuditLedger, AuditMonths, AuditSeal, SealSigner, SealedRange};
use customer_domain::job::JobName;
use customer_domain::{Clock, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// The number of months created in advance, in addition to the current one.
pub const MONTHS_AHEAD: u32 = 24;
/// The interval of the job; a run with nothing to do makes three statements.
const EVERY: Duration = Duration::from_hours(1);
/// The most seals deleted at a time.
const MAX_DELETED_SEALS: u32 = 10_000;
/// The number of seals read at a time.
const BLOCK: u32 = 200;
/// How often writing a seal is attempted when the sealer gets in first.
const MAX_ATTEMPTS: u32 = 5;

const ONE_MONTH: JobStep<()> = JobStep::More {
    cursor: (),
    processed: 1,
};

/// The job.
pub struct AuditPartitions {
    /// Creates and drops the months.
    pub months: Arc<dyn AuditMonths>,
    /// Records the dropping of months; `None` if no month is ever dropped.
    pub seals: Option<MonthSeals>,
    /// The retention of an entry; a month is dropped once its last entry is older.
    pub retention: Duration,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// Records in the ledger that a month is dropped, before it is.
pub struct MonthSeals {
    /// The ledger.
    pub ledger: Arc<dyn AuditLedger>,
    /// Signs the records.
    pub signer: Arc<dyn SealSigner>,
}

#[async_trait]
impl Job for AuditPartitions {
    type Cursor = ();

    fn name(&self) -> JobName {
        JobName("audit.partitions")
    }

    fn every(&self) -> Duration {
        EVERY
    }

    /// Processes one month at a time.
    async fn run(&self, _cursor: Option<()>) -> Result<JobStep<()>, JobError> {
        let now = self.clock.now();
        let there = self.months.list().await?;
        if let Some(month) = missing(&there, now) {
            self.months.create(month).await?;
            tracing::info!(%month, "a month of the audit trail was created");
            return Ok(ONE_MONTH);
        }
        let Some(seals) = &self.seals else {
            return Ok(JobStep::Done { processed: 0 });
        };
        // A month that a seal records as dropped is removed, even if the retention has been changed
        // since.
        let dropped = seals.beginning().await?.dropped;
        let goes = |month: &NaiveDate| dropped.contains(month) || self.is_over(*month, now);
        if let Some(month) = there.into_iter().find(goes) {
            if !dropped.contains(&month) {
                seals.seal(month, now).await?;
            }
            self.months.remove(month).await?;
            tracing::info!(%month, "a month of the audit trail was dropped");
            return Ok(ONE_MONTH);
        }
        // Only after all these months are gone: a remaining one is verified against its seals
        // first.
        if seals.ledger.trim(MAX_DELETED_SEALS).await? > 0 {
            return Ok(JobStep::More {
                cursor: (),
                processed: 0,
            });
        }
        Ok(JobStep::Done { processed: 0 })
    }
}

impl AuditPartitions {
    fn is_over(&self, month: NaiveDate, now: DateTime<Utc>) -> bool {
        let kept = TimeDelta::from_std(self.retention).ok();
        let oldest = kept.and_then(|kept| now.checked_sub_signed(kept));
        let end = month.checked_add_months(Months::new(1));
        let end = end.map(|end| end.and_time(NaiveTime::MIN).and_utc());
        end.is_some_and(|end| oldest.is_some_and(|oldest| end <= oldest))
    }
}

impl MonthSeals {
    fn signers(&self) -> Signers<'_> {
        Signers::only(&*self.signer)
    }

    async fn beginning(&self) -> Result<Beginning, VerifyError> {
        self.signers().beginning(&*self.ledger).await
    }

    /// Appends the seal that records the dropping of the month.
    async fn seal(&self, month: NaiveDate, now: DateTime<Utc>) -> Result<(), JobError> {
        for _ in 0..MAX_ATTEMPTS {
            let last = self.ledger.last().await?;
            if let Some(last) = &last {
                self.signers().check(last).map_err(VerifyError::from)?;
            }
            let through = last.as_ref().and_then(|last| last.through);
            // Everything up to `through` is sealed, so unsealed entries come after it.
            let unsealed = self.ledger.entries(month, through, None, 1).await?;
            if !unsealed.is_empty() {
                return Err(JobError {
                    code: "not_sealed",
                    detail: format!("entries of {month} are not sealed yet"),
                });
            }
            let own = last.as_ref().map_or(1, |last| last.number + 1);
            let begins = self.begins(month).await?.unwrap_or(own);
            let range = SealedRange::Dropped { begins };
            let seal = AuditSeal::after(last.as_ref(), month, range, through, now, &*self.signer);
            match self.ledger.append(&[seal]).await {
                Err(StoreError::Conflict(_)) => {}
                appended => return Ok(appended?),
            }
        }
        Err(StoreError::Contended.into())
    }

    /// Returns the number of the first seal that is needed without the month. The new seal vouches
    /// for the older ones, so every seal up to that number is verified first.
    async fn begins(&self, month: NaiveDate) -> Result<Option<i64>, VerifyError> {
        let beginning = self.beginning().await?;
        let mut gone: Vec<_> = beginning.dropped.into_iter().collect();
        gone.push(month);
        let needed = self.ledger.first_needed(&gone).await?;
        let end = needed.unwrap_or(i64::MAX);
        let mut chain = Chain::new(self.signers(), beginning.number);
        while chain.end() < end {
            let seals = self.ledger.seals(chain.end(), BLOCK).await?;
            if seals.is_empty() {
                break;
            }
            for seal in seals {
                chain.check(&seal)?;
                chain.pass(seal);
            }
        }
        Ok(needed)
    }
}

/// Returns the first missing month, from the current one on.
fn missing(there: &[NaiveDate], now: DateTime<Utc>) -> Option<NaiveDate> {
    let first = now.date_naive().with_day(1)?;
    let wanted =
        (0..=MONTHS_AHEAD).filter_map(|ahead| first.checked_add_months(Months::new(ahead)));
    wanted.into_iter().find(|month| !there.contains(month))
}
