//! Address books are locked with their customer, and read whole.

use super::Harness;
use super::steps::{
    add_addresses, begin, begin_in, book, book_in, edit, edit_book, read, stored, stored_in,
};
use crate::builders::{
    PlainDigests, address, context, customer, full_address, legacy, new_customer, other_context,
    other_tenant,
};
use customer_domain::StoreError;
use customer_domain::address::{Address, MAX_BOOK, MAX_EXPANDED};
use customer_domain::customer::{CustomerRef, Status};
use customer_domain::{AddressId, CustomerId};
use std::collections::HashMap;
use uuid::Uuid;

fn ids(addresses: &[Address]) -> Vec<AddressId> {
    addresses.iter().map(|address| address.id).collect()
}

pub async fn a_book_comes_locked_with_whom_it_belongs_to(h: &impl Harness) {
    let owner = stored(h, new_customer()).await.customer;
    let added = add_addresses(h, owner.id, [full_address(1)]).await;
    let mut work = begin(h).await;
    let locked = work
        .addresses()
        .book_for_update(CustomerRef::Id(owner.id))
        .await
        .expect("a book");
    assert_eq!(locked.book.customer(), owner.id);
    assert_eq!(locked.book.addresses(), added);
    let holder = locked.holder;
    assert_eq!((holder.customer, holder.status), (owner.id, owner.status));
}

pub async fn a_book_takes_the_next_number_of_the_event_sequence(h: &impl Harness) {
    let owner = stored(h, new_customer()).await.customer;
    for expected in 2..5 {
        let mut work = begin(h).await;
        let locked = work
            .addresses()
            .book_for_update(CustomerRef::Id(owner.id))
            .await
            .expect("a book");
        assert_eq!(locked.holder.event_seq, expected);
        let number = expected.unsigned_abs();
        let mut book = locked.book;
        book.add(address(number), false, 10).expect("added");
        let changes = book.changes(&PlainDigests);
        work.addresses().save(&changes).await.expect("saved");
        work.commit().await.expect("commit");
        let stored = read(h, owner.id).await.expect("there").customer;
        assert_eq!(stored.event_seq, expected);
        assert_eq!(stored.version, owner.version, "nothing of it was edited");
        assert_eq!(Some(stored.updated_at), changes.at(), "but it changed");
    }
}

pub async fn a_book_without_addresses_is_locked_all_the_same(h: &impl Harness) {
    let owner = stored(h, new_customer()).await.customer;
    let mut work = begin(h).await;
    let locked = work
        .addresses()
        .book_for_update(CustomerRef::Id(owner.id))
        .await
        .expect("a book");
    assert_eq!(locked.holder.customer, owner.id);
    assert_eq!(locked.book.addresses(), []);
}

pub async fn a_book_is_found_for_update_by_its_customers_legacy_id(h: &impl Harness) {
    let owner = stored(h, customer().legacy(7).build_new()).await.customer;
    stored(h, customer().number(2).legacy(8).build_new()).await;
    let added = add_addresses(h, owner.id, [address(1)]).await;
    let mut work = begin(h).await;
    let locked = work
        .addresses()
        .book_for_update(CustomerRef::Legacy(legacy(7)))
        .await
        .expect("a book");
    assert_eq!(locked.holder.customer, owner.id);
    assert_eq!(locked.book.addresses(), added);
}

pub async fn an_unknown_customer_has_no_book_for_update(h: &impl Harness) {
    stored(h, new_customer()).await;
    for unknown in [
        CustomerRef::Id(CustomerId(Uuid::from_u128(1))),
        CustomerRef::Legacy(legacy(7)),
    ] {
        let mut work = begin(h).await;
        let found = work.addresses().book_for_update(unknown).await;
        assert_eq!(found, Err(StoreError::NotFound), "{unknown:?}");
    }
}

pub async fn a_deleted_customer_keeps_its_book(h: &impl Harness) {
    let owner = stored(h, new_customer()).await.customer;
    let added = add_addresses(h, owner.id, [address(1), address(2)]).await;
    let deleted = edit(h, owner.id, |customer| {
        customer.status = Status::Deleted;
        customer.deleted_at = Some(customer.updated_at);
    });
    deleted.await.expect("deleted");
    assert_eq!(book(h, owner.id).await, Some(added));
    let mut work = begin(h).await;
    let locked = work
        .addresses()
        .book_for_update(CustomerRef::Id(owner.id))
        .await
        .expect("a book");
    assert_eq!(locked.holder.status, Status::Deleted);
}

