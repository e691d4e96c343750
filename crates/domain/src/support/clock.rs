//! Time and identifiers as ports, so that a test can fix both and compare whole replies.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Where "now" comes from.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Clock: Send + Sync {
    /// The present instant, in UTC, truncated to microseconds: what the store can keep, so
    /// that a value read back equals the value written.
    fn now(&self) -> DateTime<Utc>;
}

/// Where new identifiers come from.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait IdSource: Send + Sync {
    /// A new identifier. The production source yields UUID version 7: ordered by time, so that
    /// rows written together lie together.
    fn new_id(&self) -> Uuid;
}
