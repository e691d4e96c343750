//! The use cases of the customer service, over the ports of the domain.
//!
//! Each use case is linear: begin, load, decide (a pure call into the domain), store, record,
//! commit. Every early return before the commit leaves the store unchanged. Nothing here depends on
//! a database, HTTP or JSON bodies.
#![deny(missing_docs)]

pub mod access;
pub mod address;
pub mod api_key;
pub mod audit;
pub mod customer;
pub mod group;
pub mod idempotency;
pub mod job;
pub mod note;
pub mod privacy;
mod support;
pub mod tag;
pub mod tenant;

pub use support::failed::{Failed, Rule};
pub use support::stated::Stated;
