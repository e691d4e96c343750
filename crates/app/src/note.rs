//! Notes about customers: creating, changing, deleting and reading them, by staff. Reading is
//! recorded in the audit trail (AUD-10); no events are published.

use crate::idempotency::{Idempotent, Outcome};
use crate::support::failed::{Failed, Rule, expect_customer, expect_not_deleted};
use crate::support::retry::retried;
use crate::support::stated::Stated;
use crate::support::version::expect_version;
use chrono::{DateTime, Utc};
use customer_domain::audit::{AuditEntry, AuditKind, Audited as _, FieldChange};
use customer_domain::customer::{CustomerRef, Holder};
use customer_domain::note::{Edited, Note, NoteChanges, NoteKey, NotePage, NoteText};
use customer_domain::{
    Change, Claimed, Conflict, Context, IdSource, NoteId, Transactions, UnitOfWork,
};
use std::sync::Arc;
use thiserror::Error;
use tracing::instrument;

/// The use cases of notes.
#[derive(Clone)]
pub struct Notes {
    /// Starts the units of work for reads and writes.
    pub transactions: Arc<dyn Transactions>,
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
    /// The customer that the body names.
    pub stated_customer: Option<CustomerRef>,
    /// The read-only members that the caller sent.
    pub stated: Stated<Note>,
}

/// The reason why notes could not be read or changed. [`Failed::NotFound`] refers to the customer.
pub type NoteError = Failed<NoteRule>;

/// The rules of notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoteRule {
    /// The customer has no such note.
    #[error("no such note")]
    NotFound,
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
            let (kind, whose) = (AuditKind::NoteRead, holder.customer);
            let read = AuditEntry::new(&*self.ids, kind, whose.0, work.now());
            work.record(read.about(whose).into());
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
            let (holder, _) = open(&mut *work, customer, id, command.stated_customer).await?;
            let note = Note {
                id,
                customer: holder.customer,
                text: command.text.clone(),
                is_pinned: command.is_pinned,
                author: context.actor.clone(),
                created_at: work.now(),
                edited: None,
                version: 1,
            };
            work.notes().insert(&note).await?;
            let changes = FieldChange::whole(&note);
            let created_at = note.created_at;
            work.record(self.entry(AuditKind::NoteCreate, &note, changes, created_at));
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
            let (_, note) = open(&mut *work, customer, id, command.stated_customer).await?;
            let mut note = note.ok_or(NoteRule::NotFound)?;
            expect_version(note.version, command.expected_versions.as_deref())?;
            command.stated.expect(&note)?;
            let before = note.clone();
            let (by, at) = (context.actor.clone(), work.now());
            let changed = note.edit(command.changes.clone(), Edited { by, at });
            if changed.is_empty() {
                work.rollback().await?;
                return Ok(note);
            }
            work.notes().save(&note).await?;
            let fields = FieldChange::between(&before, &note, &changed);
            work.record(self.entry(AuditKind::NoteUpdate, &note, fields, at));
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
            let (_, note) = open(&mut *work, customer, id, None).await?;
            let note = note.ok_or(NoteRule::NotFound)?;
            expect_version(note.version, expected_versions)?;
            work.notes().delete(&note).await?;
            let (changes, at) = (FieldChange::deleted(&note, &note.field_names()), work.now());
            work.record(self.entry(AuditKind::NoteDelete, &note, changes, at));
            work.commit().await?;
            Ok(note)
        })
        .await
    }

    /// Returns the audit entry about a note.
    fn entry(
        &self,
        kind: AuditKind,
        note: &Note,
        changes: Vec<FieldChange>,
        at: DateTime<Utc>,
    ) -> Change {
        let entry = AuditEntry::new(&*self.ids, kind, note.id.0, at);
        entry.about(note.customer).with(changes).into()
    }
}

/// Locks a customer whose notes may be changed, and reads one of them.
async fn open(
    work: &mut dyn UnitOfWork,
    customer: CustomerRef,
    id: NoteId,
    stated: Option<CustomerRef>,
) -> Result<(Holder, Option<Note>), NoteError> {
    let (holder, note) = work.notes().find_for_update(customer, id).await?;
    expect_customer(stated, customer, holder.customer)?;
    expect_not_deleted(holder.status)?;
    Ok((holder, note))
}
