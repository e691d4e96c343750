//! `POST …/set-default`

use super::fields::{ALIASES, ROLES, SentAs, stated_customer};
use super::problem::problem;
use super::{AddressReply, AddressRole, address_ref, example, shown};
use crate::access::CanWrite;
use crate::api::Shared;
use crate::customer::{CustomerReference, canonical, customer_ref, noted};
use crate::http::etag::IfMatch;
use crate::http::extract::{OptionalJsonBody, PathSegments, QueryFields};
use crate::http::problem::{Answer, Code};
use crate::support::claim::{self, Operation};
use crate::support::reply;
use axum::extract::State;
use axum::response::Response;
use customer_app::address::{HeldAddress, SetDefaultAddress, StatedAddress};
use customer_app::idempotency::Once;
use customer_domain::address::AddressRef;
use http::{HeaderMap, StatusCode};

/// In which role an address becomes the default.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetDefaultAddressBody {
    /// The role, which the address' type must cover; all of its type unless given.
    pub role: Option<AddressRole>,
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
    /// The customer; it must be the one that the path names.
    #[schema(nullable = false)]
    pub customer_id: Option<CustomerReference>,
}

/// Make an address the default
///
/// In one role, or in all of its type. Repeating it changes nothing.
#[utoipa::path(
    post,
    path = "/customers/{customerId}/addresses/{addressId}/set-default",
    operation_id = "setDefaultAddress",
    tag = "Addresses",
    security(("bearer" = ["customers:write"]), ("apiKey" = ["customers:write"])),
    params(
        ("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
        ("addressId" = String, Path, description = "A UUID, `addr_<UUID>`, or a Magento id", pattern = "^((addr_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to repeat for 24 hours", max_length = 255),
    ),
    request_body(content = Option<SetDefaultAddressBody>, example = json!(example::set_default_body())),
    responses((status = 200, description = "The address as it is now", headers(("ETag" = String, description = "The edit token")), body = AddressReply<'_>, example = json!(example::address_reply()))),
)]
pub(super) async fn set_default(
    State(api): State<Shared>,
    CanWrite(by): CanWrite,
    path: PathSegments,
    QueryFields(mut query): QueryFields,
    headers: HeaderMap,
    body: OptionalJsonBody,
) -> Answer<Response> {
    let bytes = body.bytes.clone();
    let mut fields = body.fields(&ALIASES);
    let sent_as = SentAs::of(&fields);
    let named = [query.tenant(), fields.text("tenantId").optional()];
    let scope = by.scope(&api, named, Code::CustomerNotFound).await?;
    fields.extend(query.into_faults());
    let customer = noted(&mut fields, customer_ref(&path));
    let address = noted(&mut fields, address_ref(&path));
    let expected = noted(&mut fields, IfMatch::from_headers(&headers)).flatten();
    let target = customer.zip(address).map(|(customer, address)| {
        let address = match address {
            AddressRef::Id(id) => id.to_string(),
            AddressRef::Legacy(id) => id.get().to_string(),
        };
        format!("{}/{address}", canonical(customer))
    });
    let operation = Operation {
        route: "POST /customers/{customerId}/addresses/{addressId}/set-default",
        target: &target.unwrap_or_default(),
    };
    let claim = claim::claim(&api, &by, operation, &headers, &bytes);
    let claim = noted(&mut fields, claim).flatten();
    let role = fields.one_of("role", ROLES).optional();
    let stated = StatedAddress {
        customer: stated_customer(&mut fields),
        ..StatedAddress::default()
    };
    let (customer, address, command) = fields.build(|| {
        let command = SetDefaultAddress {
            role,
            expected_versions: expected.and_then(IfMatch::into_versions),
            stated,
        };
        Some((customer?, address?, command))
    })?;
    let render = |held: &HeldAddress| shown(StatusCode::OK, held.customer, &held.address);
    let once = Once::new(claim, &render);
    let addresses = &api.addresses;
    let outcome = addresses.set_default(&scope, customer, address, &command, &once);
    let outcome = outcome.await.map_err(|error| problem(error, &sent_as))?;
    Ok(reply::once(outcome, render))
}
