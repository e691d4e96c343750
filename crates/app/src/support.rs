//! Plumbing that every use case shares.

pub(crate) mod retry;
