//! Notes about a customer over HTTP: only for staff, never for the customer.

use crate::call::cursor::{PageCursor, page_size};
use crate::prelude::*;
use crate::support::envelope::reply;
use crate::support::merge::merge_routes;
use crate::support::params::{
    CustomerPath, IdempotencyKeyHeader, IfMatchHeader, NOTE_ID, NotePath, PageParams,
};
use crate::support::stated::{ReadOnly, nullable, stated_customer, uuid};
use crate::support::wire::{ActorBody, CustomerReference, Instant, actor};
use chrono::DateTime;
use customer_app::note::{CreateNote, NoteError, NoteRule, UpdateNote};
use customer_domain::NoteId;
use customer_domain::note::{MAX_NOTES, Note, NoteChanges, NoteKey, NoteText};
use http_kit::fields::{Field, Parse};
use http_kit::normalise::AliasTable;
use uuid::Uuid;

static ALIASES: AliasTable = AliasTable {
    objects: &[],
    aliases: &[
        ("/note", "/text"),
        ("/noteId", "/id"),
        ("/isPinned", "/pinned"),
    ],
};

/// Returns the routes of notes.
pub(crate) fn router() -> Routes {
    Routes::new()
        .needs(Needs::Read, routes!(list))
        .needs(Needs::Write, routes!(create))
        .needs(Needs::Write, routes!(replace, merge, remove))
}

/// List the notes about a customer
///
/// Pinned notes first, then the newest. Reading them is recorded in the audit trail.
#[utoipa::path(
    get,
    path = "/customers/{customerId}/notes",
    operation_id = "listNotes",
    params(CustomerPath, PageParams),
    responses((status = 200, description = "One page", body = NoteListReply<'_>, example = json!({"success": true, "data": {"notes": [example()], "nextCursor": null}}))),
)]
async fn list(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::CustomerNotFound).await?;
    let customer = call.customer();
    let cursor = PageCursor::of(&call, "notes");
    let after = cursor.read(&mut call.fields).and_then(key);
    let size = page_size(&mut call.fields);
    let customer = call.build(|| customer)?;
    let notes = &call.api.notes;
    let page = notes.list(&call.context, customer, after, size).await;
    let page = page.map_err(|error| problem(error, &call.fields))?;
    let body = NoteListReply::from(NoteListData {
        notes: page.items.iter().map(NoteBody::from).collect(),
        next_cursor: page.next.map(|last| cursor.seal(&position(last))),
    });
    Ok(reply::json(StatusCode::OK, &body).send())
}

/// Returns the end of a page for its cursor.
fn position((is_pinned, at, id): NoteKey) -> (bool, i64, Uuid) {
    (is_pinned, at.timestamp_micros(), id.0)
}

/// Returns the key at a position; `None` if there is no such time.
fn key((is_pinned, at, id): (bool, i64, Uuid)) -> Option<NoteKey> {
    Some((is_pinned, DateTime::from_timestamp_micros(at)?, NoteId(id)))
}

