//! The sockets that the service listens on.

use crate::config::Config;
use crate::failure::Failure;
use axum::Router;
use http_kit::server::{self, Timeouts};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(super) struct Listeners {
    api: Vec<TcpListener>,
    metrics: Option<TcpListener>,
}

/// Where the service can be reached.
pub(super) struct Addresses {
    /// The first is that of the main port; empty if only metrics are served.
    pub(super) api: Vec<SocketAddr>,
    pub(super) metrics: Option<SocketAddr>,
}

impl Listeners {
    /// Binds all ports, so that one that is taken is reported before anything else is done.
    pub(super) async fn bind(config: &Config) -> Result<Self, Failure> {
        let address = config.server.address;
        let mut api = vec![bind(address, config.server.port, "CUSTOMER_HTTP_PORT").await?];
        for port in &config.server.extra_ports {
            api.push(bind(address, *port, "CUSTOMER_HTTP_EXTRA_PORTS").await?);
        }
        let metrics = bind_metrics(config).await?;
        Ok(Self { api, metrics })
    }

    /// Binds the ports of `customer-service work`: its health, if configured, and its metrics.
    pub(super) async fn bind_for_work(config: &Config) -> Result<Self, Failure> {
        let mut api = Vec::new();
        if let Some(port) = config.jobs.port {
            api.push(bind(config.server.address, port, "CUSTOMER_WORK_PORT").await?);
        }
        let metrics = bind_metrics(config).await?;
        Ok(Self { api, metrics })
    }

    pub(super) fn addresses(&self) -> io::Result<Addresses> {
        Ok(Addresses {
            api: self
                .api
                .iter()
                .map(TcpListener::local_addr)
                .collect::<Result<_, _>>()?,
            metrics: self
                .metrics
                .as_ref()
                .map(TcpListener::local_addr)
                .transpose()?,
        })
    }

    pub(super) fn has_metrics(&self) -> bool {
        self.metrics.is_some()
    }

    /// Serves until `closing` is cancelled, then lets requests in flight end for at most `drain`.
    pub(super) async fn serve(
        self,
        router: Router,
        metrics_routes: Option<Router>,
        closing: &CancellationToken,
        drain: Duration,
        timeouts: Timeouts,
    ) -> Result<(), Failure> {
        let tasks = TaskTracker::new();
        let api = self.api.into_iter().map(|socket| (socket, router.clone()));
        let served: Vec<_> = api
            .chain(self.metrics.zip(metrics_routes))
            .map(|(socket, routes)| {
                let closing = closing.clone();
                tasks.spawn(server::serve_with(socket, routes, closing, drain, timeouts))
            })
            .collect();
        for serving in served {
            serving.await??;
        }
        Ok(())
    }
}

async fn bind_metrics(config: &Config) -> Result<Option<TcpListener>, Failure> {
    match config.observability.metrics_port {
        Some(port) if config.observability.metrics_enabled => {
            let bound = bind(config.server.address, port, "CUSTOMER_METRICS_PORT");
            bound.await.map(Some)
        }
        _ => Ok(None),
    }
}

async fn bind(address: IpAddr, port: u16, setting: &str) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind((address, port)).await;
    bound.map_err(|error| {
        let at = SocketAddr::new(address, port);
        let hint = if error.kind() == io::ErrorKind::AddrInUse {
            format!("it is in use; free it or set {setting}")
        } else {
            format!("{error}; see {setting}")
        };
        format!("cannot listen on {at}: {hint}").into()
    })
}
