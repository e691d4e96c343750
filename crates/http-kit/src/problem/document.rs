//! The problem document as it is serialised.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::fault::Fault;

/// A failure as clients see it (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemDocument {
    /// The page that explains the code, relative to the service.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference")]
    pub(super) kind: String,
    /// One sentence, the same for every occurrence of the code.
    pub(super) title: String,
    /// The HTTP status.
    pub(super) status: u16,
    /// What happened this time.
    pub(super) detail: String,
    /// The path of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) instance: Option<String>,
    /// Always false.
    #[schema(example = false)]
    pub(super) success: bool,
    /// One of a closed list.
    pub(super) code: String,
    /// Everything that is wrong with the request, at most 100 lines.
    pub(super) errors: Vec<Fault>,
    /// What to name when asking for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "4bf92f3577b34da6a3ce929d0e0e4736")]
    pub(super) trace_id: Option<String>,
    /// Whether the same request, sent again later, may succeed.
    pub(super) retryable: bool,
    /// Extension members of the code, described on its page.
    #[serde(flatten)]
    #[schema(ignore)]
    pub(super) members: Map<String, Value>,
}
