//! Notes about a customer.

use super::{at, seeded_id};
use customer_domain::note::{Edited, Note, NoteText};
use customer_domain::{Actor, ActorKind, CustomerId, NoteId};

/// Returns the n-th note about the customer, created n seconds after the start.
pub fn note(customer: CustomerId, n: u32) -> Note {
    Note {
        id: NoteId(seeded_id(0x9000 + u64::from(n))),
        customer,
        text: note_text(&format!("Note {n}")),
        is_pinned: false,
        author: author("author"),
        created_at: at(n.into()),
        edited: None,
        version: 1,
    }
}

/// Returns the n-th note, pinned and edited; its text, author and version differ from those of
/// [`note`] too.
pub fn full_note(customer: CustomerId, n: u32) -> Note {
    Note {
        text: note_text("  Für Händler\r\n\t\u{1f6d2} — '; DROP TABLE x  "),
        is_pinned: true,
        author: Actor {
            kind: ActorKind::System,
            id: "start-up".to_owned(),
        },
        edited: Some(Edited {
            by: author("editor"),
            at: at(1_000),
        }),
        version: 3,
        ..note(customer, n)
    }
}

/// Parses the text of a note. Panics if it is invalid.
pub fn note_text(text: &str) -> NoteText {
    NoteText::parse(text.to_owned()).expect("a text")
}

fn author(id: &str) -> Actor {
    Actor {
        kind: ActorKind::ApiKey,
        id: id.to_owned(),
    }
}
