//! Changing, defaulting and deleting addresses.

mod audited;

use super::{BILLING, Book, NONE, SHIPPING, details, done};
use crate::support::unclaimed;
use chrono::TimeDelta;
use customer_app::Stated;
use customer_app::address::{
    AddressError, AddressRule, HeldAddress, RemoveAddress, SetDefaultAddress, UpdateAddress,
};
use customer_app::customer::ChangeStatus;
use customer_domain::address::{
    Address, AddressChanges, AddressField, AddressProblem, AddressRef, AddressType, ProblemKind,
    Role,
};
use customer_domain::customer::StatusChange;
use customer_domain::{AddressId, Patch};
use customer_testkit::builders::{at, context, country, seeded_id};
use serde_json::{Map, json};

fn is(id: AddressId) -> Stated<Address> {
    Stated::default().with("id", move |address: &Address| {
        AddressRef::Id(id).names(address)
    })
}

fn has_roles(stated: Stated<Address>, roles: &[Role]) -> Stated<Address> {
    let roles = roles.to_vec();
    stated.with("roles", move |address| address.has_roles(&roles))
}

fn validated(stated: Stated<Address>, problems: Vec<AddressProblem>) -> Stated<Address> {
    stated.with("validation", move |address| {
        address.postal.check() == problems
    })
}

impl Book {
    async fn update(&self, id: AddressId, command: UpdateAddress) -> Result<Address, AddressError> {
        let (context, address) = (context(), AddressRef::Id(id));
        let addresses = &self.app.addresses;
        let updated = addresses.update(&context, self.customer, address, &command);
        updated.await.map(|held| held.address)
    }

    async fn merge(&self, id: AddressId, changes: AddressChanges) -> Result<Address, AddressError> {
        self.update(id, changing(changes)).await
    }

    async fn set_default(
        &self,
        id: AddressId,
        role: Option<Role>,
    ) -> Result<Address, AddressError> {
        let command = SetDefaultAddress {
            role,
            ..SetDefaultAddress::default()
        };
        let (context, once, address) = (context(), unclaimed(), AddressRef::Id(id));
        let addresses = &self.app.addresses;
        let set = addresses.set_default(&context, self.customer, address, &command, &once);
        set.await.map(done)
    }

    async fn remove(&self, id: AddressId) -> Result<HeldAddress, AddressError> {
        let (context, address) = (context(), AddressRef::Id(id));
        let addresses = &self.app.addresses;
        let command = RemoveAddress::default();
        addresses
            .remove(&context, self.customer, address, &command)
            .await
    }
}

fn changing(changes: AddressChanges) -> UpdateAddress {
    UpdateAddress {
        changes,
        ..UpdateAddress::default()
    }
}

fn moved(street: &str) -> AddressChanges {
    AddressChanges {
        street: Some(street.to_owned()),
        ..AddressChanges::default()
    }
}

#[tokio::test]
async fn a_merge_raises_the_version_and_tells_what_changed() {
    let book = Book::new().await;
    let id = book.add(AddressType::Shipping, "1 Main St").await;
    book.app.clock.set(at(5_000));
    let after = book.merge(id, moved("2 Main St")).await.unwrap();
    assert_eq!((after.version, after.updated_at), (2, at(5_000)));
    assert_eq!(book.get(id).await, after);
    let (topic, audit, changed) = book.changes().pop().unwrap();
    assert_eq!(topic, "customers.address.updated");
    assert_eq!(audit, "customer.address.update");
    assert_eq!(changed, ["street"]);
}

#[tokio::test]
async fn a_merge_that_changes_nothing_writes_nothing() {
    let book = Book::new().await;
    let id = book.add(AddressType::Shipping, "1 Main St").await;
    let before = book.read().await;
    book.app.clock.advance(TimeDelta::hours(1));
    let same = book.merge(id, details(AddressType::Shipping, "1 Main St"));
    assert_eq!(same.await.unwrap(), before[0]);
    assert_eq!(book.read().await, before);
    assert_eq!(book.changes().len(), 1);
}

