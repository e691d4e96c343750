//! Notes that staff write about a customer: their rows are deleted with the customer's data.

use super::customers::owner;
use super::purpose::NOTES;
use super::{Column, Erase, Table, personal, plain};

const fn note_column(name: &'static str, export_name: &'static str) -> Column {
    personal(name, &NOTES, Erase::DeleteRow).export(export_name)
}

pub(super) const TABLES: &[Table] = &[Table {
    name: "customer_notes",
    columns: &[
        plain("tenant_id"),
        owner(Erase::DeleteRow),
        note_column("id", "id").also(&["note_id"]).in_logs(),
        note_column("text", "text").also(&["note"]),
        note_column("is_pinned", "pinned").in_logs(),
        plain("author_type"),
        note_column("author_id", "author.id").in_logs(),
        note_column("created_at", "createdAt").in_logs(),
        plain("editor_type"),
        note_column("editor_id", "updatedBy.id").in_logs(),
        note_column("updated_at", "updatedAt").in_logs(),
        plain("version"),
    ],
}];
