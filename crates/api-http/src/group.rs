//! Customer groups over HTTP, for administrators.

mod body;

pub use body::{
    CreateGroupBody, GroupBody, GroupData, GroupListData, GroupListReply, GroupReply,
    UpdateGroupBody,
};

use crate::access::CanAdmin;
use crate::api::Shared;
use crate::customer::noted;
use crate::http::etag::{IfMatch, expected_version};
use crate::http::extract::{JsonBody, PathSegments, QueryFields};
use crate::http::fault::Fault;
use crate::http::fields::{Fields, Violation};
use crate::http::normalise::AliasTable;
use crate::http::problem::{Answer, Code, Problem};
use crate::support::claim::{self, Operation};
use crate::support::cursor::{TextCursor, page_size};
use crate::support::failure::{self, rule};
use crate::support::reply::{self, ReplyExt};
use crate::support::stated::{member, read_only};
use axum::extract::State;
use axum::response::Response;
use customer_app::group::{CreateGroup, GroupError, UpdateGroup};
use customer_app::idempotency::Once;
use customer_domain::Patch;
use customer_domain::group::{self, Group, GroupChanges, GroupId};
use customer_domain::idempotency::StoredReply;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

static ALIASES: AliasTable = AliasTable {
    objects: &[],
    aliases: &[("/groupId", "/id"), ("/customerGroupId", "/id")],
};

/// The name of the id in paths.
const GROUP_ID: &str = "groupId";

/// The routes of this slice.
pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, update, delete))
}

/// What a list of groups may be asked for.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GroupListParams {
    /// Groups per page; 100 unless given.
    #[param(minimum = 1, maximum = 100)]
    pub page_size: Option<u32>,
    /// The `nextCursor` of the last page.
    pub cursor: Option<String>,
}

