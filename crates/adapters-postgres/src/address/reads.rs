//! Address books, read outside any unit of work: one message each, tried once more when the
//! connection turns out to be dead.

use super::record;
use crate::pg::pool::PgPool;
use crate::pg::{literal, scope};
use async_trait::async_trait;
use customer_domain::address::{Address, AddressBook, AddressReads};
use customer_domain::customer::CustomerRef;
use customer_domain::{CustomerId, Scope, StoreError, TenantId};
use sqlx::postgres::PgRow;
use std::borrow::Cow;
use std::collections::HashMap;

/// Reads address books on one pool.
pub(crate) struct PgAddressReads(pub(crate) PgPool);

impl PgAddressReads {
    /// Runs a prepared statement; `keys` are literals.
    async fn execute(
        &self,
        tenant: TenantId,
        name: &str,
        keys: &str,
    ) -> Result<Vec<PgRow>, StoreError> {
        let execute = format!("EXECUTE {name}({}, {keys})", literal::uuid(tenant.0));
        scope::read(&self.0, tenant, &[Cow::Owned(execute)]).await
    }
}

#[async_trait]
impl AddressReads for PgAddressReads {
    /// One round trip.
    async fn book(
        &self,
        scope: &Scope,
        customer: CustomerRef,
    ) -> Result<Option<AddressBook>, StoreError> {
        let (name, key) = match customer {
            CustomerRef::Id(id) => ("address_book_by_id", literal::uuid(id.0)),
            CustomerRef::Legacy(id) => ("address_book_by_legacy", format!("'{}'", id.get())),
        };
        let rows = self.execute(scope.tenant, name, &key).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let customer = record::holder(first)?.customer;
        Ok(Some(AddressBook::new(customer, record::addresses(&rows)?)))
    }

    /// One round trip.
    async fn books(
        &self,
        scope: &Scope,
        customers: &[CustomerId],
    ) -> Result<HashMap<CustomerId, Vec<Address>>, StoreError> {
        let ids = literal::uuids(customers.iter().map(|id| id.0));
        let rows = self.execute(scope.tenant, "address_books", &ids).await?;
        let mut books: HashMap<_, Vec<_>> = HashMap::new();
        for row in &rows {
            let book = books.entry(record::holder(row)?.customer).or_default();
            book.extend(record::decode(row)?);
        }
        Ok(books)
    }
}
