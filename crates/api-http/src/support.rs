//! What several slices share: failures, replies, idempotent claims, values on the wire.

pub(crate) mod claim;
pub(crate) mod cursor;
pub(crate) mod envelope;
pub(crate) mod failure;
pub(crate) mod items;
pub(crate) mod reply;
pub(crate) mod stated;
pub(crate) mod wire;
