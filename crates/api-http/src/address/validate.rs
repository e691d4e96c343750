//! `POST …/addresses/validate`

use super::fields::{ALIASES, SentAs, details, judge, stated_customer};
use super::problem::problem;
use super::{ValidateAddressBody, ValidationBody, ValidationData, ValidationReply, example};
use crate::access::CanWrite;
use crate::api::Shared;
use crate::customer::{customer_ref, noted};
use crate::http::extract::{JsonBody, PathSegments, QueryFields};
use crate::http::problem::{Answer, Code, Problem};
use crate::support::reply::{self, ReplyExt};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

/// Look at an address
///
/// Says what its country's post would not take, and how the post would write it. Nothing is
/// stored. Format, postal code and region are looked at, not whether the place exists.
#[utoipa::path(
    post,
    path = "/customers/{customerId}/addresses/validate",
    operation_id = "validateAddress",
    tag = "Addresses",
    security(("bearer" = ["customers:write"]), ("apiKey" = ["customers:write"])),
    params(("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$")),
    request_body(content = ValidateAddressBody, example = json!(example::create_body())),
    responses((status = 200, description = "What was found out", body = ValidationReply, example = json!(example::validation_reply()))),
)]
pub(super) async fn validate(
    State(api): State<Shared>,
    CanWrite(by): CanWrite,
    path: PathSegments,
    QueryFields(mut query): QueryFields,
    body: JsonBody,
) -> Answer<Response> {
    let mut fields = body.fields(&ALIASES);
    let sent_as = SentAs::of(&fields);
    let named = [query.tenant(), fields.text("tenantId").optional()];
    let scope = by.scope(&api, named, Code::CustomerNotFound).await?;
    fields.extend(query.into_faults());
    let customer = noted(&mut fields, customer_ref(&path));
    let stated = stated_customer(&mut fields);
    let details = details(&mut fields);
    let draft = api.addresses.draft(&scope, details);
    let mut faults = fields.into_faults();
    if draft.is_none() {
        judge(&mut faults, None, &sent_as);
    }
    let wanted = customer.zip(draft).filter(|_| faults.is_empty());
    let Some((customer, draft)) = wanted else {
        return Err(Problem::from_faults(faults));
    };
    let exists = api.addresses.exists(&scope, customer, stated).await;
    exists.map_err(|error| problem(error, &sent_as))?;
    let body = ValidationReply::from(ValidationData {
        validation: ValidationBody::new(&draft.postal),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}
