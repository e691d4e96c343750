//! Reading customers: a single one, several, by identifier, and page by page.

use super::Customers;
use customer_domain::customer::{
    CustomerFilter, CustomerKey, CustomerRecord, CustomerRef, CustomerSort, Lookup,
};
use customer_domain::{Context, CustomerId, Page, PageAt, PageEnd, PageRequest, StoreError};
use std::collections::HashMap;
use tracing::instrument;

/// Customers in the order of a list, and where the next page starts.
pub type CustomerPage = Page<CustomerRecord, PageEnd<CustomerKey>>;

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
    /// continues after its newest row misses nothing that commits later; that costs one round trip
    /// more, for the first page alone unless each page has its own.
    ///
    /// # Errors
    /// [`StoreError::TooSlow`] if the filter is too broad to be evaluated in two seconds.
    #[instrument(name = "app.customer.list", level = "debug", skip_all)]
    pub async fn list(
        &self,
        context: &Context,
        filter: &CustomerFilter,
        sort: CustomerSort,
        page: &PageRequest<PageEnd<CustomerKey>>,
    ) -> Result<CustomerPage, StoreError> {
        let (at, ended_at) = match &page.at {
            PageAt::Number(number) => (PageAt::Number(*number), None),
            PageAt::Start => (PageAt::Start, None),
            PageAt::After(end) => (PageAt::After(end.key.clone()), end.horizon),
        };
        let mut filter = filter.clone();
        let has_own = filter.has_horizon_per_page(sort);
        let horizon = match ended_at {
            None if filter.is_read_by_time(Some(sort)) => {
                Some(self.transactions.horizon(context).await?)
            }
            ended_at => ended_at,
        };
        if let Some(horizon) = horizon {
            filter.end_at(Some(sort), horizon);
        }
        let size = page.size;
        let request = PageRequest { size, at };
        let page = self.reads.list(context, &filter, sort, &request).await?;
        Ok(page.map_next(|key| PageEnd {
            key,
            horizon: horizon.filter(|_| !has_own),
        }))
    }
}
