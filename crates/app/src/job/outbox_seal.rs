//! `outbox.seal`: seals the events that older programs left open.

use super::{Job, JobError, Step};
use async_trait::async_trait;
use customer_domain::job::JobName;
use customer_domain::outbox::{OutboxPosition, OutboxSealing};
use std::sync::Arc;
use std::time::Duration;

/// How often. A replica of the older program may still be there while this one starts.
const EVERY: Duration = Duration::from_mins(10);
/// Events of one chunk.
const CHUNK: u32 = 500;

/// The job.
pub struct SealOutbox(pub Arc<dyn OutboxSealing>);

#[async_trait]
impl Job for SealOutbox {
    fn name(&self) -> JobName {
        JobName("outbox.seal")
    }

    fn every(&self) -> Duration {
        EVERY
    }

    async fn run(&self, cursor: Option<String>) -> Result<Step, JobError> {
        let after = cursor.as_deref().and_then(read);
        Ok(match self.0.seal_some(after, CHUNK).await? {
            Some(sealed) => Step::More {
                cursor: written(sealed.last),
                processed: sealed.count,
            },
            None => Step::Done { processed: 0 },
        })
    }
}

fn written(OutboxPosition { tenant, event }: OutboxPosition) -> String {
    format!("{tenant} {event}")
}

fn read(cursor: &str) -> Option<OutboxPosition> {
    let (tenant, event) = cursor.split_once(' ')?;
    Some(OutboxPosition {
        tenant: tenant.parse().ok()?,
        event: event.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_any_other_is_none() {
        let position = OutboxPosition {
            tenant: "018f3c1e-7d7c-7b5a-9c11-2f5a8e6d4b3a".parse().unwrap(),
            event: "018f3c1e-7d7c-7b5a-9c11-2f5a8e6d4b3b".parse().unwrap(),
        };
        assert_eq!(read(&written(position)), Some(position));
        for other in ["", "x y", "1 2"] {
            assert_eq!(read(other), None);
        }
    }
}
