//! The parts of a strict JSON API over HTTP that do not depend on what the API is about.
//!
//! A handler reads its input with [`extract`] and [`fields`], which accept every spelling and report all faults at
//! once, and returns failures as a [`problem::Problem`]. It knows nothing of limits, headers or logs: [`stack::wrap`]
//! adds those around the router, once, and [`server`] serves it. A service defines its own error codes ([`code`]) and
//! observes every answered request ([`stack::Observer`]).
//!
//! ```
//! use axum::extract::Request;
//! use http_kit::{extract::JsonBody, normalise::AliasTable, problem::HttpResult};
//!
//! async fn order(request: Request) -> HttpResult<String> {
//!     let (parts, body) = request.into_parts();
//!     let mut fields = JsonBody::read(&parts, body).await?.fields(&AliasTable::FLAT);
//!     let article = fields.text("article").max(100).required();
//!     let count = fields.integer("count", 1..=99).required();
//!     fields.build(|| Some(format!("{} × {}", count?, article?)))
//! }
//! let routes: axum::Router = axum::Router::new().route("/orders", axum::routing::post(order));
//! ```

pub mod code;
pub mod context;
pub mod cursor;
pub mod etag;
pub mod extract;
pub mod fault;
pub mod fields;
pub mod headers;
pub mod idempotency;
pub mod json;
pub mod limits;
pub mod normalise;
pub mod origin;
pub mod problem;
pub mod query;
pub mod server;
pub mod stack;
