//! The representation of a note, and the bodies of requests.

use crate::support::envelope::reply;
use crate::support::vocabulary::words;
use crate::support::wire::{CustomerReference, Instant};
use customer_domain::note::Note;
use customer_domain::{Actor, ActorKind};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

/// A note about a customer.
#[derive(Debug, Serialize, ToSchema)]
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
    pub author: NoteActorBody<'a>,
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
    pub updated_by: Option<NoteActorBody<'a>>,
}

/// The actor who wrote or edited a note.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteActorBody<'a> {
    /// The kind of actor.
    #[serde(rename = "type")]
    #[schema(value_type = NoteActorType)]
    pub kind: &'static str,
    /// The actor's id, such as that of an API key.
    pub id: &'a str,
}

words! {
    /// The kind of actor who wrote or edited a note.
    NoteActorType: ActorKind::WORDS,
}

/// A new note.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateNoteBody {
    /// The text; not blank. May also be sent as `note`.
    #[schema(min_length = 1, max_length = 10000)]
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
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateNoteBody {
    /// The new text; not blank.
    #[schema(min_length = 1, max_length = 10000, nullable = false)]
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
        let edited = note.edited.as_ref();
        Self {
            id: note.id.0,
            customer_id: note.customer.0,
            text: note.text.as_str(),
            pinned: note.is_pinned,
            author: (&note.author).into(),
            version: note.version,
            created_at: Instant(note.created_at),
            updated_at: edited.map(|edited| Instant(edited.at)),
            updated_by: edited.map(|edited| (&edited.by).into()),
        }
    }
}

impl<'a> From<&'a Actor> for NoteActorBody<'a> {
    fn from(Actor { kind, id }: &'a Actor) -> Self {
        Self {
            kind: kind.as_str(),
            id,
        }
    }
}

pub(super) fn example() -> Value {
    json!({
        "id": "0190f1b2-7c3a-7d2e-9b1a-3f6c2d4e5a62", "customerId": "0190f1b2-7c3a-7d2e-9b1a-3f6c2d4e5a60",
        "text": "Asked for expedited shipping", "pinned": true,
        "author": {"type": "api_key", "id": "0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e05"},
        "version": 1, "createdAt": "2026-01-15T10:00:00Z", "updatedAt": null, "updatedBy": null,
    })
}

pub(super) fn example_reply() -> Value {
    json!({"success": true, "data": {"note": example()}})
}
