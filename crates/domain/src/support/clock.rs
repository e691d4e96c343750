//! Time and identifiers as ports, so that tests can fix both and compare whole replies.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The source of the current time.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait Clock: Send + Sync {
    /// Returns the current time in UTC, truncated to microseconds: the precision of the store, so
    /// that a value read back equals the value written.
    fn now(&self) -> DateTime<Utc>;
}

/// The source of new identifiers.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait IdSource: Send + Sync {
    /// Returns a new identifier. In production it is a UUID of version 7, which is ordered by time,
    /// so that rows that were written together are stored together.
    fn new_id(&self) -> Uuid;
}
