//! What several slices share: failures, replies, idempotent requests and JSON values.

pub(crate) mod envelope;
pub(crate) mod failure;
pub(crate) mod items;
pub(crate) mod log_levels;
pub(crate) mod merge;
pub(crate) mod params;
pub(crate) mod patch;
pub(crate) mod reply;
pub(crate) mod stated;
pub(crate) mod vocabulary;
pub(crate) mod wire;
