//! Lists of customers: filtered, sorted and cut.

use super::state::CustomerRow;
use chrono::{DateTime, Utc};
use customer_domain::customer::{
    Customer, CustomerFilter, CustomerKey, CustomerRecord, CustomerSort, Identifier, SearchQuery,
    SearchWord, SortKey,
};
use customer_domain::{
    CustomerId, Page, PageAt, PageRequest, ROWS_BY_NUMBER, SortOrder, Total, text,
};
use std::collections::BTreeSet;

/// Returns one page of the customers that pass the filter.
pub(super) fn page<'a>(
    rows: impl Iterator<Item = &'a CustomerRow>,
    filter: &CustomerFilter,
    sort: CustomerSort,
    wanted: &PageRequest<CustomerKey>,
) -> Page<CustomerRecord, CustomerKey> {
    let mut rows: Vec<(CustomerKey, &CustomerRecord)> = rows
        .filter(|row| shows(filter, row))
        .map(|row| (key_of(&row.record.customer, sort.key), &row.record))
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
        PageAt::Start => 0,
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

fn shows(filter: &CustomerFilter, row: &CustomerRow) -> bool {
    let CustomerFilter {
        status,
        search,
        customer_type,
        group,
        tag,
        known_as,
        phone,
        created,
        updated,
    } = filter;
    let customer = &row.record.customer;
    let mut words = search.iter().flat_map(SearchQuery::words);
    status.map_or(!customer.is_deleted(), |status| customer.status == status)
        && words.all(|word| is_found(word, &row.terms))
        && customer_type.is_none_or(|kind| customer.customer_type == kind)
        && (group.is_none() || customer.joined_group() == group.as_ref())
        && tag.as_ref().is_none_or(|tag| customer.tags.contains(tag))
        && known_as
            .iter()
            .all(|identifier| is_known_as(customer, identifier))
        && phone.as_ref().is_none_or(|keys| row.has_phone(keys))
        && created.contains(customer.created_at)
        && updated.contains(customer.updated_at)
}

fn is_found(word: &SearchWord, terms: &BTreeSet<String>) -> bool {
    let mut prefixes = word.prefixes();
    prefixes.any(|prefix| terms.iter().any(|term| term.starts_with(prefix)))
}

/// Returns whether a customer has an identifier, or had it before it was deleted.
fn is_known_as(customer: &Customer, identifier: &Identifier) -> bool {
    match identifier {
        Identifier::Email(email) => customer.email.key() == email.key(),
        Identifier::Legacy(id) => customer.legacy_id == Some(*id),
        Identifier::External(id) => customer.external_ids.get(&id.system) == Some(&id.id),
    }
}

/// Returns the position of a customer in a list sorted by `key`.
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

/// Returns a value by which keys are ordered: byte by byte, then by id.
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
