//! Customers over HTTP.

mod body;
mod change;
mod create;
mod example;
mod expand;
mod export;
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
pub use expand::ExpandParams;
pub use export::{ExportFormat, ExportParams};
pub use fields::{MarketingInput, NotificationsInput, PreferencesInput, ProfileInput};
pub use lifecycle::ReasonBody;
pub use list::{CustomerListData, CustomerListReply, FilterParams, ListParams};
pub use read::{BatchGetBody, BatchGetData, BatchGetReply, ExternalIdBody, LookupBody};
pub use words::{
    CustomerAccountState, CustomerGender, CustomerKind, CustomerKindInput, CustomerReference,
    CustomerStatus, CustomerTier, FreeObject,
};

pub(crate) use change::{problem, sent_as, stated_id};
pub(crate) use fields::wishes;
pub(crate) use read::{customer_id, not_found};

use crate::api::Shared;
use crate::http::extract::PathSegments;
use crate::http::fault::Fault;
use crate::http::fields::Fields;
use crate::http::problem::Code;
use crate::support::reply::{self, ReplyExt};
use customer_domain::Scope;
use customer_domain::customer::{CustomerRecord, CustomerRef};
use customer_domain::idempotency::StoredReply;
use expand::Related;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The name of the id in paths.
pub(crate) const CUSTOMER_ID: &str = "customerId";
/// Names the customer behind the caller's token.
const ME: &str = "me";

/// The routes of this slice.
pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(create::create, list::list))
        .routes(routes!(export::export))
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
    let fault =
        |code: Code, detail| Fault::new(format!("{{{CUSTOMER_ID}}}"), code.as_str(), detail);
    match path.text(CUSTOMER_ID) {
        ME => Err(fault(
            Code::CustomerNotFound,
            "me is the customer behind a token, and behind an API key there is none".into(),
        )),
        name => CustomerRef::parse(name)
            .map_err(|invalid| fault(Code::InvalidCustomerId, invalid.detail)),
    }
}

/// One spelling for all that name the same customer alike, so that a repeated request is
/// recognised.
pub(crate) fn canonical(customer: CustomerRef) -> String {
    match customer {
        CustomerRef::Id(id) => id.to_string(),
        CustomerRef::Legacy(id) => id.get().to_string(),
    }
}

/// Takes note of a fault found outside the body.
pub(crate) fn noted<T>(fields: &mut Fields, result: Result<T, Fault>) -> Option<T> {
    result.map_err(|fault| fields.fault(fault)).ok()
}

/// The reply that shows a customer.
fn shown(status: StatusCode, record: &CustomerRecord, scope: &Scope) -> StoredReply {
    expanded(status, record, scope, &Related::default())
}

/// The reply that shows a customer, and what was asked for beside it.
fn expanded(
    status: StatusCode,
    record: &CustomerRecord,
    scope: &Scope,
    related: &Related,
) -> StoredReply {
    let customer = CustomerBody::new(record, scope).with(related);
    let body = CustomerReply::from(CustomerData { customer });
    reply::json(status, &body).version(record.customer.version)
}
