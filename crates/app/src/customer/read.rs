//! Reading customers: a single one, several, by identifier, and page by page.

use super::Customers;
use customer_domain::customer::{
    CustomerFilter, CustomerKey, CustomerRecord, CustomerRef, CustomerSort, Lookup,
};
use customer_domain::{Context, CustomerId, Page, PageRequest, StoreError};
use std::collections::HashMap;
use tracing::instrument;

/// The result of reading several customers.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchGet {
    /// The customers, in the order of the request, without duplicates.
    pub found: Vec<CustomerRecord>,
    /// The ids without a customer in the tenant, in the order of the request.
    pub missing: Vec<CustomerId>,
}

impl Customers {
    /// Returns a customer, deleted or not.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the tenant has no such customer.
    #[instrument(name = "app.customer.get", level = "debug", skip_all)]
    pub async fn get(
        &self,
        context: &Context,
        customer: CustomerRef,
    ) -> Result<CustomerRecord, StoreError> {
        let found = self.reads.find(context, customer).await?;
        found.ok_or(StoreError::NotFound)
    }

    /// Returns several customers, in the order of the request, and the ids that have none. An id
    /// that occurs again is ignored.
    ///
    /// # Errors
    /// An error of the store.
    #[instrument(name = "app.customer.batch_get", level = "debug", skip_all)]
    pub async fn batch_get(
        &self,
        context: &Context,
        ids: &[CustomerId],
    ) -> Result<BatchGet, StoreError> {
        let records = self.reads.find_many(context, ids).await?;
        let mut by_id: HashMap<CustomerId, CustomerRecord> = records
            .into_iter()
            .map(|record| (record.customer.id, record))
            .collect();
        let mut batch = BatchGet {
            found: Vec::with_capacity(by_id.len()),
            missing: Vec::new(),
        };
        let mut answered = std::collections::HashSet::new();
        for id in ids.iter().filter(|id| answered.insert(**id)) {
            match by_id.remove(id) {
                Some(record) => batch.found.push(record),
                None => batch.missing.push(*id),
            }
        }
        Ok(batch)
    }

    /// Returns the customer that has this identifier or phone number.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is no such customer.
    #[instrument(name = "app.customer.look_up", level = "debug", skip_all)]
    pub async fn look_up(
        &self,
        context: &Context,
        lookup: &Lookup,
    ) -> Result<CustomerRecord, StoreError> {
        let found = self.reads.look_up(context, lookup).await?;
        found.ok_or(StoreError::NotFound)
    }

    /// Returns one page of customers. A list that is read by time ends at the horizon, so whoever
    /// continues after its last row misses nothing that commits later; that costs one round trip more.
    ///
    /// # Errors
    /// [`StoreError::TooSlow`] if the filter is too broad to be evaluated in two seconds.
    #[instrument(name = "app.customer.list", level = "debug", skip_all)]
    pub async fn list(
        &self,
        context: &Context,
        filter: &CustomerFilter,
        sort: CustomerSort,
        page: &PageRequest<CustomerKey>,
    ) -> Result<Page<CustomerRecord, CustomerKey>, StoreError> {
        let mut filter = filter.clone();
        let read_by = filter.read_by(Some(sort));
        if !read_by.is_empty() {
            let horizon = self.transactions.horizon(context).await?;
            for span in read_by {
                span.end_at(horizon);
            }
        }
        self.reads.list(context, &filter, sort, page).await
    }
}
