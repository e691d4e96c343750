//! The pages of the error codes, to which the `type` of a problem refers.

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::code::Code;
use http_kit::extract::PathSegments;
use http_kit::problem::{HttpResult, PAGES};

/// Serves the Markdown of each page at `GET /docs/problems/{page}`.
pub fn problem_pages<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route(&format!("{PAGES}/{{page}}"), get(page))
}

async fn page(segments: PathSegments) -> HttpResult<Response> {
    let code = Code::from_page(segments.text("page")).ok_or(Code::RouteNotFound)?;
    let headers = [
        (CONTENT_TYPE, "text/markdown; charset=utf-8"),
        (CACHE_CONTROL, "max-age=3600"),
    ];
    Ok((headers, code.markdown()).into_response())
}
