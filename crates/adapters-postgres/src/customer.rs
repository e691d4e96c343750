//! Customers: written by one statement each, read by one message each.

mod columns;
mod insert;
pub(crate) mod known_as;
mod list;
mod reads;
mod record;
mod rows;
mod save;

pub(crate) use reads::PgCustomerReads;

use crate::pg::builder::Branches;
use crate::pg::row::RowReader;
use crate::pg::sql::{Sql, sql};
use crate::unit_of_work::{PgUnitOfWork, Stored};
use async_trait::async_trait;
use customer_domain::customer::{
    Customer, CustomerRecord, CustomerRef, CustomerRepo, Holder, NewCustomer, Status,
};
use customer_domain::{CustomerId, StoreError, TenantId};
use rows::Rows;
use sqlx::Row;
use sqlx::postgres::PgRow;
use tracing::instrument;
use uuid::Uuid;

/// Returns the statements that every connection prepares: a name, its parameters' types and its
/// text.
pub(crate) fn prepared() -> impl Iterator<Item = (&'static str, &'static str, Sql)> {
    record::prepared().into_iter().chain(list::prepared())
}

#[async_trait]
impl CustomerRepo for PgUnitOfWork {
    /// One round trip.
    #[instrument(name = "db.customer.insert", level = "debug", skip_all)]
    async fn insert(&mut self, customer: &NewCustomer) -> Result<(), StoreError> {
        let id = customer.customer.id;
        let sealing_key = self.keys.make(id)?;
        let rows = Rows::of(&customer.customer, self.country(), None);
        let mut branches = Branches::new(&[customer.customer.tenant.0, id.0]);
        self.add_changes(&mut branches).await?;
        insert::finish(&mut branches, customer, &rows, sealing_key);
        self.write(branches).await?;
        Ok(())
    }

    /// One round trip.
    #[instrument(name = "db.customer.find_for_update", level = "debug", skip_all)]
    async fn find_for_update(
        &mut self,
        customer: CustomerRef,
    ) -> Result<CustomerRecord, StoreError> {
        let names = ["customer_for_update", "customer_for_update_by_legacy"];
        let find = self.by_ref(customer, names);
        let rows = self.tx.message(&[find]).await?;
        let row = rows.first().ok_or(StoreError::NotFound)?;
        let mut record = record::decode(row, self.tx.tenant())?;
        if !customer.names(&record.customer) {
            // While this waited for the lock, the legacy id became another customer's.
            return Err(self.tx.fail(StoreError::Contended).await);
        }
        let id = record.customer.id;
        let held = RowReader::new(row, "customers").column("sealing_key")?;
        self.keys.unwrap_or_create(&mut self.tx, id, held).await?;
        let stored = Stored {
            customer: record.customer.clone(),
            terms: record::terms(row)?,
            key_rules: record::key_rules(row)?,
        };
        self.stored.insert(id, stored);
        record.customer.event_seq += 1;
        Ok(record)
    }

    /// One round trip.
    #[instrument(name = "db.customer.save", level = "debug", skip_all)]
    async fn save(&mut self, customer: &Customer) -> Result<(), StoreError> {
        let Some(before) = self.stored.get(&customer.id).map(Rows::stored) else {
            return Err(self.tx.fail(StoreError::NotFound).await);
        };
        let rows = Rows::of(customer, self.country(), Some(&before.key_rules));
        let mut branches = Branches::new(&[self.tx.tenant().0, customer.id.0]);
        self.add_changes(&mut branches).await?;
        save::finish(&mut branches, customer, &before, &rows);
        if self.write(branches).await? == 0 {
            // The facts are written by then: nothing of this may be committed.
            return Err(self.tx.fail(StoreError::NotFound).await);
        }
        let stored = Stored {
            customer: customer.clone(),
            terms: rows.terms,
            key_rules: rows.key_rules,
        };
        self.stored.insert(customer.id, stored);
        Ok(())
    }
}

