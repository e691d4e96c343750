//! The steps that cases consist of. Each that writes does so in a separate unit of work.

pub(super) mod audit;
pub(super) mod customer_fields;
pub(super) mod customer_list;
pub(super) mod customer_save;

use super::Harness;
use customer_domain::address::{Address, AddressBook, BookChanges, MAX_BOOK};
use customer_domain::api_key::{ApiKey, Revocation};
use customer_domain::customer::{Customer, CustomerRecord, CustomerRef, NewCustomer, search_terms};
use customer_domain::{Change, Context, CustomerId, StoreError, UnitOfWork};
use std::collections::BTreeSet;

use crate::builders::{PlainDigests, context, digest, phone_keys};

/// Begins a unit of work in tenant A.
pub(super) async fn begin(h: &impl Harness) -> Box<dyn UnitOfWork> {
    begin_in(h, &context()).await
}

/// Begins a unit of work in this context.
pub(super) async fn begin_in(h: &impl Harness, context: &Context) -> Box<dyn UnitOfWork> {
    h.transactions().begin(context).await.expect("begin")
}

/// Stores a customer of tenant A, and returns the record that must be read back.
pub(super) async fn stored(h: &impl Harness, new: NewCustomer) -> CustomerRecord {
    stored_in(h, &context(), new).await
}

/// Stores a customer in this context, and returns the record that must be read back.
pub(super) async fn stored_in(
    h: &impl Harness,
    context: &Context,
    new: NewCustomer,
) -> CustomerRecord {
    insert_in(h, context, &new)
        .await
        .expect("the customer is stored");
    CustomerRecord {
        customer: new.customer,
        summary: new.summary,
    }
}

/// Stores customers of tenant A in one unit of work.
pub(super) async fn stored_all(h: &impl Harness, customers: &[NewCustomer]) {
    let mut work = begin(h).await;
    for new in customers {
        work.customers()
            .insert(new)
            .await
            .expect("the customer is stored");
    }
    work.commit().await.expect("commit");
}

/// Returns the search terms that a customer of tenant A must have.
pub(super) fn terms_of(customer: &Customer) -> BTreeSet<String> {
    let phone = customer.profile.phone.as_ref();
    let key = phone.map(|phone| phone_keys(phone.as_str()).key);
    search_terms(customer, key.as_deref())
}

/// Tries to store a customer of tenant A.
pub(super) async fn insert(h: &impl Harness, new: &NewCustomer) -> Result<(), StoreError> {
    insert_in(h, &context(), new).await
}

/// Tries to store a customer in this context.
pub(super) async fn insert_in(
    h: &impl Harness,
    context: &Context,
    new: &NewCustomer,
) -> Result<(), StoreError> {
    let mut work = begin_in(h, context).await;
    work.customers().insert(new).await?;
    work.commit().await
}

/// Changes a customer of tenant A as a use case does, and returns what was saved.
pub(super) async fn edit(
    h: &impl Harness,
    id: CustomerId,
    change: impl FnOnce(&mut Customer) + Send,
) -> Result<CustomerRecord, StoreError> {
    let mut work = begin(h).await;
    let mut record = work
        .customers()
        .find_for_update(CustomerRef::Id(id))
        .await?;
    change(&mut record.customer);
    work.customers().save(&record.customer).await?;
    work.commit().await?;
    Ok(record)
}

/// Reads a customer of tenant A.
pub(super) async fn read(h: &impl Harness, id: CustomerId) -> Option<CustomerRecord> {
    read_in(h, &context(), id).await
}

/// Reads a customer in this context.
pub(super) async fn read_in(
    h: &impl Harness,
    context: &Context,
    id: CustomerId,
) -> Option<CustomerRecord> {
    let found = h.customers().find(context, CustomerRef::Id(id)).await;
    found.expect("the store answers")
}

/// Commits changes of this context, with nothing else.
pub(super) async fn recorded(h: &impl Harness, context: &Context, changes: &[Change]) {
    let mut work = begin_in(h, context).await;
    for change in changes {
        work.record(change.clone());
    }
    work.commit().await.expect("commit");
}

/// Stores API keys in this context, as an operator if one is for all tenants.
pub(super) async fn keys_stored(h: &impl Harness, context: &Context, keys: &[ApiKey]) {
    let transactions = if keys.iter().any(|key| key.all_tenants) {
        h.operator_transactions()
    } else {
        h.transactions()
    };
    let mut work = transactions.begin(context).await.expect("begin");
    for key in keys {
        work.api_keys()
            .insert(key, &digest(key))
            .await
            .expect("the key is stored");
    }
    work.commit().await.expect("commit");
}

/// Revokes a key of tenant A.
pub(super) async fn revoke(
    h: &impl Harness,
    key: &ApiKey,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Revocation, StoreError> {
    let mut work = begin(h).await;
    let outcome = work.api_keys().revoke(key.id, now).await?;
    work.commit().await?;
    Ok(outcome)
}

/// Adds an address to a book as a use case does, without making it a default.
pub(super) fn add(book: &mut AddressBook, address: Address) {
    let added = book.add(address, false, MAX_BOOK);
    added.expect("the book takes it");
}

/// Returns what changed in a book, with the digests of the tests.
pub(super) fn changes(book: &AddressBook) -> BookChanges {
    book.changes(&PlainDigests)
}

/// Changes the book of a customer of tenant A as a use case does, and returns what was saved.
pub(super) async fn edit_book(
    h: &impl Harness,
    customer: CustomerId,
    change: impl FnOnce(&mut AddressBook) + Send,
) -> Result<AddressBook, StoreError> {
    let mut work = begin(h).await;
    let id = CustomerRef::Id(customer);
    let mut book = work.addresses().book_for_update(id).await?.book;
    change(&mut book);
    work.addresses().save(&changes(&book)).await?;
    work.commit().await?;
    Ok(AddressBook::new(customer, book.addresses().to_vec()))
}

/// Adds addresses to a customer of tenant A, and returns the book, oldest first.
pub(super) async fn add_addresses(
    h: &impl Harness,
    customer: CustomerId,
    addresses: impl IntoIterator<Item = Address> + Send,
) -> Vec<Address> {
    let saved = edit_book(h, customer, |book| {
        for address in addresses {
            add(book, address);
        }
    });
    let mut saved = saved.await.expect("saved").addresses().to_vec();
    saved.sort_by_key(|address| (address.created_at, address.id));
    saved
}

/// Reads the book of a customer of tenant A.
pub(super) async fn book(h: &impl Harness, customer: CustomerId) -> Option<Vec<Address>> {
    book_in(h, &context(), customer).await
}

/// Reads the book of a customer in this context.
pub(super) async fn book_in(
    h: &impl Harness,
    context: &Context,
    customer: CustomerId,
) -> Option<Vec<Address>> {
    let found = h.addresses().book(context, CustomerRef::Id(customer)).await;
    let book = found.expect("the store answers")?;
    assert_eq!(book.customer(), customer);
    Some(book.addresses().to_vec())
}
