//! `audit.seal`: seals the entries of the trail that were committed.

use super::{Job, JobError, Step};
use crate::audit::AuditSealer;
use async_trait::async_trait;
use customer_domain::job::JobName;
use std::time::Duration;

/// How often: what is younger is not sealed yet.
const EVERY: Duration = Duration::from_secs(1);

/// The job.
pub struct SealAudit(pub AuditSealer);

#[async_trait]
impl Job for SealAudit {
    fn name(&self) -> JobName {
        JobName("audit.seal")
    }

    fn every(&self) -> Duration {
        EVERY
    }

    /// What is left to do shows in what is there, so the cursor says nothing. Two that seal at once
    /// make the same numbers, of which the store takes one.
    async fn run(&self, _cursor: Option<String>) -> Result<Step, JobError> {
        let sealed = self.0.seal().await?;
        let processed = u64::try_from(sealed.count).unwrap_or(u64::MAX);
        Ok(if sealed.has_more {
            Step::More {
                cursor: String::new(),
                processed,
            }
        } else {
            Step::Done { processed }
        })
    }
}
