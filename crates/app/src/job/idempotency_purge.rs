//! `idempotency.purge`: deletes expired replies, which are useless and contain personal data.

use super::tenants::{TenantPosition, TenantWalk};
use super::{Cursor, Job, JobError, JobStep};
use async_trait::async_trait;
use customer_domain::Clock;
use customer_domain::idempotency::{IdempotencyPurge, ReplyKey};
use customer_domain::job::JobName;
use customer_domain::tenant::{Tenant, TenantReads};
use std::iter;
use std::sync::Arc;
use std::time::Duration;

/// The number of replies examined in a chunk.
pub const CHUNK: u32 = 1_000;
/// The job.
pub struct PurgeReplies {
    /// Deletes the replies.
    pub replies: Arc<dyn IdempotencyPurge>,
    /// The tenants whose replies are examined.
    pub tenants: Arc<dyn TenantReads>,
    /// The clock, which decides what has expired.
    pub clock: Arc<dyn Clock>,
    /// The interval of the job.
    pub every: Duration,
}

#[async_trait]
impl Job for PurgeReplies {
    type Cursor = TenantPosition<ReplyKey>;

    fn name(&self) -> JobName {
        JobName("idempotency.purge")
    }

    fn every(&self) -> Duration {
        self.every
    }

    async fn run(&self, cursor: Option<Self::Cursor>) -> Result<JobStep<Self::Cursor>, JobError> {
        let now = self.clock.now();
        let mut walk = TenantWalk::new(self.tenants.all().await?, cursor, CHUNK);
        let mut processed = 0;
        while let Some((Tenant { id, .. }, after)) = walk.next() {
            let purged = self
                .replies
                .purge(id, after.clone(), now, walk.room)
                .await?;
            processed += u64::from(purged.deleted);
            if let Some(cursor) = walk.examined(id, purged.seen, purged.last.or(after)) {
                return Ok(JobStep::More { cursor, processed });
            }
        }
        Ok(JobStep::Done { processed })
    }
}

impl Cursor for TenantPosition<ReplyKey> {
    fn to_fields(&self) -> Vec<String> {
        let after = self.after.iter();
        let key =
            after.flat_map(|after| [&after.caller, &after.route, &after.key].map(Clone::clone));
        iter::once(self.tenant.to_string()).chain(key).collect()
    }

    fn from_fields(fields: &[String]) -> Option<Self> {
        let (tenant, after) = match fields {
            [tenant] => (tenant, None),
            [tenant, caller, route, key] => {
                let [caller, route, key] = [caller, route, key].map(Clone::clone);
                (tenant, Some(ReplyKey { caller, route, key }))
            }
            _ => return None,
        };
        let tenant = tenant.parse().ok()?;
        Some(Self { tenant, after })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheduled::{read, written};
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_another_programs_counts_as_none() {
        let key = ReplyKey {
            caller: "key-a".to_owned(),
            route: "POST /customers".to_owned(),
            key: "é\u{1}\",[\\".to_owned(),
        };
        for after in [None, Some(key)] {
            let tenant = "018f3c1e-7d7c-7b5a-9c11-2f5a8e6d4b3a".parse().unwrap();
            let place = TenantPosition { tenant, after };
            assert_eq!(read(&written(&place)), Some(place));
        }
        for other in ["", "2026-01-01", "[]", "[\"t\",[\"x\"]]", "[\"t\"]"] {
            assert_eq!(read::<TenantPosition<ReplyKey>>(other), None, "{other}");
        }
    }
}
