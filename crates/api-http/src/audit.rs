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

use crate::access::CanAdmin;
use crate::api::{Api, Shared};
use crate::customer::{canonical, customer_ref, noted};
use crate::http::extract::{PathSegments, QueryFields};
use crate::http::fields::Fields;
use crate::http::problem::{Answer, Code, Problem};
use crate::support::cursor::{TextCursor, page_size_or};
use crate::support::failure;
use crate::support::reply::{self, ReplyExt};
use axum::extract::State;
use axum::response::Response;
use customer_app::audit::{AuditPage, AuditQuery};
use customer_domain::audit::AuditKey;
use customer_domain::{Scope, StoreError};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Entries per page, unless the query says otherwise.
const USUAL_SIZE: u32 = 20;

/// By what entries are counted.
static COUNTED_BY: &[(&str, ())] = &[("customer", ())];

/// The routes of this slice.
pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(list_of_customer))
        .routes(routes!(summary))
}

/// List audit events
///
/// The newest first. Reading them is an event itself.
#[utoipa::path(
    get,
    path = "/customers/audit-events",
    operation_id = "listAuditEvents",
    tag = "Audit",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    params(AuditSubjectParams, AuditFilterParams, AuditListParams),
    responses((status = 200, description = "One page", body = AuditListReply<'_>, example = json!(example::list_reply()))),
)]
async fn list(
    State(api): State<Shared>,
    CanAdmin(by): CanAdmin,
    QueryFields(mut query): QueryFields,
) -> Answer<Response> {
    let named = [query.tenant(), None];
    let scope = by.scope(&api, named, Code::TenantNotFound).await?;
    let customer = filter::customer(&mut query);
    let mut wanted = filter::read_of_list(&mut query);
    wanted.filter.customer = customer;
    let paging = Paging::read(&mut query, &api, &scope, "", &wanted);
    query.finish()?;
    let listed = api
        .audit
        .list(&scope, &wanted, paging.after, paging.size)
        .await;
    Ok(paging.page(&listed.map_err(problem)?))
}

/// List the audit events of a customer
///
/// The newest first. Reading them is an event itself.
#[utoipa::path(
    get,
    path = "/customers/{customerId}/audit-events",
    operation_id = "listCustomerAuditEvents",
    tag = "Audit",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    params(
        ("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
        AuditFilterParams,
        AuditListParams,
    ),
    responses((status = 200, description = "One page", body = AuditListReply<'_>, example = json!(example::list_reply()))),
)]
async fn list_of_customer(
    State(api): State<Shared>,
    CanAdmin(by): CanAdmin,
    path: PathSegments,
    QueryFields(mut query): QueryFields,
) -> Answer<Response> {
    let named = [query.tenant(), None];
    let scope = by.scope(&api, named, Code::CustomerNotFound).await?;
    let customer = noted(&mut query, customer_ref(&path));
    let wanted = filter::read_of_list(&mut query);
    let whose = customer.map(canonical).unwrap_or_default();
    let paging = Paging::read(&mut query, &api, &scope, &whose, &wanted);
    let customer = query.build(|| customer)?;
    let listed = api
        .audit
        .of_customer(&scope, customer, wanted, paging.after, paging.size)
        .await;
    Ok(paging.page(&listed.map_err(problem)?))
}

/// Count audit events by customer
///
/// Those with the most come first, at most a hundred; of equal counts by id. Reading the counts is an event itself.
#[utoipa::path(
    get,
    path = "/customers/audit-events/summary",
    operation_id = "countAuditEvents",
    tag = "Audit",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    params(
        AuditFilterParams,
        ("by" = Option<String>, Query, description = "By what to count; `customer` is all there is", pattern = "^customer$"),
    ),
    responses((status = 200, description = "The counts", body = AuditSummaryReply, example = json!(example::summary_reply()))),
)]
async fn summary(
    State(api): State<Shared>,
    CanAdmin(by): CanAdmin,
    QueryFields(mut query): QueryFields,
) -> Answer<Response> {
    let named = [query.tenant(), None];
    let scope = by.scope(&api, named, Code::TenantNotFound).await?;
    let wanted = filter::read(&mut query);
    query.one_of("by", COUNTED_BY).optional();
    query.finish()?;
    let tally = api.audit.tally(&scope, &wanted).await;
    let summary = AuditSummaryBody::from(&tally.map_err(problem)?);
    let body = AuditSummaryReply::from(AuditSummaryData { summary });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// Which part of a list is wanted, and how it is shown.
struct Paging {
    cursor: TextCursor,
    after: Option<AuditKey>,
    size: u32,
}

impl Paging {
    /// `whose` is the customer that the path names.
    fn read(
        query: &mut Fields,
        api: &Api,
        scope: &Scope,
        whose: &str,
        wanted: &AuditQuery,
    ) -> Self {
        let list = cursor::list(api, whose, wanted);
        let cursor = TextCursor::new(api, scope, &list);
        let after = cursor.read(query);
        Self {
            cursor,
            after: after.as_deref().and_then(cursor::read),
            size: page_size_or(query, USUAL_SIZE),
        }
    }

    fn page(&self, page: &AuditPage) -> Response {
        let body = AuditListReply::from(AuditListData {
            events: page.items.iter().map(AuditEventBody::from).collect(),
            next_cursor: page
                .next
                .map(|last| self.cursor.seal(&cursor::written(last))),
        });
        reply::json(StatusCode::OK, &body).send()
    }
}

/// What an administrator asks of the trail is theirs to narrow.
fn problem(error: StoreError) -> Problem {
    match error {
        StoreError::TooSlow => Code::FilterTooBroad.into(),
        StoreError::NotFound => Code::CustomerNotFound.into(),
        other @ (StoreError::Conflict(_)
        | StoreError::Contended
        | StoreError::Unavailable(_)
        | StoreError::Corrupt { .. }) => failure::store(other),
    }
}
