//! What operators see of each request: its metrics and its line in the log.

use crate::metrics;
use axum::extract::{MatchedPath, Request};
use http::Extensions;
use http_kit::stack::{Answered, OnAnswered};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// Observes a request; an [`Observer`](http_kit::stack::Observer).
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

/// Who calls and in which tenant, told by whoever finds out to whoever writes the request's line. Found in the
/// extensions of every request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Acting(Arc<Names>);

#[derive(Debug, Default)]
struct Names {
    actor: OnceLock<String>,
    tenant: OnceLock<String>,
}

impl Acting {
    /// Tells the id of the caller, who is known.
    pub(crate) fn is(&self, actor: &str) {
        self.0.actor.get_or_init(|| actor.to_owned());
    }

    /// Tells the tenant that the call is for.
    pub(crate) fn is_in(&self, tenant: &str) {
        self.0.tenant.get_or_init(|| tenant.to_owned());
    }
}

/// Returns the customer that a path names by UUID.
fn customer_of(extensions: &Extensions, path: &str) -> Option<Uuid> {
    let template = extensions.get::<MatchedPath>()?.as_str();
    let mut segments = template.split('/').zip(path.split('/'));
    let (_, id) = segments.find(|(name, _)| *name == "{customerId}")?;
    let bare = id.strip_prefix("cust_").unwrap_or(id);
    Uuid::try_parse(bare).ok()
}

/// What is known of a request before it is answered.
struct Seen {
    endpoint: Cow<'static, str>,
    method: &'static str,
    customer: Option<Uuid>,
    acting: Acting,
}

impl Seen {
    /// Writes the one log line of the request: no query string, no raw path, no personal data. Only a caller who is
    /// known is believed to name a customer.
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
