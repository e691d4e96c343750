use super::FakeStore;
use super::state::State;
use super::unit_of_work::FakeUnitOfWork;
use async_trait::async_trait;
use customer_domain::customer::{CustomerRef, Holder};
use customer_domain::note::{MAX_NOTES, Note, NoteKey, NotePage, NoteRepo};
use customer_domain::{Conflict, Context, CustomerId, NoteId, Page, StoreError, TenantId};
use std::cmp::Reverse;

impl FakeStore {
    /// Returns every committed note of the tenant, ordered by customer and id.
    pub fn stored_notes(&self, tenant: TenantId) -> Vec<Note> {
        let state = self.shared.committed();
        let rows = state.notes.iter();
        let own = rows.filter(|((owner, ..), _)| *owner == tenant);
        own.map(|(_, note)| note.clone()).collect()
    }
}

impl State {
    fn note_holder(&self, tenant: TenantId, customer: CustomerRef) -> Result<Holder, StoreError> {
        let id = self.resolve(tenant, customer).ok_or(StoreError::NotFound)?;
        let row = self.customers.get(&(tenant, id));
        let customer = &row.ok_or(StoreError::NotFound)?.record.customer;
        Ok(Holder {
            customer: customer.id,
            status: customer.status,
        })
    }

    fn notes_of(&self, tenant: TenantId, customer: CustomerId) -> impl Iterator<Item = &Note> {
        let rows = self.notes.iter();
        rows.filter(move |((owner, about, _), _)| (*owner, *about) == (tenant, customer))
            .map(|(_, note)| note)
    }

    /// Returns the stored note. Fails if it is not at this version, or does not exist.
    fn note_at(
        &mut self,
        tenant: TenantId,
        note: &Note,
        version: i64,
    ) -> Result<&mut Note, StoreError> {
        let stored = self.notes.get_mut(&place(tenant, note));
        let stored = stored.filter(|stored| stored.version == version);
        stored.ok_or(StoreError::Contended)
    }
}

fn place(tenant: TenantId, note: &Note) -> (TenantId, CustomerId, NoteId) {
    (tenant, note.customer, note.id)
}

#[async_trait]
impl NoteRepo for FakeUnitOfWork {
    async fn insert(&mut self, note: &Note) -> Result<(), StoreError> {
        assert!(
            self.held.contains(&note.customer),
            "a note of a customer that is not locked"
        );
        self.statement(|state, context| {
            let held = state.notes_of(context.tenant, note.customer).count();
            if u32::try_from(held).is_ok_and(|held| held < MAX_NOTES) {
                state
                    .notes
                    .insert(place(context.tenant, note), note.clone());
                Ok(())
            } else {
                Err(StoreError::Conflict(Conflict::NoteLimit))
            }
        })
    }

    async fn list(
        &mut self,
        customer: CustomerRef,
        after: Option<NoteKey>,
        size: u32,
    ) -> Result<(Holder, NotePage), StoreError> {
        self.statement(|state, context: &Context| {
            let holder = state.note_holder(context.tenant, customer)?;
            let notes = state.notes_of(context.tenant, holder.customer);
            let wanted = notes.filter(|note| after.is_none_or(|after| note.key() < after));
            let mut notes: Vec<_> = wanted.cloned().collect();
            notes.sort_by_key(|note| Reverse(note.key()));
            Ok((holder, Page::cut(notes, size, Note::key)))
        })
    }

    async fn find_for_update(
        &mut self,
        customer: CustomerRef,
        id: NoteId,
    ) -> Result<(Holder, Option<Note>), StoreError> {
        let (holder, note) = self.statement(|state, context| {
            let holder = state.note_holder(context.tenant, customer)?;
            let found = state.notes.get(&(context.tenant, holder.customer, id));
            Ok((holder, found.cloned()))
        })?;
        self.held.insert(holder.customer);
        Ok((holder, note))
    }

    async fn save(&mut self, note: &Note) -> Result<(), StoreError> {
        self.statement(|state, context| {
            let stored = state.note_at(context.tenant, note, note.version - 1)?;
            *stored = Note {
                author: stored.author.clone(),
                created_at: stored.created_at,
                ..note.clone()
            };
            Ok(())
        })
    }

    async fn delete(&mut self, note: &Note) -> Result<(), StoreError> {
        self.statement(|state, context| {
            state.note_at(context.tenant, note, note.version)?;
            state.notes.remove(&place(context.tenant, note));
            Ok(())
        })
    }
}
