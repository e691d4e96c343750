//! `DELETE` of a customer, `POST …/suspend` and `…/reactivate`

use super::change::{problem, sent_as, stated_id};
use super::fields::rule;
use super::{CustomerReply, canonical, customer_ref, example, noted, shown};
use crate::access::{Authorized, CanAdmin, CanWrite};
use crate::api::{Api, Shared};
use crate::http::etag::IfMatch;
use crate::http::extract::{OptionalJsonBody, PathSegments};
use crate::http::fields::Fields;
use crate::http::normalise::AliasTable;
use crate::http::problem::{Answer, Code, Problem};
use crate::support::claim::{self, Operation};
use crate::support::reply;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::response::Response;
use customer_app::customer::{ChangeStatus, Stated};
use customer_app::idempotency::Once;
use customer_domain::audit::MAX_REASON;
use customer_domain::customer::{CustomerRecord, StatusChange};
use customer_domain::text;
use http::{HeaderMap, StatusCode};

/// Why something is done.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReasonBody {
    /// Why, for the record.
    #[schema(max_length = 500)]
    pub reason: Option<String>,
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
}

/// Deactivate a customer
///
/// The record stays for orders and staff; the e-mail address is free again. Repeating it
/// changes nothing.
#[utoipa::path(
    delete,
    path = "/customers/{customerId}",
    operation_id = "deleteCustomer",
    tag = "Customers",
    security(("bearer" = ["customers:write"]), ("apiKey" = ["customers:write"])),
    params(
        ("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    request_body(content = Option<ReasonBody>, example = json!(example::reason_body())),
    responses((status = 200, description = "The deactivated customer", headers(("ETag" = String, description = "The edit token")), body = CustomerReply<'_>, example = json!(example::deleted_reply()))),
)]
pub(super) async fn deactivate(
    State(api): State<Shared>,
    CanWrite(by): CanWrite,
    step: StepRequest,
) -> Answer<Response> {
    step.take(&api, &by, StatusChange::Deactivate, None).await
}

macro_rules! step_route {
    ($(#[$doc:meta])* $name:ident, $path:literal, $operation:literal, $change:ident) => {
        $(#[$doc])*
        #[utoipa::path(
            post,
            path = $path,
            operation_id = $operation,
            tag = "Customers",
            security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
            params(
                ("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
                ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
                ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to repeat for 24 hours", max_length = 255),
            ),
            request_body(content = Option<ReasonBody>, example = json!(example::reason_body())),
            responses((status = 200, description = "The customer as it is now", headers(("ETag" = String, description = "The edit token")), body = CustomerReply<'_>, example = json!(example::customer_reply()))),
        )]
        pub(super) async fn $name(
            State(api): State<Shared>,
            CanAdmin(by): CanAdmin,
            step: StepRequest,
        ) -> Answer<Response> {
            let route = concat!("POST ", $path);
            step.take(&api, &by, StatusChange::$change, Some(route)).await
        }
    };
}

step_route! {
    /// Suspend a customer
    ///
    /// A suspended customer cannot sign in. Repeating it changes nothing.
    suspend, "/customers/{customerId}/suspend", "suspendCustomer", Suspend
}

step_route! {
    /// Reactivate a customer
    ///
    /// From pending, inactive or suspended, and back from deleted when its e-mail address is
    /// still free. Repeating it changes nothing.
    reactivate, "/customers/{customerId}/reactivate", "reactivateCustomer", Reactivate
}

/// The request for a step of a customer's life: an optional reason.
pub(super) struct StepRequest {
    path: PathSegments,
    query: Fields,
    headers: HeaderMap,
    body: OptionalJsonBody,
}

impl FromRequest<Shared> for StepRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Shared) -> Answer<Self> {
        let (mut parts, body) = request.into_parts();
        let path = PathSegments::from_request_parts(&mut parts, api).await?;
        let query = Fields::query(parts.uri.query());
        let headers = parts.headers.clone();
        let request = Request::from_parts(parts, body);
        let body = OptionalJsonBody::from_request(request, api).await?;
        Ok(Self {
            path,
            query,
            headers,
            body,
        })
    }
}

impl StepRequest {
    /// Takes the step; with a route, an `Idempotency-Key` counts.
    async fn take(
        self,
        api: &Api,
        by: &Authorized,
        change: StatusChange,
        route: Option<&'static str>,
    ) -> Answer<Response> {
        let Self {
            path,
            mut query,
            headers,
            body,
        } = self;
        let bytes = body.bytes.clone();
        let mut fields = body.fields(&ALIASES);
        let sent_as = sent_as(&fields);
        let named = [query.tenant(), fields.text("tenantId").optional()];
        let scope = by.scope(api, named, Code::CustomerNotFound).await?;
        fields.extend(query.into_faults());
        let customer = noted(&mut fields, customer_ref(&path));
        let expected = noted(&mut fields, IfMatch::from_headers(&headers)).flatten();
        let claim = route.and_then(|route| {
            let target = customer.map(canonical).unwrap_or_default();
            let operation = Operation {
                route,
                target: &target,
            };
            noted(
                &mut fields,
                claim::claim(api, by, operation, &headers, &bytes),
            )
            .flatten()
        });
        let reason = fields
            .text("reason")
            .then(|reason| rule(text::line(&reason, MAX_REASON)))
            .optional()
            .flatten();
        let stated = Stated {
            id: stated_id(&mut fields),
            ..Stated::default()
        };
        let (customer, command) = fields.build(|| {
            let command = ChangeStatus {
                change,
                reason,
                expected_versions: expected.and_then(IfMatch::into_versions),
                stated,
            };
            Some((customer?, command))
        })?;
        let render = |record: &CustomerRecord| shown(StatusCode::OK, record, &scope);
        let once = Once::new(claim, &render);
        let outcome = api
            .customers
            .change_status(&scope, customer, &command, &once)
            .await;
        let outcome = outcome.map_err(|error| problem(error, &sent_as))?;
        Ok(reply::once(outcome, render))
    }
}

static ALIASES: AliasTable = AliasTable {
    objects: &[],
    aliases: &[("/customerId", "/id")],
};
