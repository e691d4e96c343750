//! Lists: filter, sort, cut.

use chrono::{DateTime, Utc};
use customer_domain::customer::{
    Customer, CustomerFilter, CustomerKey, CustomerRecord, CustomerSort, SortKey,
};
use customer_domain::{
    CustomerId, Page, PageAt, PageRequest, ROWS_BY_NUMBER, SortOrder, Total, text,
};

/// One page of what the filter lets through.
pub(super) fn page<'a>(
    records: impl Iterator<Item = &'a CustomerRecord>,
    filter: &CustomerFilter,
    sort: CustomerSort,
    wanted: &PageRequest<CustomerKey>,
) -> Page<CustomerRecord, CustomerKey> {
    let mut rows: Vec<(CustomerKey, &CustomerRecord)> = records
        .filter(|record| shows(filter, &record.customer))
        .map(|record| (key_of(&record.customer, sort.key), record))
        .collect();
    rows.sort_by(|(one, _), (other, _)| rank(one).cmp(&rank(other)));
    if sort.order == SortOrder::Descending {
        rows.reverse();
    }

    let size = usize::try_from(wanted.size).unwrap_or(usize::MAX);
    let skipped = match &wanted.at {
        PageAt::Number(number) => {
            let before = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
            before.saturating_mul(size)
        }
        PageAt::After(key) => rows.partition_point(|(row, _)| match sort.order {
            SortOrder::Ascending => rank(row) <= rank(key),
            SortOrder::Descending => rank(row) >= rank(key),
        }),
    };
    let total = matches!(wanted.at, PageAt::Number(_)).then(|| total(rows.len()));
    let rest = rows.get(skipped..).unwrap_or_default();
    let shown = &rest[..size.min(rest.len())];
    let next = shown.last().filter(|_| shown.len() < rest.len());
    Page {
        items: shown.iter().map(|(_, record)| (*record).clone()).collect(),
        next: next.map(|(key, _)| key.clone()),
        total,
    }
}

fn shows(filter: &CustomerFilter, customer: &Customer) -> bool {
    match filter.status {
        Some(status) => customer.status == status,
        None => !customer.is_deleted(),
    }
}

/// Where a customer stands in a list sorted by `key`.
pub(crate) fn key_of(customer: &Customer, key: SortKey) -> CustomerKey {
    let last_name = customer.profile.last_name.as_deref();
    match key {
        SortKey::CreatedAt => CustomerKey::Time(customer.created_at, customer.id),
        SortKey::UpdatedAt => CustomerKey::Time(customer.updated_at, customer.id),
        SortKey::RegistrationDate => CustomerKey::Time(customer.registration_date, customer.id),
        SortKey::Email => CustomerKey::Text(customer.email.key().to_owned(), customer.id),
        SortKey::LastName => {
            CustomerKey::Text(last_name.map(text::fold).unwrap_or_default(), customer.id)
        }
    }
}

/// A key as something that compares: byte by byte, then by id.
pub(crate) fn rank(key: &CustomerKey) -> (Option<DateTime<Utc>>, &str, CustomerId) {
    match key {
        CustomerKey::Time(time, id) => (Some(*time), "", *id),
        CustomerKey::Text(text, id) => (None, text, *id),
    }
}

fn total(rows: usize) -> Total {
    let count = u64::try_from(rows).unwrap_or(u64::MAX);
    Total {
        count,
        is_estimate: count > ROWS_BY_NUMBER,
    }
}
