//! Address books: read and locked in one message, written in one or two statements.

mod reads;
mod record;
mod save;

pub(crate) use reads::PgAddressReads;
pub(crate) use record::prepared;

use crate::pg::builder::Branches;
use crate::unit_of_work::PgUnitOfWork;
use async_trait::async_trait;
use customer_domain::StoreError;
use customer_domain::address::{AddressBook, AddressRepo, BookChanges, LockedBook};
use customer_domain::customer::CustomerRef;
use tracing::instrument;

#[async_trait]
impl AddressRepo for PgUnitOfWork {
    /// One round trip.
    #[instrument(name = "db.address.book_for_update", level = "debug", skip_all)]
    async fn book_for_update(&mut self, customer: CustomerRef) -> Result<LockedBook, StoreError> {
        let (lock, rows) = self
            .lock_and_read(customer, ["address_book_by_id", "address_book_by_legacy"])
            .await?;
        let holder = record::holder(&lock)?;
        let book = AddressBook::new(holder.customer, record::addresses(&rows)?);
        Ok(LockedBook { holder, book })
    }

    /// No round trip if nothing changed; two if something is released; otherwise one, which takes
    /// the recorded changes along.
    #[instrument(name = "db.address.save", level = "debug", skip_all)]
    async fn save(&mut self, changes: &BookChanges) -> Result<(), StoreError> {
        let tenant = self.tx.tenant();
        let released = save::release(tenant, changes);
        if !released.is_empty() {
            self.tx.message(&released).await?;
        }
        let Some(at) = changes.at() else {
            return Ok(());
        };
        let mut branches = Branches::new(&[tenant.0, changes.customer.0]);
        self.add_changes(&mut branches).await?;
        save::write(&mut branches, changes);
        save::move_on(&mut branches, at);
        self.write(branches).await?;
        Ok(())
    }
}
