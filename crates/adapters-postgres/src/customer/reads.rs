//! Customers, read outside any unit of work: one message each, tried once more when the
//! connection turns out to be dead.

use super::{list, record};
use crate::pg::pool::PgPool;
use crate::pg::read;
use crate::pg::row::RowReader;
use crate::pg::sql::{Sql, sql};
use crate::pg::totals::Totals;
use async_trait::async_trait;
use customer_domain::customer::{
    CustomerFilter, CustomerKey, CustomerReads, CustomerRecord, CustomerRef, CustomerSort,
    Identifier, KeyRules, Lookup, SeenKeys,
};
use customer_domain::profile::PhoneKeys;
use customer_domain::{Context, CustomerId, Page, PageRequest, StoreError, TenantId};
use std::sync::Arc;
use tracing::instrument;
use uuid::Uuid;

/// Reads customers on one pool.
pub(crate) struct PgCustomerReads {
    pub(crate) pool: PgPool,
    pub(crate) totals: Arc<Totals>,
}

impl PgCustomerReads {
    async fn one(&self, tenant: TenantId, find: Sql) -> Result<Option<CustomerRecord>, StoreError> {
        let rows = read::rows(&self.pool, tenant, &[find]).await?;
        rows.first()
            .map(|row| record::decode(row, tenant))
            .transpose()
    }
}

#[async_trait]
impl CustomerReads for PgCustomerReads {
    /// One round trip.
    #[instrument(name = "db.customer.find", level = "debug", skip_all)]
    async fn find(
        &self,
        context: &Context,
        customer: CustomerRef,
    ) -> Result<Option<CustomerRecord>, StoreError> {
        match customer {
            CustomerRef::Id(id) => {
                let find = Sql::execute("customer_by_id", &[&context.tenant, &id]);
                self.one(context.tenant, find).await
            }
            CustomerRef::Legacy(id) => self.look_up(context, &Lookup::Legacy(id)).await,
        }
    }

    /// One round trip.
    #[instrument(name = "db.customer.find_many", level = "debug", skip_all)]
    async fn find_many(
        &self,
        context: &Context,
        ids: &[CustomerId],
    ) -> Result<Vec<CustomerRecord>, StoreError> {
        let find = [Sql::execute("customer_by_ids", &[&context.tenant, &ids])];
        let rows = read::rows(&self.pool, context.tenant, &find).await?;
        rows.iter()
            .map(|row| record::decode(row, context.tenant))
            .collect()
    }

    /// One round trip.
    #[instrument(name = "db.customer.look_up", level = "debug", skip_all)]
    async fn look_up(
        &self,
        context: &Context,
        lookup: &Lookup,
    ) -> Result<Option<CustomerRecord>, StoreError> {
        let tenant = context.tenant;
        let find = match lookup {
            Lookup::Email(email) => Sql::execute("customer_by_email", &[&tenant, &email.key()]),
            Lookup::Phone(PhoneKeys { key, digits }) => {
                Sql::execute("customer_by_phone", &[&tenant, key, digits])
            }
            Lookup::Legacy(id) => {
                let id = id.get().to_string();
                Sql::execute("customer_by_legacy", &[&tenant, &id])
            }
            Lookup::External(id) => {
                let kind = Identifier::External(id.clone()).kind();
                Sql::execute("customer_by_external", &[&tenant, &kind, &id.id])
            }
            Lookup::UserId(id) => Sql::execute("customer_by_user", &[&tenant, id]),
        };
        self.one(tenant, find).await
    }

    /// One round trip; two when a list has more rows than are counted, and its total is not kept.
    #[instrument(name = "db.customer.list", level = "debug", skip_all)]
    async fn list(
        &self,
        context: &Context,
        filter: &CustomerFilter,
        sort: CustomerSort,
        page: &PageRequest<CustomerKey>,
    ) -> Result<Page<CustomerRecord, CustomerKey>, StoreError> {
        let lists = list::Lists {
            pool: &self.pool,
            totals: &self.totals,
            tenant: context.tenant,
        };
        lists.page(filter, sort, page).await
    }

    /// One round trip.
    #[instrument(name = "db.customer.outdated_keys", level = "debug", skip_all)]
    async fn outdated_keys(
        &self,
        context: &Context,
        after: Option<CustomerId>,
        limit: u32,
    ) -> Result<SeenKeys, StoreError> {
        let tenant = context.tenant;
        let find = sql!(
            "SELECT c.id AS customer_id, CASE WHEN c.erased_at IS NULL THEN c.key_rules END AS key_rules \
             FROM customers c WHERE c.tenant_id = {} AND c.id > {} ORDER BY c.id LIMIT {}",
            tenant,
            after.unwrap_or(CustomerId(Uuid::nil())),
            limit
        );
        let rules = KeyRules::of(context.country);
        let mut seen = SeenKeys::default();
        for row in &read::rows(&self.pool, tenant, &[find]).await? {
            let row = RowReader::new(row, "customers");
            let id = CustomerId(row.column("customer_id")?);
            let stored: Option<String> = row.column("key_rules")?;
            let stored = stored.map(KeyRules::from_store);
            seen.add(id, stored.is_some_and(|stored| rules.supersedes(&stored)));
        }
        Ok(seen)
    }
}