impl PgUnitOfWork {
    /// Returns what runs one of two prepared statements: the one that finds the customer by its id,
    /// or by its legacy id.
    fn by_ref(&self, customer: CustomerRef, [by_id, by_legacy]: [&'static str; 2]) -> Sql {
        let tenant = self.tx.tenant();
        match customer {
            CustomerRef::Id(id) => Sql::execute(by_id, &[&tenant, &id]),
            CustomerRef::Legacy(id) => Sql::execute(by_legacy, &[&tenant, &id.get().to_string()]),
        }
    }

    /// Locks a customer, and runs one of two prepared statements: the one that finds it by its id, or
    /// by its legacy id. Returns the row of the lock (`locked_id`, `status`, `event_seq`) and the
    /// rows of the statement, never none. One round trip.
    ///
    /// Two statements in one message: the second takes its snapshot after the first has waited for
    /// the lock, and so sees what its holder committed, for example that a legacy id now belongs to
    /// another customer, which is not locked.
    pub(crate) async fn lock_and_read(
        &mut self,
        customer: CustomerRef,
        names: [&'static str; 2],
    ) -> Result<(PgRow, Vec<PgRow>), StoreError> {
        let lock = self.by_ref(customer, ["customer_lock", "customer_lock_by_legacy"]);
        let read = self.by_ref(customer, names);
        let mut rows = self.tx.message(&[lock, read]).await?;
        let locked = rows.first().and_then(|row| id_in(row, "locked_id"));
        let lock = locked.map(|id| (id, rows.remove(0)));
        let found = rows.first().ok_or(StoreError::NotFound)?;
        let Some((id, lock)) = lock.filter(|(id, _)| id_in(found, "customer_id") == Some(*id))
        else {
            return Err(self.tx.fail(StoreError::Contended).await);
        };
        let held = RowReader::new(&lock, "customers").column("sealing_key")?;
        let id = CustomerId(id);
        self.keys.unwrap_or_create(&mut self.tx, id, held).await?;
        Ok((lock, rows))
    }

    /// Reads a customer, with `lock` at the end of the statement, and the rows of one of its parts:
    /// those that `part` selects for the tenant and the SQL of the customer's id. One round trip,
    /// with two statements. The rows must name their customer in `customer_id`: if a legacy id
    /// became another customer's between the statements, that is noticed by them.
    pub(crate) async fn read_part(
        &mut self,
        customer: CustomerRef,
        lock: Sql,
        part: impl FnOnce(TenantId, &Sql) -> Sql,
    ) -> Result<(Holder, Vec<PgRow>), StoreError> {
        let tenant = self.tx.tenant();
        let id = match customer {
            CustomerRef::Id(id) => sql!("{}", id),
            CustomerRef::Legacy(id) => {
                known_as::by_legacy(&sql!("{}", tenant), &sql!("{}", id.get().to_string()))
            }
        };
        let holder = sql!(
            "SELECT id AS holder_id, status, sealing_key FROM customers \
             WHERE tenant_id = {} AND erased_at IS NULL AND id = {} {}",
            tenant,
            id,
            lock
        );
        let mut rows = self.tx.message(&[holder, part(tenant, &id)]).await?;
        let is_found = |row: &&PgRow| id_in(row, "holder_id").is_some();
        let found = rows.first().filter(is_found).ok_or(StoreError::NotFound)?;
        let row = RowReader::new(found, "customers");
        let holder = Holder {
            customer: CustomerId(row.column("holder_id")?),
            status: row.parsed("status", Status::from_code)?,
        };
        let held = row.column("sealing_key")?;
        self.keys
            .unwrap_or_create(&mut self.tx, holder.customer, held)
            .await?;
        rows.remove(0);
        let is_other = |row| id_in(row, "customer_id") != Some(holder.customer.0);
        if rows.iter().any(is_other) {
            return Err(self.tx.fail(StoreError::Contended).await);
        }
        Ok((holder, rows))
    }
}

fn id_in(row: &PgRow, column: &str) -> Option<Uuid> {
    row.try_get(column).ok()
}
