//! `PUT`, `PATCH` and `DELETE` of an address

use super::fields::{ALIASES, details, stated};
use super::problem::problem;
use super::{AddressBody, AddressData, AddressReply, UpdateAddressBody, example, render};
use crate::prelude::*;
use crate::support::merge::merge_routes;
use crate::support::params::{AddressPath, IfMatchHeader};
use crate::support::stated::stated_customer;
use customer_app::address::{RemoveAddress, UpdateAddress};

merge_routes! {
    /// Change an address
    ///
    /// A merge, as with PATCH: absent members stay as they are, `null` clears.
    put "updateAddress";
    /// Change an address by merge patch
    ///
    /// Absent members stay as they are, `null` clears (RFC 7396).
    patch "patchAddress";
    path = "/customers/{customerId}/addresses/{addressId}",
    params(AddressPath, IfMatchHeader),
    request_body(content = UpdateAddressBody, example = json!(example::update_body())),
    responses((status = 200, description = "The address as it is now", headers(("ETag" = String, description = "The edit token")), body = AddressReply<'_>, example = json!(example::address_reply()))),
}

async fn update(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::CustomerNotFound).await?;
    let customer = call.customer();
    let address = call.address();
    let expected_versions = call.expected_versions();
    let stated_customer = stated_customer(&mut call.fields);
    let stated = stated(&mut call.fields);
    call.fields.ignore(&["createdAt", "updatedAt"]);
    let changes = details(&mut call.fields);
    let (customer, address, command) = call.build(|| {
        let command = UpdateAddress {
            changes,
            expected_versions,
            stated_customer,
            stated,
        };
        Some((customer?, address?, command))
    })?;
    let addresses = &call.api.addresses;
    let updated = addresses.update(&call.context, customer, address, &command);
    let updated = updated
        .await
        .map_err(|error| problem(error, &call.fields))?;
    Ok(render(StatusCode::OK, updated.customer, &updated.address).send())
}

/// Delete an address
///
/// The roles that it was the default for go to the newest other address of a suitable type.
#[utoipa::path(
    delete,
    path = "/customers/{customerId}/addresses/{addressId}",
    operation_id = "deleteAddress",
    params(AddressPath, IfMatchHeader),
    responses((status = 200, description = "The deleted address", body = AddressReply<'_>, example = json!(example::deleted_reply()))),
)]
pub(super) async fn remove(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::CustomerNotFound).await?;
    let customer = call.customer();
    let address = call.address();
    let expected_versions = call.if_match();
    let (customer, address) = call.build(|| customer.zip(address))?;
    let command = RemoveAddress { expected_versions };
    let addresses = &call.api.addresses;
    let removed = addresses.remove(&call.context, customer, address, &command);
    let removed = removed
        .await
        .map_err(|error| problem(error, &call.fields))?;
    // Without an ETag: a deleted address cannot be edited.
    let body = AddressReply::from(AddressData {
        address: AddressBody::new(removed.customer, &removed.address),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}
