//! Address books are changed under the lock of their customer, as a whole or not at all.

use super::Harness;
use super::steps::{add, add_addresses, begin, book, changes, edit_book, stored, stored_in};
use crate::builders::{
    address, address_for, at, country, customer, full_address, legacy, new_customer, other_context,
    other_tenant, phone,
};
use customer_domain::address::{
    Address, AddressBook, AddressChanges, AddressField, AddressType, BookChanges, PostalAddress,
    Role,
};
use customer_domain::customer::CustomerRef;
use customer_domain::{AddressId, Conflict, CustomerId, Patch, StoreError};
use serde_json::json;

/// Stores a customer with these addresses, and returns its id.
pub(super) async fn owner_of<const N: usize>(
    h: &impl Harness,
    addresses: [Address; N],
) -> CustomerId {
    let owner = stored(h, new_customer()).await.customer.id;
    add_addresses(h, owner, addresses).await;
    owner
}

/// Saves changes that no rule has checked, under the customer's lock.
pub(super) async fn save(h: &impl Harness, changes: &BookChanges) -> Result<(), StoreError> {
    let mut work = begin(h).await;
    let id = CustomerRef::Id(changes.customer);
    work.addresses().book_for_update(id).await?;
    work.addresses().save(changes).await?;
    work.commit().await
}

/// Returns the changes that adding an address to an empty book makes.
pub(super) fn addition(customer: CustomerId, address: Address) -> BookChanges {
    let mut book = AddressBook::new(customer, Vec::new());
    add(&mut book, address);
    changes(&book)
}

/// Returns the holders of the roles, for shipping and for billing.
pub(super) fn holders(book: &[Address]) -> [Option<AddressId>; 2] {
    Role::ALL.map(|role| {
        let mut holders = book.iter().filter(|address| address.holds(role));
        let holder = holders.next().map(|address| address.id);
        assert_eq!(holders.next(), None, "two hold one role");
        holder
    })
}

pub async fn a_full_address_comes_back_whole(h: &impl Harness) {
    let owner = stored(h, new_customer()).await.customer.id;
    let added = add_addresses(h, owner, [full_address(1)]).await;
    assert!(added[0].default_shipping && added[0].default_billing);
    assert_eq!(book(h, owner).await, Some(added));
}

pub async fn a_bare_address_comes_back_whole(h: &impl Harness) {
    let owner = stored(h, new_customer()).await.customer.id;
    let bare = Address {
        postal: PostalAddress {
            city: None,
            region: None,
            postal_code: None,
            country: country("HK"),
            ..address(1).postal
        },
        ..address(1)
    };
    let added = add_addresses(h, owner, [bare]).await;
    assert_eq!(book(h, owner).await, Some(added));
}

pub async fn every_type_of_address_comes_back(h: &impl Harness) {
    let [one, two, three] = AddressType::ALL;
    let addresses = [
        address_for(one, 1),
        address_for(two, 2),
        address_for(three, 3),
    ];
    let owner = owner_of(h, addresses).await;
    let found = book(h, owner).await.expect("a book");
    let kinds: Vec<_> = found.iter().map(|address| address.kind).collect();
    assert_eq!(kinds, AddressType::ALL);
    let holding = [Some(address(1).id), Some(address(2).id)];
    assert_eq!(holders(&found), holding);
}

pub async fn a_book_that_did_not_change_is_not_written(h: &impl Harness) {
    let owner = owner_of(h, [address(1)]).await;
    let before = book(h, owner).await;
    let saved = edit_book(h, owner, |book| {
        assert_eq!(book.set_default(address(1).id, None, at(9)), Ok(false));
    });
    let saved = saved.await.expect("saved");
    assert!(changes(&saved).is_empty());
    assert_eq!(book(h, owner).await, before);
}

pub async fn a_unit_of_work_sees_the_book_it_saved(h: &impl Harness) {
    let owner = stored(h, new_customer()).await.customer.id;
    let mut work = begin(h).await;
    let id = CustomerRef::Id(owner);
    let mut locked = work.addresses().book_for_update(id).await.expect("a book");
    add(&mut locked.book, address(1));
    let saved = work.addresses().save(&changes(&locked.book)).await;
    saved.expect("saved");
    let again = work.addresses().book_for_update(id).await.expect("a book");
    assert_eq!(again.book.addresses(), locked.book.addresses());
    work.rollback().await.expect("rollback");
    assert_eq!(book(h, owner).await, Some(Vec::new()));
}

