//! `customer-service serve`: starts everything in order, and stops it in reverse.

mod listeners;
mod start_lines;
pub(crate) mod work;

use crate::config::Config;
use crate::database::Database;
use crate::failure::{Failure, Stopped};
use crate::metrics::{self, Render};
use crate::secrets::{OtherSecrets, Secrets};
use crate::telemetry::Levels;
use crate::wire::{self, AdminServices, Services};
use axum::Router;
use customer_domain::IdSource;
use customer_http::{health, observe};
use customer_postgres::Postgres;
use http_kit::headers::CorsOrigins;
use http_kit::limits::Limits;
use http_kit::origin::TrustedProxies;
use http_kit::server::Timeouts;
use http_kit::stack::{self, HttpSettings};
use listeners::Listeners;
use metrics_exporter_prometheus::PrometheusHandle;
use start_lines::StartLines;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long requests in flight may take to end once no new ones are accepted. Together with the
/// longest usual shutdown delay it stays below the 30 s after which orchestrators kill.
const DRAIN: Duration = Duration::from_secs(20);

/// Where the background jobs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobMode {
    /// In this process, alongside the requests.
    Inline,
    /// In other processes.
    Elsewhere,
}

/// Serves until `stop` is cancelled; every part that was started is stopped, even when a later one
/// fails to start.
pub(crate) async fn run(
    config: Config,
    levels: Levels,
    not_built: Vec<&'static str>,
    (jobs, on_other): (JobMode, OtherSecrets),
    stop: CancellationToken,
) -> Result<(), Failure> {
    // Bound first: a port in use must be reported before anything else is done.
    let listeners = Listeners::bind(&config).await?;
    warn_of(&not_built);
    let database = match Database::open(&config, &stop).await {
        Err(error) if error.is::<Stopped>() => return Ok(()),
        opened => opened?,
    };
    let start = (jobs, on_other, &stop);
    let served = on_database(&config, &database, levels, listeners, start).await;
    database.close(served).await
}

fn warn_of(not_built: &[&str]) {
    if !not_built.is_empty() {
        let names = not_built.join(", ");
        tracing::warn!(
            settings = names,
            "these settings are accepted and not used yet"
        );
    }
}

async fn on_database(
    config: &Config,
    database: &Database,
    levels: Levels,
    listeners: Listeners,
    (jobs, on_other, stop): (JobMode, OtherSecrets, &CancellationToken),
) -> Result<(), Failure> {
    let started = stop.run_until_cancelled(start(config, database, levels, on_other));
    let started = started.await;
    let Some(service) = started.transpose()? else {
        return Ok(());
    };
    let postgres = service.postgres.clone();
    let served = serve(config, database, service, listeners, (jobs, stop)).await;
    postgres.close().await;
    served
}

/// The parts of the service, ready to be served on its listeners.
struct Service {
    postgres: Postgres,
    admin: AdminServices,
    services: Services,
    secrets: Secrets,
}

/// Migrates the database, connects to it, and compares the secrets with it.
async fn connect(
    config: &Config,
    database: &Database,
    on_other: OtherSecrets,
) -> Result<(Postgres, Secrets), Failure> {
    database.migrate().await?;
    let secrets = Secrets::open(config)?;
    let postgres = wire::connect(config, database, &secrets).await?;
    secrets.agree(&postgres, on_other).await?;
    Ok((postgres, secrets))
}

async fn start(
    config: &Config,
    database: &Database,
    levels: Levels,
    on_other: OtherSecrets,
) -> Result<Service, Failure> {
    let (postgres, secrets) = connect(config, database, on_other).await?;
    let admin = wire::admin(config, &postgres);
    let levels = Arc::new(levels);
    let services = wire::services(config, &postgres, admin.clone(), &secrets, levels)?;
    Ok(Service {
        postgres,
        admin,
        services,
        secrets,
    })
}

async fn serve(
    config: &Config,
    database: &Database,
    service: Service,
    listeners: Listeners,
    (jobs, stop): (JobMode, &CancellationToken),
) -> Result<(), Failure> {
    let Service {
        postgres,
        admin,
        services: Services {
            mut api,
            ids,
            state,
        },
        secrets,
    } = service;
    let addresses = listeners.addresses()?;
    let settings = http_settings(config, ids)?;
    let recorded = Recorded::new(config, &postgres, &listeners, &settings)?;
    api.stopping = stop.clone();
    api.metrics.clone_from(&recorded.beside);
    let router = customer_http::router(api, settings);
    // The last step that can fail, and past the point where a signal interrupts: the key that it
    // creates is shown now or never.
    let operator = wire::bootstrap(config, &admin).await?;
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
    let metrics_routes = recorded.start(&postgres, &tasks, &closing);
    if jobs == JobMode::Inline {
        let stopped = stop.clone().cancelled_owned();
        tasks.spawn(wire::jobs(config, &postgres, &secrets).run(stopped));
    }
    let delay = config.server.shutdown_delay;
    tasks.spawn(close_after(stop.clone(), delay, closing.clone()));
    let served = listeners
        .serve(router, metrics_routes, &closing, DRAIN, timeouts(config))
        .await;
    stop.cancel();
    closing.cancel();
    tasks.close();
    tasks.wait().await;
    served
}

/// The recorder of the metrics, if enabled, and where they are served.
struct Recorded {
    recorder: Option<PrometheusHandle>,
    /// Renders them on the listeners of the API.
    beside: Option<Render>,
    /// The routes of a separate listener.
    routes: Option<Router>,
}

impl Recorded {
    fn new(
        config: &Config,
        postgres: &Postgres,
        listeners: &Listeners,
        settings: &HttpSettings,
    ) -> Result<Self, Failure> {
        let is_wanted = config.observability.metrics_enabled;
        let recorder = is_wanted.then(metrics::install).transpose()?;
        let render = recorder
            .as_ref()
            .map(|recorder| metrics::render(recorder, postgres));
        let (routes, beside) = if listeners.has_metrics() {
            (render.map(metrics::router), None)
        } else {
            (None, render)
        };
        Ok(Self {
            recorder,
            beside,
            routes: routes.map(|routes| stack::wrap(routes, settings.clone())),
        })
    }

    /// Starts to update the metrics until `closing` is cancelled. Returns the routes of their
    /// listener.
    fn start(
        self,
        postgres: &Postgres,
        tasks: &TaskTracker,
        closing: &CancellationToken,
    ) -> Option<Router> {
        if let Some(recorder) = self.recorder {
            let upkeep = metrics::upkeep(recorder);
            tasks.spawn(closing.clone().run_until_cancelled_owned(upkeep));
            let follow = metrics::jobs::follow(postgres.jobs());
            tasks.spawn(closing.clone().run_until_cancelled_owned(follow));
        }
        self.routes
    }
}

fn http_settings(config: &Config, ids: Arc<dyn IdSource>) -> Result<HttpSettings, Failure> {
    Ok(HttpSettings {
        limits: limits(config),
        cors: CorsOrigins::new(&config.server.cors_origins)?,
        ids: Arc::new(move || ids.new_id()),
        proxies: TrustedProxies::new(config.server.trusted_proxies.iter().copied()),
        always_served: health::PATHS,
        observer: observe::request,
    })
}

fn timeouts(config: &Config) -> Timeouts {
    Timeouts {
        head: config.server.read_timeout,
        ..Timeouts::default()
    }
}

/// Keeps serving, reporting not ready, for `delay` after `stop`: long enough for load balancers to
/// notice and to send requests elsewhere.
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
