//! The names that a file of routes uses, whatever its slice.

pub(crate) use crate::call::{Call, Request};
pub(crate) use crate::code::Code;
pub(crate) use crate::routes::{Routes, routes};
pub(crate) use crate::support::failure::{self, rule};
pub(crate) use crate::support::reply::{self, ReplyExt as _};
pub(crate) use axum::response::Response;
pub(crate) use customer_app::access::Needs;
pub(crate) use customer_app::idempotency::Idempotent;
pub(crate) use customer_domain::idempotency::StoredReply;
pub(crate) use http::StatusCode;
pub(crate) use http_kit::fields::Fields;
pub(crate) use http_kit::problem::{HttpResult, Problem};
pub(crate) use serde_json::{Value, json};