pub async fn every_field_of_an_address_is_stored(h: &impl Harness) {
    let owner = owner_of(h, [full_address(1)]).await;
    let change = AddressChanges {
        kind: Patch::Set(AddressType::Billing),
        is_default: None,
        first_name: Patch::Set("Grace".to_owned()),
        last_name: Patch::Set("Hopper".to_owned()),
        company: Patch::Set("Navy".to_owned()),
        street: Some("1 Chome".to_owned()),
        street2: Patch::Set("3F".to_owned()),
        city: Patch::Set("港区".to_owned()),
        region: Patch::Set("東京都".to_owned()),
        postal_code: Patch::Set("154-0023".to_owned()),
        country: Some(country("JP")),
        phone: Patch::Set(phone("+81 3 1234 5678")),
        label: Patch::Set("Office".to_owned()),
        is_verified: Some(false),
        metadata: json!({"gate": null, "floor": 3})
            .as_object()
            .cloned()
            .map_or(Patch::Keep, Patch::Set),
        legacy_id: Patch::Set(legacy(4_294_967_295)),
    };
    let saved = edit_book(h, owner, |book| {
        let changed = book.change(full_address(1).id, change, at(60));
        assert_eq!(changed.expect("changed").len(), 16, "all, and the roles");
    });
    let saved = saved.await.expect("saved");
    assert_eq!(book(h, owner).await.as_deref(), Some(saved.addresses()));
}

pub async fn every_field_of_an_address_can_be_emptied(h: &impl Harness) {
    let owner = owner_of(h, [full_address(1)]).await;
    let change = AddressChanges {
        kind: Patch::Clear,
        is_default: Some(false),
        first_name: Patch::Clear,
        last_name: Patch::Clear,
        company: Patch::Clear,
        street: None,
        street2: Patch::Clear,
        city: Patch::Clear,
        region: Patch::Clear,
        postal_code: Patch::Clear,
        country: None,
        phone: Patch::Clear,
        label: Patch::Clear,
        is_verified: Some(false),
        metadata: Patch::Clear,
        legacy_id: Patch::Clear,
    };
    let saved = edit_book(h, owner, |book| {
        let changed = book.change(full_address(1).id, change, at(60));
        changed.expect("changed");
    });
    let saved = saved.await.expect("saved");
    let emptied = book(h, owner).await.expect("a book");
    assert_eq!(emptied, saved.addresses());
    assert_eq!(holders(&emptied), [None, None]);
    assert_eq!(emptied[0].legacy_id, None);
}

pub async fn a_default_moves_from_one_address_to_another(h: &impl Harness) {
    let both = [1, 2].map(|n| address_for(AddressType::Both, n));
    let owner = owner_of(h, both).await;
    let saved = edit_book(h, owner, |book| {
        let moved = book.set_default(address(2).id, Some(Role::Billing), at(60));
        assert_eq!(moved, Ok(true));
    });
    let saved = saved.await.expect("saved");
    let found = book(h, owner).await.expect("a book");
    assert_eq!(found, saved.addresses());
    assert_eq!(holders(&found), [Some(address(1).id), Some(address(2).id)]);
    assert_eq!((found[0].version, found[1].version), (2, 2));
    assert_eq!((found[0].updated_at, found[1].updated_at), (at(60), at(60)));
}

pub async fn two_addresses_can_exchange_their_roles(h: &impl Harness) {
    let both = [1, 2].map(|n| address_for(AddressType::Both, n));
    let owner = owner_of(h, both).await;
    for (shipping, billing) in [(1, 2), (2, 1)] {
        let saved = edit_book(h, owner, |book| {
            for (n, role) in [(shipping, Role::Shipping), (billing, Role::Billing)] {
                let set = book.set_default(address(n).id, Some(role), at(60));
                set.expect("covered");
            }
        });
        saved.await.expect("saved");
        let found = book(h, owner).await.expect("a book");
        let expected = [shipping, billing].map(|n| Some(address(n).id));
        assert_eq!(holders(&found), expected);
    }
}

pub async fn a_new_address_takes_the_roles_of_others(h: &impl Harness) {
    let split = [
        address_for(AddressType::Shipping, 1),
        address_for(AddressType::Billing, 2),
    ];
    let owner = owner_of(h, split).await;
    let saved = edit_book(h, owner, |book| {
        let both = address_for(AddressType::Both, 3);
        let added = book.add(both, true, 10);
        added.expect("added");
    });
    saved.await.expect("saved");
    let found = book(h, owner).await.expect("a book");
    assert_eq!(holders(&found), [Some(address(3).id); 2]);
}

pub async fn a_removed_address_hands_over_and_shows_nowhere(h: &impl Harness) {
    let owner = owner_of(h, [1, 2, 3].map(address)).await;
    let saved = edit_book(h, owner, |book| {
        drop(book.remove(address(1).id, at(60)).expect("there"));
    });
    let saved = saved.await.expect("saved");
    let found = book(h, owner).await.expect("a book");
    assert_eq!(found, saved.addresses());
    let left: Vec<_> = found.iter().map(|address| address.id).collect();
    assert_eq!(left, [address(2).id, address(3).id]);
    assert_eq!(holders(&found), [Some(address(3).id), None]);
    let all = h
        .addresses()
        .books(&crate::builders::context(), &[owner])
        .await;
    assert_eq!(all.expect("the store answers").remove(&owner), Some(found));
}

