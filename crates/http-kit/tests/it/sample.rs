//! A small router with the whole middleware stack.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use http_body_util::BodyExt as _;
use http_kit::code::{Code, Row};
use http_kit::context::{IdSource, RequestContext};
use http_kit::extract::{JsonBody, OptionalJsonBody, PathSegments};
use http_kit::fault::Fault;
use http_kit::fields::Fields;
use http_kit::headers::CorsOrigins;
use http_kit::limits::Limits;
use http_kit::normalise::AliasTable;
use http_kit::origin::TrustedProxies;
use http_kit::problem::{HttpResult, Problem};
use http_kit::stack::{HttpSettings, wrap};
use serde_json::Value;
use tower::ServiceExt as _;
use uuid::Uuid;

const EMAIL_ALREADY_EXISTS: Code = Code::new(&Row {
    name: "EMAIL_ALREADY_EXISTS",
    page: "email-already-exists",
    status: StatusCode::CONFLICT,
    title: "The e-mail address belongs to another customer",
    retryable: false,
});
const INVALID_CUSTOMER_ID: Code = Code::new(&Row {
    name: "INVALID_CUSTOMER_ID",
    page: "invalid-customer-id",
    status: StatusCode::BAD_REQUEST,
    title: "The customer id is not valid",
    retryable: false,
});

static TABLE: AliasTable = AliasTable {
    objects: &["/profile"],
    aliases: &[("/firstName", "/profile/firstName")],
};

pub(crate) fn settings() -> HttpSettings {
    let next = AtomicU64::new(1);
    let ids: IdSource =
        Arc::new(move || Uuid::from_u64_pair(0, next.fetch_add(1, Ordering::Relaxed)));
    let limits = Limits {
        body_deadline: Duration::from_millis(200),
        request_deadline: Duration::from_millis(400),
        in_flight: 2,
        ..Limits::default()
    };
    let cors = CorsOrigins::new(["https://shop.example"]).expect("an origin");
    HttpSettings {
        limits,
        cors,
        ids,
        proxies: TrustedProxies::default(),
        always_served: &["/health/live"],
        observer: |_| Box::new(|_| ()),
    }
}

pub(crate) fn app() -> Router {
    let customers = Router::new()
        .route("/customers", post(create).get(list))
        .route("/customers/{customerId}", get(read))
        .route("/customers/{customerId}/suspend", post(suspend));
    let router = Router::new()
        .nest("/api/v1", customers.clone())
        .nest("/v1", customers)
        .route("/panic", get(panics))
        .route("/panic-late", get(panics_late))
        .route("/slow", get(slow))
        .route("/health/live", get(async || "alive"))
        .route(
            "/taken",
            get(async || Problem::new(EMAIL_ALREADY_EXISTS).member("customerId", "c-1")),
        )
        .route(
            "/raw-error",
            get(async || {
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "SELECT secret FROM src/lib.rs",
                )
            }),
        );
    wrap(router, settings())
}

async fn create(request: Request<Body>) -> HttpResult<(StatusCode, String)> {
    let (parts, body) = request.into_parts();
    let mut fields = JsonBody::read(&parts, body).await?.fields(&TABLE);
    let email = fields.text("email").max(255).required();
    let first = fields.text("profile/firstName").max(100).optional();
    fields.free_object("metadata", 10_000).optional();
    let (email, first) = fields.build(|| Some((email?, first)))?;
    Ok((
        StatusCode::CREATED,
        format!("{email} {}", first.unwrap_or_default()),
    ))
}

async fn list(uri: Uri) -> HttpResult<String> {
    let mut query = Fields::query(uri.query());
    query.ignore(&["tenant_id"]);
    let page = query.integer("page", 1..=500).optional();
    let size = query.integer("page_size", 1..=100).optional();
    query.finish()?;
    Ok(format!("{page:?} {size:?}"))
}

async fn read(segments: PathSegments, context: RequestContext) -> HttpResult<String> {
    let text = segments.text("customerId");
    let id = Uuid::try_parse(text.trim_start_matches("cust_"));
    let id = id.map_err(|_| Fault::new("{customerId}", INVALID_CUSTOMER_ID, "must be a UUID"))?;
    Ok(format!("{id} {}", context.correlation_id))
}

async fn suspend(request: Request<Body>) -> HttpResult<String> {
    let (parts, body) = request.into_parts();
    let body = OptionalJsonBody::read(&parts, body).await?;
    let mut fields = body.fields(&AliasTable::FLAT);
    let reason = fields.text("reason").optional();
    fields.finish()?;
    Ok(reason.unwrap_or_default())
}

async fn panics() -> Response {
    panic_with("forced, with /a/secret/path").into_response()
}

/// Panics, as a faulty handler would.
fn panic_with(text: &str) -> String {
    None::<String>.into_iter().next().expect(text)
}

async fn panics_late() -> Response {
    tokio::task::yield_now().await;
    panics().await
}

async fn slow() -> Response {
    tokio::time::sleep(Duration::from_mins(1)).await;
    "too late".into_response()
}

/// A reply that was read completely.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    /// Returns the code of a problem document, after checking what all of them have in common.
    pub(crate) fn code(&self) -> String {
        let document = self.json();
        assert_eq!(self.headers[CONTENT_TYPE], "application/problem+json");
        assert_eq!(document["status"], self.status);
        assert_eq!(document["success"], false);
        assert!(
            document["traceId"]
                .as_str()
                .is_some_and(|id| id.len() == 32)
        );
        assert!(
            document["instance"]
                .as_str()
                .is_some_and(|path| path.starts_with('/'))
        );
        let code = document["code"].as_str().expect("a code").to_owned();
        let page = format!("/docs/problems/{}", code.to_lowercase().replace('_', "-"));
        assert_eq!(document["type"], page);
        code
    }
}

pub(crate) async fn send(app: &Router, mut request: Request<Body>) -> Reply {
    let host = HeaderValue::from_static("a");
    request.headers_mut().insert(HOST, host);
    let response = app
        .clone()
        .oneshot(request)
        .await
        .expect("an infallible router");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let body = String::from_utf8(body.to_vec()).expect("a body in UTF-8");
    Reply {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    }
}

pub(crate) fn get_request(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).expect("a request")
}

pub(crate) fn post_json(uri: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(uri)
        .header(CONTENT_TYPE, "application/json")
        .body(body.into())
        .expect("a request")
}
