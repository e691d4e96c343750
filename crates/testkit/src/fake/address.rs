use super::FakeStore;
use super::state::{AddressRow, State};
use super::unit_of_work::FakeUnitOfWork;
use async_trait::async_trait;
use customer_domain::address::{
    Address, AddressBook, AddressReads, AddressRepo, BookChanges, BookHolder, LockedBook,
    MAX_EXPANDED, Role,
};
use customer_domain::customer::CustomerRef;
use customer_domain::{AddressId, Conflict, Context, CustomerId, StoreError, TenantId};
use std::collections::HashMap;
use std::sync::Arc;

impl State {
    /// Returns the live addresses of a customer, oldest first.
    fn book(&self, tenant: TenantId, customer: CustomerId) -> Vec<Address> {
        let rows = self.addresses.get(&(tenant, customer));
        let live = rows.into_iter().flatten().filter(|row| !row.is_deleted);
        let mut live: Vec<_> = live.map(|row| row.address.clone()).collect();
        live.sort_by_key(|address| (address.created_at, address.id));
        live
    }

    fn save_book(&mut self, tenant: TenantId, changes: &BookChanges) -> Result<(), StoreError> {
        let at = (tenant, changes.customer);
        let owner = self.customers.get_mut(&at).ok_or(StoreError::NotFound)?;
        let owner = &mut Arc::make_mut(owner).record.customer;
        owner.event_seq += 1;
        owner.updated_at = changes
            .at()
            .map_or(owner.updated_at, |at| at.max(owner.updated_at));
        let rows = self.addresses.entry(at).or_default();
        for removed in &changes.removed {
            let row = row_of(rows, removed.id).ok_or(StoreError::NotFound)?;
            row.is_deleted = true;
            row.address.default_shipping = false;
            row.address.default_billing = false;
            row.address.version = removed.version;
            row.address.updated_at = removed.at;
        }
        for written in &changes.written {
            let row = row_of(rows, written.address.id);
            let kept = row.as_ref().map(|row| row.digest);
            let written = AddressRow {
                address: written.address.clone(),
                digest: written.digest.or(kept).ok_or(StoreError::NotFound)?,
                is_deleted: false,
            };
            match row {
                Some(row) => *row = written,
                None => rows.push(written),
            }
        }
        self.check_book(at)
    }

    /// Returns the conflict that the constraints of the table would report, if any.
    fn check_book(&self, at: (TenantId, CustomerId)) -> Result<(), StoreError> {
        let of_tenant = self
            .addresses
            .iter()
            .filter(|((owner, _), _)| *owner == at.0);
        let legacy = of_tenant.flat_map(|(_, rows)| rows);
        let legacy = legacy.filter_map(|row| row.address.legacy_id);
        if has_twins(legacy) {
            return Err(StoreError::Conflict(Conflict::AddressLegacyId));
        }
        let rows = self.addresses.get(&at);
        let live = rows.into_iter().flatten().filter(|row| !row.is_deleted);
        if has_twins(live.clone().map(|row| row.digest)) {
            return Err(StoreError::Conflict(Conflict::EqualAddress));
        }
        let is_sound = Role::ALL.into_iter().all(|role| {
            let mut holders = live.clone().filter(|row| row.address.holds(role));
            let covers = holders
                .next()
                .is_none_or(|row| row.address.kind.covers(role));
            covers && holders.next().is_none()
        });
        if !is_sound {
            let rule = "the defaults of an address book".to_owned();
            return Err(StoreError::Conflict(Conflict::Other(rule)));
        }
        Ok(())
    }
}

fn row_of(rows: &mut [AddressRow], id: AddressId) -> Option<&mut AddressRow> {
    rows.iter_mut().find(|row| row.address.id == id)
}

fn has_twins<T: Ord>(values: impl Iterator<Item = T>) -> bool {
    let mut values: Vec<_> = values.collect();
    values.sort();
    values
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a == b))
}

#[async_trait]
impl AddressRepo for FakeUnitOfWork {
    async fn book_for_update(&mut self, customer: CustomerRef) -> Result<LockedBook, StoreError> {
        let holder = self.lock(customer)?.customer;
        let addresses = self.peek(|state, context| state.book(context.tenant, holder.id));
        Ok(LockedBook {
            holder: BookHolder {
                customer: holder.id,
                status: holder.status,
                event_seq: holder.event_seq,
            },
            book: AddressBook::new(holder.id, addresses),
        })
    }

    async fn save(&mut self, changes: &BookChanges) -> Result<(), StoreError> {
        assert!(
            self.held.contains(&changes.customer),
            "a unit of work saves only books that it holds locked: call book_for_update first"
        );
        if changes.is_empty() {
            return Ok(());
        }
        self.statement(|state, context| state.save_book(context.tenant, changes))
    }
}

#[async_trait]
impl AddressReads for FakeStore {
    async fn book(
        &self,
        context: &Context,
        customer: CustomerRef,
    ) -> Result<Option<AddressBook>, StoreError> {
        let state = self.shared.read()?;
        let id = state.resolve(context.tenant, customer);
        let id = id.filter(|id| state.customers.contains_key(&(context.tenant, *id)));
        Ok(id.map(|id| AddressBook::new(id, state.book(context.tenant, id))))
    }

    async fn books(
        &self,
        context: &Context,
        customers: &[CustomerId],
    ) -> Result<HashMap<CustomerId, Vec<Address>>, StoreError> {
        let state = self.shared.read()?;
        let books = customers.iter().map(|id| {
            let mut book = state.book(context.tenant, *id);
            book.truncate(MAX_EXPANDED);
            (*id, book)
        });
        Ok(books.filter(|(_, book)| !book.is_empty()).collect())
    }
}
