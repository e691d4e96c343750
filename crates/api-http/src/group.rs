//! Customer groups over HTTP: any caller may read them, and administrators may change them.

mod body;

pub use body::{
    CreateGroupBody, GroupBody, GroupData, GroupListData, GroupListReply, GroupReply,
    UpdateGroupBody,
};

use crate::call::cursor::{PageCursor, long_page_size};
use crate::prelude::*;
use crate::support::params::{
    GROUP_ID, GroupPath, IdempotencyKeyHeader, IfMatchHeader, LongPageParams,
};
use crate::support::patch::PatchExt as _;
use crate::support::stated::member;
use customer_app::group::{CreateGroup, GroupError, GroupRule, UpdateGroup};
use customer_domain::Patch;
use customer_domain::group::{self, Group, GroupChanges, GroupId};
use http_kit::fault::Fault;
use http_kit::fields::Violation;
use http_kit::normalise::AliasTable;

static ALIASES: AliasTable = AliasTable {
    objects: &[],
    aliases: &[("/groupId", "/id"), ("/customerGroupId", "/id")],
};

/// Returns the routes of customer groups.
pub(crate) fn router() -> Routes {
    Routes::new()
        .needs(Needs::Read, routes!(list))
        .needs(Needs::Admin, routes!(create))
        .needs(Needs::Read, routes!(get))
        .needs(Needs::Admin, routes!(update, delete))
}

/// List customer groups
#[utoipa::path(
    get,
    path = "/customers/groups",
    operation_id = "listGroups",
    params(LongPageParams),
    responses((status = 200, description = "A page of groups, sorted by id", body = GroupListReply, example = json!({"success": true, "data": {"groups": [example()], "pageSize": 100, "nextCursor": null}}))),
)]
async fn list(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::TenantNotFound).await?;
    let cursor = PageCursor::of(&call, "groups");
    let page_size = long_page_size(&mut call.fields);
    let after = cursor.read(&mut call.fields);
    call.fields.finish()?;
    // The cursor was created by this service, so its id is one from the store.
    let after = after.map(GroupId::from_store);
    let page = call.api.groups.list(&call.context, after, page_size).await;
    let page = page.map_err(failure::store)?;
    let body = GroupListReply::from(GroupListData {
        groups: page.items.iter().map(GroupBody::from).collect(),
        page_size,
        next_cursor: page.next.map(|id| cursor.seal(&id.as_str())),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// Create a customer group
#[utoipa::path(
    post,
    path = "/customers/groups",
    operation_id = "createGroup",
    params(IdempotencyKeyHeader),
    request_body(content = CreateGroupBody, example = json!({"id": "wholesale-eu", "name": "Wholesale EU", "discountClass": "B2B-10"})),
    responses((status = 201, description = "The group was created", headers(("Location" = String, description = "The path of the group"), ("ETag" = String, description = "The edit token")), body = GroupReply, example = json!(example_reply()))),
)]
async fn create(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::TenantNotFound).await?;
    let claim = call.claim();
    let command = read_new(&mut call.fields)?;
    let render = |group: &Group| {
        let location = format!("/api/v1/customers/groups/{}", group.id);
        render(StatusCode::CREATED, group).location(location)
    };
    let once = Idempotent::new(claim, &render);
    let outcome = call.api.groups.create(&call.context, command, &once).await;
    let outcome = outcome.map_err(|error| problem(error, &call.fields))?;
    Ok(reply::once(outcome, render))
}

fn read_new(fields: &mut Fields) -> HttpResult<CreateGroup> {
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
        // An invalid id was given, which is already a fault.
        (Patch::Keep, _) if is_given => None,
        (Patch::Keep | Patch::Clear, None) => None,
        (Patch::Keep | Patch::Clear, Some(name)) => {
            let made = rule(GroupId::from_name(name));
            let made = made.map_err(|Violation { code, detail }| Fault::new("/id", code, detail));
            fields.note(made)
        }
    };
    let description = description(fields);
    let discount_class = discount_class(fields);
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
    params(GroupPath),
    responses((status = 200, description = "The group", headers(("ETag" = String, description = "The edit token")), body = GroupReply, example = json!(example_reply()))),
)]
async fn get(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::GroupNotFound).await?;
    call.fields.finish()?;
    let group = call.api.groups.get(&call.context, &group_id(&call)).await;
    let group = group.map_err(|error| problem(error, &call.fields))?;
    Ok(render(StatusCode::OK, &group).send())
}

/// Change a customer group
///
/// A merge: absent members stay as they are, `null` clears. The id cannot be changed.
#[utoipa::path(
    put,
    path = "/customers/groups/{groupId}",
    operation_id = "updateGroup",
    params(GroupPath, IfMatchHeader),
    request_body(content = UpdateGroupBody, example = json!({"name": "Wholesale Europe", "description": null})),
    responses((status = 200, description = "The group as it is now", headers(("ETag" = String, description = "The edit token")), body = GroupReply, example = json!(example_reply()))),
)]
async fn update(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::GroupNotFound).await?;
    let id = group_id(&call);
    let command = read_change(&mut call, &id)?;
    let group = call.api.groups.update(&call.context, &id, &command).await;
    let group = group.map_err(|error| problem(error, &call.fields))?;
    Ok(render(StatusCode::OK, &group).send())
}

fn read_change(call: &mut Request, id: &GroupId) -> HttpResult<UpdateGroup> {
    member(&mut call.fields, "id", |value| {
        (GroupId::of_stored(value.as_str()?) == *id).then_some(())
    });
    call.fields.ignore(&["createdAt", "updatedAt"]);
    let expected_versions = call.expected_versions();
    let name = call.fields.text("name");
    let changes = GroupChanges {
        name: name.then(|name| rule(group::name(&name))).replace(),
        description: description(&mut call.fields),
        discount_class: discount_class(&mut call.fields),
    };
    call.build(|| {
        Some(UpdateGroup {
            changes,
            expected_versions,
        })
    })
}

/// Delete a customer group
///
/// Only a group without members can be deleted. Deleted customers are no members: one that is
/// reactivated then comes back without a group.
#[utoipa::path(
    delete,
    path = "/customers/groups/{groupId}",
    operation_id = "deleteGroup",
    params(GroupPath, IfMatchHeader),
    responses((status = 200, description = "The deleted group", body = GroupReply, example = json!(example_reply()))),
)]
async fn delete(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::GroupNotFound).await?;
    let expected = call.if_match();
    call.fields.finish()?;
    let id = group_id(&call);
    let groups = &call.api.groups;
    let group = groups.delete(&call.context, &id, expected.as_deref()).await;
    let group = group.map_err(|error| problem(error, &call.fields))?;
    let body = GroupReply::from(GroupData {
        group: (&group).into(),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// Returns the group id in the path.
fn group_id(call: &Request) -> GroupId {
    GroupId::of_stored(call.text(GROUP_ID))
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

fn render(status: StatusCode, group: &Group) -> StoredReply {
    let body = GroupReply::from(GroupData {
        group: group.into(),
    });
    reply::json(status, &body).version(group.version)
}

fn problem(error: GroupError, fields: &Fields) -> Problem {
    failure::of(error, Code::GroupNotFound, fields, |rule| match rule {
        GroupRule::IdTaken => {
            Problem::new(Code::GroupAlreadyExists).detail("the tenant has a group with this id")
        }
        GroupRule::InUse => Problem::new(Code::GroupInUse).detail("customers belong to the group"),
    })
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
