//! Infrastructure that every slice shares.

pub(crate) mod clock;
pub(crate) mod context;
pub(crate) mod country;
pub(crate) mod digest;
pub(crate) mod error;
pub(crate) mod fault;
pub(crate) mod field;
pub(crate) mod health;
pub(crate) mod hidden;
pub(crate) mod id;
pub(crate) mod merge;
pub mod money;
pub(crate) mod page;
pub(crate) mod patch;
pub(crate) mod permission;
pub(crate) mod phone;
pub(crate) mod reference;
pub mod text;
pub(crate) mod vocabulary;
