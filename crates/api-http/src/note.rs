//! Notes about a customer over HTTP: only for staff, never for the customer.

mod body;

pub use body::{
    CreateNoteBody, NoteActorBody, NoteActorType, NoteBody, NoteData, NoteListData, NoteListReply,
    NoteReply, UpdateNoteBody,
};

use crate::access::needs;
use crate::api::Shared;
use crate::code::Code;
use crate::support::call::Call;
use crate::support::cursor::{TextCursor, page_size_or};
use crate::support::failure::{self, rule};
use crate::support::merge::merge_routes;
use crate::support::params::{
    CustomerPath, IdempotencyKeyHeader, IfMatchHeader, NOTE_ID, NotePath,
};
use crate::support::reply::{self, ReplyExt};
use crate::support::stated::{member, reference};
use axum::response::Response;
use chrono::DateTime;
use customer_app::access::Needs;
use customer_app::idempotency::Idempotent;
use customer_app::note::{CreateNote, NoteError, NoteRule, StatedNote, UpdateNote};
use customer_domain::customer::CustomerRef;
use customer_domain::idempotency::StoredReply;
use customer_domain::note::{MAX_NOTES, Note, NoteChanges, NoteKey, NoteText};
use customer_domain::{Actor, ActorKind, NoteId};
use http::StatusCode;
use http_kit::fields::{Field, Fields, Parse};
use http_kit::normalise::AliasTable;
use http_kit::problem::{HttpResult, Problem};
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

static ALIASES: AliasTable = AliasTable {
    objects: &[],
    aliases: &[
        ("/note", "/text"),
        ("/noteId", "/id"),
        ("/isPinned", "/pinned"),
    ],
};

/// The default number of notes per page.
const DEFAULT_SIZE: u32 = 20;

/// Returns the routes of notes.
pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(needs(Needs::Read, routes!(list)))
        .routes(needs(Needs::Write, routes!(create)))
        .routes(needs(Needs::Write, routes!(replace, merge, remove)))
}

/// The page of a list of notes.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NoteListParams {
    /// The number of notes per page; 20 by default.
    #[param(minimum = 1, maximum = 100)]
    pub page_size: Option<u32>,
    /// The `nextCursor` of the previous page.
    pub cursor: Option<String>,
}

