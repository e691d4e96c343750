//! `customer-service serve`: everything started in order, and ended in the opposite one.

mod listeners;
mod readiness;
mod start_lines;

use crate::command::{Failure, Stopped};
use crate::config::Config;
use crate::database::Database;
use crate::metrics;
use crate::wire::{self, Operator, Parts};
use customer_http::http::headers::CorsOrigins;
use customer_http::http::limits::Limits;
use customer_http::http::stack::HttpSettings;
use customer_postgres::Postgres;
use listeners::Listeners;
use readiness::Readiness;
use start_lines::StartLines;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long requests in flight may take to end once nothing is accepted any more. With the
/// longest usual shutdown delay it stays below the 30 s that orchestrators wait before they kill.
const DRAIN: Duration = Duration::from_secs(20);

/// Serves until `stop`; every part that was started is stopped, also when a later one fails to
/// start.
pub(crate) async fn run(
    config: Config,
    not_built: Vec<&'static str>,
    stop: CancellationToken,
) -> Result<(), Failure> {
    // Bound first: a port in use must be told before anything else is done.
    let listeners = Listeners::bind(&config).await?;
    if !not_built.is_empty() {
        let names = not_built.join(", ");
        tracing::warn!(
            settings = names,
            "these settings are accepted and not used yet"
        );
    }
    let database = match Database::open(&config, &stop).await {
        Err(error) if error.is::<Stopped>() => return Ok(()),
        opened => opened?,
    };
    let served = on_database(&config, &database, listeners, &stop).await;
    database.close(served).await
}

async fn on_database(
    config: &Config,
    database: &Database,
    listeners: Listeners,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let started = stop.run_until_cancelled(start(config, database)).await;
    let Some(service) = started.transpose()? else {
        return Ok(());
    };
    let postgres = service.postgres.clone();
    let served = serve(config, database, service, listeners, stop).await;
    postgres.close().await;
    served
}

/// A service that is ready to answer.
struct Service {
    postgres: Postgres,
    parts: Parts,
    operator: Operator,
}

async fn start(config: &Config, database: &Database) -> Result<Service, Failure> {
    database.migrate().await?;
    let postgres = wire::connect(config, database).await?;
    let office = wire::office(config, &postgres);
    let operator = wire::bootstrap(config, &office).await?;
    let parts = wire::parts(config, &postgres, office)?;
    Ok(Service {
        postgres,
        parts,
        operator,
    })
}

async fn serve(
    config: &Config,
    database: &Database,
    service: Service,
    listeners: Listeners,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let tasks = TaskTracker::new();
    let closing = CancellationToken::new();
    let lines = StartLines {
        config,
        database: database.note(),
        state: service.parts.state.as_deref(),
        addresses: listeners.addresses()?,
        operator: &service.operator,
    };
    let Parts { mut api, ids, .. } = service.parts;
    api.health = Readiness::new(api.health, stop.clone());
    let mut metrics_routes = None;
    if config.observability.metrics_enabled {
        let handle = metrics::install()?;
        if listeners.has_metrics() {
            metrics_routes = Some(metrics::router(&handle));
        } else {
            api.metrics = Some(metrics::render(&handle));
        }
        let upkeep = metrics::upkeep(handle);
        tasks.spawn(closing.clone().run_until_cancelled_owned(upkeep));
    }
    let settings = HttpSettings {
        limits: limits(config),
        cors: CorsOrigins::new(&config.server.cors_origins)?,
        ids: Arc::new(move || ids.new_id()),
    };
    let router = customer_http::router(api, settings);
    tasks.spawn(close_after(
        stop.clone(),
        config.server.shutdown_delay,
        closing.clone(),
    ));
    lines.show();
    let served = listeners
        .serve(router, metrics_routes, &closing, DRAIN)
        .await;
    stop.cancel();
    closing.cancel();
    tasks.close();
    tasks.wait().await;
    served
}

/// Goes on serving, unready, for `delay` after `stop`: long enough for whoever sends requests here
/// to see it and send them elsewhere.
async fn close_after(stop: CancellationToken, delay: Duration, closing: CancellationToken) {
    stop.cancelled().await;
    if closing.run_until_cancelled(sleep(delay)).await.is_some() {
        closing.cancel();
    }
}

fn limits(config: &Config) -> Limits {
    Limits {
        body_bytes: config.server.max_body_bytes,
        body_deadline: config.server.read_timeout,
        request_deadline: config.server.request_timeout,
        in_flight: config.server.max_concurrent_requests,
        ..Limits::default()
    }
}
