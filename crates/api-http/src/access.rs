//! Access control: how credentials are presented, and what is learned about a caller who is admitted.

use crate::api::Shared;
use crate::code::Code;
use crate::metrics;
use crate::observe::Acting;
use crate::support::failure;
use crate::support::params::{CUSTOMER_ID, ME, in_path};
use axum::extract::FromRequestParts as _;
use customer_app::access::{Access, AccessError, Admitted, Incoming, Needs};
use customer_domain::customer::CustomerRef;
use customer_domain::{Context, CustomerId, Origin, TenantId};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName};
use http_kit::context::RequestContext;
use http_kit::extract::PathSegments;
use http_kit::fault::Fault;
use http_kit::origin;
use http_kit::problem::{HttpResult, Problem};
use std::collections::HashMap;
use std::sync::Arc;

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Who may call the operations that are not public, such as `GET /api/v1/customers/{customerId}`.
pub(crate) type Callers = HashMap<String, Needs>;

/// The state of the routes.
#[derive(Clone)]
pub(crate) struct RouteState {
    pub(crate) api: Shared,
    pub(crate) callers: Arc<Callers>,
}

/// A request whose caller was admitted, with what was learned about it on the way.
#[derive(Debug)]
pub(crate) struct Admission {
    incoming: Incoming,
    target: Target,
}

/// What an admitted request is about.
#[derive(Debug)]
pub(crate) struct Target {
    admitted: Admitted,
    /// The customer that the caller is, if any.
    me: Option<CustomerId>,
    /// The tenant that the caller belongs to.
    pub(crate) home: TenantId,
    pub(crate) path: PathSegments,
}

impl Target {
    /// Returns the customer that the path names.
    pub(crate) fn customer(&self) -> Result<CustomerRef, Fault> {
        match self.admitted {
            Admitted::AsSelf(own) => Ok(CustomerRef::Id(own)),
            Admitted::ByPermission => customer_ref(&self.path, self.me),
        }
    }
}

impl Admission {
    /// Admits a request if its caller has what `callers` say of its operation: nobody for a public
    /// one, which has no entry.
    pub(crate) async fn new(
        parts: &mut Parts,
        access: &Access,
        callers: &Callers,
    ) -> HttpResult<Self> {
        let operation = operation(parts);
        let Some(who) = callers.get(&operation) else {
            tracing::error!(operation, "nothing says who may call this operation");
            return Err(Code::Internal.into());
        };
        let incoming = incoming(parts, access, operation).await?;
        let me = incoming.caller.customer();
        let path = PathSegments::from_request_parts(parts, &()).await;
        let customer = path.as_ref().ok();
        let customer = customer.and_then(|path| customer_ref(path, me).ok());
        let admitted = access.admit(&incoming, *who, customer).await;
        let target = Target {
            admitted: admitted.map_err(|error| problem(error, Code::CustomerNotFound))?,
            me,
            home: incoming.caller.tenant,
            path: path?,
        };
        Ok(Self { incoming, target })
    }

    /// Returns the context of the request, in the tenant that it names, and what it is about. If the
    /// caller may not act in that tenant, fails with `missing`.
    pub(crate) async fn open(
        self,
        access: &Access,
        named: Option<&str>,
        missing: Code,
    ) -> HttpResult<(Context, Target)> {
        let Self { incoming, target } = self;
        let context = access.context(incoming, target.admitted, named).await;
        Ok((context.map_err(|error| problem(error, missing))?, target))
    }
}

/// Authenticates the caller of a request.
async fn incoming(parts: &mut Parts, access: &Access, operation: String) -> HttpResult<Incoming> {
    let context = RequestContext::from_request_parts(parts, &()).await?;
    let caller = access.authenticate(credential(&parts.headers)?).await;
    let caller = caller.map_err(|error| problem(error, Code::CustomerNotFound))?;
    if let Some(acting) = parts.extensions.get::<Acting>() {
        acting.is(&caller.actor().id);
    }
    Ok(Incoming {
        caller,
        operation,
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
fn customer_ref(path: &PathSegments, me: Option<CustomerId>) -> Result<CustomerRef, Fault> {
    let name = path.text(CUSTOMER_ID);
    if name == ME {
        let detail = "me is the customer behind a token, and behind an API key there is none";
        let missing = || in_path(CUSTOMER_ID, Code::CustomerNotFound, detail);
        return me.map(CustomerRef::Id).ok_or_else(missing);
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
    use customer_app::access::Refusals;
    use customer_app::tenant::TenantDirectory;
    use customer_domain::Clock;
    use customer_testkit::builders::{PlainTokens, seeded_id, tenant, token};
    use customer_testkit::{FakeStore, FixedClock, SeededIds};
    use http::{HeaderValue, Request};

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

    fn access() -> Access {
        let store = FakeStore::new();
        store.add_tenant(&tenant(), &[]);
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::default());
        let ids = Arc::new(SeededIds::default());
        let refusals = Refusals::new(store.transactions(), Arc::clone(&clock), ids);
        Access {
            providers: vec![Arc::new(PlainTokens(Arc::clone(&clock)))],
            tenants: Arc::new(TenantDirectory::new(store.tenants(), Arc::clone(&clock))),
            customers: store.customers(),
            refusals: Arc::new(refusals),
            clock,
        }
    }

    #[tokio::test]
    async fn an_operation_without_callers_admits_nobody() {
        let context = RequestContext {
            correlation_id: "correlation".into(),
            trace_id: "trace".into(),
            path: "/".into(),
        };
        let token = format!("Bearer {}", token(CustomerId(seeded_id(1)), tenant().id, 0));
        let read = ("GET unmatched".to_owned(), Needs::Read);
        for (callers, authorization, expected) in [
            (Callers::new(), None, Code::Internal),
            (Callers::new(), Some(&token), Code::Internal),
            (Callers::from([read.clone()]), None, Code::Unauthenticated),
            (Callers::from([read]), Some(&token), Code::PermissionDenied),
        ] {
            let request = authorization
                .into_iter()
                .fold(Request::get("/"), |request, token| {
                    request.header(AUTHORIZATION, token)
                });
            let request = request.extension(context.clone()).body(()).unwrap();
            let (mut parts, ()) = request.into_parts();
            let refused = Admission::new(&mut parts, &access(), &callers).await;
            assert_eq!(refused.unwrap_err().code(), expected);
        }
    }

    #[test]
    fn a_header_sent_twice_is_refused() {
        let mut twice = headers(&[(API_KEY, "a")]);
        twice.append(API_KEY, HeaderValue::from_static("a"));
        assert!(credential(&twice).is_err());
    }
}
