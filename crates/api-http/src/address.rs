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
pub use set_default::SetDefaultAddressBody;

use crate::prelude::*;
use customer_app::access::Needs::SelfOr;
use customer_domain::CustomerId;
use customer_domain::Permission::{Read, Write};
use customer_domain::address::Address;

/// Returns the routes of the address book.
pub(crate) fn router() -> Routes {
    Routes::new()
        .needs(SelfOr(Read), routes!(read::list))
        .needs(SelfOr(Write), routes!(create::create))
        .needs(SelfOr(Read), routes!(read::get))
        .needs(
            SelfOr(Write),
            routes!(change::replace, change::merge, change::remove),
        )
        .needs(SelfOr(Write), routes!(set_default::set_default))
        .needs(SelfOr(Write), routes!(validate::validate))
}

/// Returns the reply with an address.
fn render(status: StatusCode, customer: CustomerId, address: &Address) -> StoredReply {
    let address_body = AddressBody::new(customer, address);
    let body = AddressReply::from(AddressData {
        address: address_body,
    });
    reply::json(status, &body).version(address.version)
}
