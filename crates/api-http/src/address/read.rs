//! `GET` of the address book and of one address

use super::problem::of_read;
use super::{
    AddressBody, AddressListData, AddressListReply, AddressReply, address_ref, example, shown,
};
use crate::access::CanRead;
use crate::api::Shared;
use crate::customer::{customer_ref, noted};
use crate::http::extract::{PathSegments, QueryFields};
use crate::http::problem::{Answer, Code};
use crate::support::reply::{self, ReplyExt};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

/// List the addresses of a customer
///
/// Oldest first. A deactivated customer's addresses are shown too.
#[utoipa::path(
    get,
    path = "/customers/{customerId}/addresses",
    operation_id = "listAddresses",
    tag = "Addresses",
    security(("bearer" = ["customers:read"]), ("apiKey" = ["customers:read"])),
    params(("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$")),
    responses((status = 200, description = "The addresses", body = AddressListReply<'_>, example = json!(example::list_reply()))),
)]
pub(super) async fn list(
    State(api): State<Shared>,
    CanRead(by): CanRead,
    path: PathSegments,
    QueryFields(mut query): QueryFields,
) -> Answer<Response> {
    let named = [query.tenant(), None];
    let scope = by.scope(&api, named, Code::CustomerNotFound).await?;
    let customer = noted(&mut query, customer_ref(&path));
    let customer = query.build(|| customer)?;
    let book = api.addresses.book(&scope, customer).await;
    let book = book.map_err(of_read)?;
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
    tag = "Addresses",
    security(("bearer" = ["customers:read"]), ("apiKey" = ["customers:read"])),
    params(
        ("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
        ("addressId" = String, Path, description = "A UUID, `addr_<UUID>`, or a Magento id", pattern = "^((addr_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
    ),
    responses((status = 200, description = "The address", headers(("ETag" = String, description = "The edit token")), body = AddressReply<'_>, example = json!(example::address_reply()))),
)]
pub(super) async fn get(
    State(api): State<Shared>,
    CanRead(by): CanRead,
    path: PathSegments,
    QueryFields(mut query): QueryFields,
) -> Answer<Response> {
    let named = [query.tenant(), None];
    let scope = by.scope(&api, named, Code::CustomerNotFound).await?;
    let customer = noted(&mut query, customer_ref(&path));
    let address = noted(&mut query, address_ref(&path));
    let (customer, address) = query.build(|| customer.zip(address))?;
    let found = api.addresses.get(&scope, customer, address).await;
    let found = found.map_err(of_read)?;
    Ok(shown(StatusCode::OK, found.customer, &found.address).send())
}
