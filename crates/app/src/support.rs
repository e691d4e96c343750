//! Infrastructure that every use case shares.

pub(crate) mod failed;
pub(crate) mod refusal;
pub(crate) mod retry;
pub(crate) mod stated;
pub(crate) mod version;
