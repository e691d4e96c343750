//! Notes that staff write about a customer (DOM-14).

use crate::audit::{Audited, Fields};
use crate::customer::{CustomerRef, Holder};
use crate::support::hidden::hidden;
use crate::{Actor, CustomerId, InvalidValue, NoteId, Page, StoreError, ValueFault};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::json;

/// The most notes about a customer.
pub const MAX_NOTES: u32 = 1_000;
/// The maximum length of a note, in characters.
pub const MAX_NOTE_LENGTH: usize = 10_000;

/// A note about a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The note's id.
    pub id: NoteId,
    /// The customer that the note is about.
    pub customer: CustomerId,
    /// The text.
    pub text: NoteText,
    /// Whether the note is listed before those that are not pinned.
    pub is_pinned: bool,
    /// The actor who wrote the note.
    pub author: Actor,
    /// When the note was created.
    pub created_at: DateTime<Utc>,
    /// The last edit; `None` if the note was never edited.
    pub edited: Option<Edited>,
    /// The edit token.
    pub version: i64,
}

/// An edit of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The actor who edited the note.
    pub by: Actor,
    /// When the note was edited.
    pub at: DateTime<Utc>,
}

/// A merge (RFC 7396) of every editable field of a note. `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoteChanges {
    /// The new text.
    pub text: Option<NoteText>,
    /// Whether the note is pinned.
    pub is_pinned: Option<bool>,
}

impl Audited for Note {
    type Field = &'static str;

    fn fields(&self) -> Fields {
        let Self {
            id: _,
            customer: _,
            text,
            is_pinned,
            author: _,
            created_at: _,
            edited: _,
            version: _,
        } = self;
        vec![("text", json!(text.as_str())), ("pinned", json!(is_pinned))]
    }
}

impl Note {
    /// Returns the position of the note in the list.
    pub fn key(&self) -> NoteKey {
        (self.is_pinned, self.created_at, self.id)
    }

    /// Returns the actor who last edited the note; `None` if it was never edited.
    pub fn editor(&self) -> Option<&Actor> {
        self.edited.as_ref().map(|edited| &edited.by)
    }

    /// Merges `changes` into the note, and stores `edited` if anything changes, never with an earlier
    /// time than the note already has. Returns the names of the changed fields as they are spelled in
    /// the API.
    pub fn edit(&mut self, changes: NoteChanges, edited: Edited) -> Vec<&'static str> {
        let before = self.clone();
        let NoteChanges { text, is_pinned } = changes;
        self.text = text.unwrap_or(before.text.clone());
        self.is_pinned = is_pinned.unwrap_or(before.is_pinned);
        let names = self.changed_since(&before);
        if !names.is_empty() {
            let last = before.edited.map_or(before.created_at, |edited| edited.at);
            self.edited = Some(Edited {
                at: edited.at.max(last),
                ..edited
            });
            self.version += 1;
        }
        names
    }
}

/// The text of a note, unmodified.
#[derive(Clone, PartialEq, Eq)]
pub struct NoteText(String);

hidden!(NoteText);

impl NoteText {
    /// Parses a text.
    ///
    /// # Errors
    /// Fails if it is blank, longer than [`MAX_NOTE_LENGTH`] or contains a NUL character.
    pub fn parse(text: String) -> Result<Self, InvalidValue> {
        let (fault, detail) = if text.trim().is_empty() {
            (ValueFault::Required, "a note may not be blank".to_owned())
        } else if text.chars().count() > MAX_NOTE_LENGTH {
            let detail = format!("at most {MAX_NOTE_LENGTH} characters are accepted");
            (ValueFault::TooLong, detail)
        } else if text.contains('\0') {
            (ValueFault::Invalid, "NUL is not accepted".to_owned())
        } else {
            return Ok(Self(text));
        };
        Err(InvalidValue::new(fault, detail))
    }

    /// Restores a text from the store. Checks nothing: stricter rules apply to new notes only. Not
    /// for input.
    pub fn from_store(text: String) -> Self {
        Self(text)
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The position of a note in a customer's list: whether it is pinned, when it was created, and its
/// id. Greater keys come first: pinned notes, then the newest.
pub type NoteKey = (bool, DateTime<Utc>, NoteId);

/// A page of notes, and the position where the next page begins.
pub type NotePage = Page<Note, NoteKey>;

/// Reads and writes notes, within a unit of work, because reads are recorded in the audit trail.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait NoteRepo: Send {
    /// Returns one page of a customer's notes in descending order of [`NoteKey`], starting below
    /// `after`. One round trip.
    ///
    /// # Errors
    /// MUST return [`StoreError::NotFound`] if the tenant has no such customer.
    async fn list(
        &mut self,
        customer: CustomerRef,
        after: Option<NoteKey>,
        size: u32,
    ) -> Result<(Holder, NotePage), StoreError>;

    /// Locks a customer, so that its notes are written one after the other, and reads one of them;
    /// `None` if the customer has no note with this id. One round trip.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    async fn find_for_update(
        &mut self,
        customer: CustomerRef,
        id: NoteId,
    ) -> Result<(Holder, Option<Note>), StoreError>;

