//! Tags over HTTP: the tags of a customer, and the tags of the tenant with their counts.

mod body;

pub use body::{
    TagCountBody, TagListData, TagListReply, TagsBody, TagsData, TagsReply, UpdateTagsBody,
};

use crate::call::cursor::{PageCursor, long_page_size};
use crate::customer::{apply, stated_id, tags};
use crate::prelude::*;
use crate::support::params::{
    CustomerPath, IdempotencyKeyHeader, IfMatchHeader, LongPageParams, in_path,
};
use body::render;
use customer_app::customer::UpdateCustomer;
use customer_domain::customer::{CustomerChanges, CustomerRef};
use customer_domain::idempotency::IdempotencyClaim;
use customer_domain::tag::{MAX_TAG_LENGTH, Tag, TagChanges, TagQuery};
use customer_domain::{Patch, StoreError};
use http_kit::fields::Violation;
use http_kit::normalise::AliasTable;

static ALIASES: AliasTable = AliasTable {
    objects: &[],
    aliases: &[("/customerId", "/id")],
};

/// Returns the routes of tags.
pub(crate) fn router() -> Routes {
    Routes::new()
        .needs(Needs::Read, routes!(list))
        .needs(Needs::Write, routes!(replace, add))
        .needs(Needs::Write, routes!(remove))
}

/// The filter and the page of a list of tags.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TagListParams {
    /// Only tags that begin with this prefix, case-sensitively.
    pub prefix: Option<String>,
}

/// List tags
///
/// The tags that customers of the tenant have, each with the number of customers, deleted ones
/// included. Numbers up to 10,000 are exact.
#[utoipa::path(
    get,
    path = "/customers/tags",
    operation_id = "listTags",
    params(TagListParams, LongPageParams),
    responses((status = 200, description = "One page, in the order of code points", body = TagListReply<'_>, example = json!(body::example_list()))),
)]
async fn list(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::TenantNotFound).await?;
    let prefix = call.fields.text("prefix").max(MAX_TAG_LENGTH).optional();
    let prefix = prefix.unwrap_or_default();
    let cursor = PageCursor::of(&call, &format!("tags {prefix}"));
    let size = long_page_size(&mut call.fields);
    let after = cursor.read(&mut call.fields);
    call.fields.finish()?;
    let wanted = TagQuery {
        prefix,
        // The cursor was signed by this service: it contains a stored tag.
        after: after.map(Tag::from_store),
        limit: size,
    };
    let page = call.api.tags.list(&call.context, &wanted).await;
    let page = page.map_err(failed)?;
    let body = TagListReply::from(TagListData {
        tags: page.items.iter().map(TagCountBody::from).collect(),
        page_size: size,
        next_cursor: page.next.map(|tag| cursor.seal(&tag.as_str())),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// Returns the problem for a failed read of the list. It is the counting of a tag's customers that
/// may take too long.
fn failed(error: StoreError) -> Problem {
    if error == StoreError::TooSlow {
        return Problem::new(Code::FilterTooBroad)
            .detail("the tags could not be counted in time: ask for fewer by page_size");
    }
    failure::store(error)
}

/// Replace the tags of a customer
#[utoipa::path(
    put,
    path = "/customers/{customerId}/tags",
    operation_id = "replaceTags",
    params(CustomerPath, IfMatchHeader),
    request_body(content = UpdateTagsBody, example = json!({"tags": ["early-adopter", "vip"]})),
    responses((status = 200, description = "The tags as they are now", headers(("ETag" = String, description = "The customer's edit token")), body = TagsReply<'_>, example = json!(body::example()))),
)]
async fn replace(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::CustomerNotFound).await?;
    let tags = tags(&mut call.fields, 0).required();
    let changes = TagChanges {
        all: tags.map_or(Patch::Keep, |tags| Patch::Set(tags.into_iter().collect())),
        ..TagChanges::default()
    };
    let customer = call.customer();
    let expected_versions = call.expected_versions();
    change(call, customer, changes, expected_versions, None).await
}

/// Add tags to a customer
///
/// Tags that the customer already has are kept; a customer has at most 50 tags.
#[utoipa::path(
    post,
    path = "/customers/{customerId}/tags",
    operation_id = "addTags",
    params(CustomerPath, IfMatchHeader, IdempotencyKeyHeader),
    request_body(content = TagsBody, example = json!({"tags": ["vip"]})),
    responses((status = 200, description = "The tags as they are now", headers(("ETag" = String, description = "The customer's edit token")), body = TagsReply<'_>, example = json!(body::example()))),
)]
async fn add(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::CustomerNotFound).await?;
    let tags = tags(&mut call.fields, 1).required();
    let changes = TagChanges {
        added: tags.into_iter().flatten().collect(),
        ..TagChanges::default()
    };
    let customer = call.customer();
    let expected_versions = call.expected_versions();
    let claim = call.claim();
    change(call, customer, changes, expected_versions, claim).await
}

/// Remove a tag from a customer
///
/// If the customer does not have the tag, nothing changes.
#[utoipa::path(
    delete,
    path = "/customers/{customerId}/tags/{tag}",
    operation_id = "removeTag",
    params(
        CustomerPath,
        ("tag" = String, Path, description = "The tag, percent-encoded", min_length = 1),
        IfMatchHeader,
    ),
    responses((status = 200, description = "The tags as they are now", headers(("ETag" = String, description = "The customer's edit token")), body = TagsReply<'_>, example = json!(body::example()))),
)]
async fn remove(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::CustomerNotFound).await?;
    let tag = rule(Tag::parse(call.text("tag")));
    let tag = tag.map_err(|Violation { code, detail }| in_path("tag", code, detail));
    let changes = TagChanges {
        removed: call.fields.note(tag).into_iter().collect(),
        ..TagChanges::default()
    };
    let customer = call.customer();
    let expected_versions = call.if_match();
    change(call, customer, changes, expected_versions, None).await
}

/// Changes the tags of a customer: the part that the three routes share.
async fn change(
    mut call: Request,
    customer: Option<CustomerRef>,
    tags: TagChanges,
    expected_versions: Option<Vec<i64>>,
    claim: Option<IdempotencyClaim>,
) -> HttpResult<Response> {
    let command = UpdateCustomer {
        stated: stated_id(&mut call.fields),
        changes: CustomerChanges {
            tags,
            ..CustomerChanges::default()
        },
        expected_versions,
        ..UpdateCustomer::default()
    };
    apply(call, customer, command, claim, |record, _| render(record)).await
}
