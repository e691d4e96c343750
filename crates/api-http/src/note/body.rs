//! Notes as the wire shows and takes them.

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
    /// Its id.
    pub id: Uuid,
    /// The customer that it is about.
    pub customer_id: Uuid,
    /// What it says, exactly as it was written.
    #[schema(example = "Asked for expedited shipping")]
    pub text: &'a str,
    /// Whether it stands before those that are not pinned.
    pub pinned: bool,
    /// Who wrote it.
    pub author: NoteActorBody<'a>,
    /// The edit token: quoted, it is the `ETag`.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Instant,
    /// When it was last edited; null until somebody does.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Instant>,
    /// Who edited it last; null until somebody does.
    pub updated_by: Option<NoteActorBody<'a>>,
}

/// Who wrote or edited a note.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteActorBody<'a> {
    /// What kind of actor it is.
    #[serde(rename = "type")]
    #[schema(value_type = NoteActorType)]
    pub kind: &'static str,
    /// Its id, such as that of an API key.
    pub id: &'a str,
}

words! {
    /// What kind of actor wrote or edited a note.
    NoteActorType: ActorKind::WORDS,
}

/// A new note.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateNoteBody {
    /// What it is to say; not blank. `note` is another name of it.
    #[schema(min_length = 1, max_length = 10000)]
    pub text: String,
    /// Whether it stands before those that are not pinned; false unless given.
    pub pinned: Option<bool>,
    /// The customer of the path.
    #[schema(nullable = false)]
    pub customer_id: Option<CustomerReference>,
    /// The tenant; it must be one that the caller may act in.
    pub tenant_id: Option<String>,
}

/// A merge into a note: absent members keep.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateNoteBody {
    /// What it is to say; not blank.
    #[schema(min_length = 1, max_length = 10000, nullable = false)]
    pub text: Option<String>,
    /// Whether it stands before those that are not pinned.
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
            /// The pinned first, then the newest.
            notes: Vec<NoteBody<'a>>,
            /// Begins the next page; null on the last.
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
