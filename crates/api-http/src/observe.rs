//! What operators see of each request: its metrics and its log line.

use crate::metrics;
use axum::extract::{MatchedPath, Request};
use http::Extensions;
use http_kit::stack::{Answered, OnAnswered};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// Starts observing a request; implements [`Observer`](http_kit::stack::Observer).
pub fn request(request: &mut Request) -> OnAnswered {
    let seen = Seen {
        endpoint: metrics::endpoint(request.extensions()),
        method: metrics::method_label(request.method()),
        customer: customer_of(request.extensions(), request.uri().path()),
        acting: Acting::default(),
    };
    request.extensions_mut().insert(seen.acting.clone());
    Box::new(move |answered| {
        metrics::record(&seen.endpoint, seen.method, answered);
        seen.log(answered);
    })
}

/// The caller and the tenant of a request, for its log line: an extension of every request, which
/// is filled in as soon as they are known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Acting(Arc<Names>);

#[derive(Debug, Default)]
struct Names {
    actor: OnceLock<String>,
    tenant: OnceLock<String>,
}

impl Acting {
    /// Sets the id of the authenticated caller.
    pub(crate) fn is(&self, actor: &str) {
        self.0.actor.get_or_init(|| actor.to_owned());
    }

    /// Sets the tenant of the call.
    pub(crate) fn is_in(&self, tenant: &str) {
        self.0.tenant.get_or_init(|| tenant.to_owned());
    }
}

/// Returns the customer in the path, if it is given as a UUID.
fn customer_of(extensions: &Extensions, path: &str) -> Option<Uuid> {
    let template = extensions.get::<MatchedPath>()?.as_str();
    let mut segments = template.split('/').zip(path.split('/'));
    let (_, id) = segments.find(|(name, _)| *name == "{customerId}")?;
    let bare = id.strip_prefix("cust_").unwrap_or(id);
    Uuid::try_parse(bare).ok()
}

/// The properties of a request that are known before it is answered.
struct Seen {
    endpoint: Cow<'static, str>,
    method: &'static str,
    customer: Option<Uuid>,
    acting: Acting,
}

impl Seen {
    /// Writes the log line of the request, without query string, raw path or personal data. A
    /// customer is named only if the caller is authenticated.
    fn log(&self, answered: &Answered<'_>) {
        let (method, route) = (self.method, &*self.endpoint);
        let status = answered.status.as_u16();
        let duration_ms = answered.took.as_secs_f64() * 1000.0;
        let context = answered.context;
        let (trace_id, correlation_id) = (&*context.trace_id, &*context.correlation_id);
        let Names { actor, tenant } = &*self.acting.0;
        let (actor_id, tenant) = (
            actor.get().map(String::as_str),
            tenant.get().map(String::as_str),
        );
        let customer_id = actor_id.and(self.customer).map(tracing::field::display);
        if status >= 500 {
            tracing::warn!(
                method,
                route,
                status,
                duration_ms,
                trace_id,
                correlation_id,
                tenant,
                actor_id,
                customer_id,
                "request failed"
            );
        } else {
            tracing::info!(
                method,
                route,
                status,
                duration_ms,
                trace_id,
                correlation_id,
                tenant,
                actor_id,
                customer_id,
                "request served"
            );
        }
    }
}
