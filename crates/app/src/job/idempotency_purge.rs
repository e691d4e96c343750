//! `idempotency.purge`: replies that expired are of no use to anyone, and hold personal data.

use super::{Job, JobError, Step};
use async_trait::async_trait;
use customer_domain::Clock;
use customer_domain::idempotency::{IdempotencyPurge, ReplyKey};
use customer_domain::job::JobName;
use customer_domain::tenant::TenantReads;
use std::sync::Arc;
use std::time::Duration;

/// Replies that one chunk looks at.
pub const CHUNK: u32 = 1_000;
/// Tenants that one chunk asks for theirs; at least two, so that each chunk gets further.
const MOST_TENANTS: usize = 100;

/// The job.
pub struct PurgeReplies {
    /// Takes them away.
    pub replies: Arc<dyn IdempotencyPurge>,
    /// Whose they are.
    pub tenants: Arc<dyn TenantReads>,
    /// Tells what has expired.
    pub clock: Arc<dyn Clock>,
    /// How often.
    pub every: Duration,
}

/// Up to where everything was looked at: a tenant, by its id, and a place among its replies.
struct Place {
    tenant: String,
    after: Option<ReplyKey>,
}

#[async_trait]
impl Job for PurgeReplies {
    fn name(&self) -> JobName {
        JobName("idempotency.purge")
    }

    fn every(&self) -> Duration {
        self.every
    }

    async fn run(&self, cursor: Option<String>) -> Result<Step, JobError> {
        let place = cursor.as_deref().and_then(Place::read);
        let now = self.clock.now();
        let mut tenants = self.tenants.all().await?;
        tenants.sort_by_key(|tenant| tenant.id);
        let (mut room, mut deleted) = (CHUNK, 0);
        let (begin, mut after) =
            place.map_or_else(Default::default, |place| (place.tenant, place.after));
        let left = tenants
            .into_iter()
            .map(|tenant| (tenant.id, tenant.id.to_string()))
            .filter(|(_, text)| *text >= begin);
        for (asked, (id, tenant)) in (1..).zip(left) {
            let after = after.take().filter(|_| tenant == begin);
            let purged = self.replies.purge(id, after.clone(), now, room).await?;
            deleted += u64::from(purged.deleted);
            room = room.saturating_sub(purged.seen);
            if room == 0 || asked == MOST_TENANTS {
                let after = purged.last.or(after);
                return Ok(Step::More {
                    cursor: Place { tenant, after }.written(),
                    processed: deleted,
                });
            }
        }
        Ok(Step::Done { processed: deleted })
    }
}

impl Place {
    fn written(&self) -> String {
        let after = self.after.as_ref();
        let after = after.map(|after| [&after.caller, &after.route, &after.key]);
        serde_json::json!([self.tenant, after]).to_string()
    }

    fn read(cursor: &str) -> Option<Self> {
        let (tenant, after): (String, Option<[String; 3]>) = serde_json::from_str(cursor).ok()?;
        let after = after.map(|[caller, route, key]| ReplyKey { caller, route, key });
        Some(Self { tenant, after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_another_programs_counts_as_none() {
        let key = ReplyKey {
            caller: "key-a".to_owned(),
            route: "POST /customers".to_owned(),
            key: "é\u{1}\",[\\".to_owned(),
        };
        for after in [None, Some(key)] {
            let tenant = "t".to_owned();
            let place = Place { tenant, after };
            let read = Place::read(&place.written()).expect("a place");
            assert_eq!((read.tenant, read.after), (place.tenant, place.after));
        }
        for other in ["", "2026-01-01", "[]", "[\"t\",[\"x\"]]"] {
            assert!(Place::read(other).is_none(), "{other}");
        }
    }
}
