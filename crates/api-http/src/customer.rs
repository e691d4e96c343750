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
mod preferences;
mod read;
mod words;

pub use body::{CustomerBody, CustomerData, CustomerReply, ProfileBody, StandingBody};
pub use change::UpdateCustomerBody;
pub use create::CreateCustomerBody;
pub use expand::ExpandParams;
pub use export::{ExportFormat, ExportParams};
pub use fields::ProfileInput;
pub use lifecycle::ReasonBody;
pub use list::{CustomerListData, CustomerListReply, FilterParams, ListParams};
pub use preferences::{
    MarketingBody, MarketingInput, NotificationsBody, NotificationsInput, PreferencesBody,
    PreferencesInput,
};
pub use read::{BatchGetBody, BatchGetData, BatchGetReply, ExternalIdBody, LookupBody};
pub use words::{
    CustomerAccountState, CustomerGender, CustomerKind, CustomerKindInput, CustomerStatus,
    CustomerTier,
};

pub(crate) use change::{apply, stated_id};
pub(crate) use fields::tags;
pub(crate) use preferences::{PREFERENCE_ALIASES, preferences, preferences_body};
pub(crate) use read::{customer_id, not_found};

use crate::prelude::*;
use customer_domain::Context;
use customer_domain::Permission::{Read, Write};
use customer_domain::customer::{Customer, CustomerRecord};
use expand::Related;

/// Returns the routes of customers.
pub(crate) fn router() -> Routes {
    Routes::new()
        .needs(Needs::Write, routes!(create::create))
        .needs(Needs::Read, routes!(list::list))
        .needs(Needs::Admin, routes!(export::export))
        .needs(Needs::Read, routes!(read::batch_get))
        .needs(Needs::Read, routes!(read::look_up))
        .needs(Needs::SelfOr(Read), routes!(read::get))
        .needs(
            Needs::SelfOr(Write),
            routes!(change::replace, change::merge),
        )
        .needs(Needs::StepUpOr(Write), routes!(lifecycle::deactivate))
        .needs(Needs::Admin, routes!(lifecycle::suspend))
        .needs(Needs::Admin, routes!(lifecycle::reactivate))
}

/// Returns the reply with a customer.
fn render(status: StatusCode, record: &CustomerRecord, context: &Context) -> StoredReply {
    expanded(status, record, context, &Related::default())
}

/// Returns the reply with a customer and the records that the request expands.
fn expanded(
    status: StatusCode,
    record: &CustomerRecord,
    context: &Context,
    related: &Related,
) -> StoredReply {
    let customer = CustomerBody::new(record, context).with(related);
    let body = CustomerReply::from(CustomerData { customer });
    let reply = reply::json(status, &body);
    let Customer {
        version, event_seq, ..
    } = record.customer;
    if related.addresses.is_some() {
        // Every change of an address raises the number of the last event, and not the version.
        reply.weak_version(version, event_seq)
    } else {
        reply.version(version)
    }
}
