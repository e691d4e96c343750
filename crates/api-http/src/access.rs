//! Who calls: the extractors that every protected route begins with.

use crate::api::{Api, Shared};
use crate::http::metrics;
use crate::http::problem::{Answer, Code, Problem};
use crate::http::trace::{Acting, RequestContext};
use crate::support::failure;
use axum::extract::{FromRequestParts, MatchedPath};
use customer_app::access::{AccessError, Caller};
use customer_app::audit::Denial;
use customer_domain::api_key::Permission;
use customer_domain::{Origin, Scope};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, HeaderName};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// A caller who proved who they are and may do what the route does.
#[derive(Debug, Clone)]
pub struct Authorized {
    /// Who calls.
    pub caller: Caller,
    context: RequestContext,
    acting: Acting,
    origin: Origin,
    method: &'static str,
    matched: Option<MatchedPath>,
}

impl Authorized {
    /// The scope of the call. The tenants that query and body name, if any, must be one that
    /// the caller may act in; otherwise the answer is `missing`, the same 404 as for an id that
    /// does not exist.
    pub async fn scope(
        &self,
        api: &Api,
        named: [Option<String>; 2],
        missing: Code,
    ) -> Answer<Scope> {
        let [query, body] = named;
        if matches!((&query, &body), (Some(query), Some(body)) if query != body) {
            return Err(missing.into());
        }
        let named = query.or(body);
        let tenant = api.access.tenant(&self.caller, named.as_deref()).await;
        let tenant = tenant.map_err(|error| match error {
            AccessError::UnknownTenant => missing.into(),
            other @ (AccessError::Unauthenticated | AccessError::Store(_)) => refused(other),
        })?;
        self.acting.is_in(tenant.slug.as_str());
        Ok(Scope {
            tenant: tenant.id,
            tenant_slug: tenant.slug.as_str().to_owned(),
            actor: self.caller.actor.clone(),
            correlation_id: self.context.correlation_id.to_string(),
            trace_id: self.context.trace_id.to_string(),
            session_id: None,
            origin: self.origin.clone(),
        })
    }

    /// The problem for a caller who lacks what a request needs; that goes on record in the tenant of
    /// `scope`, without one in the caller's own. The answer is the same when it cannot.
    pub(crate) async fn denied(
        &self,
        api: &Api,
        scope: Option<&Scope>,
        needed: &str,
        detail: impl Into<String>,
    ) -> Problem {
        let own;
        let scope = if let Some(scope) = scope {
            Ok(scope)
        } else {
            own = self.scope(api, [None, None], Code::TenantNotFound).await;
            own.as_ref()
        };
        let route = format!(
            "{} {}",
            self.method,
            metrics::endpoint_of(self.matched.as_ref())
        );
        let denial = Denial {
            route: &route,
            needed,
        };
        let outcome = match scope {
            Ok(scope) => {
                let written = api.audit.denied(scope, denial).await;
                written.map_err(|error| error.to_string())
            }
            Err(problem) => Err(problem.code().as_str().to_owned()),
        };
        if let Err(reason) = outcome {
            metrics::audit_failed();
            let actor = &self.caller.actor.id;
            tracing::error!(
                reason,
                actor,
                route,
                "refused access could not be put on record"
            );
        }
        Problem::new(Code::PermissionDenied).detail(detail)
    }
}

async fn authorize(parts: &mut Parts, api: &Shared, wanted: Permission) -> Answer<Authorized> {
    let context = RequestContext::from_request_parts(parts, api).await?;
    let presented = presented(&parts.headers)?;
    let caller = api.access.authenticate(presented).await.map_err(refused)?;
    let acting = parts
        .extensions
        .get::<Acting>()
        .cloned()
        .unwrap_or_default();
    acting.is(&caller.actor.id);
    let origin = parts.extensions.get::<Origin>().cloned();
    let authorized = Authorized {
        caller,
        context,
        acting,
        origin: origin.unwrap_or_default(),
        method: metrics::method_label(&parts.method),
        matched: parts.extensions.get().cloned(),
    };
    if !authorized.caller.may(wanted) {
        let needed = wanted.as_str();
        let detail = format!("the scope {needed} is needed");
        return Err(authorized.denied(api, None, needed, detail).await);
    }
    Ok(authorized)
}

/// The credential of a request: a bearer token or an API key. Both may be sent when they are
/// the same.
fn presented(headers: &HeaderMap) -> Answer<&str> {
    let unauthenticated = || {
        Problem::new(Code::Unauthenticated)
            .detail("an API key is needed, as `Authorization: Bearer …` or `X-API-Key: …`")
    };
    let text = |name: &HeaderName| -> Answer<Option<&str>> {
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

fn refused(error: AccessError) -> Problem {
    match error {
        AccessError::Unauthenticated => {
            Problem::new(Code::Unauthenticated).detail("the API key is unknown, revoked or expired")
        }
        AccessError::UnknownTenant => Code::TenantNotFound.into(),
        AccessError::Store(error) => failure::store(error),
    }
}

macro_rules! extractors {
    ($($(#[$meta:meta])* $name:ident => $permission:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone)]
        pub struct $name(pub Authorized);

        impl FromRequestParts<Shared> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, api: &Shared) -> Answer<Self> {
                authorize(parts, api, Permission::$permission).await.map(Self)
            }
        }
    )+};
}

extractors! {
    /// A caller with `customers:read`.
    CanRead => Read,
    /// A caller with `customers:write`.
    CanWrite => Write,
    /// A caller with `customers:admin`.
    CanAdmin => Admin,
}

/// A caller with `customers:admin` in all tenants.
#[derive(Debug, Clone)]
pub struct CanOperate(pub Authorized);

impl FromRequestParts<Shared> for CanOperate {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Shared) -> Answer<Self> {
        let authorized = authorize(parts, api, Permission::Admin).await?;
        if !authorized.caller.all_tenants {
            let needed = "customers:admin in all tenants";
            let detail = "a key with customers:admin for all tenants is needed";
            return Err(authorized.denied(api, None, needed, detail).await);
        }
        Ok(Self(authorized))
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
            assert_eq!(presented(&headers(&pairs)).ok(), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_header_sent_twice_is_refused() {
        let mut twice = headers(&[(API_KEY, "a")]);
        twice.append(API_KEY, HeaderValue::from_static("a"));
        assert!(presented(&twice).is_err());
    }
}
