//! Addresses that are or become equal.

use super::*;

#[test]
fn an_equal_address_stands_for_the_new_one_even_in_a_full_book() {
    let mut book = book(&[Shipping, Shipping]);
    let again = at_place(3, Shipping, " 2 ");
    let added = book.add(again.clone(), false, 2);
    let equal = |changed| Ok(Added::Equal { id: id(2), changed });
    assert_eq!(added, equal(vec![]));
    assert!(book.changes(&Hashed).is_empty());
    let added = book.add(again.clone(), true, 2);
    assert_eq!(added, equal(vec![AddressField::Roles]));
    assert_eq!(defaults(&book), [2, 0]);
    assert_eq!(book.add(again, true, 2), equal(vec![]));
    let other_type = book.add(at_place(3, Both, "2"), false, 2);
    assert_eq!(other_type, Err(BookError::Full { limit: 2 }));
}

#[test]
fn an_address_without_a_legacy_id_takes_that_of_an_equal_one() {
    let mut book = book(&[Shipping]);
    let with = |n: i64| Address {
        legacy_id: LegacyId::new(n).ok(),
        ..at_place(2, Shipping, "1")
    };
    for (n, changed) in [(7, vec![AddressField::LegacyId]), (7, vec![]), (8, vec![])] {
        let added = book.add(with(n), false, 9);
        assert_eq!(added, Ok(Added::Equal { id: id(1), changed }));
        assert_eq!(book.addresses()[0].legacy_id, LegacyId::new(7).ok());
    }
    assert_eq!(versions(&book), [2]);
}

#[test]
fn two_that_became_equal_after_they_were_stored_can_be_edited_and_keep_their_digests() {
    let twins = [1, 2].map(|n| at_place(n, Both, "1"));
    let mut book = AddressBook::new(CustomerId(Uuid::nil()), twins.to_vec());
    assert_eq!(book.set_default(id(2), None, at(9)), Ok(true));
    let label = |text: &str| AddressChanges {
        label: Patch::Set(text.to_owned()),
        ..AddressChanges::default()
    };
    assert_eq!(change(&mut book, 1, label("Home")), ["label"]);
    let written = book.changes(&Hashed).written;
    let digests: Vec<_> = written.iter().map(|one| one.digest).collect();
    assert_eq!(digests, [None, None]);
    // An address that moves must not become equal to another one.
    let street = |text: &str| AddressChanges {
        street: Some(text.to_owned()),
        ..AddressChanges::default()
    };
    let spelt = change(&mut book, 1, street(" 1."));
    assert_eq!(spelt, ["street"], "it is the same place still");
    assert_eq!(change(&mut book, 1, street("3")), ["street"]);
    let written = book.changes(&Hashed).written;
    assert!(written[0].digest.is_some() && written[1].digest.is_none());
    let back = book.change(id(1), street("1"), at(10));
    assert_eq!(back, Err(BookError::Equal(id(2))));
}

#[test]
fn an_address_cannot_become_equal_to_another_nor_half_change() {
    let mut book = book(&[Shipping, Shipping]);
    let edit = AddressChanges {
        street: Some("1".to_owned()),
        label: Patch::Set("Home".to_owned()),
        ..AddressChanges::default()
    };
    let refused = book.change(id(2), edit.clone(), at(100));
    assert_eq!(refused, Err(BookError::Equal(id(1))));
    assert!(book.changes(&Hashed).is_empty());
    let unknown = book.change(id(9), edit.clone(), at(100));
    assert_eq!(unknown, Err(BookError::NotFound));
    // An address does not count as equal to itself.
    assert_eq!(change(&mut book, 1, edit), ["label"]);
    assert_eq!(versions(&book), [2, 1]);
}
