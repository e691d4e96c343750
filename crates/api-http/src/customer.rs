//! Customers over HTTP.

mod body;
mod change;
mod create;
mod example;
mod fields;
mod lifecycle;
mod list;
mod read;
mod words;

pub use body::{
    CustomerBody, CustomerData, CustomerReply, MarketingBody, NotificationsBody, PreferencesBody,
    ProfileBody, StandingBody,
};
pub use change::UpdateCustomerBody;
pub use create::CreateCustomerBody;
pub use fields::{MarketingInput, NotificationsInput, PreferencesInput, ProfileInput};
pub use lifecycle::ReasonBody;
pub use list::{CustomerListData, CustomerListReply, ListParams};
pub use read::{BatchGetBody, BatchGetData, BatchGetReply, ExternalIdBody, LookupBody};
pub use words::{
    CustomerAccountState, CustomerGender, CustomerKind, CustomerKindInput, CustomerStatus,
    CustomerTier, FreeObject,
};

use crate::api::Shared;
use crate::http::extract::PathSegments;
use crate::http::fault::Fault;
use crate::http::fields::Fields;
use crate::http::problem::Code;
use crate::support::reply::{self, ReplyExt};
use customer_domain::Scope;
use customer_domain::customer::{CustomerRecord, CustomerRef};
use customer_domain::idempotency::StoredReply;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The name of the id in paths.
pub(crate) const CUSTOMER_ID: &str = "customerId";

/// The routes of this slice.
pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(create::create, list::list))
        .routes(routes!(read::batch_get))
        .routes(routes!(read::look_up))
        .routes(routes!(
            read::get,
            change::replace,
            change::merge,
            lifecycle::deactivate
        ))
        .routes(routes!(lifecycle::suspend))
        .routes(routes!(lifecycle::reactivate))
}

/// The customer that a path names.
pub(crate) fn customer_ref(path: &PathSegments) -> Result<CustomerRef, Fault> {
    CustomerRef::parse(path.text(CUSTOMER_ID)).map_err(|invalid| {
        Fault::new(
            format!("{{{CUSTOMER_ID}}}"),
            Code::InvalidCustomerId.as_str(),
            invalid.detail,
        )
    })
}

/// Takes note of a fault found outside the body.
fn noted<T>(fields: &mut Fields, result: Result<T, Fault>) -> Option<T> {
    result.map_err(|fault| fields.fault(fault)).ok()
}

/// The reply that shows a customer.
fn shown(status: StatusCode, record: &CustomerRecord, scope: &Scope) -> StoredReply {
    let customer = CustomerBody::new(record, scope);
    let body = CustomerReply::from(CustomerData { customer });
    reply::json(status, &body).version(record.customer.version)
}
