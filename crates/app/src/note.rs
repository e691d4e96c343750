//! Notes about customers: creating, changing, deleting and reading them, by staff. Reading is
//! recorded in the audit trail (AUD-10); no events are published.

use crate::idempotency::{Idempotent, Outcome};
use crate::support::failed::{Failed, Rule, expect_customer, expect_equal, is_stored};
use crate::support::retry::retried;
use crate::support::version::expect_version;
use customer_domain::audit::{AuditEntry, AuditKind, Audited as _, FieldChange};
use customer_domain::customer::{CustomerRef, Status};
use customer_domain::idempotency::Claimed;
use customer_domain::note::{Edited, Note, NoteChanges, NoteHolder, NoteKey, NotePage, NoteText};
use customer_domain::{
    Actor, AuditEventId, Change, Clock, Conflict, Context, CustomerId, IdSource, NoteId,
    Transactions, UnitOfWork,
};
use std::sync::Arc;
use thiserror::Error;
use tracing::instrument;

/// The use cases of notes.
#[derive(Clone)]
pub struct Notes {
    /// Starts the units of work for reads and writes.
    pub transactions: Arc<dyn Transactions>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
}

/// A request to create a note.
#[derive(Debug, Clone)]
pub struct CreateNote {
    /// The text.
    pub text: NoteText,
    /// Whether the note is pinned.
    pub is_pinned: bool,
    /// The customer that the body names.
    pub stated_customer: Option<CustomerRef>,
}

/// A request to merge changes into a note.
#[derive(Debug, Clone, Default)]
pub struct UpdateNote {
    /// The changes.
    pub changes: NoteChanges,
    /// The versions that the caller expects; `None` for any.
    pub expected_versions: Option<Vec<i64>>,
    /// The read-only members that the caller sent.
    pub stated: StatedNote,
}

/// The read-only members of a note that a caller sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatedNote {
    /// `id`.
    pub id: Option<NoteId>,
    /// `customerId`, in any of the forms in which a path may name a customer.
    pub customer: Option<CustomerRef>,
    /// `author`.
    pub author: Option<Actor>,
    /// `updatedBy`; `Some(None)` if the caller sent null, for a note that was never edited.
    pub updated_by: Option<Option<Actor>>,
}

impl StatedNote {
    fn expect(&self, named: CustomerRef, note: &Note) -> Result<(), NoteError> {
        expect_customer(self.customer, named, note.customer)?;
        let editor = note.edited.as_ref().map(|edited| &edited.by);
        let updated_by = self.updated_by.as_ref().map(Option::as_ref);
        expect_equal([
            ("id", is_stored(self.id.as_ref(), &note.id)),
            ("author", is_stored(self.author.as_ref(), &note.author)),
            ("updatedBy", is_stored(updated_by.as_ref(), &editor)),
        ])
    }
}

/// The reason why notes could not be read or changed. [`Failed::NotFound`] refers to the customer.
pub type NoteError = Failed<NoteRule>;

/// The rules of notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoteRule {
    /// The customer has no such note.
    #[error("no such note")]
    NotFound,
    /// The customer is deleted, and has to be reactivated first.
    #[error("the customer is deleted: reactivate it first")]
    CustomerDeleted,
    /// The customer already has the most notes allowed.
    #[error("the customer has as many notes as it may have")]
    LimitExceeded,
}

impl Rule for NoteRule {
    const STORED: &'static [(Conflict, Self)] = &[(Conflict::NoteLimit, Self::LimitExceeded)];
}

impl Notes {
    /// Returns one page of a customer's notes: pinned notes first, then the newest. The read is
    /// recorded in the audit trail; if that fails, nothing is returned.
    ///
    /// # Errors
    /// [`NoteError::NotFound`], or an error of the store.
    #[instrument(name = "app.note.list", level = "debug", skip_all)]
    pub async fn list(
        &self,
        context: &Context,
        customer: CustomerRef,
        after: Option<NoteKey>,
        size: u32,
    ) -> Result<NotePage, NoteError> {
        retried(|| async move {
            let mut work = self.transactions.begin(context).await?;
            let (holder, page) = work.notes().list(customer, after, size).await?;
            work.record(self.entry(AuditKind::NoteRead, holder.customer, None, Vec::new()));
            work.commit().await?;
            Ok(page)
        })
        .await
    }

