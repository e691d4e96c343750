//! Notes. Each statement finds the customer by either id, its notes, and the key that seals audited
//! values, so they are written by hand.

use crate::pg::row::RowReader;
use crate::pg::sql::{Sql, sql};
use crate::privacy::HELD_KEY;
use crate::unit_of_work::PgUnitOfWork;
use async_trait::async_trait;
use customer_domain::customer::{CustomerRef, Status};
use customer_domain::note::{
    Edited, MAX_NOTES, Note, NoteHolder, NoteKey, NotePage, NoteRepo, NoteText,
};
use customer_domain::{Actor, ActorKind, Conflict, CustomerId, NoteId, Page, StoreError, TenantId};
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use tracing::instrument;

const TABLE: &str = "customer_notes";

/// The columns of `customer_notes AS n` that [`decode`] reads.
const COLUMNS: Sql = Sql::text(
    "n.id, n.text, n.is_pinned, n.author_type, n.author_id, n.created_at, n.editor_type, n.editor_id, \
     n.updated_at, n.version",
);

/// Counts the notes as they were before the new one.
const INSERT: Sql = Sql::text(
    "WITH made AS (INSERT INTO customer_notes (tenant_id, customer_id, id, text, is_pinned, author_type, \
     author_id, created_at, editor_type, editor_id, updated_at, version) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)) \
     SELECT count(*) FROM customer_notes n WHERE n.tenant_id = $1 AND n.customer_id = $2",
);
const UPDATE: Sql = Sql::text(
    "UPDATE customer_notes n SET text = $4, is_pinned = $5, editor_type = $6, editor_id = $7, \
     updated_at = $8, version = $9 \
     WHERE n.tenant_id = $1 AND n.customer_id = $2 AND n.id = $3 AND n.version = $9 - 1",
);
const DELETE: Sql = Sql::text(
    "DELETE FROM customer_notes n \
     WHERE n.tenant_id = $1 AND n.customer_id = $2 AND n.id = $3 AND n.version = $4",
);

#[async_trait]
impl NoteRepo for PgUnitOfWork {
    /// One round trip. A note beyond the limit is rolled back.
    #[instrument(name = "db.note.insert", level = "debug", skip_all)]
    async fn insert(&mut self, note: &Note) -> Result<(), StoreError> {
        let insert = keyed(INSERT, self.tx.tenant(), note)
            .bind(note.text.as_str())
            .bind(note.is_pinned)
            .bind(note.author.kind.code())
            .bind(&note.author.id)
            .bind(note.created_at);
        let insert = edited(insert, note).bind(note.version);
        let rows = self.tx.fetch(insert).await?;
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
    ) -> Result<(NoteHolder, NotePage), StoreError> {
        let page = "(n.is_pinned, n.created_at, n.id) < (coalesce($4, true), coalesce($5, 'infinity'), $6) \
                    ORDER BY n.is_pinned DESC, n.created_at DESC, n.id DESC LIMIT $7";
        let order = "ORDER BY n.is_pinned DESC, n.created_at DESC, n.id DESC";
        let list = named(select(page, order), self.tx.tenant(), customer)
            .bind(after.map(|key| key.is_pinned))
            .bind(after.map(|key| key.created_at))
            .bind(after.map(|key| key.id.0))
            .bind(i64::from(size) + 1);
        let rows = self.tx.fetch(list).await?;
        let holder = self.note_holder(&rows).await?;
        let notes = rows.iter().filter_map(|row| decode(row).transpose());
        let notes = notes.collect::<Result<_, _>>()?;
        Ok((holder, Page::cut(notes, size, Note::key)))
    }

    /// One round trip. The note may be older than the lock: saving and deleting check its version.
    #[instrument(name = "db.note.find_for_update", level = "debug", skip_all)]
    async fn find_for_update(
        &mut self,
        customer: CustomerRef,
        id: NoteId,
    ) -> Result<(NoteHolder, Option<Note>), StoreError> {
        let find = select("n.id = $4", "FOR NO KEY UPDATE OF customers");
        let find = named(find, self.tx.tenant(), customer).bind(id.0);
        let rows = self.tx.fetch(find).await?;
        let holder = self.note_holder(&rows).await?;
        let note = rows.first().map(decode).transpose()?;
        Ok((holder, note.flatten()))
    }

    /// One round trip.
    #[instrument(name = "db.note.save", level = "debug", skip_all)]
    async fn save(&mut self, note: &Note) -> Result<(), StoreError> {
        let update = keyed(UPDATE, self.tx.tenant(), note)
            .bind(note.text.as_str())
            .bind(note.is_pinned);
        self.change_note(edited(update, note).bind(note.version))
            .await
    }

