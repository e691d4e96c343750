//! Infrastructure that every use case shares.

pub(crate) mod failed;
pub(crate) mod retry;
pub(crate) mod version;
