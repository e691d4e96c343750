//! The recorder behind the metrics, and how it is rendered.

use crate::command::Failure;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use customer_http::http::metrics::{LATENCY_BUCKETS, REQUEST_LATENCY, describe};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often old samples leave the summaries.
const UPKEEP: Duration = Duration::from_secs(5);

/// Renders the metrics as text.
pub(crate) type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// Installs the recorder of this process.
pub(crate) fn install() -> Result<PrometheusHandle, Failure> {
    let latency = Matcher::Full(REQUEST_LATENCY.to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(latency, LATENCY_BUCKETS)?
        .install_recorder()?;
    describe();
    Ok(handle)
}

/// How a listener renders what was recorded.
pub(crate) fn render(handle: &PrometheusHandle) -> Render {
    let handle = handle.clone();
    Arc::new(move || handle.render())
}

/// The routes of a listener that serves the metrics alone.
pub(crate) fn router(handle: &PrometheusHandle) -> Router {
    let render = render(handle);
    let metrics = move || async move {
        let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
        (kind, render())
    };
    Router::new().route("/metrics", get(metrics))
}

/// Keeps the recorder bounded, for as long as it is polled.
pub(crate) async fn upkeep(handle: PrometheusHandle) {
    let mut ticks = interval(UPKEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}