#[tokio::test]
async fn a_stale_version_is_refused_with_the_present_one() {
    let book = Book::new().await;
    let id = book.add(AddressType::Shipping, "1 Main St").await;
    let mut command = changing(moved("2 Main St"));
    command.expected_versions = Some(vec![1]);
    book.update(id, command.clone()).await.unwrap();
    let stale = Err(AddressError::VersionConflict { current: 2 });
    assert_eq!(book.update(id, command).await, stale);
}

#[tokio::test]
async fn a_change_may_not_make_two_addresses_equal() {
    let book = Book::new().await;
    let first = book.add(AddressType::Shipping, "1 Main St").await;
    let second = book.add(AddressType::Shipping, "2 Main St").await;
    let refused = book.merge(second, moved("1 MAIN ST")).await;
    assert_eq!(refused, Err(AddressRule::Duplicate(Some(first)).into()));
    assert_eq!(book.get(second).await.postal.street, "2 Main St");
}

#[tokio::test]
async fn the_merged_address_is_judged_as_a_whole() {
    let book = Book::new().await;
    let id = book.add(AddressType::Shipping, "1 Main St").await;
    let canada = AddressChanges {
        country: Some(country("CA")),
        ..AddressChanges::default()
    };
    let Err(AddressError::Rule(AddressRule::Invalid(problems))) =
        book.merge(id, canada.clone()).await
    else {
        unreachable!("10001 is no postal code there");
    };
    assert_eq!(problems[0].field, AddressField::PostalCode);
    assert_eq!(problems.len(), 1, "the region is advice: {problems:?}");
    let right = AddressChanges {
        postal_code: Patch::Set("H3Z 2Y7".to_owned()),
        ..canada
    };
    assert!(book.merge(id, right).await.is_ok());
    let empty = book.merge(id, moved("")).await;
    assert!(
        matches!(empty, Err(AddressError::Rule(AddressRule::Invalid(_)))),
        "{empty:?}"
    );
}

#[tokio::test]
async fn metadata_merge_and_stay_within_their_limit() {
    let book = Book::new().await;
    let id = book.add(AddressType::Shipping, "1 Main St").await;
    let half = |name: &str| AddressChanges {
        metadata: Patch::Set(Map::from_iter([(
            name.to_owned(),
            json!("x".repeat(10_000)),
        )])),
        ..AddressChanges::default()
    };
    book.merge(id, half("a")).await.unwrap();
    let refused = book.merge(id, half("b")).await;
    assert_eq!(refused, Err(AddressRule::TooLarge.into()));
    assert_eq!(book.get(id).await.metadata.len(), 1);
}

#[tokio::test]
async fn a_changed_place_is_not_verified_any_more() {
    let book = Book::new().await;
    let id = book.add(AddressType::Shipping, "1 Main St").await;
    let verified = AddressChanges {
        is_verified: Some(true),
        ..AddressChanges::default()
    };
    assert!(book.merge(id, verified.clone()).await.unwrap().is_verified);
    let named = AddressChanges {
        first_name: Patch::Set("Ada".to_owned()),
        ..AddressChanges::default()
    };
    assert!(
        book.merge(id, named).await.unwrap().is_verified,
        "same place"
    );
    let sent_back = AddressChanges {
        street: Some("2 Main St".to_owned()),
        ..verified
    };
    assert!(!book.merge(id, sent_back).await.unwrap().is_verified);
}

#[tokio::test]
async fn giving_up_a_default_hands_it_to_the_newest_other_address() {
    let book = Book::new().await;
    let first = book.add(AddressType::Shipping, "1 Main St").await;
    let second = book.add(AddressType::Both, "2 Main St").await;
    let third = book.add(AddressType::Shipping, "3 Main St").await;
    let given_up = AddressChanges {
        is_default: Some(false),
        ..AddressChanges::default()
    };
    let after = book.merge(first, given_up.clone()).await.unwrap();
    assert_eq!((after.roles(), after.version), (vec![], 2));
    assert_eq!(book.roles(third).await, SHIPPING);
    assert_eq!(book.roles(second).await, BILLING);
    let (_, audit, changed) = book.changes().pop().unwrap();
    assert_eq!(audit, "customer.address.default_changed");
    assert_eq!(changed, ["roles"]);
    book.merge(second, given_up).await.unwrap();
    assert_eq!(book.roles(second).await, NONE, "nobody else covers billing");
}

