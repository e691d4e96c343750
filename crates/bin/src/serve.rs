//! `customer-service serve`: everything started in order, and ended in the opposite one.

mod listeners;
mod start_lines;

use crate::command::{Failure, Stopped};
use crate::config::Config;
use crate::database::Database;
use crate::metrics;
use crate::wire::{self, Office, Parts};
use customer_http::http::headers::CorsOrigins;
use customer_http::http::limits::Limits;
use customer_http::http::server::Patience;
use customer_http::http::stack::{self, HttpSettings};
use customer_postgres::Postgres;
use listeners::Listeners;
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

/// A service that can be put on its listeners.
struct Service {
    postgres: Postgres,
    office: Office,
    parts: Parts,
}

async fn start(config: &Config, database: &Database) -> Result<Service, Failure> {
    database.migrate().await?;
    let postgres = wire::connect(config, database).await?;
    let office = wire::office(config, &postgres);
    let parts = wire::parts(config, &postgres, office.clone())?;
    Ok(Service {
        postgres,
        office,
        parts,
    })
}

async fn serve(
    config: &Config,
    database: &Database,
    service: Service,
    listeners: Listeners,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let Service {
        postgres,
        office,
        parts: Parts {
            mut api,
            ids,
            state,
        },
    } = service;
    let addresses = listeners.addresses()?;
    let settings = HttpSettings {
        limits: limits(config),
        cors: CorsOrigins::new(&config.server.cors_origins)?,
        ids: Arc::new(move || ids.new_id()),
    };
    let recorder = config.observability.metrics_enabled;
    let recorder = recorder.then(metrics::install).transpose()?;
    api.stopping = stop.clone();
    let mut metrics_routes = None;
    if let Some(recorder) = &recorder {
        let render = metrics::render(recorder, &postgres);
        if listeners.has_metrics() {
            metrics_routes = Some(stack::wrap(metrics::router(render), settings.clone()));
        } else {
            api.metrics = Some(render);
        }
    }
    let router = customer_http::router(api, settings);
    // The last step that can fail, and past what a signal interrupts: the key that it makes is
    // shown now or never.
    let operator = wire::bootstrap(config, &office).await?;
    let lines = StartLines {
        config,
        database: database.note(),
        state: state.as_deref(),
        addresses,
        operator: &operator,
    };
    lines.show();

    let tasks = TaskTracker::new();
    let closing = CancellationToken::new();
    if let Some(recorder) = recorder {
        let upkeep = metrics::upkeep(recorder);
        tasks.spawn(closing.clone().run_until_cancelled_owned(upkeep));
    }
    let delay = config.server.shutdown_delay;
    tasks.spawn(close_after(stop.clone(), delay, closing.clone()));
    let patience = Patience {
        head: config.server.read_timeout,
        ..Patience::default()
    };
    let served = listeners
        .serve(router, metrics_routes, &closing, DRAIN, patience)
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