/// List the notes about a customer
///
/// Pinned notes first, then the newest. Reading them is recorded in the audit trail.
#[utoipa::path(
    get,
    path = "/customers/{customerId}/notes",
    operation_id = "listNotes",
    tag = "Notes",
    params(CustomerPath, NoteListParams),
    responses((status = 200, description = "One page", body = NoteListReply<'_>, example = json!({"success": true, "data": {"notes": [body::example()], "nextCursor": null}}))),
)]
async fn list(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::CustomerNotFound).await?;
    let customer = call.customer();
    let whose = customer.map(|customer| customer.to_string());
    let name = format!("notes {}", whose.unwrap_or_default());
    let cursor = TextCursor::new(&call.api, &call.context, &name);
    let after = cursor.read(&mut call.fields);
    let after = after.as_deref().and_then(read_key);
    let size = page_size_or(&mut call.fields, DEFAULT_SIZE);
    let customer = call.build(|| customer)?;
    let notes = &call.api.notes;
    let page = notes.list(&call.context, customer, after, size).await;
    let page = page.map_err(|error| problem(error, &call.fields))?;
    let body = NoteListReply::from(NoteListData {
        notes: page.items.iter().map(NoteBody::from).collect(),
        next_cursor: page.next.map(|last| cursor.seal(&written(last))),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// Returns the end of a page, as its cursor contains it.
fn written(key: NoteKey) -> String {
    let at = key.created_at.timestamp_micros();
    json!([key.is_pinned, at, key.id.0]).to_string()
}

/// Parses the end of a page as [`written`] returns it.
fn read_key(text: &str) -> Option<NoteKey> {
    let (is_pinned, at, id) = serde_json::from_str(text).ok()?;
    Some(NoteKey {
        is_pinned,
        created_at: DateTime::from_timestamp_micros(at)?,
        id: NoteId(id),
    })
}

/// Write a note about a customer
///
/// The author is the caller. A customer may have up to 1000 notes.
#[utoipa::path(
    post,
    path = "/customers/{customerId}/notes",
    operation_id = "createNote",
    tag = "Notes",
    params(CustomerPath, IdempotencyKeyHeader),
    request_body(content = CreateNoteBody, example = json!({"text": "Asked for expedited shipping", "pinned": true})),
    responses((status = 201, description = "The note was written", headers(("Location" = String, description = "Where the note lies"), ("ETag" = String, description = "The edit token")), body = NoteReply<'_>, example = json!(body::example_reply()))),
)]
async fn create(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::CustomerNotFound).await?;
    let customer = call.customer();
    let claim = call.claim();
    let fields = &mut call.fields;
    let stated_customer = stated_customer(fields);
    let text = text(fields).required();
    let is_pinned = fields.boolean("pinned").optional().unwrap_or(false);
    let (customer, command) = call.build(|| {
        let command = CreateNote {
            text: text?,
            is_pinned,
            stated_customer,
        };
        Some((customer?, command))
    })?;
    let render = |note: &Note| {
        let location = format!("/api/v1/customers/{}/notes/{}", note.customer, note.id);
        render(StatusCode::CREATED, note).location(location)
    };
    let once = Idempotent::new(claim, &render);
    let notes = &call.api.notes;
    let outcome = notes.create(&call.context, customer, &command, &once).await;
    let outcome = outcome.map_err(|error| problem(error, &call.fields))?;
    Ok(reply::once(outcome, render))
}

merge_routes! {
    /// Change a note
    ///
    /// Merges like PATCH: absent members are kept.
    put "updateNote";
    /// Change a note by merge patch
    ///
    /// Absent members are kept (RFC 7396).
    patch "patchNote";
    path = "/customers/{customerId}/notes/{noteId}",
    tag = "Notes",
    params(NotePath, IfMatchHeader),
    request_body(content = UpdateNoteBody, example = json!({"pinned": false})),
    responses((status = 200, description = "The note as it is now", headers(("ETag" = String, description = "The edit token")), body = NoteReply<'_>, example = json!(body::example_reply()))),
}

async fn update(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::CustomerNotFound).await?;
    let customer = call.customer();
    let id = call.path_uuid(NOTE_ID).map(NoteId);
    let expected_versions = call.expected_versions();
    let fields = &mut call.fields;
    fields.ignore(&["createdAt", "updatedAt"]);
    let command = UpdateNote {
        stated: stated(fields),
        changes: NoteChanges {
            text: text(fields).replace(),
            is_pinned: fields.boolean("pinned").replace(),
        },
        expected_versions,
    };
    let (customer, id) = call.build(|| customer.zip(id))?;
    let notes = &call.api.notes;
    let note = notes.update(&call.context, customer, id, &command).await;
    let note = note.map_err(|error| problem(error, &call.fields))?;
    Ok(render(StatusCode::OK, &note).send())
}

/// Reads the read-only members of the body.
fn stated(fields: &mut Fields) -> StatedNote {
    StatedNote {
        id: member(fields, "id", |id| id.as_str()?.parse().ok()),
        customer: stated_customer(fields),
        author: member(fields, "author", actor),
        updated_by: member(fields, "updatedBy", |by| {
            let nobody = by.is_null().then_some(None);
            nobody.or_else(|| actor(by).map(Some))
        }),
    }
}

/// Parses an actor as replies represent it.
fn actor(value: &Value) -> Option<Actor> {
    Some(Actor {
        kind: ActorKind::from_word(value.get("type")?.as_str()?)?,
        id: value.get("id")?.as_str()?.to_owned(),
    })
}

/// Delete a note
#[utoipa::path(
    delete,
    path = "/customers/{customerId}/notes/{noteId}",
    operation_id = "deleteNote",
    tag = "Notes",
    params(NotePath, IfMatchHeader),
    responses((status = 200, description = "The note as it was", body = NoteReply<'_>, example = json!(body::example_reply()))),
)]
async fn remove(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::CustomerNotFound).await?;
    let customer = call.customer();
    let id = call.path_uuid(NOTE_ID).map(NoteId);
    let expected = call.if_match();
    let (customer, id) = call.build(|| customer.zip(id))?;
    let deleted = call
        .api
        .notes
        .delete(&call.context, customer, id, expected.as_deref());
    let note = deleted
        .await
        .map_err(|error| problem(error, &call.fields))?;
    // Without an ETag: there is nothing left to edit.
    let body = NoteReply::from(NoteData {
        note: (&note).into(),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// Reads the text of the note.
fn text(fields: &mut Fields) -> Field<'_, impl Parse<Output = NoteText>> {
    fields.text("text").then(|text| rule(NoteText::parse(text)))
}

/// Reads the customer that the body names.
fn stated_customer(fields: &mut Fields) -> Option<CustomerRef> {
    member(fields, "customerId", |value| {
        reference(value, CustomerRef::parse)
    })
}

fn render(status: StatusCode, note: &Note) -> StoredReply {
    let body = NoteReply::from(NoteData { note: note.into() });
    reply::json(status, &body).version(note.version)
}

fn problem(error: NoteError, fields: &Fields) -> Problem {
    failure::of(error, Code::CustomerNotFound, fields, |rule| match rule {
        NoteRule::NotFound => Code::NoteNotFound.into(),
        NoteRule::CustomerDeleted => Problem::new(Code::StateConflict).detail(rule.to_string()),
        NoteRule::LimitExceeded => Problem::new(Code::NoteLimitExceeded)
            .detail(format!("a customer may have at most {MAX_NOTES} notes"))
            .member("limit", MAX_NOTES),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_end_of_a_page_comes_back_to_the_microsecond() {
        for is_pinned in [true, false] {
            let key = NoteKey {
                is_pinned,
                created_at: DateTime::from_timestamp_micros(1_768_478_400_123_456).unwrap(),
                id: NoteId(Uuid::from_u128(7)),
            };
            assert_eq!(read_key(&written(key)), Some(key));
        }
        for text in [
            "",
            "[]",
            "[true,1]",
            r#"[1,1,"00000000-0000-0000-0000-000000000007"]"#,
        ] {
            assert_eq!(read_key(text), None, "{text}");
        }
    }
}
