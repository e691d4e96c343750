//! Tags over HTTP: those of one customer, and those of the tenant with their counts.

mod body;

pub use body::{
    TagCountBody, TagListData, TagListReply, TagsBody, TagsData, TagsReply, UpdateTagsBody,
};

use crate::access::{Authorized, CanRead, CanWrite};
use crate::api::{Api, Shared};
use crate::customer::{canonical, customer_ref, noted, problem, sent_as, stated_id};
use crate::http::etag::{IfMatch, expected_version};
use crate::http::extract::{JsonBody, PathSegments, QueryFields};
use crate::http::fault::Fault;
use crate::http::fields::{Fields, Violation};
use crate::http::normalise::AliasTable;
use crate::http::problem::{Answer, Code, Problem};
use crate::support::claim::{self, Operation};
use crate::support::cursor::{TextCursor, page_size};
use crate::support::failure::{self, rule};
use crate::support::items::Items;
use crate::support::reply::{self, ReplyExt};
use axum::extract::State;
use axum::response::Response;
use body::shown;
use bytes::Bytes;
use customer_app::customer::{Stated, UpdateCustomer};
use customer_app::idempotency::Once;
use customer_domain::customer::{CustomerChanges, CustomerRecord};
use customer_domain::idempotency::IdempotencyClaim;
use customer_domain::tag::{MAX_TAG_LENGTH, MAX_TAGS, Tag, TagQuery};
use customer_domain::{Patch, StoreError};
use http::{HeaderMap, StatusCode};
use std::collections::BTreeSet;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

static ALIASES: AliasTable = AliasTable {
    objects: &[],
    aliases: &[("/customerId", "/id")],
};

const ADD: &str = "POST /customers/{customerId}/tags";

/// The routes of this slice.
pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(replace, add))
        .routes(routes!(remove))
}

/// What a list of tags may be asked for.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TagListParams {
    /// Only tags that begin with this, in exactly this case.
    #[param(max_length = 50)]
    pub prefix: Option<String>,
    /// Tags per page; 100 unless given.
    #[param(minimum = 1, maximum = 100)]
    pub page_size: Option<u32>,
    /// The `nextCursor` of the last page, with the same prefix.
    pub cursor: Option<String>,
}

