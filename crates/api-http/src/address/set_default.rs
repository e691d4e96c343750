//! `POST …/set-default`

use super::fields::ALIASES;
use super::problem::problem;
use super::{AddressReply, AddressRole, example, render};
use crate::prelude::*;
use crate::support::params::{AddressPath, IdempotencyKeyHeader, IfMatchHeader};
use crate::support::stated::stated_customer;
use crate::support::wire::CustomerReference;
use customer_app::address::{HeldAddress, SetDefaultAddress};
use customer_domain::address::Role;

/// The role that an address becomes the default for.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetDefaultAddressBody {
    /// The role, which the address's type must cover; by default all roles of its type.
    pub role: Option<AddressRole>,
    /// The tenant; must be one that the caller may act in.
    pub tenant_id: Option<String>,
    /// The customer; must be the one in the path.
    #[schema(nullable = false)]
    pub customer_id: Option<CustomerReference>,
}

/// Make an address the default
///
/// For one role, or for all roles of its type. Repeating the request changes nothing.
#[utoipa::path(
    post,
    path = "/customers/{customerId}/addresses/{addressId}/set-default",
    operation_id = "setDefaultAddress",
    params(AddressPath, IfMatchHeader, IdempotencyKeyHeader),
    request_body(content = Option<SetDefaultAddressBody>, example = json!(example::set_default_body())),
    responses((status = 200, description = "The address as it is now", headers(("ETag" = String, description = "The edit token")), body = AddressReply<'_>, example = json!(example::address_reply()))),
)]
pub(super) async fn set_default(call: Call) -> HttpResult<Response> {
    let missing = Code::CustomerNotFound;
    let mut call = call.optional_body(&ALIASES, missing).await?;
    let customer = call.customer();
    let address = call.address();
    let expected_versions = call.if_match();
    let claim = call.claim();
    let role = call.fields.one_of("role", Role::WORDS).optional();
    let stated_customer = stated_customer(&mut call.fields);
    let (customer, address, command) = call.build(|| {
        let command = SetDefaultAddress {
            role,
            expected_versions,
            stated_customer,
        };
        Some((customer?, address?, command))
    })?;
    let render = |held: &HeldAddress| render(StatusCode::OK, held.customer, &held.address);
    let once = Idempotent::new(claim, &render);
    let addresses = &call.api.addresses;
    let outcome = addresses.set_default(&call.context, customer, address, &command, &once);
    let outcome = outcome
        .await
        .map_err(|error| problem(error, &call.fields))?;
    Ok(reply::once(outcome, render))
}
