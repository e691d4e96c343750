//! Who may call what: what each route says of it, and how credentials are presented.

use crate::api::Shared;
use crate::code::Code;
use crate::metrics;
use crate::openapi;
use crate::support::failure;
use axum::Extension;
use customer_app::access::{AccessError, Needed, Needs, Refusal};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderName};
use http_kit::problem::{HttpResult, Problem};
use utoipa_axum::router::UtoipaMethodRouter;

const STEP_UP: &str = "prove who you are again: the last proof is older than five minutes";

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Says who may call these routes, in the document and to [`Call`](crate::support::call::Call), which
/// enforces it: a handler that takes a `Call` answers 500 on a route that says nothing.
pub(crate) fn needs(
    who: Needs,
    (schemas, mut paths, routes): UtoipaMethodRouter<Shared>,
) -> UtoipaMethodRouter<Shared> {
    openapi::secure(&mut paths, who);
    (schemas, paths, routes.layer(Extension(who)))
}

/// Returns what the route of a request says of its callers.
pub(crate) fn needed(extensions: &Extensions) -> HttpResult<Needs> {
    extensions.get().copied().ok_or_else(|| {
        tracing::error!("a route does not say what its callers need");
        Code::Internal.into()
    })
}

/// Returns the operation of a request: method and path template, the same for both bases.
pub(crate) fn operation(parts: &Parts) -> String {
    let method = metrics::method_label(&parts.method);
    format!("{method} {}", metrics::endpoint(&parts.extensions))
}

/// Returns the credential of a request: a bearer token or an API key. Both may be sent when they
/// are the same.
pub(crate) fn credential(headers: &HeaderMap) -> HttpResult<&str> {
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

/// Returns the problem for a caller who is not let in. `missing` answers for ids and tenants that
/// the caller may not know of.
pub(crate) fn problem(error: AccessError, missing: Code) -> Problem {
    match error {
        AccessError::Unauthenticated => {
            Problem::new(Code::Unauthenticated).detail("the API key is unknown, revoked or expired")
        }
        AccessError::UnknownTenant | AccessError::NotFound => missing.into(),
        AccessError::Forbidden(refusal) => refused(refusal),
        AccessError::StepUpRequired(refusal) => {
            count(refusal);
            Problem::new(Code::StepUpRequired).detail(STEP_UP)
        }
        AccessError::Store(error) => failure::store(error),
    }
}

/// Returns the problem for a caller who lacks what a request needs.
pub(crate) fn refused(refusal: Refusal) -> Problem {
    count(refusal);
    lacking(refusal.needed())
}

/// Returns the same problem for what is not on record.
pub(crate) fn lacking(needed: Needed) -> Problem {
    Problem::new(Code::PermissionDenied).detail(match needed {
        Needed::Permission(scope) => format!("the scope {} is needed", scope.as_str()),
        Needed::AllTenants => "a key with customers:admin for all tenants is needed".to_owned(),
        Needed::Customer => "only the customer itself may do this".to_owned(),
        Needed::StepUp => STEP_UP.to_owned(),
    })
}

fn count(refusal: Refusal) {
    if refusal.audit_failed() {
        metrics::audit_failed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

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
        let mut extensions = Extensions::new();
        assert_eq!(needed(&extensions).unwrap_err().code(), Code::Internal);
        extensions.insert(Needs::Read);
        assert_eq!(needed(&extensions).unwrap(), Needs::Read);
    }

    #[test]
    fn a_header_sent_twice_is_refused() {
        let mut twice = headers(&[(API_KEY, "a")]);
        twice.append(API_KEY, HeaderValue::from_static("a"));
        assert!(credential(&twice).is_err());
    }
}
