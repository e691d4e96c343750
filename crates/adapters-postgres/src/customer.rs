//! Customers: written by one statement each, read by one message each.

mod insert;
mod list;
mod parts;
mod reads;
mod record;
mod save;

pub(crate) use reads::PgCustomerReads;
pub(crate) use record::prepared;

use crate::pg::literal;
use crate::pg::uow::PgUnitOfWork;
use async_trait::async_trait;
use customer_domain::StoreError;
use customer_domain::customer::{Customer, CustomerRecord, CustomerRef, CustomerRepo, NewCustomer};
use std::borrow::Cow;

#[async_trait]
impl CustomerRepo for PgUnitOfWork {
    /// One round trip.
    async fn insert(&mut self, customer: &NewCustomer) -> Result<(), StoreError> {
        let mut statement = insert::statement(customer);
        self.tx.execute(statement.build()).await?;
        Ok(())
    }

    /// One round trip. Two statements in one message: the second takes its snapshot after the
    /// first has waited for the lock, and so sees what its holder committed.
    async fn find_for_update(
        &mut self,
        customer: CustomerRef,
    ) -> Result<CustomerRecord, StoreError> {
        let tenant = self.tx.tenant();
        let (lock, read, key) = match customer {
            CustomerRef::Id(id) => ("customer_lock", "customer_by_id", literal::uuid(id.0)),
            CustomerRef::Legacy(id) => (
                "customer_lock_by_legacy",
                "customer_by_legacy",
                format!("'{}'", id.get()),
            ),
        };
        let execute = |name| {
            Cow::Owned(format!(
                "EXECUTE {name}({}, {key})",
                literal::uuid(tenant.0)
            ))
        };
        let rows = self.tx.message(&[execute(lock), execute(read)]).await?;
        let row = rows.first().ok_or(StoreError::NotFound)?;
        record::decode(row, tenant)
    }

    /// One round trip.
    async fn save(&mut self, customer: &Customer) -> Result<(), StoreError> {
        let mut statement = save::statement(customer);
        match self.tx.execute(statement.build()).await? {
            0 => Err(StoreError::NotFound),
            _ => Ok(()),
        }
    }
}
