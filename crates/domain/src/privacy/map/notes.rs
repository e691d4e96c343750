//! Notes that staff write about a customer: their rows are deleted with the customer's data.

use super::customers::owner;
use super::purpose::NOTES;
use super::{Column, Erase, Table, personal, plain};

const fn noted(name: &'static str, export_name: &'static str) -> Column {
    personal(name, &NOTES, Erase::DeleteRow).export(export_name)
}

pub(super) const TABLES: &[Table] = &[Table {
    name: "customer_notes",
    columns: &[
        plain("tenant_id"),
        owner(Erase::DeleteRow),
        noted("id", "id").also(&["note_id"]).shown(),
        noted("text", "text").also(&["note"]),
        noted("is_pinned", "pinned").shown(),
        plain("author_type"),
        noted("author_id", "author.id").shown(),
        noted("created_at", "createdAt").shown(),
        plain("editor_type"),
        noted("editor_id", "updatedBy.id").shown(),
        noted("updated_at", "updatedAt").shown(),
        plain("version"),
    ],
}];
