//! How much this replica logs, seen and changed by operators while it runs.

use crate::access::CanOperate;
use crate::api::Shared;
use crate::http::extract::{JsonBody, QueryFields};
use crate::http::fault::{self, Fault};
use crate::http::normalise::AliasTable;
use crate::http::problem::{Answer, Code, Problem};
use crate::support::envelope::reply;
use crate::support::reply::{self, ReplyExt};
use axum::extract::State;
use axum::response::Response;
use customer_domain::Patch;
use http::StatusCode;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Characters of all directives together.
const MAX_LEVEL: usize = 1_000;

/// What decides how much is logged. The directives are a level, levels by module, or both, such as
/// `info,customer_http=debug`.
pub trait LogLevels: Send + Sync {
    /// What holds.
    fn show(&self) -> LogLevelState;

    /// Changes what holds, or goes back to what is configured; `by` is the id of who wants it, and
    /// the change is put in the log.
    ///
    /// # Errors
    /// [`LogLevelError::Unreadable`] with the directives that are none, and then nothing changed.
    fn change(&self, level: Option<&str>, by: &str) -> Result<LogLevelState, LogLevelError>;
}

/// What holds, and what was configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevelState {
    /// The directives that hold.
    pub level: String,
    /// The directives that the process began with.
    pub configured: String,
}

/// Why a level is not changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLevelError {
    /// These are no directives.
    Unreadable(Vec<String>),
    /// Nothing is logged any more.
    Unavailable,
}

/// How much this replica logs.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogLevelBody {
    /// What holds: a level, levels by module, or both.
    #[schema(example = "info,customer_http=debug")]
    pub level: String,
    /// What is configured, and holds after a restart.
    #[schema(example = "info")]
    pub configured: String,
}

/// Another log level.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetLogLevelBody {
    /// The tenant that the caller acts in; it must be one that it may act in.
    pub tenant_id: Option<String>,
    /// `off`, `error`, `warn`, `info`, `debug` or `trace`, for all or by module (`module=level`),
    /// separated by commas; null: what is configured. Absent, nothing changes.
    #[schema(max_length = 1_000)]
    pub level: Option<String>,
}

reply! {
    /// How much this replica logs.
    LogLevelReply {
        /// How much this replica logs.
        LogLevelData {
            /// The level.
            log_level: LogLevelBody,
        }
    }
}

/// The routes of this slice.
pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(get, set))
}

/// Read the log level
///
/// That of the one replica that answers.
#[utoipa::path(
    get,
    path = "/log-level",
    operation_id = "getLogLevel",
    tag = "Operation",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    responses((status = 200, description = "The level", body = LogLevelReply, example = json!(example_reply()))),
)]
async fn get(
    State(api): State<Shared>,
    CanOperate(by): CanOperate,
    QueryFields(mut query): QueryFields,
) -> Answer<Response> {
    by.scope(&api, [query.tenant(), None], Code::TenantNotFound)
        .await?;
    query.finish()?;
    Ok(shown(api.log_levels.show()))
}

/// Change the log level
///
/// That of the one replica that answers, until it ends: others keep theirs, and a restart brings
/// back what is configured. Libraries stay at `info` unless they are named. Personal values are
/// masked at every level.
#[utoipa::path(
    put,
    path = "/log-level",
    operation_id = "setLogLevel",
    tag = "Operation",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    request_body(content = SetLogLevelBody, example = json!({"level": "info,customer_http=debug"})),
    responses((status = 200, description = "The level that holds now", body = LogLevelReply, example = json!(example_reply()))),
)]
async fn set(
    State(api): State<Shared>,
    CanOperate(by): CanOperate,
    QueryFields(mut query): QueryFields,
    body: JsonBody,
) -> Answer<Response> {
    let mut fields = body.fields(&AliasTable::FLAT);
    let named = [query.tenant(), fields.text("tenantId").optional()];
    by.scope(&api, named, Code::TenantNotFound).await?;
    fields.extend(query.into_faults());
    let level = fields.text("level").max(MAX_LEVEL).patch();
    let level = fields.build(|| Some(level))?;
    let actor = &by.caller.actor.id;
    let changed = match level {
        Patch::Keep => Ok(api.log_levels.show()),
        Patch::Clear => api.log_levels.change(None, actor),
        Patch::Set(level) => api.log_levels.change(Some(&level), actor),
    };
    Ok(shown(changed.map_err(problem)?))
}

fn shown(state: LogLevelState) -> Response {
    let body = LogLevelReply::from(LogLevelData {
        log_level: LogLevelBody {
            level: state.level,
            configured: state.configured,
        },
    });
    reply::json(StatusCode::OK, &body).send()
}

fn problem(error: LogLevelError) -> Problem {
    match error {
        LogLevelError::Unreadable(directives) => {
            let quoted: Vec<_> = directives.iter().map(|text| format!("{text:?}")).collect();
            let detail = format!(
                "no directive: {}; a level (off, error, warn, info, debug, trace) or module=level is accepted",
                quoted.join(", ")
            );
            Fault::new("/level", fault::INVALID_VALUE, detail).into()
        }
        LogLevelError::Unavailable => Code::Internal.into(),
    }
}

fn example_reply() -> Value {
    json!({"success": true, "data": {"logLevel": {"level": "info,customer_http=debug", "configured": "info"}}})
}
