//! The metrics of each request, by route template.

use std::borrow::Cow;

use axum::extract::MatchedPath;
use http::{Extensions, Method};
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

use crate::base::canonical;
use http_kit::stack::Answered;

/// The counter of requests by endpoint, method and status.
pub const REQUESTS_TOTAL: &str = "customer_requests_total";
/// The time to the head of the reply by endpoint, in seconds; a summary with quantiles.
pub const REQUEST_DURATION: &str = "customer_request_duration_seconds";
/// The same time by endpoint and method, in seconds; a histogram with [`LATENCY_BUCKETS`], which
/// can be aggregated.
pub const REQUEST_LATENCY: &str = "customer_request_latency_seconds";
/// The counter of failed requests by type and endpoint.
pub const ERRORS_TOTAL: &str = "customer_errors_total";

/// The counter of audit entries that could not be written, by type and operation.
pub const AUDIT_ERRORS_TOTAL: &str = "audit_logging_errors_total";

/// The upper bounds of the latency histogram, in seconds, for configuring the exporter.
pub const LATENCY_BUCKETS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// The endpoint of requests that match no route.
pub const UNMATCHED: &str = "unmatched";

/// Registers the descriptions of the metrics. Call once after installing the exporter.
pub fn describe() {
    describe_counter!(REQUESTS_TOTAL, "Requests by endpoint, method and status");
    describe_histogram!(
        REQUEST_DURATION,
        Unit::Seconds,
        "Time to the head of the reply, by endpoint"
    );
    describe_histogram!(
        REQUEST_LATENCY,
        Unit::Seconds,
        "Time to the head of the reply, by endpoint and method"
    );
    describe_counter!(ERRORS_TOTAL, "Failed requests by type and endpoint");
    describe_counter!(
        AUDIT_ERRORS_TOTAL,
        "Audit entries that could not be written, by type and operation"
    );
}

/// Returns the route template of a request. The alias base counts as the canonical one.
pub(crate) fn endpoint(extensions: &Extensions) -> Cow<'static, str> {
    match extensions.get().map(MatchedPath::as_str) {
        None => Cow::Borrowed(UNMATCHED),
        Some(path) => Cow::Owned(canonical(path)),
    }
}

/// Counts and times a request that was answered.
pub(crate) fn record(endpoint: &str, method: &'static str, answered: &Answered<'_>) {
    let (status, took) = (answered.status, answered.took);
    let labels = [
        ("endpoint", endpoint.to_owned()),
        ("method", method.to_owned()),
        ("status", status.as_str().to_owned()),
    ];
    counter!(REQUESTS_TOTAL, &labels).increment(1);
    histogram!(REQUEST_DURATION, "endpoint" => endpoint.to_owned()).record(took);
    histogram!(REQUEST_LATENCY, "endpoint" => endpoint.to_owned(), "method" => method).record(took);
    if let Some(code) = answered.code {
        counter!(ERRORS_TOTAL, "type" => error_type(code), "endpoint" => endpoint.to_owned())
            .increment(1);
    }
}

/// Counts an audit entry that could not be written, although the request was answered.
pub(crate) fn audit_failed() {
    counter!(AUDIT_ERRORS_TOTAL, "type" => "database", "operation" => "insert").increment(1);
}

/// Returns the label of a method. Unknown methods share one label, since clients choose them
/// freely.
pub(crate) fn method_label(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    KNOWN
        .into_iter()
        .find(|known| *known == method.as_str())
        .unwrap_or("OTHER")
}

fn error_type(code: http_kit::code::Code) -> &'static str {
    match code.status().as_u16() {
        401 | 403 => "auth",
        404 | 405 | 410 => "not_found",
        408 => "timeout",
        409 | 412 | 422 => "conflict",
        429 => "rate",
        503 => "unavailable",
        500.. => "server",
        _ => "validation",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;

    #[test]
    fn every_code_has_a_type_and_the_ordinary_ones_are_as_expected() {
        let cases = [
            (Code::ValidationFailed, "validation"),
            (Code::BodyTooLarge, "validation"),
            (Code::PermissionDenied, "auth"),
            (Code::CustomerNotFound, "not_found"),
            (Code::EmailAlreadyExists, "conflict"),
            (Code::IdempotencyKeyReused, "conflict"),
            (Code::RateLimited, "rate"),
            (Code::RequestTimeout, "timeout"),
            (Code::Internal, "server"),
            (Code::Unavailable, "unavailable"),
        ];
        for (code, expected) in cases {
            assert_eq!(error_type(code.into()), expected);
        }
    }

    #[test]
    fn methods_of_clients_own_making_are_one_label() {
        assert_eq!(method_label(&Method::PATCH), "PATCH");
        assert_eq!(method_label(&Method::TRACE), "OTHER");
        assert_eq!(method_label(&Method::from_bytes(b"BREW").unwrap()), "OTHER");
    }

    #[test]
    fn a_request_without_a_route_is_unmatched() {
        assert_eq!(endpoint(&Extensions::new()), UNMATCHED);
    }

    #[test]
    fn buckets_rise() {
        assert!(LATENCY_BUCKETS.is_sorted());
    }
}