    /// Creates a note, with the caller as its author.
    ///
    /// # Errors
    /// As [`NoteRule`] lists, or as [`Failed`] does.
    #[instrument(name = "app.note.create", level = "debug", skip_all)]
    pub async fn create(
        &self,
        context: &Context,
        customer: CustomerRef,
        command: &CreateNote,
        once: &Idempotent<'_, Note>,
    ) -> Result<Outcome<Note>, NoteError> {
        let id = NoteId(self.ids.new_id());
        retried(|| async move {
            let mut work = match once.begin(&*self.transactions, context).await? {
                Claimed::Started(work) => work,
                Claimed::Replay(reply) => return Ok(Outcome::Replayed(reply)),
            };
            let (holder, _) = work.notes().find_for_update(customer, id).await?;
            expect_customer(command.stated_customer, customer, holder.customer)?;
            refuse_deleted(holder)?;
            let note = Note {
                id,
                customer: holder.customer,
                text: command.text.clone(),
                is_pinned: command.is_pinned,
                author: context.actor.clone(),
                created_at: self.clock.now(),
                edited: None,
                version: 1,
            };
            work.notes().insert(&note).await?;
            let changes = FieldChange::whole(&note);
            work.record(self.entry(AuditKind::NoteCreate, note.customer, Some(id), changes));
            once.store_reply(&mut *work, &note);
            work.commit().await?;
            Ok(Outcome::Done(note))
        })
        .await
    }

    /// Merges changes into a note and returns it. If nothing changes, nothing is written.
    ///
    /// # Errors
    /// As [`NoteRule`] lists, or as [`Failed`] does.
    #[instrument(name = "app.note.update", level = "debug", skip_all)]
    pub async fn update(
        &self,
        context: &Context,
        customer: CustomerRef,
        id: NoteId,
        command: &UpdateNote,
    ) -> Result<Note, NoteError> {
        retried(|| async move {
            let mut work = self.transactions.begin(context).await?;
            let before = find(&mut *work, customer, id).await?;
            expect_version(before.version, command.expected_versions.as_deref())?;
            command.stated.expect(customer, &before)?;
            let mut note = before.clone();
            let (by, at) = (context.actor.clone(), self.clock.now());
            let changed = note.edit(command.changes.clone(), Edited { by, at });
            if changed.is_empty() {
                work.rollback().await?;
                return Ok(note);
            }
            work.notes().save(&note).await?;
            let fields = FieldChange::between(&before, &note, &changed);
            work.record(self.entry(AuditKind::NoteUpdate, note.customer, Some(id), fields));
            work.commit().await?;
            Ok(note)
        })
        .await
    }

    /// Deletes a note and returns its last state.
    ///
    /// # Errors
    /// As [`NoteRule`] lists, or as [`Failed`] does.
    #[instrument(name = "app.note.delete", level = "debug", skip_all)]
    pub async fn delete(
        &self,
        context: &Context,
        customer: CustomerRef,
        id: NoteId,
        expected_versions: Option<&[i64]>,
    ) -> Result<Note, NoteError> {
        retried(|| async move {
            let mut work = self.transactions.begin(context).await?;
            let note = find(&mut *work, customer, id).await?;
            expect_version(note.version, expected_versions)?;
            work.notes().delete(&note).await?;
            let changes = FieldChange::deleted(&note, &note.field_names());
            work.record(self.entry(AuditKind::NoteDelete, note.customer, Some(id), changes));
            work.commit().await?;
            Ok(note)
        })
        .await
    }

    /// Returns the audit entry about a note, or about all notes of a customer.
    fn entry(
        &self,
        kind: AuditKind,
        customer: CustomerId,
        note: Option<NoteId>,
        changes: Vec<FieldChange>,
    ) -> Change {
        let id = AuditEventId(self.ids.new_id());
        let resource = note.map_or(customer.0, |note| note.0);
        let entry = AuditEntry::new(id, kind, resource, self.clock.now());
        entry.about(customer).with(changes).into()
    }
}

/// Finds a note for a change.
async fn find(
    work: &mut dyn UnitOfWork,
    customer: CustomerRef,
    id: NoteId,
) -> Result<Note, NoteError> {
    let (holder, note) = work.notes().find_for_update(customer, id).await?;
    refuse_deleted(holder)?;
    note.ok_or(NoteError::Rule(NoteRule::NotFound))
}

/// Succeeds unless the customer is deleted.
fn refuse_deleted(holder: NoteHolder) -> Result<(), NoteError> {
    match holder.status {
        Status::Deleted => Err(NoteError::Rule(NoteRule::CustomerDeleted)),
        Status::Pending | Status::Active | Status::Inactive | Status::Suspended => Ok(()),
    }
}