/// Write a note about a customer
///
/// The author is the caller. A customer may have up to 1000 notes.
#[utoipa::path(
    post,
    path = "/customers/{customerId}/notes",
    operation_id = "createNote",
    params(CustomerPath, IdempotencyKeyHeader),
    request_body(content = CreateNoteBody, example = json!({"text": "Asked for expedited shipping", "pinned": true})),
    responses((status = 201, description = "The note was written", headers(("Location" = String, description = "Where the note lies"), ("ETag" = String, description = "The edit token")), body = NoteReply<'_>, example = json!(example_reply()))),
)]
async fn create(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::CustomerNotFound).await?;
    let customer = call.customer();
    let claim = call.claim();
    let fields = &mut call.fields;
    let stated_customer = stated_customer(fields);
    let text = text(fields).required();
    let is_pinned = fields.boolean("pinned").optional().unwrap_or(false);
    let (customer, text) = call.build(|| customer.zip(text))?;
    let command = CreateNote {
        text,
        is_pinned,
        stated_customer,
    };
    let render = |note: &Note| {
        let location = format!("/api/v1/customers/{}/notes/{}", note.customer, note.id);
        render(StatusCode::CREATED, note)
            .version(note.version)
            .location(location)
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
    params(NotePath, IfMatchHeader),
    request_body(content = UpdateNoteBody, example = json!({"pinned": false})),
    responses((status = 200, description = "The note as it is now", headers(("ETag" = String, description = "The edit token")), body = NoteReply<'_>, example = json!(example_reply()))),
}

async fn update(call: Call) -> HttpResult<Response> {
    let mut call = call.body(&ALIASES, Code::CustomerNotFound).await?;
    let customer = call.customer();
    let id = call.path_uuid(NOTE_ID).map(NoteId);
    let expected_versions = call.expected_versions();
    let fields = &mut call.fields;
    fields.ignore(&["createdAt", "updatedAt"]);
    let command = UpdateNote {
        stated_customer: stated_customer(fields),
        stated: ReadOnly::of(fields)
            .parsed("id", uuid, |note: &Note, id| note.id.0 == *id)
            .parsed("author", actor, |note, author| note.author == *author)
            .parsed("updatedBy", nullable(actor), |note, by| {
                note.editor() == by.as_ref()
            })
            .read(),
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
    Ok(render(StatusCode::OK, &note).version(note.version).send())
}

/// Delete a note
#[utoipa::path(
    delete,
    path = "/customers/{customerId}/notes/{noteId}",
    operation_id = "deleteNote",
    params(NotePath, IfMatchHeader),
    responses((status = 200, description = "The note as it was", body = NoteReply<'_>, example = json!(example_reply()))),
)]
async fn remove(call: Call) -> HttpResult<Response> {
    let mut call = call.query(Code::CustomerNotFound).await?;
    let customer = call.customer();
    let id = call.path_uuid(NOTE_ID).map(NoteId);
    let expected = call.if_match();
    let (customer, id) = call.build(|| customer.zip(id))?;
    let (notes, expected) = (&call.api.notes, expected.as_deref());
    let note = notes.delete(&call.context, customer, id, expected).await;
    let note = note.map_err(|error| problem(error, &call.fields))?;
    // Without an ETag: there is nothing left to edit.
    Ok(render(StatusCode::OK, &note).send())
}

/// Reads the text of the note.
fn text(fields: &mut Fields) -> Field<'_, impl Parse<Output = NoteText>> {
    fields.text("text").then(|text| rule(NoteText::parse(text)))
}

fn render(status: StatusCode, note: &Note) -> StoredReply {
    reply::json(status, &NoteReply::from(NoteData { note: note.into() }))
}

fn problem(error: NoteError, fields: &Fields) -> Problem {
    failure::of(error, Code::CustomerNotFound, fields, |rule| match rule {
        NoteRule::NotFound => Code::NoteNotFound.into(),
        NoteRule::LimitExceeded => Problem::new(Code::NoteLimitExceeded)
            .detail(format!("a customer may have at most {MAX_NOTES} notes"))
            .member("limit", MAX_NOTES),
    })
}

/// A note about a customer.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NoteBody<'a> {
    /// The note's id.
    pub id: Uuid,
    /// The customer that the note is about.
    pub customer_id: Uuid,
    /// The text, exactly as it was written.
    #[schema(example = "Asked for expedited shipping")]
    pub text: &'a str,
    /// Whether the note is listed before those that are not pinned.
    pub pinned: bool,
    /// The actor who wrote the note.
    pub author: ActorBody<'a>,
    /// The edit token; in quotes, it is the `ETag`.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the note was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When the note was last edited; null if it never was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Instant>,
    /// The actor who last edited the note; null if it never was edited.
    pub updated_by: Option<ActorBody<'a>>,
}

/// A new note.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateNoteBody {
    /// The text; not blank. May also be sent as `note`.
    #[schema(min_length = 1)]
    pub text: String,
    /// Whether the note is listed before those that are not pinned; false by default.
    pub pinned: Option<bool>,
    /// The customer; it must be the one that the path names.
    #[schema(nullable = false)]
    pub customer_id: Option<CustomerReference>,
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
}

/// A merge into a note: absent members are kept.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateNoteBody {
    /// The new text; not blank.
    #[schema(min_length = 1, nullable = false)]
    pub text: Option<String>,
    /// Whether the note is listed before those that are not pinned.
    #[schema(nullable = false)]
    pub pinned: Option<bool>,
    /// The version that was read; acts as `If-Match`.
    #[schema(minimum = 1)]
    pub version: Option<i64>,
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
}

reply! {
    /// One note.
    NoteReply {
        /// One note.
        NoteData<'a> {
            /// The note.
            note: NoteBody<'a>,
        }
    }
}

reply! {
    /// One page of notes.
    NoteListReply {
        /// One page of notes.
        NoteListData<'a> {
            /// Pinned notes first, then the newest.
            notes: Vec<NoteBody<'a>>,
            /// The cursor of the next page; null on the last page.
            next_cursor: Option<String>,
        }
    }
}

impl<'a> From<&'a Note> for NoteBody<'a> {
    fn from(note: &'a Note) -> Self {
        let Note {
            id,
            customer,
            text,
            is_pinned,
            author,
            created_at,
            edited,
            version,
        } = note;
        Self {
            id: id.0,
            customer_id: customer.0,
            text: text.as_str(),
            pinned: *is_pinned,
            author: author.into(),
            version: *version,
            created_at: Instant(*created_at),
            updated_at: edited.as_ref().map(|edited| Instant(edited.at)),
            updated_by: note.editor().map(ActorBody::from),
        }
    }
}

fn example() -> Value {
    json!({
        "id": "0190f1b2-7c3a-7d2e-9b1a-3f6c2d4e5a62", "customerId": "0190f1b2-7c3a-7d2e-9b1a-3f6c2d4e5a60",
        "text": "Asked for expedited shipping", "pinned": true,
        "author": {"type": "api_key", "id": "0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e05"},
        "version": 1, "createdAt": "2026-01-15T10:00:00Z", "updatedAt": null, "updatedBy": null,
    })
}

fn example_reply() -> Value {
    json!({"success": true, "data": {"note": example()}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_page_comes_back_to_the_microsecond() {
        let written = |key| serde_json::to_string(&position(key)).unwrap();
        let read = |text: &str| serde_json::from_str(text).ok().and_then(key);
        for is_pinned in [true, false] {
            let at = DateTime::from_timestamp_micros(1_768_478_400_123_456).unwrap();
            let key = (is_pinned, at, NoteId(Uuid::from_u128(7)));
            assert_eq!(read(&written(key)), Some(key));
        }
        for text in [
            "",
            "[]",
            "[true,1]",
            r#"[1,1,"00000000-0000-0000-0000-000000000007"]"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(key((true, i64::MAX, Uuid::nil())), None);
    }
}
