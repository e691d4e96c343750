//! Access control: who may call each route, and how credentials are presented.

use crate::code::Code;
use crate::metrics;
use crate::observe::Acting;
use crate::openapi;
use crate::support::failure;
use crate::support::params::{CUSTOMER_ID, ME, in_path};
use axum::Extension;
use axum::extract::{FromRequestParts as _, Request};
use axum::middleware::{self, Next};
use axum::response::Response;
use customer_app::access::{Access, AccessError, Admitted, Incoming, Needs};
use customer_domain::access::Caller;
use customer_domain::customer::CustomerRef;
use customer_domain::{Context, Origin};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName};
use http_kit::context::RequestContext;
use http_kit::extract::PathSegments;
use http_kit::fault::Fault;
use http_kit::origin;
use http_kit::problem::{HttpResult, Problem};
use std::sync::Arc;
use utoipa_axum::router::UtoipaMethodRouter;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Routes of one path that do not declare yet who may call them. A router takes none of them before
/// [`needs`] or [`public`] has.
pub(crate) struct Undeclared<S>(pub(crate) UtoipaMethodRouter<S>);

/// Collects the handlers of one path, as [`utoipa_axum::routes!`] does.
macro_rules! routes {
    ($($handlers:tt)*) => { $crate::access::Undeclared(utoipa_axum::routes!($($handlers)*)) };
}
pub(crate) use routes;

/// Lets everyone call these routes.
pub(crate) fn public<S>(Undeclared(routes): Undeclared<S>) -> UtoipaMethodRouter<S> {
    routes
}

/// Documents who may call these routes, and rejects all other callers before a handler runs,
/// whatever arguments the handler takes.
pub(crate) fn needs<S>(
    who: Needs,
    Undeclared((schemas, mut paths, routes)): Undeclared<S>,
) -> UtoipaMethodRouter<S>
where
    S: Clone + Send + Sync + 'static,
{
    openapi::secure(&mut paths, who);
    let guard = middleware::from_fn(move |access, request, next| guard(who, access, request, next));
    (schemas, paths, routes.route_layer(guard))
}

/// Runs the route if the caller has what `who` requires.
async fn guard(
    who: Needs,
    Extension(access): Extension<Arc<Access>>,
    request: Request,
    next: Next,
) -> HttpResult<Response> {
    let (mut parts, body) = request.into_parts();
    let admission = Admission::new(&mut parts, &access, who).await?;
    parts.extensions.insert(admission);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// A request whose caller was admitted, with what was learned about it on the way.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    pub(crate) incoming: Incoming,
    admitted: Admitted,
    pub(crate) path: PathSegments,
}

impl Admission {
    async fn new(parts: &mut Parts, access: &Access, who: Needs) -> HttpResult<Self> {
        let incoming = incoming(parts, access).await?;
        let path = PathSegments::from_request_parts(parts, &()).await;
        let customer = path.as_ref().ok();
        let customer = customer.and_then(|path| customer_ref(path, &incoming.caller).ok());
        let admitted = access.admit(&incoming, who, customer).await;
        let admitted = admitted.map_err(|error| problem(error, Code::CustomerNotFound))?;
        Ok(Self {
            incoming,
            admitted,
            path: path?,
        })
    }

    /// Takes the admission out of a request. A public route admits no caller, and so has no
    /// admission to take.
    pub(crate) fn take(extensions: &mut Extensions) -> HttpResult<Self> {
        extensions.remove().ok_or_else(|| {
            tracing::error!("a public route asks who calls it");
            Code::Internal.into()
        })
    }

    /// Returns the customer that the path names.
    pub(crate) fn customer(&self) -> Result<CustomerRef, Fault> {
        match self.admitted {
            Admitted::AsSelf(own) => Ok(CustomerRef::Id(own)),
            Admitted::ByPermission => customer_ref(&self.path, &self.incoming.caller),
        }
    }

