//! The log level of this replica, which operators can read and change at run time.

use crate::prelude::*;
use crate::support::envelope::reply;
use crate::support::log_levels::{LogLevelError, LogLevelState, MAX_LEVEL};
use crate::support::patch::PatchExt as _;
use customer_domain::Patch;
use http_kit::fault::{self, Fault};
use http_kit::normalise::AliasTable;

/// The log level of this replica.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogLevelBody {
    /// The current log level: a level, levels by module, or both.
    #[schema(example = "info,customer_http=debug")]
    pub level: String,
    /// The configured log level, which a restart restores.
    #[schema(example = "info")]
    pub configured: String,
}

/// A new log level.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetLogLevelBody {
    /// The tenant of the call; must be one that the caller may act in.
    pub tenant_id: Option<String>,
    /// `off`, `error`, `warn`, `info`, `debug` or `trace`, for everything or by module
    /// (`module=level`), separated by commas; `null` restores the configured level. If absent,
    /// nothing changes.
    pub level: Option<String>,
}

reply! {
    /// The log level of this replica.
    LogLevelReply {
        /// The log level of this replica.
        LogLevelData {
            /// The log level.
            log_level: LogLevelBody,
        }
    }
}

/// Returns the routes of the log level.
pub(crate) fn router() -> Routes {
    Routes::new().needs(Needs::Operate, routes!(get, set))
}

/// Read the log level
///
/// Of the replica that responds.
#[utoipa::path(
    get,
    path = "/log-level",
    operation_id = "getLogLevel",
    responses((status = 200, description = "The level", body = LogLevelReply, example = json!(example_reply()))),
)]
async fn get(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::TenantNotFound).await?;
    call.fields.finish()?;
    Ok(render(call.api.log_levels.show()))
}

/// Change the log level
///
/// Of the replica that responds, until it stops: other replicas keep their level, and a restart
/// restores the configured one. Libraries stay at `info` unless they are named. Personal values are
/// masked at every level.
#[utoipa::path(
    put,
    path = "/log-level",
    operation_id = "setLogLevel",
    request_body(content = SetLogLevelBody, example = json!({"level": "info,customer_http=debug"})),
    responses((status = 200, description = "The new level", body = LogLevelReply, example = json!(example_reply()))),
)]
async fn set(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&AliasTable::FLAT, Code::TenantNotFound).await?;
    let level = call.fields.text("level").max(MAX_LEVEL).patch();
    call.fields.finish()?;
    let (levels, actor) = (&call.api.log_levels, &call.context.actor.id);
    let changed = match level {
        Patch::Keep => Ok(levels.show()),
        Patch::Clear => levels.change(None, actor),
        Patch::Set(level) => levels.change(Some(&level), actor),
    };
    Ok(render(changed.map_err(problem)?))
}

fn render(state: LogLevelState) -> Response {
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
