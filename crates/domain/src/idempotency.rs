//! Requests that can be sent twice and count once.

use crate::{StoreError, TenantId, UnitOfWork};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::fmt;
use thiserror::Error;

/// Characters of an idempotency key.
pub const MAX_KEY: usize = 255;

/// What a caller claims: this request, under this key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyClaim {
    /// Who calls: the same key of another caller is another key.
    pub caller: String,
    /// The operation, the same whichever alias of the route was used.
    pub route: String,
    /// The key that the caller chose.
    pub key: String,
    /// Digest of the body, keyed: the body itself is not kept.
    pub body_digest: [u8; 32],
    /// Now, by the service's clock.
    pub now: DateTime<Utc>,
    /// Until when the reply is kept.
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

/// Without the body: it holds personal data.
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

/// What became of a claim.
pub enum Claimed {
    /// It is this caller's: the work may begin.
    Started(Box<dyn UnitOfWork>),
    /// The work was done before; this was the reply.
    Replay(StoredReply),
}

impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(_) => f.write_str("Started(..)"),
            Self::Replay(reply) => f.debug_tuple("Replay").field(reply).finish(),
        }
    }
}

/// Where a reply lies among those of its tenant, which lie in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplyKey {
    /// Who called.
    pub caller: String,
    /// The operation.
    pub route: String,
    /// The key that the caller chose.
    pub key: String,
}

/// What one look at the replies of a tenant did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Purged {
    /// Replies that it looked at.
    pub seen: u32,
    /// Those of them that had expired, and are gone.
    pub deleted: u32,
    /// The last that it looked at, if there was one.
    pub last: Option<ReplyKey>,
}

/// Takes away replies that nobody is answered with any more.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait IdempotencyPurge: Send + Sync {
    /// Looks at the replies of a tenant beyond `after`, at most `limit`, in their order, and deletes
    /// those that had expired at `now`. A reply that is stored meanwhile in place of an expired one
    /// MUST stay.
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

/// Why a claim cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClaimError {
    /// The first request under this key has not ended yet.
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