    /// Returns the context of the request, in the tenant that it names. If the caller may not act
    /// in that tenant, fails with `missing`.
    pub(crate) async fn context(
        &self,
        access: &Access,
        named: Option<&str>,
        missing: Code,
    ) -> HttpResult<Context> {
        let context = access.context(&self.incoming, self.admitted, named).await;
        context.map_err(|error| problem(error, missing))
    }
}

/// Authenticates the caller of a request.
async fn incoming(parts: &mut Parts, access: &Access) -> HttpResult<Incoming> {
    let context = RequestContext::from_request_parts(parts, &()).await?;
    let caller = access.authenticate(credential(&parts.headers)?).await;
    let caller = caller.map_err(|error| problem(error, Code::CustomerNotFound))?;
    if let Some(acting) = parts.extensions.get::<Acting>() {
        acting.is(&caller.actor().id);
    }
    Ok(Incoming {
        caller,
        operation: operation(parts),
        correlation_id: context.correlation_id.to_string(),
        trace_id: context.trace_id.to_string(),
        origin: origin(&parts.extensions),
    })
}

/// Returns where a request came from.
fn origin(extensions: &Extensions) -> Origin {
    let origin = extensions.get::<origin::Origin>().cloned();
    let origin::Origin { ip, user_agent } = origin.unwrap_or_default();
    Origin { ip, user_agent }
}

/// Parses the customer that a path names.
fn customer_ref(path: &PathSegments, caller: &Caller) -> Result<CustomerRef, Fault> {
    let name = path.text(CUSTOMER_ID);
    if name == ME {
        let detail = "me is the customer behind a token, and behind an API key there is none";
        let missing = || in_path(CUSTOMER_ID, Code::CustomerNotFound, detail);
        return caller.customer().map(CustomerRef::Id).ok_or_else(missing);
    }
    let parsed = CustomerRef::parse(name);
    parsed.map_err(|invalid| in_path(CUSTOMER_ID, Code::InvalidCustomerId, invalid.detail))
}

/// Returns the operation of a request: method and path template, the same for both bases.
fn operation(parts: &Parts) -> String {
    let method = metrics::method_label(&parts.method);
    format!("{method} {}", metrics::endpoint(&parts.extensions))
}