pub async fn the_last_address_can_be_removed(h: &impl Harness) {
    let owner = owner_of(h, [address(1)]).await;
    let saved = edit_book(h, owner, |book| {
        drop(book.remove(address(1).id, at(60)).expect("there"));
    });
    saved.await.expect("saved");
    assert_eq!(book(h, owner).await, Some(Vec::new()));
}

pub async fn a_removed_address_keeps_its_legacy_id(h: &impl Harness) {
    let owner = owner_of(h, [full_address(1)]).await;
    let saved = edit_book(h, owner, |book| {
        drop(book.remove(full_address(1).id, at(60)).expect("there"));
    });
    saved.await.expect("saved");
    let heir = Address {
        legacy_id: full_address(1).legacy_id,
        ..address(2)
    };
    let refused = edit_book(h, owner, |book| add(book, heir)).await;
    let taken = StoreError::Conflict(Conflict::AddressLegacyId);
    assert_eq!(refused.expect_err("taken"), taken);
}

pub async fn a_legacy_id_that_is_cleared_is_free_again(h: &impl Harness) {
    let owner = owner_of(h, [full_address(1)]).await;
    let cleared = edit_book(h, owner, |book| {
        let change = AddressChanges {
            legacy_id: Patch::Clear,
            ..AddressChanges::default()
        };
        let changed = book.change(full_address(1).id, change, at(60));
        assert_eq!(changed, Ok(vec![AddressField::LegacyId]));
    });
    cleared.await.expect("saved");
    let heir = Address {
        legacy_id: full_address(1).legacy_id,
        ..address(2)
    };
    add_addresses(h, owner, [heir]).await;
}

pub async fn an_address_legacy_id_is_taken_in_the_whole_tenant(h: &impl Harness) {
    let owner = owner_of(h, [full_address(1)]).await;
    let other = stored(h, customer().number(2).build_new())
        .await
        .customer
        .id;
    let rival = Address {
        legacy_id: full_address(1).legacy_id,
        ..address(2)
    };
    let taken = StoreError::Conflict(Conflict::AddressLegacyId);
    for customer in [owner, other] {
        let refused = edit_book(h, customer, |book| add(book, rival.clone())).await;
        assert_eq!(refused.expect_err("taken"), taken);
    }
    assert_eq!(book(h, other).await, Some(Vec::new()));
    assert_eq!(book(h, owner).await.expect("a book").len(), 1);

    let theirs = customer().of(&other_tenant()).build_new();
    let theirs = stored_in(h, &other_context(), theirs).await.customer.id;
    let mut work = h
        .transactions()
        .begin(&other_context())
        .await
        .expect("begin");
    let id = CustomerRef::Id(theirs);
    work.addresses().book_for_update(id).await.expect("a book");
    let saved = work.addresses().save(&addition(theirs, rival)).await;
    saved.expect("free in another tenant");
}

pub async fn a_second_default_is_never_stored(h: &impl Harness) {
    let owner = owner_of(h, [address(1)]).await;
    // As from a book that was read before the first address was added.
    let refused = save(h, &addition(owner, address(2))).await;
    assert!(
        matches!(refused, Err(StoreError::Conflict(Conflict::Other(_)))),
        "{refused:?}"
    );
    let found = book(h, owner).await.expect("a book");
    assert_eq!(holders(&found), [Some(address(1).id), None]);
}

pub async fn a_refused_save_of_a_book_changes_nothing(h: &impl Harness) {
    let owner = owner_of(h, [address(1), address(2)]).await;
    let other = stored(h, customer().number(2).build_new())
        .await
        .customer
        .id;
    add_addresses(h, other, [full_address(9)]).await;
    let before = book(h, owner).await;
    let refused = edit_book(h, owner, |book| {
        drop(book.remove(address(1).id, at(60)).expect("there"));
        let rival = Address {
            legacy_id: full_address(9).legacy_id,
            ..address(3)
        };
        book.add(rival, true, 10).expect("added");
    });
    let taken = StoreError::Conflict(Conflict::AddressLegacyId);
    assert_eq!(refused.await.expect_err("taken"), taken);
    assert_eq!(book(h, owner).await, before);
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_address_save {
    ($each:path) => {
        $each! { address_save {
            a_full_address_comes_back_whole,
            a_bare_address_comes_back_whole,
            every_type_of_address_comes_back,
            a_book_that_did_not_change_is_not_written,
            a_unit_of_work_sees_the_book_it_saved,
            every_field_of_an_address_is_stored,
            every_field_of_an_address_can_be_emptied,
            a_default_moves_from_one_address_to_another,
            two_addresses_can_exchange_their_roles,
            a_new_address_takes_the_roles_of_others,
            a_removed_address_hands_over_and_shows_nowhere,
            the_last_address_can_be_removed,
            a_removed_address_keeps_its_legacy_id,
            a_legacy_id_that_is_cleared_is_free_again,
            an_address_legacy_id_is_taken_in_the_whole_tenant,
            a_second_default_is_never_stored,
            a_refused_save_of_a_book_changes_nothing,
        } }
    };
}
