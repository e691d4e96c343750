//! A customer has no two equal addresses.

use super::Harness;
use super::address_save::{addition, holders, owner_of, save};
use super::steps::{add, add_addresses, book, edit_book, stored};
use crate::builders::{PlainDigests, address, at, customer};
use customer_domain::address::{Address, AddressChanges, BookChanges, WrittenAddress};
use customer_domain::{Conflict, Patch, StoreError};

pub async fn equal_addresses_of_one_customer_are_a_conflict(h: &impl Harness) {
    let owner = owner_of(h, [address(1)]).await;
    let equal = WrittenAddress {
        address: address(2),
        digest: Some(address(1).digest(&PlainDigests)),
    };
    let twice = BookChanges {
        written: vec![equal],
        ..addition(owner, address(2))
    };
    let conflict = Err(StoreError::Conflict(Conflict::EqualAddress));
    assert_eq!(save(h, &twice).await, conflict);
    assert_eq!(book(h, owner).await.expect("a book").len(), 1);
    // Another customer may have the same address.
    let other = stored(h, customer().number(2).build_new())
        .await
        .customer
        .id;
    let elsewhere = BookChanges {
        customer: other,
        ..twice
    };
    assert_eq!(save(h, &elsewhere).await, Ok(()));
}

pub async fn an_address_that_did_not_move_keeps_its_digest(h: &impl Harness) {
    let owner = owner_of(h, [address(1)]).await;
    // As if the digest had been computed by other rules when it was stored.
    let mut first = addition(owner, address(1));
    first.written[0].digest = Some([7; 32]);
    save(h, &first).await.expect("saved");
    let saved = edit_book(h, owner, |book| {
        let label = AddressChanges {
            label: Patch::Set("Home".to_owned()),
            ..AddressChanges::default()
        };
        let changed = book.change(address(1).id, label, at(60));
        changed.expect("changed");
    });
    let saved = saved.await.expect("saved");
    assert_eq!(book(h, owner).await.as_deref(), Some(saved.addresses()));
    let rival = BookChanges {
        written: vec![WrittenAddress {
            address: address(2),
            digest: Some([7; 32]),
        }],
        ..addition(owner, address(2))
    };
    let conflict = Err(StoreError::Conflict(Conflict::EqualAddress));
    assert_eq!(save(h, &rival).await, conflict);
}

pub async fn an_address_can_come_back_after_its_removal(h: &impl Harness) {
    let owner = owner_of(h, [address(1)]).await;
    let again = Address {
        id: address(2).id,
        ..address(1)
    };
    // In one save, and then in a separate one.
    let saved = edit_book(h, owner, |book| {
        drop(book.remove(address(1).id, at(60)).expect("there"));
        add(book, again.clone());
    });
    saved.await.expect("saved");
    let found = book(h, owner).await.expect("a book");
    assert_eq!(holders(&found), [Some(again.id), None]);
    let saved = edit_book(h, owner, |book| {
        drop(book.remove(again.id, at(61)).expect("there"));
    });
    saved.await.expect("saved");
    let third = Address {
        id: address(3).id,
        ..address(1)
    };
    let added = add_addresses(h, owner, [third]).await;
    assert_eq!(book(h, owner).await, Some(added));
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_address_equal {
    ($each:path) => {
        $each! { address_equal {
            equal_addresses_of_one_customer_are_a_conflict,
            an_address_that_did_not_move_keeps_its_digest,
            an_address_can_come_back_after_its_removal,
        } }
    };
}
