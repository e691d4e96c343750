//! Plumbing shared by every route: what a request may look like, what a failure looks like, and what surrounds both.
//!
//! A slice reads its input with [`extract`] and [`fields`], answers failures with [`problem::Problem`], and knows
//! nothing of limits, headers, metrics or tracing: [`stack::wrap`] puts those around the router, once.

pub mod code;
pub mod cursor;
pub mod etag;
pub mod extract;
pub mod fault;
pub mod fields;
pub mod headers;
pub mod idempotency;
pub mod json;
pub mod limits;
pub mod metrics;
pub mod normalise;
pub mod origin;
pub mod problem;
pub mod problem_pages;
pub mod query;
pub mod server;
pub mod stack;
pub mod trace;
