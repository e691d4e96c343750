//! `POST` of an address

use super::fields::{ALIASES, SentAs, details, judge, stated_customer};
use super::problem::problem;
use super::{AddressReply, CreateAddressBody, example, shown};
use crate::access::CanWrite;
use crate::api::Shared;
use crate::customer::{canonical, customer_ref, noted};
use crate::http::extract::{JsonBody, PathSegments, QueryFields};
use crate::http::problem::{Answer, Code, Problem};
use crate::support::claim::{self, Operation};
use crate::support::reply::{self, ReplyExt};
use axum::extract::State;
use axum::response::Response;
use customer_app::address::{AddedAddress, CreateAddress};
use customer_app::idempotency::Once;
use customer_domain::idempotency::StoredReply;
use http::{HeaderMap, StatusCode};

/// Add an address
///
/// An address that the customer has already is not added again: it is answered with 200. A true
/// `isDefault` is applied to it, and `legacyId` when it has none: one that it has stays. Of
/// everything else it keeps what it has.
#[utoipa::path(
    post,
    path = "/customers/{customerId}/addresses",
    operation_id = "createAddress",
    tag = "Addresses",
    security(("bearer" = ["customers:write"]), ("apiKey" = ["customers:write"])),
    params(
        ("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to repeat for 24 hours", max_length = 255),
    ),
    request_body(content = CreateAddressBody, example = json!(example::create_body())),
    responses(
        (status = 200, description = "The customer has this address already", headers(("ETag" = String, description = "The edit token")), body = AddressReply<'_>, example = json!(example::address_reply())),
        (status = 201, description = "The address was added", headers(("Location" = String, description = "Where the address lies"), ("ETag" = String, description = "The edit token")), body = AddressReply<'_>, example = json!(example::address_reply())),
    ),
)]
pub(super) async fn create(
    State(api): State<Shared>,
    CanWrite(by): CanWrite,
    path: PathSegments,
    QueryFields(mut query): QueryFields,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Response> {
    let bytes = body.bytes.clone();
    let mut fields = body.fields(&ALIASES);
    let sent_as = SentAs::of(&fields);
    let named = [query.tenant(), fields.text("tenantId").optional()];
    let scope = by.scope(&api, named, Code::CustomerNotFound).await?;
    fields.extend(query.into_faults());
    let customer = noted(&mut fields, customer_ref(&path));
    let target = customer.map(canonical).unwrap_or_default();
    let operation = Operation {
        route: "POST /customers/{customerId}/addresses",
        target: &target,
    };
    let claim = claim::claim(&api, &by, operation, &headers, &bytes);
    let claim = noted(&mut fields, claim).flatten();
    let stated_customer = stated_customer(&mut fields);
    let details = details(&mut fields);
    let make_default = details.is_default == Some(true);
    let draft = api.addresses.draft(&scope, details);
    let mut faults = fields.into_faults();
    judge(&mut faults, draft.as_ref(), &sent_as);
    let wanted = customer.zip(draft).filter(|_| faults.is_empty());
    let Some((customer, address)) = wanted else {
        return Err(Problem::from_faults(faults));
    };
    let command = CreateAddress {
        address,
        make_default,
        stated_customer,
    };
    let once = Once::new(claim, &added);
    let outcome = api.addresses.create(&scope, customer, &command, &once);
    let outcome = outcome.await.map_err(|error| problem(error, &sent_as))?;
    Ok(reply::once(outcome, added))
}

fn added(added: &AddedAddress) -> StoredReply {
    let (customer, address) = (added.customer, &added.address);
    if !added.is_new {
        return shown(StatusCode::OK, customer, address);
    }
    let place = format!("/api/v1/customers/{customer}/addresses/{}", address.id);
    shown(StatusCode::CREATED, customer, address).location(place)
}
