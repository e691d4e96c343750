//! Customers, read outside any unit of work: one message each, tried once more when the
//! connection turns out to be dead.

use super::{list, record};
use crate::pg::literal;
use crate::pg::pool::PgPool;
use crate::pg::scope;
use async_trait::async_trait;
use customer_domain::customer::{
    CustomerFilter, CustomerKey, CustomerReads, CustomerRecord, CustomerRef, CustomerSort,
    Identifier, Lookup,
};
use customer_domain::{CustomerId, Page, PageRequest, Scope, StoreError, TenantId};
use sqlx::postgres::PgRow;
use std::borrow::Cow;

/// Reads customers on one pool.
pub(crate) struct PgCustomerReads(pub(crate) PgPool);

impl PgCustomerReads {
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

    async fn one(
        &self,
        tenant: TenantId,
        name: &str,
        keys: &str,
    ) -> Result<Option<CustomerRecord>, StoreError> {
        let rows = self.execute(tenant, name, keys).await?;
        rows.first()
            .map(|row| record::decode(row, tenant))
            .transpose()
    }
}

#[async_trait]
impl CustomerReads for PgCustomerReads {
    /// One round trip.
    async fn find(
        &self,
        scope: &Scope,
        customer: CustomerRef,
    ) -> Result<Option<CustomerRecord>, StoreError> {
        match customer {
            CustomerRef::Id(id) => {
                self.one(scope.tenant, "customer_by_id", &literal::uuid(id.0))
                    .await
            }
            CustomerRef::Legacy(id) => self.look_up(scope, &Lookup::Legacy(id)).await,
        }
    }

    /// One round trip.
    async fn find_many(
        &self,
        scope: &Scope,
        ids: &[CustomerId],
    ) -> Result<Vec<CustomerRecord>, StoreError> {
        let ids = literal::uuids(ids.iter().map(|id| id.0));
        self.execute(scope.tenant, "customer_by_ids", &ids)
            .await?
            .iter()
            .map(|row| record::decode(row, scope.tenant))
            .collect()
    }

    /// One round trip.
    async fn look_up(
        &self,
        scope: &Scope,
        lookup: &Lookup,
    ) -> Result<Option<CustomerRecord>, StoreError> {
        let (name, keys) = match lookup {
            Lookup::Email(email) => ("customer_by_email", literal::text(email.key())),
            Lookup::PhoneDigits(digits) => ("customer_by_phone", literal::text(digits)),
            Lookup::Legacy(id) => ("customer_by_legacy", format!("'{}'", id.get())),
            Lookup::External(id) => {
                let kind = Identifier::External(id.clone()).kind();
                let keys = format!("{}, {}", literal::text(&kind), literal::text(&id.id));
                ("customer_by_external", keys)
            }
            Lookup::UserId(id) => ("customer_by_user", literal::uuid(id.0)),
        };
        self.one(scope.tenant, name, &keys).await
    }

    /// One round trip; two when the list has more rows than are counted.
    async fn list(
        &self,
        scope: &Scope,
        filter: &CustomerFilter,
        sort: CustomerSort,
        page: &PageRequest<CustomerKey>,
    ) -> Result<Page<CustomerRecord, CustomerKey>, StoreError> {
        list::page(&self.0, scope.tenant, filter, sort, page).await
    }
}
