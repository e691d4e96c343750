//! Whether the service lives, is ready, and how its parts are; and its metrics.

use crate::api::Shared;
use crate::http::problem::{Answer, Code, Problem};
use crate::support::envelope::reply;
use crate::support::failure;
use crate::support::reply::{self, ReplyExt};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How a part is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// It answers.
    Up,
    /// It does not.
    Down,
}

/// How the parts are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthBody {
    /// The service as a whole: up while its database is.
    pub status: HealthStatus,
    /// The database.
    pub database: HealthStatus,
    /// The version that runs.
    pub version: &'static str,
}

reply! {
    /// How the service is.
    HealthReply {
        /// How the service is.
        HealthData {
            /// The service and its parts.
            health: HealthBody,
        }
    }
}

/// The routes outside the base.
pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(live))
        .routes(routes!(ready))
        .routes(routes!(ready_short))
        .routes(routes!(detail))
        .routes(routes!(metrics))
}

/// The route inside the base.
pub(crate) fn base_router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(customers_health))
}

fn up() -> HealthBody {
    HealthBody {
        status: HealthStatus::Up,
        database: HealthStatus::Up,
        version: env!("CARGO_PKG_VERSION"),
    }
}

async fn ready_now(api: &Shared) -> Answer<Response> {
    if api.stopping.is_cancelled() {
        return Err(Problem::new(Code::Unavailable)
            .detail("the service is stopping")
            .retry_after(1));
    }
    api.health.ping().await.map_err(|error| {
        failure::store(error).member("checks", json!({"database": HealthStatus::Down}))
    })?;
    let body = HealthReply::from(HealthData { health: up() });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// Whether the process lives
///
/// Looks at nothing else: a database that is away must not get the process restarted.
#[utoipa::path(
    get, path = "/health/live", operation_id = "live", tag = "Health",
    responses((status = 200, description = "It lives", body = LiveReply, example = json!({"success": true, "data": {"status": "up"}}))),
)]
async fn live() -> Response {
    let body = LiveReply::from(LiveData {
        status: HealthStatus::Up,
    });
    reply::json(StatusCode::OK, &body).send()
}

reply! {
    /// The process lives.
    LiveReply {
        /// The process lives.
        LiveData {
            /// Always up.
            status: HealthStatus,
        }
    }
}

macro_rules! health_route {
    ($(#[$doc:meta])* $name:ident, $path:literal, $operation:literal) => {
        $(#[$doc])*
        #[utoipa::path(
            get, path = $path, operation_id = $operation, tag = "Health",
            responses((status = 200, description = "It is ready", body = HealthReply, example = json!({"success": true, "data": {"health": {"status": "up", "database": "up", "version": "0.1.0"}}}))),
        )]
        async fn $name(State(api): State<Shared>) -> Answer<Response> {
            ready_now(&api).await
        }
    };
}

health_route! {
    /// Whether requests can be served
    ///
    /// The database must answer, and the service must not be about to stop; nothing else counts.
    ready, "/health/ready", "healthReady"
}
health_route! {
    /// Whether requests can be served
    ///
    /// The same as `/health/ready`.
    ready_short, "/ready", "ready"
}
health_route! {
    /// How the parts are
    detail, "/health", "health"
}
health_route! {
    /// How the parts are
    customers_health, "/customers/health", "customersHealth"
}

/// Metrics
///
/// In the text format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "Health",
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain", example = "customer_requests_total{endpoint=\"/api/v1/customers\",method=\"GET\",status=\"200\"} 1")),
)]
async fn metrics(State(api): State<Shared>) -> Response {
    match &api.metrics {
        Some(render) => {
            let kind = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
            (kind, render()).into_response()
        }
        None => Problem::new(Code::RouteNotFound)
            .detail("metrics have a listener of their own")
            .into_response(),
    }
}
