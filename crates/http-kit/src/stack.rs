//! The middleware around every route, in one place and in order.

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
use http::header::HOST;
use http::{StatusCode, Version};
use http_body_util::BodyExt as _;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::code::Code;
use crate::context::{IdSource, RequestContext};
use crate::headers::{self, CorsOrigins};
use crate::limits::{InFlight, Limits};
use crate::origin::TrustedProxies;
use crate::problem::{self, HttpResult, Problem};

/// Settings of the middleware.
#[derive(Clone)]
pub struct HttpSettings {
    /// Limits on the size, the duration and the number of requests.
    pub limits: Limits,
    /// The origins that may call from a browser.
    pub cors: CorsOrigins,
    /// Generates correlation and trace ids.
    pub ids: IdSource,
    /// The proxies whose forwarding headers are trusted.
    pub proxies: TrustedProxies,
    /// Paths that are served under any load, because monitoring must always get a reply.
    pub always_served: &'static [&'static str],
    /// Called with every request.
    pub observer: Observer,
}

/// Observes a request before it is handled, and may add to its extensions. The returned function is called with the
/// result.
pub type Observer = fn(&mut Request) -> OnAnswered;

/// Called when a request has been answered.
pub type OnAnswered = Box<dyn FnOnce(&Answered<'_>) + Send>;

/// How a request was answered.
#[derive(Debug)]
pub struct Answered<'a> {
    /// The ids and the path of the request.
    pub context: &'a RequestContext,
    /// The status of the reply.
    pub status: StatusCode,
    /// The error code; `None` if the request succeeded.
    pub code: Option<Code>,
    /// The time from the arrival of the request to the head of the reply.
    pub took: Duration,
}

struct Edge {
    settings: HttpSettings,
    in_flight: InFlight,
}

/// Wraps a router's routes, its 404 and its 405. From the outside in: context and observer, security headers and CORS,
/// problem documents, panics, limits.
///
/// Call it last: routes added afterwards are not wrapped.
pub fn wrap(router: Router, settings: HttpSettings) -> Router {
    let in_flight = InFlight::new(settings.limits.in_flight, settings.always_served);
    let edge = Edge {
        settings,
        in_flight,
    };
    router
        .fallback(route_not_found)
        .layer(from_fn_with_state(Arc::new(edge), surround))
}

async fn route_not_found() -> Problem {
    Code::ROUTE_NOT_FOUND.into()
}

async fn surround(State(edge): State<Arc<Edge>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let settings = &edge.settings;
    let context = RequestContext::open(request.headers(), request.uri().path(), &settings.ids);
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(peer)| *peer);
    let origin = settings.proxies.origin(peer, request.headers());
    let grant = settings.cors.grant(&request);
    request.extensions_mut().insert(origin);
    request.extensions_mut().insert(context.clone());
    request.extensions_mut().insert(settings.limits.clone());
    let on_answered = (settings.observer)(&mut request);

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

    on_answered(&Answered {
        context: &context,
        status: response.status(),
        code: response.extensions().get().copied(),
        took: started.elapsed(),
    });
    response
}

impl Edge {
    async fn answer(&self, request: Request, next: Next) -> HttpResult<Response> {
        let HttpSettings { limits, cors, .. } = &self.settings;
        limits.check_headers(&request)?;
        check_host(&request)?;
        if let Some(preflight) = cors.preflight(&request) {
            return Ok(preflight);
        }
        let place = self.in_flight.enter(request.uri().path())?;
        let deadline = limits.request_deadline;
        let response = tokio::time::timeout(deadline, next.run(request))
            .await
            .map_err(|_| too_slow(deadline))?;
        Ok(response.map(|body| keep_place(body, place)))
    }
}

/// Rejects a request without exactly one `Host`, as RFC 9112, 3.2 requires: a proxy before the service may have routed
/// it by another one.
fn check_host(request: &Request) -> HttpResult<()> {
    let hosts = request.headers().get_all(HOST).iter().count();
    if hosts == 1 || (hosts == 0 && request.version() < Version::HTTP_11) {
        return Ok(());
    }
    Err(Problem::new(Code::VALIDATION_FAILED).detail("Host must be sent once"))
}

/// Holds the place until a streamed body ends, because until then the request is still in flight.
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
    Problem::new(Code::UNAVAILABLE)
        .detail(detail)
        .retry_after(1)
}

/// Logs no location: the panic hook has already logged it.
fn panicked() -> Problem {
    tracing::error!("a request handler panicked");
    Code::INTERNAL.into()
}
