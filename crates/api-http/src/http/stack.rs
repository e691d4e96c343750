//! What surrounds every route, in one place and in order.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http::Version;
use http::header::HOST;
use http_body_util::BodyExt as _;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::code::Code;
use super::headers::{self, CorsOrigins};
use super::limits::{InFlight, Limits};
use super::metrics;
use super::origin::TrustedProxies;
use super::problem::{self, Answer, Problem};
use super::trace::{self, Acting, Answered, IdSource, RequestContext};

/// What the surroundings of the routes need to know.
#[derive(Clone)]
pub struct HttpSettings {
    /// Sizes, deadlines, number of requests.
    pub limits: Limits,
    /// Who may call from a browser.
    pub cors: CorsOrigins,
    /// Makes correlation and trace ids.
    pub ids: IdSource,
    /// Who is believed when it says for whom it asks.
    pub proxies: TrustedProxies,
}

struct Edge {
    limits: Arc<Limits>,
    in_flight: InFlight,
    cors: CorsOrigins,
    ids: IdSource,
    proxies: TrustedProxies,
}

/// Surrounds a router's routes, its 404 and its 405. From the outside in: context and log, metrics, security headers
/// and CORS, problem documents, panics, limits.
///
/// Call it last: routes added afterwards are not surrounded.
pub fn wrap(router: Router, settings: HttpSettings) -> Router {
    let HttpSettings {
        limits,
        cors,
        ids,
        proxies,
    } = settings;
    let edge = Edge {
        in_flight: InFlight::new(limits.in_flight),
        limits: Arc::new(limits),
        cors,
        ids,
        proxies,
    };
    router
        .fallback(route_not_found)
        .layer(from_fn_with_state(Arc::new(edge), surround))
}

async fn route_not_found() -> Problem {
    Code::RouteNotFound.into()
}

async fn surround(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let context = RequestContext::open(request.headers(), request.uri().path(), &edge.ids);
    let endpoint = metrics::endpoint(request.extensions());
    let method = metrics::method_label(request.method());
    let customer = trace::customer_of(request.extensions(), request.uri().path());
    let acting = Acting::default();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(peer)| *peer);
    let origin = edge.proxies.origin(peer, request.headers());
    let grant = edge.cors.grant(&request);
    request.extensions_mut().insert(origin);
    request.extensions_mut().insert(context.clone());
    request.extensions_mut().insert(acting.clone());
    request.extensions_mut().insert(Arc::clone(&edge.limits));

    let answered = AssertUnwindSafe(edge.answer(request, next))
        .catch_unwind()
        .instrument(context.span())
        .await;
    let response = answered
        .unwrap_or_else(|_| Err(panicked()))
        .unwrap_or_else(IntoResponse::into_response);

    let mut response = problem::finish(response, &context);
    headers::secure(response.headers_mut(), &context.path);
    grant.apply(response.headers_mut());
    context.stamp(response.headers_mut());

    let (status, code, took) = (
        response.status(),
        response.extensions().get::<Code>().copied(),
        started.elapsed(),
    );
    metrics::record(&endpoint, method, status, code, took);
    let answered = Answered {
        context: &context,
        acting: &acting,
        customer,
        method,
        route: &endpoint,
        status,
        took,
    };
    answered.log();
    response
}

impl Edge {
    async fn answer(&self, request: Request, next: Next) -> Answer<Response> {
        self.limits.check_headers(&request)?;
        check_host(&request)?;
        if let Some(preflight) = self.cors.preflight(&request) {
            return Ok(preflight);
        }
        let place = self.in_flight.enter(request.uri().path())?;
        let deadline = self.limits.request_deadline;
        let response = tokio::time::timeout(deadline, next.run(request))
            .await
            .map_err(|_| too_slow(deadline))?;
        Ok(response.map(|body| keep_place(body, place)))
    }
}

/// Refuses what RFC 9112, 3.2 asks every server to refuse: a request without exactly one `Host`, which proxies before
/// the service may have routed by another one.
fn check_host(request: &Request) -> Answer<()> {
    let hosts = request.headers().get_all(HOST).iter().count();
    if hosts == 1 || (hosts == 0 && request.version() < Version::HTTP_11) {
        return Ok(());
    }
    Err(Problem::new(Code::ValidationFailed).detail("Host must be sent once"))
}

/// A body that is still being made is a request still being answered.
fn keep_place(body: Body, place: Option<OwnedSemaphorePermit>) -> Body {
    if body.size_hint().exact().is_some() {
        return body;
    }
    Body::new(body.map_frame(move |frame| {
        let _place = &place;
        frame
    }))
}

fn too_slow(deadline: Duration) -> Problem {
    let detail = format!("the request took longer than {} s", deadline.as_secs_f64());
    Problem::new(Code::Unavailable)
        .detail(detail)
        .retry_after(1)
}

/// Nothing more is logged here: the panic hook has written where it was.
fn panicked() -> Problem {
    tracing::error!("a request handler panicked");
    Code::Internal.into()
}
