//! `outbox.seal`: seals the events that older versions of the service left unsealed.

use super::{Cursor, Job, JobError, JobStep};
use async_trait::async_trait;
use customer_domain::job::JobName;
use customer_domain::outbox::{OutboxPosition, OutboxSealing};
use std::sync::Arc;
use std::time::Duration;

/// The interval of the job. It repeats because a replica of the older version may outlive the start
/// of this one.
const EVERY: Duration = Duration::from_mins(10);
/// The number of events in a chunk.
const CHUNK: u32 = 500;

/// The job.
pub struct SealOutbox(pub Arc<dyn OutboxSealing>);

#[async_trait]
impl Job for SealOutbox {
    type Cursor = OutboxPosition;

    fn name(&self) -> JobName {
        JobName("outbox.seal")
    }

    fn every(&self) -> Duration {
        EVERY
    }

    async fn run(
        &self,
        cursor: Option<OutboxPosition>,
    ) -> Result<JobStep<OutboxPosition>, JobError> {
        Ok(match self.0.seal_some(cursor, CHUNK).await? {
            Some(sealed) => JobStep::More {
                cursor: sealed.last,
                processed: sealed.count,
            },
            None => JobStep::Done { processed: 0 },
        })
    }
}

impl Cursor for OutboxPosition {
    fn to_fields(&self) -> Vec<String> {
        vec![self.tenant.to_string(), self.event.to_string()]
    }

    fn from_fields(fields: &[String]) -> Option<Self> {
        let [tenant, event] = fields else {
            return None;
        };
        Some(Self {
            tenant: tenant.parse().ok()?,
            event: event.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheduled::{read, written};
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_any_other_is_none() {
        let position = OutboxPosition {
            tenant: "018f3c1e-7d7c-7b5a-9c11-2f5a8e6d4b3a".parse().unwrap(),
            event: "018f3c1e-7d7c-7b5a-9c11-2f5a8e6d4b3b".parse().unwrap(),
        };
        assert_eq!(read(&written(&position)), Some(position));
        for other in ["", "x y", "1 2", "[]", r#"["1","2"]"#, "[1,2]"] {
            assert_eq!(read::<OutboxPosition>(other), None, "{other}");
        }
    }
}
