//! `customer-service serve`: everything started in order, and ended in the opposite one.

use crate::command::Failure;
use crate::config::{Config, Environment};
use crate::database::Database;
use crate::metrics::{self, Render};
use crate::wire::{self, Parts};
use axum::Router;
use axum::routing::get;
use customer_http::http::headers::CorsOrigins;
use customer_http::http::limits::Limits;
use customer_http::http::server;
use customer_http::http::stack::HttpSettings;
use secrecy::ExposeSecret;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long requests in flight may take to end after the signal to stop.
const DRAIN: Duration = Duration::from_secs(25);

/// Serves until SIGINT or SIGTERM; every part that was started is stopped, also when a later
/// one fails to start.
pub(crate) async fn run(config: Config, not_built: Vec<&'static str>) -> Result<(), Failure> {
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    tasks.spawn(cancel_on_signal(stop.clone())?);
    // Bound first: a port in use must be told before anything else is done.
    let listeners = Listeners::bind(&config).await?;
    if !not_built.is_empty() {
        let names = not_built.join(", ");
        tracing::warn!(
            settings = names,
            "these settings are accepted and not used yet"
        );
    }
    let database = tokio::select! {
        opened = Database::open(&config) => opened?,
        () = stop.cancelled() => return Ok(()),
    };
    let served = on_database(&config, &database, listeners, &stop, &tasks).await;
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    database.close().await?;
    served
}

async fn on_database(
    config: &Config,
    database: &Database,
    listeners: Listeners,
    stop: &CancellationToken,
    tasks: &TaskTracker,
) -> Result<(), Failure> {
    customer_postgres::migrate(database.owner_url()).await?;
    let postgres = wire::connect(config, database).await?;
    let served = async {
        let parts = wire::parts(config, database, &postgres)?;
        let development = config.environment == Environment::Development;
        let operator = wire::bootstrap(config, &parts, development).await?;
        let secret = operator.as_ref().map(|made| made.secret.expose_secret());
        announce(config, database, &listeners, secret)?;
        listeners.serve(config, parts, stop, tasks).await
    };
    let served = served.await;
    postgres.close().await;
    served
}

struct Listeners {
    api: Vec<TcpListener>,
    metrics: Option<TcpListener>,
}

impl Listeners {
    async fn bind(config: &Config) -> Result<Self, Failure> {
        let address = config.server.address;
        let mut api = vec![bind(address, config.server.port, "CUSTOMER_HTTP_PORT").await?];
        for port in &config.server.extra_ports {
            api.push(bind(address, *port, "CUSTOMER_HTTP_EXTRA_PORTS").await?);
        }
        let metrics = match config.observability.metrics_port {
            Some(port) if config.observability.metrics_enabled => {
                Some(bind(address, port, "CUSTOMER_METRICS_PORT").await?)
            }
            _ => None,
        };
        Ok(Self { api, metrics })
    }

    fn address(&self) -> Option<SocketAddr> {
        self.api.first()?.local_addr().ok()
    }

    async fn serve(
        self,
        config: &Config,
        parts: Parts,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Result<(), Failure> {
        let Parts { mut api, ids } = parts;
        if config.observability.metrics_enabled {
            let handle = metrics::install()?;
            let render = metrics::render(&handle);
            tasks.spawn(
                stop.clone()
                    .run_until_cancelled_owned(metrics::upkeep(handle)),
            );
            match self.metrics {
                Some(listener) => {
                    let routes = metrics_router(render);
                    tasks.spawn(server::serve(listener, routes, stop.clone(), DRAIN));
                }
                None => api.metrics = Some(render),
            }
        }
        let settings = HttpSettings {
            limits: Limits {
                body_bytes: config.server.max_body_bytes,
                body_deadline: config.server.read_timeout,
                request_deadline: config.server.request_timeout,
                in_flight: config.server.max_concurrent_requests,
                ..Limits::default()
            },
            cors: CorsOrigins::new(&config.server.cors_origins)?,
            ids: Arc::new(move || ids.new_id()),
        };
        let router = customer_http::router(api, settings);
        let serving = self.api.into_iter().map(|listener| {
            tasks.spawn(server::serve(listener, router.clone(), stop.clone(), DRAIN))
        });
        for served in serving.collect::<Vec<_>>() {
            served.await??;
        }
        Ok(())
    }
}

async fn bind(address: IpAddr, port: u16, setting: &str) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind((address, port)).await;
    bound.map_err(|error| {
        let at = SocketAddr::new(address, port);
        let hint = match error.kind() {
            io::ErrorKind::AddrInUse => format!("it is in use; free it or set {setting}"),
            _ => format!("{error}; see {setting}"),
        };
        format!("cannot listen on {at}: {hint}").into()
    })
}

fn metrics_router(render: Render) -> Router {
    Router::new().route("/metrics", get(move || async move { render() }))
}

fn cancel_on_signal(stop: CancellationToken) -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = stop.cancelled() => {}
        }
        stop.cancel();
    })
}

/// What a person at the terminal wants to know first.
fn announce(
    config: &Config,
    database: &Database,
    listeners: &Listeners,
    operator_key: Option<&str>,
) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let bound = listeners.address().map(|address| match address.ip() {
        ip if ip.is_unspecified() => format!("http://127.0.0.1:{}", address.port()),
        _ => format!("http://{address}"),
    });
    let base = config
        .server
        .public_base_url
        .clone()
        .or(bound)
        .unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    writeln!(out, "customer service {version} ({})", config.environment)?;
    if let Some(note) = database.note() {
        writeln!(out, "  database       {note}")?;
    }
    writeln!(out, "  API            {base}/api/v1")?;
    writeln!(out, "  documentation  {base}/docs/")?;
    if let Some(key) = operator_key {
        writeln!(out, "  operator key   {key}")?;
        writeln!(out, "                 (shown this once: keep it)")?;
    }
    out.flush()
}
