//! `DELETE` of a customer, `POST …/suspend` and `…/reactivate`.

use super::change::{problem, stated_id};
use super::{CustomerReply, example, render};
use crate::prelude::*;
use crate::support::params::{CustomerPath, IdempotencyKeyHeader, IfMatchHeader};
use customer_app::customer::ChangeStatus;
use customer_domain::audit::MAX_REASON;
use customer_domain::customer::{CustomerRecord, StatusChange};
use customer_domain::text;
use http_kit::normalise::AliasTable;

/// The reason for a change of the status.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReasonBody {
    /// The reason, for the audit trail.
    pub reason: Option<String>,
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
}

/// Deactivate a customer
///
/// The record is kept for orders and staff. The customer leaves its group, and others may have its
/// e-mail address, `legacyId` and `externalIds`; it is still shown with them. Repeating the request
/// changes nothing.
#[utoipa::path(
    delete,
    path = "/customers/{customerId}",
    operation_id = "deleteCustomer",
    params(CustomerPath, IfMatchHeader),
    request_body(content = Option<ReasonBody>, example = json!(example::reason_body())),
    responses((status = 200, description = "The deactivated customer", headers(("ETag" = String, description = "The edit token")), body = CustomerReply<'_>, example = json!(example::deleted_reply()))),
)]
pub(super) async fn deactivate(call: Call) -> HttpResult<Response> {
    transition(call, StatusChange::Deactivate).await
}

macro_rules! step_route {
    ($(#[$doc:meta])* $name:ident, $path:literal, $operation:literal, $change:ident) => {
        $(#[$doc])*
        #[utoipa::path(
            post,
            path = $path,
            operation_id = $operation,
            params(CustomerPath, IfMatchHeader, IdempotencyKeyHeader),
            request_body(content = Option<ReasonBody>, example = json!(example::reason_body())),
            responses((status = 200, description = "The customer as it is now", headers(("ETag" = String, description = "The edit token")), body = CustomerReply<'_>, example = json!(example::customer_reply()))),
        )]
        pub(super) async fn $name(call: Call) -> HttpResult<Response> {
            transition(call, StatusChange::$change).await
        }
    };
}

step_route! {
    /// Suspend a customer
    ///
    /// A suspended customer cannot sign in. Repeating the request changes nothing.
    suspend, "/customers/{customerId}/suspend", "suspendCustomer", Suspend
}

step_route! {
    /// Reactivate a customer
    ///
    /// From pending, inactive or suspended; also from deleted, if the e-mail address, `legacyId` and
    /// `externalIds` are still free: if not, the problem names those that others have. If its group
    /// was deleted meanwhile, the customer comes back without one (`groupId` is null). Repeating the
    /// request changes nothing.
    reactivate, "/customers/{customerId}/reactivate", "reactivateCustomer", Reactivate
}

/// Changes the status; `Idempotency-Key` is only read on POST.
async fn transition(call: Call, change: StatusChange) -> HttpResult<Response> {
    let missing = Code::CustomerNotFound;
    let mut call = call.optional_body(&ALIASES, missing).await?;
    let customer = call.customer();
    let expected_versions = call.if_match();
    let claim = match change {
        StatusChange::Suspend | StatusChange::Reactivate => call.claim(),
        StatusChange::Deactivate | StatusChange::SetInactive => None,
    };
    let reason = call.fields.text("reason");
    let reason = reason
        .then(|reason| rule(text::line(&reason, MAX_REASON)))
        .optional()
        .flatten();
    let stated = stated_id(&mut call.fields);
    let (customer, command) = call.build(|| {
        let command = ChangeStatus {
            change,
            reason,
            expected_versions,
            stated,
        };
        Some((customer?, command))
    })?;
    let render = |record: &CustomerRecord| render(StatusCode::OK, record, &call.context);
    let once = Idempotent::new(claim, &render);
    let customers = &call.api.customers;
    let outcome = customers.change_status(&call.context, customer, &command, &once);
    let outcome = outcome
        .await
        .map_err(|error| problem(error, &call.fields))?;
    Ok(reply::once(outcome, render))
}

static ALIASES: AliasTable = AliasTable {
    objects: &[],
    aliases: &[("/customerId", "/id")],
};
