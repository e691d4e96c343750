//! The address book over HTTP.

mod body;
mod change;
mod create;
mod example;
mod fields;
mod input;
mod problem;
mod read;
mod set_default;
mod validate;

pub use body::{
    AddressBody, AddressData, AddressKind, AddressListData, AddressListReply, AddressReply,
    AddressRole, AddressValidationBody, NormalisedAddressBody, ValidationBody, ValidationData,
    ValidationProblemBody, ValidationReply,
};
pub use input::{CreateAddressBody, UpdateAddressBody, ValidateAddressBody};
pub(crate) use problem::of_read;
pub use set_default::SetDefaultAddressBody;

use crate::api::Shared;
use crate::http::extract::PathSegments;
use crate::http::fault::Fault;
use crate::http::problem::Code;
use crate::support::reply::{self, ReplyExt};
use customer_domain::CustomerId;
use customer_domain::address::{Address, AddressRef};
use customer_domain::idempotency::StoredReply;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The name of the address' id in paths.
const ADDRESS_ID: &str = "addressId";

/// The routes of this slice.
pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(read::list, create::create))
        .routes(routes!(
            read::get,
            change::replace,
            change::merge,
            change::remove
        ))
        .routes(routes!(set_default::set_default))
        .routes(routes!(validate::validate))
}

/// The address that a path names.
fn address_ref(path: &PathSegments) -> Result<AddressRef, Fault> {
    AddressRef::parse(path.text(ADDRESS_ID)).map_err(|invalid| {
        Fault::new(
            format!("{{{ADDRESS_ID}}}"),
            Code::InvalidAddressId.as_str(),
            invalid.detail,
        )
    })
}

/// The reply that shows an address.
fn shown(status: StatusCode, customer: CustomerId, address: &Address) -> StoredReply {
    let address_body = AddressBody::new(customer, address);
    let body = AddressReply::from(AddressData {
        address: address_body,
    });
    reply::json(status, &body).version(address.version)
}
