//! `POST …/addresses/validate`

use super::fields::{ALIASES, details, missing_country};
use super::problem::problem;
use super::{ValidateAddressBody, ValidationBody, ValidationData, ValidationReply, example};
use crate::prelude::*;
use crate::support::params::CustomerPath;
use crate::support::stated::stated_customer;

/// Check an address
///
/// Returns the problems that its country's post would have with the address, and how the post would
/// write it. Nothing is stored. Format, postal code and region are checked, but not whether the
/// place exists.
#[utoipa::path(
    post,
    path = "/customers/{customerId}/addresses/validate",
    operation_id = "validateAddress",
    params(CustomerPath),
    request_body(content = ValidateAddressBody, example = json!(example::create_body())),
    responses((status = 200, description = "The result of the check", body = ValidationReply, example = json!(example::validation_reply()))),
)]
pub(super) async fn validate(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::CustomerNotFound).await?;
    let customer = call.customer();
    let stated = stated_customer(&mut call.fields);
    let details = details(&mut call.fields);
    let addresses = &call.api.addresses;
    let postal = addresses.postal(&call.context, &details);
    let mut faults = call.fields.take_faults();
    faults.extend(missing_country(&call.fields, postal.as_ref(), &faults));
    let wanted = customer.zip(postal).filter(|_| faults.is_empty());
    let Some((customer, postal)) = wanted else {
        return Err(Problem::from_faults(faults));
    };
    let exists = addresses.exists(&call.context, customer, stated).await;
    exists.map_err(|error| problem(error, &call.fields))?;
    let body = ValidationReply::from(ValidationData {
        validation: ValidationBody::new(&postal),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}