pub async fn a_book_is_read_oldest_first(h: &impl Harness) {
    let owner = stored(h, new_customer()).await.customer;
    let twin = Address {
        created_at: address(2).created_at,
        ..address(4)
    };
    add_addresses(h, owner.id, [address(3), twin, address(1), address(2)]).await;
    let found = book(h, owner.id).await.expect("a book");
    // Of two that were created at the same time, the one with the smaller id first.
    let expected = [1, 2, 4, 3].map(|n| address(n).id);
    assert_eq!(ids(&found), expected);
    let mut work = begin(h).await;
    let locked = work
        .addresses()
        .book_for_update(CustomerRef::Id(owner.id))
        .await
        .expect("a book");
    assert_eq!(locked.book.addresses(), found);
}

pub async fn a_book_is_read_by_its_customers_legacy_id(h: &impl Harness) {
    let owner = stored(h, customer().legacy(7).build_new()).await.customer;
    let added = add_addresses(h, owner.id, [address(1)]).await;
    let read = async |id| {
        let customer = CustomerRef::Legacy(legacy(id));
        let found = h.addresses().book(&context(), customer).await;
        found.expect("the store answers")
    };
    let found = read(7).await.expect("a book");
    assert_eq!((found.customer(), found.addresses()), (owner.id, &*added));
    assert_eq!(read(8).await, None);
}

pub async fn no_addresses_are_told_from_no_customer(h: &impl Harness) {
    let owner = stored(h, new_customer()).await.customer;
    assert_eq!(book(h, owner.id).await, Some(Vec::new()));
    assert_eq!(book(h, CustomerId(Uuid::from_u128(1))).await, None);
}

pub async fn books_of_many_are_read_at_once(h: &impl Harness) {
    let mut expected = HashMap::new();
    let mut owners = vec![CustomerId(Uuid::from_u128(1))];
    for n in 1..=4 {
        let owner = stored(h, customer().number(n).build_new()).await.customer;
        owners.push(owner.id);
        // One without addresses, and one that is not requested.
        if n > 1 {
            let added = add_addresses(h, owner.id, [address(n + 10), address(n)]).await;
            expected.insert(owner.id, added);
        }
    }
    let unasked = owners.pop().expect("the last");
    expected.remove(&unasked);
    let found = h.addresses().books(&context(), &owners).await;
    assert_eq!(found.expect("the store answers"), expected);
    let found = h.addresses().books(&context(), &[]).await;
    assert_eq!(found.expect("the store answers"), HashMap::new());
}

pub async fn of_a_large_book_the_oldest_are_read_with_those_of_others(h: &impl Harness) {
    let owner = stored(h, new_customer()).await.customer.id;
    let many = u64::try_from(MAX_EXPANDED + 1).expect("a small number");
    let saved = edit_book(h, owner, |book| {
        for n in 1..=many {
            let added = book.add(address(n), false, MAX_BOOK);
            added.expect("added");
        }
    });
    let mut expected = saved.await.expect("saved").addresses().to_vec();
    assert_eq!(book(h, owner).await.as_ref(), Some(&expected));
    expected.truncate(MAX_EXPANDED);
    let found = h.addresses().books(&context(), &[owner]).await;
    let found = found.expect("the store answers").remove(&owner);
    assert_eq!(found, Some(expected));
}

pub async fn another_tenants_book_is_not_there(h: &impl Harness) {
    let theirs = customer().of(&other_tenant()).legacy(7).build_new();
    let theirs = stored_in(h, &other_context(), theirs).await.customer;
    let mut work = begin_in(h, &other_context()).await;
    let id = CustomerRef::Id(theirs.id);
    let mut locked = work.addresses().book_for_update(id).await.expect("a book");
    super::steps::add(&mut locked.book, address(1));
    let changes = super::steps::changes(&locked.book);
    work.addresses().save(&changes).await.expect("saved");
    work.commit().await.expect("commit");

    assert_eq!(book(h, theirs.id).await, None);
    let found = h.addresses().books(&context(), &[theirs.id]).await;
    assert_eq!(found.expect("the store answers"), HashMap::new());
    for name in [id, CustomerRef::Legacy(legacy(7))] {
        let mut work = begin(h).await;
        let found = work.addresses().book_for_update(name).await;
        assert_eq!(found, Err(StoreError::NotFound), "{name:?}");
    }
    let still = book_in(h, &other_context(), theirs.id).await;
    assert_eq!(still.expect("a book"), locked.book.addresses());
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_address {
    ($each:path) => {
        $each! { address {
            a_book_comes_locked_with_whom_it_belongs_to,
            a_book_takes_the_next_number_of_the_event_sequence,
            a_book_without_addresses_is_locked_all_the_same,
            a_book_is_found_for_update_by_its_customers_legacy_id,
            an_unknown_customer_has_no_book_for_update,
            a_deleted_customer_keeps_its_book,
            a_book_is_read_oldest_first,
            a_book_is_read_by_its_customers_legacy_id,
            no_addresses_are_told_from_no_customer,
            books_of_many_are_read_at_once,
            of_a_large_book_the_oldest_are_read_with_those_of_others,
            another_tenants_book_is_not_there,
        } }
    };
}