    /// One round trip.
    #[instrument(name = "db.note.delete", level = "debug", skip_all)]
    async fn delete(&mut self, note: &Note) -> Result<(), StoreError> {
        let delete = keyed(DELETE, self.tx.tenant(), note);
        self.change_note(delete.bind(note.version)).await
    }
}

impl PgUnitOfWork {
    /// Reads the customer of a [`select`], and takes its key.
    async fn note_holder(&mut self, rows: &[PgRow]) -> Result<NoteHolder, StoreError> {
        let row = RowReader::new(rows.first().ok_or(StoreError::NotFound)?, TABLE);
        let customer = CustomerId(row.column("customer_id")?);
        self.hold_key(customer, row.column("held_key")?).await?;
        let status = row.parsed("status", Status::from_code)?;
        Ok(NoteHolder { customer, status })
    }

    /// Changes the note if it is still stored at the statement's version.
    async fn change_note(
        &mut self,
        statement: Query<'_, Postgres, PgArguments>,
    ) -> Result<(), StoreError> {
        match self.tx.execute(statement).await? {
            0 => Err(self.tx.fail(StoreError::Contended).await),
            _ => Ok(()),
        }
    }
}

/// Selects the customer of [`named`] and its matching notes `n`: one row for each, or one row
/// without a note.
fn select(notes: &'static str, end: &'static str) -> Sql {
    sql!(
        "SELECT n.*, customers.id AS customer_id, customers.status, {} AS held_key FROM customers \
         LEFT JOIN LATERAL (SELECT {} FROM customer_notes n \
         WHERE n.tenant_id = $1 AND n.customer_id = customers.id AND {}) n ON true \
         WHERE customers.tenant_id = $1 AND customers.erased_at IS NULL \
         AND customers.id = coalesce($2, (SELECT k.customer_id FROM customer_identifiers k \
         WHERE k.tenant_id = $1 AND k.kind = 'legacy' AND k.value = $3)) {}",
        HELD_KEY,
        COLUMNS,
        Sql::text(notes),
        Sql::text(end)
    )
}

/// Binds the tenant and the customer: `$1` to `$3`.
fn named(
    select: Sql,
    tenant: TenantId,
    customer: CustomerRef,
) -> Query<'static, Postgres, PgArguments> {
    let (id, legacy) = match customer {
        CustomerRef::Id(id) => (Some(id.0), None),
        CustomerRef::Legacy(id) => (None, Some(id.get().to_string())),
    };
    sqlx::query(select).bind(tenant.0).bind(id).bind(legacy)
}

/// Binds the key of a note: `$1` to `$3`.
fn keyed(statement: Sql, tenant: TenantId, note: &Note) -> Query<'_, Postgres, PgArguments> {
    let statement = sqlx::query(statement).bind(tenant.0);
    statement.bind(note.customer.0).bind(note.id.0)
}

/// Binds the last edit: who made it, and when.
fn edited<'q>(
    statement: Query<'q, Postgres, PgArguments>,
    note: &'q Note,
) -> Query<'q, Postgres, PgArguments> {
    let edited = note.edited.as_ref();
    statement
        .bind(edited.map(|edited| edited.by.kind.code()))
        .bind(edited.map(|edited| &edited.by.id))
        .bind(edited.map(|edited| edited.at))
}

/// Reads [`COLUMNS`]; `None` in the row of a customer without a note.
fn decode(row: &PgRow) -> Result<Option<Note>, StoreError> {
    let row = RowReader::new(row, TABLE);
    let Some(id) = row.column("id")? else {
        return Ok(None);
    };
    let edited = match row.column("updated_at")? {
        Some(at) => Some(Edited {
            by: actor(row, "editor_type", "editor_id")?,
            at,
        }),
        None => None,
    };
    Ok(Some(Note {
        id: NoteId(id),
        customer: CustomerId(row.column("customer_id")?),
        text: NoteText::from_store(row.column("text")?),
        is_pinned: row.column("is_pinned")?,
        author: actor(row, "author_type", "author_id")?,
        created_at: row.column("created_at")?,
        edited,
        version: row.column("version")?,
    }))
}

fn actor(row: RowReader<'_>, kind: &str, id: &str) -> Result<Actor, StoreError> {
    Ok(Actor {
        kind: row.parsed(kind, ActorKind::from_code)?,
        id: row.column(id)?,
    })
}