    /// Stores a new note about a customer that this unit of work has locked. One round trip.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] with
    /// [`Conflict::NoteLimit`](crate::Conflict::NoteLimit) if the customer has [`MAX_NOTES`] notes.
    async fn insert(&mut self, note: &Note) -> Result<(), StoreError>;

    /// Stores the text, pin, edit and version of a note over its previous version. One round trip.
    ///
    /// # Errors
    /// MUST return [`StoreError::Contended`] if another version is stored, or the note no longer
    /// exists.
    async fn save(&mut self, note: &Note) -> Result<(), StoreError>;

    /// Deletes this version of a note. One round trip.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    async fn delete(&mut self, note: &Note) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ActorKind;
    use uuid::Uuid;

    fn text(text: &str) -> NoteText {
        NoteText::parse(text.to_owned()).unwrap()
    }

    fn actor(id: &str) -> Actor {
        Actor {
            kind: ActorKind::ApiKey,
            id: id.to_owned(),
        }
    }

    fn note() -> Note {
        Note {
            id: NoteId(Uuid::from_u128(1)),
            customer: CustomerId(Uuid::from_u128(2)),
            text: text("Prefers calls"),
            is_pinned: false,
            author: actor("author"),
            created_at: DateTime::UNIX_EPOCH,
            edited: None,
            version: 1,
        }
    }

    fn edited() -> Edited {
        Edited {
            by: actor("editor"),
            at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_text_is_kept_as_it_was_written() {
        for written in ["x", "  two\r\n\tlines ", &"ß".repeat(MAX_NOTE_LENGTH)] {
            assert_eq!(text(written).as_str(), written);
        }
        for (bad, fault) in [
            ("", ValueFault::Required),
            (" \n\u{3000}", ValueFault::Required),
            (&"x".repeat(MAX_NOTE_LENGTH + 1), ValueFault::TooLong),
            ("a\0b", ValueFault::Invalid),
        ] {
            assert_eq!(NoteText::parse(bad.to_owned()).unwrap_err().fault, fault);
        }
    }

    #[test]
    fn a_text_is_not_logged() {
        assert!(!format!("{:?}", note()).contains("calls"));
    }

    #[test]
    fn an_edit_names_what_changed_and_who_made_it() {
        for (changes, names) in [
            (Some("Prefers mail"), Some(true), vec!["text", "pinned"]),
            (Some("Prefers mail"), None, vec!["text"]),
            (Some("Prefers calls"), Some(true), vec!["pinned"]),
        ]
        .map(|(new, is_pinned, names)| {
            let text = new.map(text);
            (NoteChanges { text, is_pinned }, names)
        }) {
            let mut after = note();
            assert_eq!(after.edit(changes, edited()), names);
            assert_eq!((after.edited.clone(), after.version), (Some(edited()), 2));
            assert_eq!(
                (note().editor(), after.editor()),
                (None, Some(&edited().by))
            );
            for name in after.field_names() {
                let differs = note().field(name) != after.field(name);
                assert_eq!(differs, names.contains(&name), "{name}");
            }
        }
    }

    #[test]
    fn an_edit_by_a_clock_that_was_set_back_keeps_the_time() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let mut note = Note {
            created_at: at(9),
            ..note()
        };
        for (now, expected) in [(at(5), at(9)), (at(12), at(12)), (at(11), at(12))] {
            let changes = NoteChanges {
                is_pinned: Some(!note.is_pinned),
                ..NoteChanges::default()
            };
            let edited = Edited {
                at: now,
                ..edited()
            };
            note.edit(changes, edited);
            assert_eq!(note.edited.as_ref().map(|edited| edited.at), Some(expected));
        }
    }

    #[test]
    fn an_edit_that_changes_nothing_leaves_the_note_as_it_was() {
        let same = NoteChanges {
            text: Some(text("Prefers calls")),
            is_pinned: Some(false),
        };
        for changes in [same, NoteChanges::default()] {
            let mut after = note();
            assert!(after.edit(changes, edited()).is_empty());
            assert_eq!(after, note());
        }
    }

    #[test]
    fn pinned_notes_come_first_and_then_the_newest() {
        let key = |is_pinned, seconds, id| -> NoteKey {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            (is_pinned, at, NoteId(Uuid::from_u128(id)))
        };
        let order = [
            key(true, 1, 1),
            key(false, 3, 1),
            key(false, 2, 2),
            key(false, 2, 1),
        ];
        assert!(order.is_sorted_by(|one, next| one > next));
    }
}