/// List customer groups
#[utoipa::path(
    get,
    path = "/customers/groups",
    operation_id = "listGroups",
    tag = "Groups",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    params(GroupListParams),
    responses((status = 200, description = "One page, by id", body = GroupListReply, example = json!({"success": true, "data": {"groups": [example()], "pageSize": 100, "nextCursor": null}}))),
)]
async fn list(
    State(api): State<Shared>,
    CanAdmin(by): CanAdmin,
    QueryFields(mut query): QueryFields,
) -> Answer<Response> {
    let named = [query.tenant(), None];
    let scope = by.scope(&api, named, Code::TenantNotFound).await?;
    let cursor = TextCursor::new(&api, &scope, "groups");
    let page_size = page_size(&mut query);
    let after = cursor.read(&mut query);
    query.finish()?;
    let after = after.and_then(|id| GroupId::parse(&id).ok());
    let page = api.groups.list(&scope, after, page_size).await;
    let page = page.map_err(failure::store)?;
    let body = GroupListReply::from(GroupListData {
        groups: page.items.iter().map(GroupBody::from).collect(),
        page_size,
        next_cursor: page.next.map(|id| cursor.seal(id.as_str())),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// Make a customer group
#[utoipa::path(
    post,
    path = "/customers/groups",
    operation_id = "createGroup",
    tag = "Groups",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes the request safe to repeat for 24 hours", max_length = 255)),
    request_body(content = CreateGroupBody, example = json!({"id": "wholesale-eu", "name": "Wholesale EU", "discountClass": "B2B-10"})),
    responses((status = 201, description = "The group was made", headers(("Location" = String, description = "Where the group lies"), ("ETag" = String, description = "The edit token")), body = GroupReply, example = json!(example_reply()))),
)]
async fn create(
    State(api): State<Shared>,
    CanAdmin(by): CanAdmin,
    QueryFields(mut query): QueryFields,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Response> {
    let bytes = body.bytes.clone();
    let mut fields = body.fields(&ALIASES);
    let named = [query.tenant(), fields.text("tenantId").optional()];
    let scope = by.scope(&api, named, Code::TenantNotFound).await?;
    fields.extend(query.into_faults());
    let operation = Operation {
        route: "POST /customers/groups",
        target: "",
    };
    let claim = claim::claim(&api, &by, operation, &headers, &bytes);
    let claim = noted(&mut fields, claim).flatten();
    let command = read_new(fields)?;
    let render = |group: &Group| {
        let location = format!("/api/v1/customers/groups/{}", group.id);
        shown(StatusCode::CREATED, group).location(location)
    };
    let once = Once::new(claim, &render);
    let outcome = api.groups.create(&scope, command, &once).await;
    Ok(reply::once(outcome.map_err(problem)?, render))
}

fn read_new(mut fields: Fields) -> Answer<CreateGroup> {
    let is_given = fields.has("id");
    let id = fields
        .text("id")
        .then(|id| rule(GroupId::parse_new(&id)))
        .patch();
    let name = fields
        .text("name")
        .then(|name| rule(group::name(&name)))
        .required();
    let id = match (id, &name) {
        (Patch::Set(id), _) => Some(id),
        // It was given, and is none.
        (Patch::Keep, _) if is_given => None,
        (Patch::Keep | Patch::Clear, None) => None,
        (Patch::Keep | Patch::Clear, Some(name)) => {
            let made = rule(GroupId::from_name(name));
            let made = made.map_err(|Violation { code, detail }| Fault::new("/id", code, detail));
            noted(&mut fields, made)
        }
    };
    let description = description(&mut fields);
    let discount_class = discount_class(&mut fields);
    fields.build(|| {
        Some(CreateGroup {
            id: id?,
            name: name?,
            description: description.as_set().cloned(),
            discount_class: discount_class.as_set().cloned(),
        })
    })
}

/// Read a customer group
#[utoipa::path(
    get,
    path = "/customers/groups/{groupId}",
    operation_id = "getGroup",
    tag = "Groups",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    params(("groupId" = String, Path, description = "The group's id")),
    responses((status = 200, description = "The group", headers(("ETag" = String, description = "The edit token")), body = GroupReply, example = json!(example_reply()))),
)]
async fn get(
    State(api): State<Shared>,
    CanAdmin(by): CanAdmin,
    path: PathSegments,
    QueryFields(mut query): QueryFields,
) -> Answer<Response> {
    let named = [query.tenant(), None];
    let scope = by.scope(&api, named, Code::GroupNotFound).await?;
    query.finish()?;
    let group = api.groups.get(&scope, &group_id(&path)?).await;
    Ok(shown(StatusCode::OK, &group.map_err(problem)?).send())
}

/// Change a customer group
///
/// A merge: absent members keep, null clears. The id stays.
#[utoipa::path(
    put,
    path = "/customers/groups/{groupId}",
    operation_id = "updateGroup",
    tag = "Groups",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    params(
        ("groupId" = String, Path, description = "The group's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    request_body(content = UpdateGroupBody, example = json!({"name": "Wholesale Europe", "description": null})),
    responses((status = 200, description = "The group as it is now", headers(("ETag" = String, description = "The edit token")), body = GroupReply, example = json!(example_reply()))),
)]
async fn update(
    State(api): State<Shared>,
    CanAdmin(by): CanAdmin,
    path: PathSegments,
    QueryFields(mut query): QueryFields,
    headers: HeaderMap,
    body: JsonBody,
) -> Answer<Response> {
    let mut fields = body.fields(&ALIASES);
    let named = [query.tenant(), fields.text("tenantId").optional()];
    let scope = by.scope(&api, named, Code::GroupNotFound).await?;
    fields.extend(query.into_faults());
    let id = group_id(&path)?;
    let command = read_change(fields, &headers, &id)?;
    let group = api.groups.update(&scope, &id, &command).await;
    Ok(shown(StatusCode::OK, &group.map_err(problem)?).send())
}

