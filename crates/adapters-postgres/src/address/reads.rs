//! Reads of address books outside of a unit of work: one message each, sent once more if the
//! connection turns out to be dead.

use super::record;
use crate::pg::pool::PgPool;
use crate::pg::read;
use crate::pg::sql::Sql;
use async_trait::async_trait;
use customer_domain::address::{Address, AddressBook, AddressReads};
use customer_domain::customer::CustomerRef;
use customer_domain::{Context, CustomerId, StoreError};
use std::collections::HashMap;
use tracing::instrument;

/// Reads address books on one pool.
pub(crate) struct PgAddressReads(pub(crate) PgPool);

#[async_trait]
impl AddressReads for PgAddressReads {
    /// One round trip.
    #[instrument(name = "db.address.book", level = "debug", skip_all)]
    async fn book(
        &self,
        context: &Context,
        customer: CustomerRef,
    ) -> Result<Option<AddressBook>, StoreError> {
        let tenant = context.tenant;
        let find = match customer {
            CustomerRef::Id(id) => Sql::execute("address_book_by_id", &[&tenant, &id]),
            CustomerRef::Legacy(id) => {
                let id = id.get().to_string();
                Sql::execute("address_book_by_legacy", &[&tenant, &id])
            }
        };
        let rows = read::rows(&self.0, tenant, &[find]).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let customer = record::owner(first)?;
        Ok(Some(AddressBook::new(customer, record::addresses(&rows)?)))
    }

    /// One round trip.
    #[instrument(name = "db.address.books", level = "debug", skip_all)]
    async fn books(
        &self,
        context: &Context,
        customers: &[CustomerId],
    ) -> Result<HashMap<CustomerId, Vec<Address>>, StoreError> {
        let find = [Sql::execute(
            "address_books",
            &[&context.tenant, &customers],
        )];
        let rows = read::rows(&self.0, context.tenant, &find).await?;
        let mut books: HashMap<_, Vec<_>> = HashMap::new();
        for row in &rows {
            let book = books.entry(record::owner(row)?).or_default();
            book.extend(record::decode(row)?);
        }
        Ok(books)
    }
}
