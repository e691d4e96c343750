//! `POST` of an address

use super::fields::{ALIASES, check, details};
use super::problem::problem;
use super::{AddressReply, CreateAddressBody, example, render};
use crate::prelude::*;
use crate::support::params::{CustomerPath, IdempotencyKeyHeader};
use crate::support::stated::stated_customer;
use customer_app::address::{AddedAddress, CreateAddress};

/// Add an address
///
/// If the customer already has an equal address, no address is added: the reply is 200 with the
/// existing one. An `isDefault` of `true` is applied to it, and so is `legacyId` if it has none.
/// Its other members stay as they are.
#[utoipa::path(
    post,
    path = "/customers/{customerId}/addresses",
    operation_id = "createAddress",
    params(CustomerPath, IdempotencyKeyHeader),
    request_body(content = CreateAddressBody, example = json!(example::create_body())),
    responses(
        (status = 200, description = "The customer already has this address", headers(("ETag" = String, description = "The edit token")), body = AddressReply<'_>, example = json!(example::address_reply())),
        (status = 201, description = "The address was added", headers(("Location" = String, description = "The path of the address"), ("ETag" = String, description = "The edit token")), body = AddressReply<'_>, example = json!(example::address_reply())),
    ),
)]
pub(super) async fn create(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::CustomerNotFound).await?;
    let customer = call.customer();
    let claim = call.claim();
    let stated_customer = stated_customer(&mut call.fields);
    let details = details(&mut call.fields);
    let postal = call.api.addresses.postal(&call.context, &details);
    let faults = check(&mut call.fields, postal.as_ref());
    if !faults.is_empty() {
        return Err(Problem::from_faults(faults));
    }
    let (customer, command) = call.build(|| {
        let command = CreateAddress {
            details,
            stated_customer,
        };
        Some((customer?, command))
    })?;
    let once = Idempotent::new(claim, &added);
    let addresses = &call.api.addresses;
    let outcome = addresses.create(&call.context, customer, &command, &once);
    let outcome = outcome
        .await
        .map_err(|error| problem(error, &call.fields))?;
    Ok(reply::once(outcome, added))
}

fn added(added: &AddedAddress) -> StoredReply {
    let (customer, address) = (added.customer, &added.address);
    if !added.is_new {
        return render(StatusCode::OK, customer, address);
    }
    let place = format!("/api/v1/customers/{customer}/addresses/{}", address.id);
    render(StatusCode::CREATED, customer, address).location(place)
}
