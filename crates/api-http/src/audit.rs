//! The audit trail over HTTP, for administrators.

mod body;
mod cursor;
mod example;
mod filter;

pub use body::{
    AuditActorType, AuditCountBody, AuditEventBody, AuditListData, AuditListReply,
    AuditMetadataBody, AuditSummaryBody, AuditSummaryData, AuditSummaryReply,
};
pub use filter::{AuditFilterParams, AuditListParams, AuditOperation, AuditSubjectParams};

use crate::call::cursor::{PageCursor, page_size};
use crate::prelude::*;
use crate::support::params::{CustomerPath, PageParams};
use customer_app::audit::{AuditPage, AuditQuery};
use customer_domain::audit::AuditKey;
use customer_domain::{PageEnd, StoreError};

/// The properties that entries can be counted by.
static COUNTED_BY: &[(&str, ())] = &[("customer", ())];

/// Returns the routes of the audit trail.
pub(crate) fn router() -> Routes {
    Routes::new()
        .needs(Needs::Admin, routes!(list))
        .needs(Needs::Admin, routes!(list_of_customer))
        .needs(Needs::Admin, routes!(summary))
}

/// List audit events
///
/// Newest first. Reading the events is itself recorded as an event.
#[utoipa::path(
    get,
    path = "/customers/audit-events",
    operation_id = "listAuditEvents",
    params(AuditSubjectParams, AuditFilterParams, AuditListParams, PageParams),
    responses((status = 200, description = "A page of events", body = AuditListReply<'_>, example = json!(example::list_reply()))),
)]
async fn list(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::TenantNotFound).await?;
    let customer = filter::customer(&mut call.fields);
    let mut wanted = filter::read_of_list(&mut call.fields);
    wanted.filter.customer = customer;
    let paging = Paging::read(&mut call, &wanted);
    call.fields.finish()?;
    let audit = &call.api.audit;
    let listed = audit.list(&call.context, &wanted, paging.after, paging.size);
    Ok(paging.page(&listed.await.map_err(problem)?))
}

/// List the audit events of a customer
///
/// Newest first. Reading the events is itself recorded as an event.
#[utoipa::path(
    get,
    path = "/customers/{customerId}/audit-events",
    operation_id = "listCustomerAuditEvents",
    params(CustomerPath, AuditFilterParams, AuditListParams, PageParams),
    responses((status = 200, description = "A page of events", body = AuditListReply<'_>, example = json!(example::list_reply()))),
)]
async fn list_of_customer(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::CustomerNotFound).await?;
    let customer = call.customer();
    let wanted = filter::read_of_list(&mut call.fields);
    let paging = Paging::read(&mut call, &wanted);
    let customer = call.build(|| customer)?;
    let (after, size) = (paging.after, paging.size);
    let audit = &call.api.audit;
    let listed = audit.of_customer(&call.context, customer, wanted, after, size);
    Ok(paging.page(&listed.await.map_err(problem)?))
}

/// Count audit events by customer
///
/// The customers with the most events come first, equal ones sorted by id, at most a hundred.
/// Reading the counts is itself recorded as an event.
#[utoipa::path(
    get,
    path = "/customers/audit-events/summary",
    operation_id = "countAuditEvents",
    params(
        AuditFilterParams,
        ("by" = Option<String>, Query, description = "The property to count by; only `customer` is supported", pattern = "^customer$"),
    ),
    responses((status = 200, description = "The counts", body = AuditSummaryReply, example = json!(example::summary_reply()))),
)]
async fn summary(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::TenantNotFound).await?;
    let wanted = filter::read(&mut call.fields);
    call.fields.one_of("by", COUNTED_BY).optional();
    call.fields.finish()?;
    let tally = call.api.audit.tally(&call.context, &wanted).await;
    let summary = AuditSummaryBody::from(&tally.map_err(problem)?);
    let body = AuditSummaryReply::from(AuditSummaryData { summary });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// The requested page, and the cursor for the next one.
struct Paging {
    cursor: PageCursor,
    after: Option<PageEnd<AuditKey>>,
    size: u32,
}

impl Paging {
    fn read(call: &mut Request, wanted: &AuditQuery) -> Self {
        let list = cursor::list(&call.api, wanted);
        let cursor = PageCursor::of(call, &list);
        let after = cursor.read(&mut call.fields);
        Self {
            cursor,
            after: after.and_then(cursor::end),
            size: page_size(&mut call.fields),
        }
    }

    fn page(&self, page: &AuditPage) -> Response {
        let body = AuditListReply::from(AuditListData {
            events: page.items.iter().map(AuditEventBody::from).collect(),
            next_cursor: page
                .next
                .map(|last| self.cursor.seal(&cursor::position(last))),
        });
        reply::json(StatusCode::OK, &body).send()
    }
}

/// Returns the problem for an error. A query that is too slow is the client's to narrow.
fn problem(error: StoreError) -> Problem {
    match error {
        StoreError::TooSlow => Code::FilterTooBroad.into(),
        StoreError::NotFound => Code::CustomerNotFound.into(),
        other @ (StoreError::Conflict(_)
        | StoreError::Contended
        | StoreError::Unavailable(_)
        | StoreError::Keys
        | StoreError::Corrupt { .. }) => failure::store(other),
    }
}
