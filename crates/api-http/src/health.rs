//! The liveness, readiness and detailed health of the service, and its metrics.

mod body;

pub use body::{HealthBody, HealthDetailBody, HealthStatus, JobBody, JobStatus};

use crate::access::RouteState;
use crate::prelude::*;
use crate::support::envelope::reply;
use axum::extract::{FromRef, State};
use axum::response::IntoResponse;
use customer_domain::job::JobLeases;
use customer_domain::{StoreError, StoreHealth};
use http::header::CONTENT_TYPE;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The paths of the health and metrics routes. They are exempt from the limit on requests in
/// flight, so that monitoring gets a reply under any load.
pub const PATHS: &[&str] = &[
    "/health",
    "/health/live",
    "/health/ready",
    "/ready",
    "/metrics",
    "/api/v1/customers/health",
    "/v1/customers/health",
];

/// The dependencies of these routes, in whichever program serves them.
#[derive(Clone)]
pub struct Health {
    /// Checks that the database responds.
    pub store: Arc<dyn StoreHealth>,
    /// The states of the jobs.
    pub jobs: Arc<dyn JobLeases>,
    /// Renders the metrics; `None` if they are disabled or have a listener of their own.
    pub metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
    /// Cancelled when the program is about to stop.
    pub stopping: CancellationToken,
}

impl FromRef<RouteState> for Health {
    fn from_ref(state: &RouteState) -> Self {
        let api = &state.api;
        Self {
            store: Arc::clone(&api.health),
            jobs: Arc::clone(&api.jobs),
            metrics: api.metrics.clone(),
            stopping: api.stopping.clone(),
        }
    }
}

reply! {
    /// The health of the service.
    HealthReply {
        /// The health of the service.
        HealthData {
            /// The service and its dependencies.
            health: HealthBody,
        }
    }
}

reply! {
    /// The health of the service, in detail.
    HealthDetailReply {
        /// The health of the service, in detail.
        HealthDetailData {
            /// The service, its dependencies and its jobs.
            health: HealthDetailBody,
        }
    }
}

/// Returns the routes outside of the base path.
pub(crate) fn router<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Health: FromRef<S>,
{
    OpenApiRouter::new()
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(ready_short))
        .routes(routes!(detail))
        .routes(routes!(metrics))
}

/// Returns the route under the base path.
pub(crate) fn base_router() -> Routes {
    Routes::new().public(routes!(customers_health))
}

/// Succeeds if the database responds and the program is not about to stop.
async fn check(health: &Health) -> HttpResult<()> {
    if health.stopping.is_cancelled() {
        return Err(Problem::new(Code::Unavailable)
            .detail("the service is stopping")
            .retry_after(1));
    }
    health.store.ping().await.map_err(away)
}

fn away(error: StoreError) -> Problem {
    let checks = if error == StoreError::Keys {
        json!({"database": HealthStatus::Up, "secrets": HealthStatus::Down})
    } else {
        json!({"database": HealthStatus::Down})
    };
    failure::store(error).member("checks", checks)
}

async fn ready_now(health: &Health) -> HttpResult<Response> {
    check(health).await?;
    let body = HealthReply::from(HealthData {
        health: HealthBody::up(),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

async fn in_detail(health: &Health) -> HttpResult<Response> {
    check(health).await?;
    let jobs = health.jobs.states().await.map_err(away)?;
    let body = HealthDetailReply::from(HealthDetailData {
        health: HealthDetailBody::up(jobs),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// Check that the process is alive
///
/// Checks nothing else: an unreachable database must not cause a restart of the process.
#[utoipa::path(
    get, path = "/health/live", operation_id = "live", tag = "Health",
    responses((status = 200, description = "The process is alive", body = LiveReply, example = json!({"success": true, "data": {"status": "up"}}))),
)]
async fn live() -> Response {
    let body = LiveReply::from(LiveData {
        status: HealthStatus::Up,
    });
    reply::json(StatusCode::OK, &body).send()
}

reply! {
    /// The process is alive.
    LiveReply {
        /// The process is alive.
        LiveData {
            /// Always up.
            status: HealthStatus,
        }
    }
}

macro_rules! health_route {
    ($(#[$doc:meta])* $name:ident, $path:literal, $operation:literal, $says:literal, $reply:ty, $answer:ident, $example:expr) => {
        $(#[$doc])*
        #[utoipa::path(
            get, path = $path, operation_id = $operation, tag = "Health",
            responses((status = 200, description = $says, body = $reply, example = $example)),
        )]
        async fn $name(State(health): State<Health>) -> HttpResult<Response> {
            $answer(&health).await
        }
    };
}

macro_rules! ready_route {
    ($(#[$doc:meta])* $name:ident, $path:literal, $operation:literal) => {
        health_route! {
            $(#[$doc])* $name, $path, $operation, "The service is ready", HealthReply, ready_now,
            json!({"success": true, "data": {"health": {"status": "up", "database": "up", "version": "0.1.0"}}})
        }
    };
}

macro_rules! detail_route {
    ($(#[$doc:meta])* $name:ident, $path:literal, $operation:literal) => {
        health_route! {
            $(#[$doc])* $name, $path, $operation, "The service is up", HealthDetailReply, in_detail,
            json!({"success": true, "data": {"health": {"status": "up", "database": "up", "version": "0.1.0", "jobs": [{
                "name": "idempotency.purge", "state": "idle", "lastSuccessAt": "2026-11-28T12:00:00Z",
                "dueAt": "2026-11-28T13:00:00Z", "lastError": null, "lastErrorAt": null, "processed": 1200
            }]}}})
        }
    };
}

ready_route! {
    /// Check that requests can be served
    ///
    /// The database must respond, the secrets of this replica must be those with which it was
    /// written, and the service must not be about to stop. Nothing else is checked.
    ready, "/health/ready", "healthReady"
}
ready_route! {
    /// Check that requests can be served
    ///
    /// The same as `/health/ready`.
    ready_short, "/ready", "ready"
}
detail_route! {
    /// Get the health in detail
    ///
    /// The jobs are those of all replicas. A failing job does not make a replica unready.
    detail, "/health", "health"
}
detail_route! {
    /// Get the health in detail
    ///
    /// The same as `/health`.
    customers_health, "/customers/health", "customersHealth"
}

/// Get the metrics
///
/// In the text format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "Health",
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain", example = "customer_requests_total{endpoint=\"/api/v1/customers\",method=\"GET\",status=\"200\"} 1")),
)]
async fn metrics(State(health): State<Health>) -> Response {
    match &health.metrics {
        Some(render) => {
            let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
            (kind, render()).into_response()
        }
        None => Problem::new(Code::RouteNotFound)
            .detail("metrics are not served on this port")
            .into_response(),
    }
}
