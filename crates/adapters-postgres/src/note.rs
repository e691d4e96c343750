//! Notes, by hand: they are read together with their customer and the key that seals audited values.

use crate::pg::builder::{Builder, Columns, changed_row, new_row};
use crate::pg::row::RowReader;
use crate::pg::sql::{Sql, sql};
use crate::unit_of_work::PgUnitOfWork;
use async_trait::async_trait;
use customer_domain::customer::{CustomerRef, Holder};
use customer_domain::note::{Edited, MAX_NOTES, Note, NoteKey, NotePage, NoteRepo, NoteText};
use customer_domain::{Conflict, CustomerId, NoteId, Page, StoreError, TenantId};
use sqlx::postgres::PgRow;
use tracing::instrument;

const TABLE: &str = "customer_notes";

/// Adds the columns of a note after its key.
fn columns(columns: &mut Columns<'_>, note: &Note) {
    let Note {
        id,
        customer: _,
        text,
        is_pinned,
        author,
        created_at,
        edited,
        version,
    } = note;
    let edited = edited.as_ref();
    columns
        .set_once("id", id.0)
        .set("text", text.as_str())
        .set("is_pinned", *is_pinned)
        .set_once("author_type", author.kind.code())
        .set_once("author_id", author.id.as_str())
        .set_once("created_at", *created_at)
        .set("editor_type", edited.map(|edited| edited.by.kind.code()))
        .set("editor_id", edited.map(|edited| edited.by.id.as_str()))
        .set("updated_at", edited.map(|edited| edited.at))
        .set("version", *version);
}

#[async_trait]
impl NoteRepo for PgUnitOfWork {
    /// One round trip. A note beyond the limit is rolled back.
    #[instrument(name = "db.note.insert", level = "debug", skip_all)]
    async fn insert(&mut self, note: &Note) -> Result<(), StoreError> {
        let mut insert = Builder::with_ids(&[self.tx.tenant().0, note.customer.0]);
        insert.push("WITH made AS (INSERT INTO customer_notes (tenant_id, customer_id");
        new_row(&mut insert, note, columns);
        // Counts the notes as they were before the new one.
        insert.push(
            ") SELECT count(*) FROM customer_notes WHERE tenant_id = $1 AND customer_id = $2",
        );
        let rows = self.tx.fetch(insert.build()).await?;
        let row = RowReader::new(rows.first().ok_or(StoreError::NotFound)?, TABLE);
        let held: i64 = row.column("count")?;
        if held < i64::from(MAX_NOTES) {
            return Ok(());
        }
        let full = StoreError::Conflict(Conflict::NoteLimit);
        Err(self.tx.fail(full).await)
    }

    /// One round trip.
    #[instrument(name = "db.note.list", level = "debug", skip_all)]
    async fn list(
        &mut self,
        customer: CustomerRef,
        after: Option<NoteKey>,
        size: u32,
    ) -> Result<(Holder, NotePage), StoreError> {
        let after = after.map_or(Sql::text("true"), |after| {
            sql!("(is_pinned, created_at, id) < {}", after)
        });
        let notes = self.notes_of(customer, Sql::default(), after, size + 1);
        let (holder, notes) = notes.await?;
        Ok((holder, Page::cut(notes, size, Note::key)))
    }

    /// One round trip.
    #[instrument(name = "db.note.find_for_update", level = "debug", skip_all)]
    async fn find_for_update(
        &mut self,
        customer: CustomerRef,
        id: NoteId,
    ) -> Result<(Holder, Option<Note>), StoreError> {
        let lock = Sql::text("FOR NO KEY UPDATE");
        let notes = self.notes_of(customer, lock, sql!("id = {}", id), 1);
        let (holder, mut notes) = notes.await?;
        Ok((holder, notes.pop()))
    }

    /// One round trip.
    #[instrument(name = "db.note.save", level = "debug", skip_all)]
    async fn save(&mut self, note: &Note) -> Result<(), StoreError> {
        let mut update = Builder::with_ids(&[self.tx.tenant().0, note.customer.0]);
        update.push("UPDATE customer_notes SET ");
        changed_row(&mut update, note, columns);
        self.change_note(update, note.id, note.version - 1).await
    }

    /// One round trip.
    #[instrument(name = "db.note.delete", level = "debug", skip_all)]
    async fn delete(&mut self, note: &Note) -> Result<(), StoreError> {
        let mut delete = Builder::with_ids(&[self.tx.tenant().0, note.customer.0]);
        delete.push("DELETE FROM customer_notes");
        self.change_note(delete, note.id, note.version).await
    }
}

impl PgUnitOfWork {
    /// Reads the customer, with `lock` at the end of the statement, and its first notes that match.
    async fn notes_of(
        &mut self,
        customer: CustomerRef,
        lock: Sql,
        matching: Sql,
        limit: u32,
    ) -> Result<(Holder, Vec<Note>), StoreError> {
        let notes = |tenant: TenantId, customer: &Sql| {
            sql!(
                "SELECT id, customer_id, text, is_pinned, author_type, author_id, created_at, editor_type, \
                 editor_id, updated_at, version \
                 FROM customer_notes WHERE tenant_id = {} AND customer_id = {} AND {} \
                 ORDER BY is_pinned DESC, created_at DESC, id DESC LIMIT {}",
                tenant,
                *customer,
                matching,
                limit
            )
        };
        let (holder, rows) = self.read_part(customer, lock, notes).await?;
        Ok((holder, rows.iter().map(decode).collect::<Result<_, _>>()?))
    }

    /// Runs `change` on the note if it is still stored at this version.
    async fn change_note(
        &mut self,
        mut change: Builder,
        id: NoteId,
        version: i64,
    ) -> Result<(), StoreError> {
        change.push(" WHERE tenant_id = $1 AND customer_id = $2 AND id = ");
        change
            .push_bind(id.0)
            .push(" AND version = ")
            .push_bind(version);
        match self.tx.execute(change.build()).await? {
            0 => Err(self.tx.fail(StoreError::Contended).await),
            _ => Ok(()),
        }
    }
}

/// Reads a note.
fn decode(row: &PgRow) -> Result<Note, StoreError> {
    let row = RowReader::new(row, TABLE);
    let edited_at: Option<_> = row.column("updated_at")?;
    let editor = edited_at.map(|_| row.actor("editor_type", "editor_id"));
    let edited = editor.transpose()?.zip(edited_at);
    Ok(Note {
        id: NoteId(row.column("id")?),
        customer: CustomerId(row.column("customer_id")?),
        text: NoteText::from_store(row.column("text")?),
        is_pinned: row.column("is_pinned")?,
        author: row.actor("author_type", "author_id")?,
        created_at: row.column("created_at")?,
        edited: edited.map(|(by, at)| Edited { by, at }),
        version: row.column("version")?,
    })
}
