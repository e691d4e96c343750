//! Steps that read lists of customers page by page.

use super::super::Harness;
use crate::builders::context;
use crate::fake::{key_of, rank};
use customer_domain::customer::{
    CustomerFilter, CustomerKey, CustomerRecord, CustomerSort, NewCustomer, SortKey, Status,
};
use customer_domain::{CustomerId, Page, PageAt, PageRequest, SortOrder};

const KEYS: [SortKey; 5] = [
    SortKey::CreatedAt,
    SortKey::UpdatedAt,
    SortKey::RegistrationDate,
    SortKey::Email,
    SortKey::LastName,
];

pub(in super::super) const BY_AGE: CustomerSort = CustomerSort {
    key: SortKey::CreatedAt,
    order: SortOrder::Ascending,
};

pub(in super::super) type CustomerPage = Page<CustomerRecord, CustomerKey>;

pub(in super::super) fn sorts() -> impl Iterator<Item = CustomerSort> {
    let both = [SortOrder::Ascending, SortOrder::Descending];
    KEYS.into_iter()
        .flat_map(move |key| both.map(|order| CustomerSort { key, order }))
}

pub(in super::super) fn only(status: Status) -> CustomerFilter {
    CustomerFilter {
        status: Some(status),
        ..CustomerFilter::default()
    }
}

pub(in super::super) async fn page(
    h: &impl Harness,
    filter: &CustomerFilter,
    sort: CustomerSort,
    size: u32,
    at: PageAt<CustomerKey>,
) -> CustomerPage {
    let request = PageRequest { size, at };
    let page = h.customers().list(&context(), filter, sort, &request).await;
    page.expect("the store answers")
}

/// Reads the first page by number, and all that follow it by cursor.
pub(in super::super) async fn walk(
    h: &impl Harness,
    filter: &CustomerFilter,
    sort: CustomerSort,
    size: u32,
) -> Vec<Vec<CustomerRecord>> {
    let mut current = page(h, filter, sort, size, PageAt::Number(1)).await;
    let mut pages = vec![current.items];
    while let Some(key) = current.next {
        current = page(h, filter, sort, size, PageAt::After(key)).await;
        assert!(!current.items.is_empty(), "`next` leads to a row");
        pages.push(current.items);
        assert!(pages.len() < 100, "a walk that does not end");
    }
    pages
}

pub(in super::super) fn ids(records: &[CustomerRecord]) -> Vec<CustomerId> {
    records.iter().map(|record| record.customer.id).collect()
}

/// Returns what a list must show: sorted by its key and then by id, byte by byte, in its order.
pub(in super::super) fn sorted(customers: &[NewCustomer], sort: CustomerSort) -> Vec<CustomerId> {
    let keys = customers.iter().map(|new| key_of(&new.customer, sort.key));
    let mut keys: Vec<_> = keys.collect();
    keys.sort_by(|one, other| rank(one).cmp(&rank(other)));
    if sort.order == SortOrder::Descending {
        keys.reverse();
    }
    let ids = keys.iter().map(|key| match key {
        CustomerKey::Time(_, id) | CustomerKey::Text(_, id) => *id,
    });
    ids.collect()
}