fn read_change(mut fields: Fields, headers: &HeaderMap, id: &GroupId) -> Answer<UpdateGroup> {
    let sent_as = fields.sent_as("id").map(str::to_owned);
    let stated = member(&mut fields, "id", |value| {
        GroupId::parse(value.as_str()?).ok()
    });
    if stated.is_some_and(|stated| stated != *id) {
        fields.extend(sent_as.map(read_only));
    }
    fields.ignore(&["createdAt", "updatedAt"]);
    let header = noted(&mut fields, IfMatch::from_headers(headers)).flatten();
    let version = fields.integer("version", 1..=i64::MAX).optional();
    let expected = noted(&mut fields, expected_version(header, version)).flatten();
    let changes = GroupChanges {
        name: fields
            .text("name")
            .then(|name| rule(group::name(&name)))
            .replace(),
        description: description(&mut fields),
        discount_class: discount_class(&mut fields),
    };
    fields.build(|| {
        Some(UpdateGroup {
            changes,
            expected_versions: expected.and_then(IfMatch::into_versions),
        })
    })
}

/// Delete a customer group
///
/// Only a group that no customer belongs to can go; deleted customers count, for they may come
/// back.
#[utoipa::path(
    delete,
    path = "/customers/groups/{groupId}",
    operation_id = "deleteGroup",
    tag = "Groups",
    security(("bearer" = ["customers:admin"]), ("apiKey" = ["customers:admin"])),
    params(
        ("groupId" = String, Path, description = "The group's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that was read"),
    ),
    responses((status = 200, description = "The group as it was", body = GroupReply, example = json!(example_reply()))),
)]
async fn delete(
    State(api): State<Shared>,
    CanAdmin(by): CanAdmin,
    path: PathSegments,
    QueryFields(mut query): QueryFields,
    headers: HeaderMap,
) -> Answer<Response> {
    let named = [query.tenant(), None];
    let scope = by.scope(&api, named, Code::GroupNotFound).await?;
    let expected = noted(&mut query, IfMatch::from_headers(&headers)).flatten();
    query.finish()?;
    let expected = expected.and_then(IfMatch::into_versions);
    let id = group_id(&path)?;
    let group = api.groups.delete(&scope, &id, expected.as_deref()).await;
    let body = GroupReply::from(GroupData {
        group: (&group.map_err(problem)?).into(),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// The group that a path names. What is no id names none.
fn group_id(path: &PathSegments) -> Answer<GroupId> {
    GroupId::parse(path.text(GROUP_ID)).map_err(|_| Code::GroupNotFound.into())
}

fn description(fields: &mut Fields) -> Patch<String> {
    let field = fields.text("description");
    field
        .then(|text| rule(group::description(&text)))
        .patch()
        .flatten()
}

fn discount_class(fields: &mut Fields) -> Patch<String> {
    let field = fields.text("discountClass");
    field
        .then(|text| rule(group::discount_class(&text)))
        .patch()
        .flatten()
}

fn shown(status: StatusCode, group: &Group) -> StoredReply {
    let body = GroupReply::from(GroupData {
        group: group.into(),
    });
    reply::json(status, &body).version(group.version)
}

fn problem(error: GroupError) -> Problem {
    match error {
        GroupError::NotFound => Code::GroupNotFound.into(),
        GroupError::IdTaken => {
            Problem::new(Code::GroupAlreadyExists).detail("the tenant has a group with this id")
        }
        GroupError::InUse => Problem::new(Code::GroupInUse)
            .detail("customers belong to the group, or deleted ones would if they came back"),
        GroupError::VersionConflict { current } => failure::version_conflict(current),
        GroupError::Claim(error) => failure::claim(error),
        GroupError::Store(error) => failure::store(error),
    }
}

fn example() -> Value {
    json!({
        "id": "wholesale-eu", "name": "Wholesale EU",
        "description": null, "discountClass": "B2B-10",
        "version": 1,
        "createdAt": "2026-01-15T10:00:00Z", "updatedAt": "2026-01-15T10:00:00Z",
    })
}

fn example_reply() -> Value {
    json!({"success": true, "data": {"group": example()}})
}
