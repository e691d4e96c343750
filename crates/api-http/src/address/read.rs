//! `GET` of the address book and of a single address

use super::problem::problem;
use super::{AddressBody, AddressListData, AddressListReply, AddressReply, example, render};
use crate::prelude::*;
use crate::support::params::{AddressPath, CustomerPath};

/// List the addresses of a customer
///
/// Oldest first. The addresses of a deactivated customer are included.
#[utoipa::path(
    get,
    path = "/customers/{customerId}/addresses",
    operation_id = "listAddresses",
    params(CustomerPath),
    responses((status = 200, description = "The addresses", body = AddressListReply<'_>, example = json!(example::list_reply()))),
)]
pub(super) async fn list(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::CustomerNotFound).await?;
    let customer = call.customer();
    let customer = call.build(|| customer)?;
    let book = call.api.addresses.book(&call.context, customer).await;
    let book = book.map_err(|error| problem(error, &call.fields))?;
    let addresses = book.addresses().iter();
    let addresses = addresses.map(|address| AddressBody::new(book.customer(), address));
    let body = AddressListReply::from(AddressListData {
        addresses: addresses.collect(),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// Read an address
#[utoipa::path(
    get,
    path = "/customers/{customerId}/addresses/{addressId}",
    operation_id = "getAddress",
    params(AddressPath),
    responses((status = 200, description = "The address", headers(("ETag" = String, description = "The edit token")), body = AddressReply<'_>, example = json!(example::address_reply()))),
)]
pub(super) async fn get(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::CustomerNotFound).await?;
    let customer = call.customer();
    let address = call.address();
    let (customer, address) = call.build(|| customer.zip(address))?;
    let found = call.api.addresses.get(&call.context, customer, address);
    let found = found.await.map_err(|error| problem(error, &call.fields))?;
    Ok(render(StatusCode::OK, found.customer, &found.address).send())
}