/// Returns the credential of a request: a bearer token or an API key. Both may be sent if they are
/// equal.
fn credential(headers: &HeaderMap) -> HttpResult<&str> {
    let unauthenticated = || {
        Problem::new(Code::Unauthenticated)
            .detail("an API key is needed, as `Authorization: Bearer …` or `X-API-Key: …`")
    };
    let text = |name: &HeaderName| -> HttpResult<Option<&str>> {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(Some).map_err(|_| unauthenticated()),
            (Some(_), Some(_)) => Err(unauthenticated()),
        }
    };
    let bearer = match text(&AUTHORIZATION)? {
        Some(value) => Some(bearer(value).ok_or_else(unauthenticated)?),
        None => None,
    };
    match (bearer, text(&API_KEY)?.map(str::trim)) {
        (Some(bearer), Some(key)) if bearer != key => Err(unauthenticated()),
        (bearer, key) => bearer.or(key).ok_or_else(unauthenticated),
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// Returns the problem for a caller who is not admitted. `missing` is the code for ids and tenants
/// that the caller may not know of.
fn problem(error: AccessError, missing: Code) -> Problem {
    match error {
        AccessError::Unauthenticated => {
            Problem::new(Code::Unauthenticated).detail("the API key is unknown, revoked or expired")
        }
        AccessError::UnknownTenant | AccessError::NotFound => missing.into(),
        AccessError::Forbidden(refusal) => failure::refused(refusal),
        AccessError::StepUpRequired(refusal) => failure::step_up_required(refusal),
        AccessError::Store(error) => failure::store(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use customer_app::access::Refusals;
    use customer_app::tenant::TenantDirectory;
    use customer_domain::{Clock, CustomerId};
    use customer_testkit::builders::{PlainTokens, seeded_id, tenant, token};
    use customer_testkit::{FakeStore, FixedClock, SeededIds};
    use http::HeaderValue;
    use tower::ServiceExt as _;
    use utoipa_axum::router::OpenApiRouter;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_key_is_taken_from_either_header() {
        for (pairs, expected) in [
            (vec![(AUTHORIZATION, "Bearer a")], Some("a")),
            (vec![(AUTHORIZATION, "bearer  a")], Some("a")),
            (vec![(API_KEY, "a")], Some("a")),
            (vec![(API_KEY, "a"), (AUTHORIZATION, "Bearer a")], Some("a")),
            (vec![(API_KEY, "a"), (AUTHORIZATION, "Bearer b")], None),
            (vec![(AUTHORIZATION, "Basic a")], None),
            (vec![(AUTHORIZATION, "a")], None),
            (vec![], None),
        ] {
            assert_eq!(credential(&headers(&pairs)).ok(), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_route_that_says_nothing_of_its_callers_lets_nobody_in() {
        let nothing = Admission::take(&mut Extensions::new());
        assert_eq!(nothing.unwrap_err().code(), Code::Internal);
    }

    /// A handler that does not declare who may call it.
    #[utoipa::path(get, path = "/customers/{customerId}")]
    async fn forgetful() -> &'static str {
        "secrets"
    }

    fn access() -> Arc<Access> {
        let store = FakeStore::new();
        store.add_tenant(&tenant(), &[]);
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::default());
        let ids = Arc::new(SeededIds::default());
        let refusals = Refusals::new(store.transactions(), Arc::clone(&clock), ids);
        Arc::new(Access {
            providers: vec![Arc::new(PlainTokens(Arc::clone(&clock)))],
            tenants: Arc::new(TenantDirectory::new(store.tenants(), Arc::clone(&clock))),
            customers: store.customers(),
            refusals: Arc::new(refusals),
            clock,
        })
    }

    #[tokio::test]
    async fn a_handler_that_does_not_ask_who_calls_runs_for_those_alone_who_may() {
        let context = RequestContext {
            correlation_id: "correlation".into(),
            trace_id: "trace".into(),
            path: "/".into(),
        };
        let own = CustomerId(seeded_id(1));
        let token = token(own, tenant().id, 0);
        let other = seeded_id(2).to_string();
        for (who, customer, credential, status) in [
            (Needs::OnlySelf, own.to_string(), None, 401),
            (Needs::OnlySelf, own.to_string(), Some("garbage"), 401),
            (Needs::OnlySelf, other, Some(&*token), 404),
            (Needs::Read, own.to_string(), Some(&token), 403),
            (Needs::OnlySelf, own.to_string(), Some(&token), 200),
        ] {
            let guarded = OpenApiRouter::new().routes(needs(who, routes!(forgetful)));
            let router = Router::from(guarded).layer(Extension(context.clone()));
            let request = || {
                let request = Request::get(format!("/customers/{customer}"));
                let bearer = credential.map(|credential| format!("Bearer {credential}"));
                let request = bearer.into_iter().fold(request, |request, bearer| {
                    request.header(AUTHORIZATION, bearer)
                });
                request.body(Body::empty()).unwrap()
            };
            let without = router.clone().oneshot(request()).await.unwrap();
            assert_eq!(without.status(), 500, "nothing tells who may come in");
            let router = router.layer(Extension(access()));
            let response = router.oneshot(request()).await.unwrap();
            assert_eq!(response.status(), status, "{who:?} {credential:?}");
        }
    }

    #[test]
    fn a_header_sent_twice_is_refused() {
        let mut twice = headers(&[(API_KEY, "a")]);
        twice.append(API_KEY, HeaderValue::from_static("a"));
        assert!(credential(&twice).is_err());
    }
}