#[tokio::test]
async fn another_type_hands_on_the_roles_that_it_does_not_cover() {
    let book = Book::new().await;
    let first = book.add(AddressType::Both, "1 Main St").await;
    let second = book.add(AddressType::Both, "2 Main St").await;
    let billing = AddressChanges {
        kind: Patch::Set(AddressType::Billing),
        ..AddressChanges::default()
    };
    let after = book.merge(first, billing).await.unwrap();
    assert_eq!(after.roles(), BILLING);
    assert_eq!(book.roles(second).await, SHIPPING);
}

#[tokio::test]
async fn what_was_read_can_be_sent_back_and_moves_no_role() {
    let book = Book::new().await;
    let first = book.add(AddressType::Shipping, "1 Main St").await;
    let second = book.add(AddressType::Both, "2 Main St").await;
    let sent_back = |roles: &[Role]| UpdateAddress {
        changes: AddressChanges {
            is_default: Some(!roles.is_empty()),
            ..AddressChanges::default()
        },
        stated_customer: Some(book.customer),
        stated: validated(has_roles(is(second), roles), vec![]),
        ..UpdateAddress::default()
    };
    let before = book.read().await;
    book.update(second, sent_back(&BILLING)).await.unwrap();
    assert_eq!(book.read().await, before);
    let other = book.update(second, sent_back(&SHIPPING)).await;
    assert_eq!(other, Err(AddressError::ReadOnly(vec!["roles"])));
    let asked = AddressChanges {
        is_default: Some(true),
        ..AddressChanges::default()
    };
    let after = book.merge(second, asked).await.unwrap();
    assert_eq!(after.roles(), Role::ALL, "who asks gets all roles");
    assert_eq!(book.roles(first).await, NONE);
}

#[tokio::test]
async fn members_that_cannot_be_written_must_be_what_is_stored() {
    let book = Book::new().await;
    let id = book.add(AddressType::Shipping, "1 Main St").await;
    let command = UpdateAddress {
        stated: has_roles(is(AddressId(seeded_id(99))), &[]),
        ..UpdateAddress::default()
    };
    let refused = book.update(id, command).await;
    assert_eq!(refused, Err(AddressError::ReadOnly(vec!["id", "roles"])));
    let both = book.add(AddressType::Both, "2 Main St").await;
    book.set_default(both, None).await.unwrap();
    let stating = |roles: &[Role], validation: Vec<AddressProblem>| UpdateAddress {
        stated: validated(has_roles(Stated::default(), roles), validation),
        ..UpdateAddress::default()
    };
    let half = book.update(both, stating(&[Role::Shipping; 2], vec![]));
    assert_eq!(half.await, Err(AddressError::ReadOnly(vec!["roles"])));
    let reversed = [Role::Billing, Role::Shipping];
    let whole = book.update(both, stating(&reversed, vec![])).await;
    assert_eq!(whole.unwrap().roles(), Role::ALL);
    let advice = AddressProblem {
        field: AddressField::Region,
        kind: ProblemKind::Unknown,
        detail: "US has no region of this name".to_owned(),
    };
    let stated = stating(&reversed, vec![advice]);
    let other = book.update(both, stated.clone()).await;
    assert_eq!(other, Err(AddressError::ReadOnly(vec!["validation"])));
    let elsewhere = AddressChanges {
        region: Patch::Set("Bavaria".to_owned()),
        ..AddressChanges::default()
    };
    book.merge(both, elsewhere).await.unwrap();
    assert!(book.update(both, stated).await.is_ok());
}

