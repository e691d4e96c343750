//! The ids that identify a request in logs, replies and events.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use tracing::Span;
use uuid::Uuid;

use crate::code::Code;
use crate::problem::Problem;

/// Identifies the caller's chain of requests; returned on every reply.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const MAX_CORRELATION_ID: usize = 128;

/// Generates the ids of requests that are sent without them.
pub type IdSource = Arc<dyn Fn() -> Uuid + Send + Sync>;

/// The ids and the path of a request. It is in the extensions of every request, and an extractor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestContext {
    /// The caller's `X-Correlation-Id` if it is 1–128 characters of `[A-Za-z0-9._:-]`, else a new id. Part of events.
    pub correlation_id: Arc<str>,
    /// The trace id of the caller's `traceparent` if that is valid, else a new one: 32 hexadecimal digits.
    pub trace_id: Arc<str>,
    /// The path as sent, without the query.
    pub path: Arc<str>,
}

impl RequestContext {
    /// Creates the context of a request, with ids from its headers or, if missing or invalid, from `ids`.
    pub fn open(headers: &HeaderMap, path: &str, ids: &IdSource) -> Self {
        let correlation_id = headers
            .get(CORRELATION_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|value| is_correlation_id(value))
            .map_or_else(|| ids().hyphenated().to_string().into(), Arc::from);
        let trace_id = headers
            .get(TRACEPARENT)
            .and_then(|value| value.to_str().ok())
            .and_then(trace_of)
            .map_or_else(|| ids().simple().to_string().into(), Arc::from);
        Self {
            correlation_id,
            trace_id,
            path: path.into(),
        }
    }

    /// Returns the span that encloses the request's log lines.
    pub(crate) fn span(&self) -> Span {
        tracing::info_span!("http.request", trace_id = %self.trace_id, correlation_id = %self.correlation_id)
    }

    /// Sets the correlation id in the headers of a reply.
    pub(crate) fn stamp(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&self.correlation_id) {
            headers.insert(CORRELATION_ID, value);
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Code::INTERNAL.into())
    }
}

fn is_correlation_id(value: &str) -> bool {
    (1..=MAX_CORRELATION_ID).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte))
}

/// Returns the trace id of a W3C `traceparent` of any version but `ff`; `None` if it is malformed or all zeros.
fn trace_of(traceparent: &str) -> Option<&str> {
    let lower_hex = |text: &str, length: usize| {
        text.len() == length
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let mut parts = traceparent.splitn(4, '-');
    let (version, trace, parent, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let valid = lower_hex(version, 2)
        && version != "ff"
        && lower_hex(trace, 32)
        && lower_hex(parent, 16)
        && (lower_hex(flags, 2) || (version != "00" && flags.get(2..3) == Some("-")))
        && trace.bytes().any(|byte| byte != b'0');
    valid.then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn open(headers: &[(HeaderName, &str)]) -> RequestContext {
        let ids: IdSource = Arc::new(|| Uuid::from_u128(7));
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    name.clone(),
                    HeaderValue::from_bytes(value.as_bytes()).unwrap(),
                )
            })
            .collect();
        RequestContext::open(&headers, "/health", &ids)
    }

    #[test]
    fn a_sound_correlation_id_is_kept_and_any_other_replaced() {
        let longest = "a".repeat(128);
        for kept in ["a", "order:42_x", "A.b-C:9", &longest] {
            assert_eq!(&*open(&[(CORRELATION_ID, kept)]).correlation_id, kept);
        }
        let too_long = "a".repeat(129);
        for replaced in ["", "a b", "a\tb", "é", "{\"a\":1}", &too_long] {
            let fresh = "00000000-0000-0000-0000-000000000007";
            assert_eq!(
                &*open(&[(CORRELATION_ID, replaced)]).correlation_id,
                fresh,
                "{replaced}"
            );
        }
    }

    #[test]
    fn the_trace_of_a_sound_traceparent_is_kept_and_any_other_replaced() {
        let cases = [
            (format!("00-{TRACE}-00f067aa0ba902b7-01"), true),
            (format!("01-{TRACE}-00f067aa0ba902b7-01-later"), true),
            (format!("00-{TRACE}-00f067aa0ba902b7-01-later"), false),
            (format!("ff-{TRACE}-00f067aa0ba902b7-01"), false),
            (format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)), false),
            (
                format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
                false,
            ),
            (format!("00-{TRACE}-00f067aa0ba902b7"), false),
            ("garbage".to_owned(), false),
        ];
        for (traceparent, kept) in cases {
            let context = open(&[(TRACEPARENT, &traceparent)]);
            let expected = if kept {
                TRACE
            } else {
                "00000000000000000000000000000007"
            };
            assert_eq!(&*context.trace_id, expected, "{traceparent}");
        }
    }
}
