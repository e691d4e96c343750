//! `idempotency.purge`: deletes expired replies, which are useless and contain personal data.

use super::{Cursor, Job, JobError, JobStep};
use async_trait::async_trait;
use customer_domain::idempotency::{IdempotencyPurge, ReplyKey};
use customer_domain::job::JobName;
use customer_domain::tenant::TenantReads;
use customer_domain::{Clock, TenantId};
use std::iter;
use std::sync::Arc;
use std::time::Duration;

/// The number of replies examined in a chunk.
pub const CHUNK: u32 = 1_000;
/// The most tenants in a chunk; at least two, so that each chunk makes progress.
const MAX_TENANTS: usize = 100;

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

/// The position up to which everything was examined: a tenant, and a position among its replies.
#[derive(Debug, PartialEq, Eq)]
pub struct ReplyPosition {
    tenant: TenantId,
    after: Option<ReplyKey>,
}

#[async_trait]
impl Job for PurgeReplies {
    type Cursor = ReplyPosition;

    fn name(&self) -> JobName {
        JobName("idempotency.purge")
    }

    fn every(&self) -> Duration {
        self.every
    }

    async fn run(&self, cursor: Option<ReplyPosition>) -> Result<JobStep<ReplyPosition>, JobError> {
        let now = self.clock.now();
        let mut tenants = self.tenants.all().await?;
        tenants.sort_by_key(|tenant| tenant.id);
        let (mut room, mut deleted) = (CHUNK, 0);
        let begin = cursor.as_ref().map(|cursor| cursor.tenant);
        let mut after = cursor.and_then(|cursor| cursor.after);
        let left = tenants.into_iter().map(|tenant| tenant.id);
        let left = left.filter(|tenant| Some(*tenant) >= begin);
        for (asked, tenant) in (1..).zip(left) {
            let after = after.take().filter(|_| Some(tenant) == begin);
            let purged = self.replies.purge(tenant, after.clone(), now, room).await?;
            deleted += u64::from(purged.deleted);
            room = room.saturating_sub(purged.seen);
            if room == 0 || asked == MAX_TENANTS {
                let after = purged.last.or(after);
                return Ok(JobStep::More {
                    cursor: ReplyPosition { tenant, after },
                    processed: deleted,
                });
            }
        }
        Ok(JobStep::Done { processed: deleted })
    }
}

impl Cursor for ReplyPosition {
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
            let place = ReplyPosition { tenant, after };
            assert_eq!(read(&written(&place)), Some(place));
        }
        for other in ["", "2026-01-01", "[]", "[\"t\",[\"x\"]]", "[\"t\"]"] {
            assert_eq!(read::<ReplyPosition>(other), None, "{other}");
        }
    }
}
