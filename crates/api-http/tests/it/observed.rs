//! The metrics and log lines of requests.

use std::collections::BTreeMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use customer_http::code::Code;
use http::Request;
use http::header::HOST;
use http::request::Builder;
use http_kit::limits::Limits;
use http_kit::problem::Problem;
use http_kit::stack::wrap;
use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use tower::ServiceExt as _;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};

use crate::support::{fail, settings};

/// Counters by metric name and labels.
#[derive(Clone, Default)]
pub(crate) struct Counts(Arc<Mutex<BTreeMap<String, u64>>>);

struct Slot {
    counts: Counts,
    key: String,
}

impl Slot {
    fn add(&self, value: u64) {
        *self
            .counts
            .0
            .lock()
            .expect("counts")
            .entry(self.key.clone())
            .or_default() += value;
    }
}

impl CounterFn for Slot {
    fn increment(&self, value: u64) {
        self.add(value);
    }

    fn absolute(&self, _: u64) {}
}

impl HistogramFn for Slot {
    fn record(&self, _: f64) {
        self.add(1);
    }
}

impl Counts {
    /// Returns the value of a counter.
    pub(crate) fn of(&self, key: &str) -> u64 {
        let counts = self.0.lock().expect("counts");
        counts.get(key).copied().unwrap_or_default()
    }

    fn slot(&self, key: &Key) -> Arc<Slot> {
        let labels: Vec<_> = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        Arc::new(Slot {
            counts: self.clone(),
            key: format!("{}{{{}}}", key.name(), labels.join(",")),
        })
    }
}

impl Recorder for Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.slot(key))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.slot(key))
    }
}

/// Returns a router with a route that succeeds, one that refuses and one that panics.
fn app() -> Router {
    let customers = Router::new()
        .route("/customers", get(async || "all"))
        .route(
            "/customers/{customerId}",
            get(async || Problem::new(Code::InvalidCustomerId)),
        );
    let router = Router::new()
        .nest("/api/v1", customers.clone())
        .nest("/v1", customers)
        .route("/panic", get(async || -> String { fail("forced") }));
    wrap(router, settings(Limits::default()))
}

async fn send(app: &Router, request: Builder) {
    let request = request.header(HOST, "a").body(Body::empty());
    let reply = app.clone().oneshot(request.expect("a request")).await;
    reply.expect("an infallible router");
}

#[tokio::test]
async fn requests_are_counted_and_timed_by_route_template_with_both_bases_as_one() {
    let counts = Counts::default();
    let guard = metrics::set_default_local_recorder(&counts);
    let app = app();
    for path in [
        "/api/v1/customers/a",
        "/v1/customers/b",
        "/v1/customers?page=2",
        "/nowhere/7",
        "/panic",
    ] {
        send(&app, Request::get(path)).await;
    }
    drop(guard);
    let expected = [
        (
            "customer_errors_total{type=not_found,endpoint=unmatched}",
            1,
        ),
        ("customer_errors_total{type=server,endpoint=/panic}", 1),
        (
            "customer_errors_total{type=validation,endpoint=/api/v1/customers/{customerId}}",
            2,
        ),
        (
            "customer_request_duration_seconds{endpoint=/api/v1/customers/{customerId}}",
            2,
        ),
        (
            "customer_request_duration_seconds{endpoint=/api/v1/customers}",
            1,
        ),
        ("customer_request_duration_seconds{endpoint=/panic}", 1),
        ("customer_request_duration_seconds{endpoint=unmatched}", 1),
        (
            "customer_request_latency_seconds{endpoint=/api/v1/customers/{customerId},method=GET}",
            2,
        ),
        (
            "customer_request_latency_seconds{endpoint=/api/v1/customers,method=GET}",
            1,
        ),
        (
            "customer_request_latency_seconds{endpoint=/panic,method=GET}",
            1,
        ),
        (
            "customer_request_latency_seconds{endpoint=unmatched,method=GET}",
            1,
        ),
        (
            "customer_requests_total{endpoint=/api/v1/customers/{customerId},method=GET,status=400}",
            2,
        ),
        (
            "customer_requests_total{endpoint=/api/v1/customers,method=GET,status=200}",
            1,
        ),
        (
            "customer_requests_total{endpoint=/panic,method=GET,status=500}",
            1,
        ),
        (
            "customer_requests_total{endpoint=unmatched,method=GET,status=404}",
            1,
        ),
    ];
    let expected: BTreeMap<_, _> = expected
        .into_iter()
        .map(|(key, count)| (key.to_owned(), count))
        .collect();
    assert_eq!(*counts.0.lock().unwrap(), expected);
}

/// Records events as lines of `name=value`.
#[derive(Clone, Default)]
pub(crate) struct Lines(pub(crate) Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?} ", field.name()).expect("writing to a string");
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target().starts_with("customer_http")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().expect("lines").push(line.0);
    }

    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn one_line_per_request_names_the_route_and_no_personal_data() {
    let lines = Lines::default();
    // With a single subscriber, tracing caches for good whether a log statement is enabled, as
    // decided by the first thread to reach it, which may belong to another test without a
    // subscriber. With two it asks both.
    let _second = tracing::Dispatch::new(Lines::default());
    let guard = tracing::subscriber::set_default(lines.clone());
    let request = Request::get("/api/v1/customers/jane@example.com?search=canary")
        .header("authorization", "Bearer canary")
        .header("x-correlation-id", "forged\u{1b}[31m")
        .header("user-agent", "canary")
        .body(Body::empty());
    assert!(request.is_err(), "a control character cannot be sent");
    let request = Request::get("/api/v1/customers/jane@example.com?search=canary")
        .header("authorization", "Bearer canary")
        .header("x-correlation-id", "forged \" canary")
        .header("user-agent", "canary");
    send(&app(), request).await;
    drop(guard);
    let lines = lines.0.lock().unwrap();
    assert_eq!(lines.len(), 1, "{lines:?}");
    for part in [
        "method=\"GET\"",
        "route=\"/api/v1/customers/{customerId}\"",
        "status=400",
        "duration_ms=",
        "trace_id=",
    ] {
        assert!(lines[0].contains(part), "{part} in {lines:?}");
    }
    assert!(
        !lines[0].contains("canary") && !lines[0].contains("jane"),
        "{lines:?}"
    );
}