/// List tags
///
/// The tags that customers of the tenant carry, each with how many carry it: exact to 10,000,
/// deleted customers included.
#[utoipa::path(
    get,
    path = "/customers/tags",
    operation_id = "listTags",
    tag = "Tags",
    security(("bearer" = ["customers:read"]), ("apiKey" = ["customers:read"])),
    params(TagListParams),
    responses((status = 200, description = "One page, in the order of code points", body = TagListReply<'_>, example = json!(body::example_list()))),
)]
async fn list(
    State(api): State<Shared>,
    CanRead(by): CanRead,
    QueryFields(mut query): QueryFields,
) -> Answer<Response> {
    let named = [query.tenant(), None];
    let scope = by.scope(&api, named, Code::TenantNotFound).await?;
    let prefix = query.text("prefix").max(MAX_TAG_LENGTH).optional();
    let prefix = prefix.unwrap_or_default();
    let cursor = TextCursor::new(&api, &scope, &format!("tags {prefix}"));
    let size = page_size(&mut query);
    let after = cursor.read(&mut query);
    query.finish()?;
    let wanted = TagQuery {
        prefix,
        after: after.and_then(|tag| Tag::parse(&tag).ok()),
        limit: size,
    };
    let page = api.tags.list(&scope, &wanted).await;
    let page = page.map_err(failed)?;
    let body = TagListReply::from(TagListData {
        tags: page.items.iter().map(TagCountBody::from).collect(),
        page_size: size,
        next_cursor: page.next.map(|tag| cursor.seal(tag.as_str())),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// What takes its time is the counting, tag by tag.
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
    tag = "Tags",
    security(("bearer" = ["customers:write"]), ("apiKey" = ["customers:write"])),
    params(
        ("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    request_body(content = UpdateTagsBody, example = json!({"tags": ["early-adopter", "vip"]})),
    responses((status = 200, description = "The tags as they are now", headers(("ETag" = String, description = "The customer's edit token")), body = TagsReply<'_>, example = json!(body::example()))),
)]
async fn replace(
    State(api): State<Shared>,
    CanWrite(by): CanWrite,
    path: PathSegments,
    QueryFields(query): QueryFields,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Response> {
    let mut fields = body.fields(&ALIASES);
    let tags = tags(&mut fields, 0);
    let changes = CustomerChanges {
        tags: tags.map_or(Patch::Keep, Patch::Set),
        ..CustomerChanges::default()
    };
    let request = Request {
        path: &path,
        query,
        headers: &headers,
        fields,
        claimed: None,
    };
    request.change(&api, &by, changes).await
}

/// Add tags to a customer
///
/// Tags that it carries already stay; a customer carries at most 50.
#[utoipa::path(
    post,
    path = "/customers/{customerId}/tags",
    operation_id = "addTags",
    tag = "Tags",
    security(("bearer" = ["customers:write"]), ("apiKey" = ["customers:write"])),
    params(
        ("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to repeat for 24 hours", max_length = 255),
    ),
    request_body(content = TagsBody, example = json!({"tags": ["vip"]})),
    responses((status = 200, description = "The tags as they are now", headers(("ETag" = String, description = "The customer's edit token")), body = TagsReply<'_>, example = json!(body::example()))),
)]
async fn add(
    State(api): State<Shared>,
    CanWrite(by): CanWrite,
    path: PathSegments,
    QueryFields(query): QueryFields,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Response> {
    let bytes = body.bytes.clone();
    let mut fields = body.fields(&ALIASES);
    let changes = CustomerChanges {
        added_tags: tags(&mut fields, 1).unwrap_or_default(),
        ..CustomerChanges::default()
    };
    let request = Request {
        path: &path,
        query,
        headers: &headers,
        fields,
        claimed: Some(bytes),
    };
    request.change(&api, &by, changes).await
}

/// Take a tag off a customer
///
/// A tag that it does not carry changes nothing.
#[utoipa::path(
    delete,
    path = "/customers/{customerId}/tags/{tag}",
    operation_id = "removeTag",
    tag = "Tags",
    security(("bearer" = ["customers:write"]), ("apiKey" = ["customers:write"])),
    params(
        ("customerId" = String, Path, description = "A UUID, `cust_<UUID>`, a Magento id, or `me`: the customer behind the token", pattern = "^(me|(cust_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[1-9][0-9]{0,9})$"),
        ("tag" = String, Path, description = "The tag, percent-encoded", min_length = 1, max_length = 50),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    responses((status = 200, description = "The tags as they are now", headers(("ETag" = String, description = "The customer's edit token")), body = TagsReply<'_>, example = json!(body::example()))),
)]
async fn remove(
    State(api): State<Shared>,
    CanWrite(by): CanWrite,
    path: PathSegments,
    QueryFields(query): QueryFields,
    headers: HeaderMap,
) -> Answer<Response> {
    let mut fields = Fields::empty();
    let tag = rule(Tag::parse(path.text("tag")));
    let tag = tag.map_err(|Violation { code, detail }| Fault::new("{tag}", code, detail));
    let changes = CustomerChanges {
        removed_tags: noted(&mut fields, tag).into_iter().collect(),
        ..CustomerChanges::default()
    };
    let request = Request {
        path: &path,
        query,
        headers: &headers,
        fields,
        claimed: None,
    };
    request.change(&api, &by, changes).await
}

/// The tags of the body, each once.
fn tags(fields: &mut Fields, fewest: usize) -> Option<BTreeSet<Tag>> {
    let items = Items::new(fewest..=MAX_TAGS, |text| rule(Tag::parse(text)));
    let tags = fields.field("tags", items).required();
    tags.map(BTreeSet::from_iter)
}

/// What the three ways of changing tags have in common.
struct Request<'r> {
    path: &'r PathSegments,
    query: Fields,
    headers: &'r HeaderMap,
    fields: Fields,
    /// The body, where an `Idempotency-Key` counts.
    claimed: Option<Bytes>,
}

impl Request<'_> {
    async fn change(
        mut self,
        api: &Api,
        by: &Authorized,
        changes: CustomerChanges,
    ) -> Answer<Response> {
        let sent_as = sent_as(&self.fields);
        let tenant = self.fields.text("tenantId").optional();
        let named = [self.query.tenant(), tenant];
        let scope = by.scope(api, named, Code::CustomerNotFound).await?;
        self.fields.extend(self.query.into_faults());
        let mut fields = self.fields;
        let customer = noted(&mut fields, customer_ref(self.path));
        let header = noted(&mut fields, IfMatch::from_headers(self.headers)).flatten();
        let version = fields.integer("version", 1..=i64::MAX).optional();
        let expected = noted(&mut fields, expected_version(header, version)).flatten();
        let stated = Stated {
            id: stated_id(&mut fields),
            ..Stated::default()
        };
        let target = customer.map(canonical).unwrap_or_default();
        let claim = match &self.claimed {
            Some(body) => noted(&mut fields, claim(api, by, &target, self.headers, body)).flatten(),
            None => None,
        };
        let (customer, command) = fields.build(|| {
            let command = UpdateCustomer {
                changes,
                expected_versions: expected.and_then(IfMatch::into_versions),
                stated,
                ..UpdateCustomer::default()
            };
            Some((customer?, command))
        })?;
        let render = |record: &CustomerRecord| shown(record);
        let once = Once::new(claim, &render);
        let outcome = api
            .customers
            .update(&scope, customer, &command, &once)
            .await;
        let outcome = outcome.map_err(|error| problem(error, &sent_as))?;
        Ok(reply::once(outcome, render))
    }
}

fn claim(
    api: &Api,
    by: &Authorized,
    target: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<IdempotencyClaim>, Fault> {
    let operation = Operation { route: ADD, target };
    claim::claim(api, by, operation, headers, body)
}
