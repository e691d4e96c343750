//! The OpenAPI document, and a page that renders it without internet access.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use std::borrow::Cow;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::Config;

use crate::code::Code;
use http_kit::extract::PathSegments;
use http_kit::problem::{HttpResult, Problem};

/// The path of the document.
pub const DOCUMENT: &str = "/api-docs/openapi.json";

#[derive(Clone)]
struct Docs {
    document: Bytes,
    config: Arc<Config<'static>>,
}

/// Returns the routes of the document at `/api-docs/openapi.json` and of its rendering at `/docs`.
pub(crate) fn router(document: &OpenApi) -> Router {
    let docs = Docs {
        document: serde_json::to_vec(document).unwrap_or_default().into(),
        // By default the page sends the document to a validator on the internet.
        config: Arc::new(Config::from(DOCUMENT).validator_url("none")),
    };
    Router::new()
        .route(DOCUMENT, get(serve_document))
        .route("/docs", get(|| async { Redirect::temporary("/docs/") }))
        .route("/docs/", get(index))
        .route("/docs/{file}", get(file))
        .with_state(docs)
}

async fn serve_document(State(docs): State<Docs>) -> Response {
    ([(CONTENT_TYPE, "application/json")], docs.document).into_response()
}

async fn index(State(docs): State<Docs>) -> HttpResult<Response> {
    swagger(&docs, "index.html")
}

async fn file(State(docs): State<Docs>, path: PathSegments) -> HttpResult<Response> {
    swagger(&docs, path.text("file"))
}

fn swagger(docs: &Docs, name: &str) -> HttpResult<Response> {
    let found = utoipa_swagger_ui::serve(name, Arc::clone(&docs.config)).map_err(|error| {
        tracing::error!(%error, "a file of the documentation could not be rendered");
        Problem::from(Code::Internal)
    })?;
    let file = found.ok_or_else(|| Problem::from(Code::RouteNotFound))?;
    let bytes: Cow<'static, [u8]> = Cow::Owned(file.bytes.into_owned());
    let mut response = ([(CONTENT_TYPE, file.content_type)], bytes.into_owned()).into_response();
    if file.gzpipped {
        let gzip = http::HeaderValue::from_static("gzip");
        response.headers_mut().insert(CONTENT_ENCODING, gzip);
    }
    Ok(response)
}
