//! Idempotent requests: sent repeatedly, they take effect once.

use crate::{StoreError, TenantId};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::fmt;
use thiserror::Error;

/// The maximum length of an idempotency key, in characters.
pub const MAX_KEY: usize = 255;

/// The claim of a caller to process a request under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyClaim {
    /// The kind and id of the caller: different callers can use the same key independently.
    pub caller: String,
    /// The operation, which is the same for every alias of the route.
    pub route: String,
    /// The key that the caller chose.
    pub key: String,
    /// A keyed digest of the body, which is not stored itself.
    pub body_digest: [u8; 32],
    /// The current time, by the service's clock.
    pub now: DateTime<Utc>,
    /// When the stored reply expires.
    pub expires_at: DateTime<Utc>,
}

/// A reply as it was sent.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredReply {
    /// HTTP status.
    pub status: u16,
    /// The header `Location`, if there was one.
    pub location: Option<String>,
    /// The header `ETag`, if there was one.
    pub etag: Option<String>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// Leaves out the body, which contains personal data.
impl fmt::Debug for StoredReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredReply")
            .field("status", &self.status)
            .field("location", &self.location)
            .field("etag", &self.etag)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// The position of a reply within its tenant's replies, which are sorted by these fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplyKey {
    /// The caller.
    pub caller: String,
    /// The operation.
    pub route: String,
    /// The key that the caller chose.
    pub key: String,
}

/// The result of one batch of a purge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Purged {
    /// The number of replies examined.
    pub seen: u32,
    /// How many of them had expired and were deleted.
    pub deleted: u32,
    /// The last reply that was examined, if any.
    pub last: Option<ReplyKey>,
}

/// Deletes expired replies.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait IdempotencyPurge: Send + Sync {
    /// Examines a tenant's replies after `after`, at most `limit`, in their order, and deletes
    /// those that had expired at `now`. A reply that replaces an expired one in the meantime MUST
    /// stay.
    ///
    /// # Errors
    /// [`StoreError::Contended`], [`StoreError::Unavailable`].
    async fn purge(
        &self,
        tenant: TenantId,
        after: Option<ReplyKey>,
        now: DateTime<Utc>,
        limit: u32,
    ) -> Result<Purged, StoreError>;
}

/// The reason why a claim was not granted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClaimError {
    /// The first request with this key is still in progress.
    #[error("a request with this key is in progress")]
    InFlight,
    /// The key was used with another body.
    #[error("the key was used with another body")]
    KeyReused,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Claimed;

    #[test]
    fn what_a_reply_says_is_not_logged() {
        let reply = StoredReply {
            status: 201,
            location: None,
            etag: None,
            body: b"hunter2".to_vec(),
        };
        let logged = format!("{:?}", Claimed::Replay(reply));
        assert!(logged.contains("201") && logged.contains("7 bytes"));
        assert!(!logged.contains("hunter2") && !logged.contains("104"));
    }
}
