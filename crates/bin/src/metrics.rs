//! The recorder of the metrics, and how they are rendered.

pub(crate) mod jobs;

use crate::failure::Failure;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use customer_http::metrics::{LATENCY_BUCKETS, REQUEST_LATENCY, describe};
use customer_postgres::Postgres;
use metrics::{describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

/// How often old samples are removed from the recorder.
const UPKEEP: Duration = Duration::from_secs(5);

const CONNECTIONS_MAX: &str = "customer_database_connections_max";
const CONNECTIONS_OPEN: &str = "customer_database_connections_open";
const CONNECTIONS_IDLE: &str = "customer_database_connections_idle";
const CONNECTION_WAITERS: &str = "customer_database_connection_waiters";

/// Renders the metrics in Prometheus's text format.
pub(crate) type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// Installs the recorder of this process.
pub(crate) fn install() -> Result<PrometheusHandle, Failure> {
    let latency = Matcher::Full(REQUEST_LATENCY.to_owned());
    let runs = Matcher::Full(jobs::DURATION.to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(latency, LATENCY_BUCKETS)?
        .set_buckets_for_metric(runs, jobs::DURATION_BUCKETS)?
        .install_recorder()?;
    describe();
    customer_postgres::describe_metrics();
    jobs::describe();
    describe_gauge!(
        CONNECTIONS_MAX,
        "Maximum number of database connections, by role"
    );
    describe_gauge!(CONNECTIONS_OPEN, "Open database connections, by role");
    describe_gauge!(CONNECTIONS_IDLE, "Idle database connections, by role");
    describe_gauge!(
        CONNECTION_WAITERS,
        "Callers waiting for a database connection, by role"
    );
    Ok(handle)
}

/// Returns a function that renders what was recorded, with the current state of the connection
/// pools.
pub(crate) fn render(handle: &PrometheusHandle, postgres: &Postgres) -> Render {
    let (handle, postgres) = (handle.clone(), postgres.clone());
    Arc::new(move || {
        for (role, pool) in postgres.status() {
            for (name, count) in [
                (CONNECTIONS_MAX, pool.max),
                (CONNECTIONS_OPEN, pool.open),
                (CONNECTIONS_IDLE, pool.idle),
                (CONNECTION_WAITERS, pool.waiting),
            ] {
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                gauge!(name, "role" => role.name()).set(count);
            }
        }
        handle.render()
    })
}

/// Returns the routes of a listener that serves the metrics alone.
pub(crate) fn router(render: Render) -> Router {
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