#[tokio::test]
async fn set_default_takes_the_role_that_is_named_or_all_of_the_type() {
    let book = Book::new().await;
    let first = book.add(AddressType::Both, "1 Main St").await;
    let second = book.add(AddressType::Both, "2 Main St").await;
    let after = book.set_default(second, Some(Role::Billing)).await.unwrap();
    assert_eq!(after.roles(), BILLING);
    assert_eq!(book.roles(first).await, SHIPPING);
    let after = book.set_default(second, None).await.unwrap();
    assert_eq!((after.roles(), after.version), (Role::ALL.to_vec(), 3));
    assert_eq!(book.roles(first).await, NONE);
    let told = book.changes().len();
    let again = book.set_default(second, None).await.unwrap();
    assert_eq!((again.version, book.changes().len()), (3, told));
    let (topic, audit, changed) = book.changes().pop().unwrap();
    assert_eq!(topic, "customers.address.updated");
    assert_eq!(audit, "customer.address.default_changed");
    assert_eq!(changed, ["roles"]);
}

#[tokio::test]
async fn an_address_cannot_be_the_default_for_what_it_is_not() {
    let book = Book::new().await;
    let id = book.add(AddressType::Shipping, "1 Main St").await;
    let refused = book.set_default(id, Some(Role::Billing)).await;
    let expected = AddressRule::NotCovered {
        kind: AddressType::Shipping,
        role: Role::Billing,
    };
    assert_eq!(refused, Err(expected.into()));
}

#[tokio::test]
async fn deleting_the_default_makes_the_newest_other_address_it() {
    let book = Book::new().await;
    let first = book.add(AddressType::Both, "1 Main St").await;
    let second = book.add(AddressType::Shipping, "2 Main St").await;
    let third = book.add(AddressType::Shipping, "3 Main St").await;
    let removed = book.remove(first).await.unwrap().address;
    assert_eq!((removed.roles(), removed.version), (vec![], 2));
    assert_eq!(book.roles(third).await, SHIPPING);
    assert_eq!(book.roles(second).await, NONE);
    let left: Vec<_> = book.read().await.iter().map(|one| one.id).collect();
    assert_eq!(left, [second, third]);
    let (topic, audit, changed) = book.changes().pop().unwrap();
    assert_eq!(topic, "customers.address.deleted");
    assert_eq!(audit, "customer.address.delete");
    let had = [
        "type", "country", "street", "city", "state", "zipCode", "roles",
    ];
    assert_eq!(changed, had);
    let event = book.app.store.events().pop().unwrap();
    let defaults = &event.envelope["data"]["defaults"];
    assert_eq!(defaults["shipping"], third.to_string());
    assert!(defaults["billing"].is_null());
    assert_eq!(book.remove(first).await, Err(AddressRule::NotFound.into()));
}

#[tokio::test]
async fn the_last_address_may_go() {
    let book = Book::new().await;
    let id = book.add(AddressType::Both, "1 Main St").await;
    book.remove(id).await.unwrap();
    assert!(book.read().await.is_empty());
    let again = book.add(AddressType::Both, "1 Main St").await;
    assert_ne!(again, id, "it is not remembered as equal");
    assert_eq!(book.roles(again).await, Role::ALL);
}

#[tokio::test]
async fn a_deleted_customer_keeps_its_addresses_as_they_are() {
    let book = Book::new().await;
    let id = book.add(AddressType::Both, "1 Main St").await;
    let step = ChangeStatus {
        change: StatusChange::Deactivate,
        reason: None,
        expected_versions: None,
        stated: Stated::default(),
    };
    let (within, once) = (context(), unclaimed());
    let customers = &book.app.customers;
    let deleted = customers.change_status(&within, book.customer, &step, &once);
    deleted.await.unwrap();
    let before = book.read().await;
    let refused = AddressError::CustomerDeleted;
    let created = book.create(details(AddressType::Shipping, "2 Main St"));
    assert_eq!(created.await.err(), Some(refused.clone()));
    let merged = book.merge(id, moved("2 Main St")).await;
    assert_eq!(merged.err(), Some(refused.clone()));
    assert_eq!(
        book.set_default(id, None).await.err(),
        Some(refused.clone())
    );
    assert_eq!(book.remove(id).await.err(), Some(refused));
    assert_eq!(book.read().await, before);
}
