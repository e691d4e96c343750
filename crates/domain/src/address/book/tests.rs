mod equal;

use super::*;
use crate::address::Country;
use crate::{DigestPurpose, Patch};
use chrono::TimeDelta;
use proptest::prelude::*;
use std::hash::{DefaultHasher, Hash, Hasher};
use uuid::Uuid;

/// Digests without a key.
struct Hashed;

impl KeyedDigest for Hashed {
    fn digest(&self, _: DigestPurpose, message: &[u8]) -> [u8; 32] {
        let mut hasher = DefaultHasher::new();
        message.hash(&mut hasher);
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&hasher.finish().to_be_bytes());
        digest
    }
}

const LIMIT: usize = 4;

fn at(seconds: u32) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds.into())
}

fn id(n: u32) -> AddressId {
    AddressId(Uuid::from_u128(n.into()))
}

/// Returns the n-th address, in the street of this name.
fn at_place(n: u32, kind: AddressType, street: &str) -> Address {
    let details = AddressChanges {
        kind: Patch::Set(kind),
        street: Some(street.to_owned()),
        ..AddressChanges::default()
    };
    Address::new(id(n), Country::parse("US").unwrap(), details, at(n))
}

/// Returns a book with one address of each of these types, numbered from 1.
fn book(kinds: &[AddressType]) -> AddressBook {
    let mut book = AddressBook::new(CustomerId(Uuid::nil()), Vec::new());
    for (n, kind) in (1..).zip(kinds) {
        let added = book.add(at_place(n, *kind, &format!("{n}")), false, 10);
        assert_eq!(added, Ok(Added::New));
    }
    reloaded(&book)
}

/// Returns the book as it is read after its changes were saved.
fn reloaded(book: &AddressBook) -> AddressBook {
    AddressBook::new(book.customer(), book.addresses().to_vec())
}

/// Returns the numbers of the default addresses for shipping and billing; 0 if there is none.
fn defaults(book: &AddressBook) -> [u128; 2] {
    Role::ALL.map(|role| book.holder(role).map_or(0, |id| id.0.as_u128()))
}

fn versions(book: &AddressBook) -> Vec<i64> {
    book.addresses().iter().map(|one| one.version).collect()
}

fn change(book: &mut AddressBook, n: u32, edit: AddressChanges) -> Vec<&'static str> {
    let changed = book.change(id(n), edit, at(100)).unwrap();
    changed.into_iter().map(AddressField::as_str).collect()
}

use AddressType::{Billing, Both, Shipping};

#[test]
fn the_first_address_that_covers_a_role_becomes_its_default() {
    for (kinds, expected) in [
        (&[][..], [0, 0]),
        (&[Shipping], [1, 0]),
        (&[Billing], [0, 1]),
        (&[Both], [1, 1]),
        (&[Shipping, Shipping], [1, 0]),
        (&[Shipping, Both], [1, 2]),
        (&[Shipping, Billing, Both], [1, 2]),
    ] {
        assert_eq!(defaults(&book(kinds)), expected, "{kinds:?}");
    }
}

#[test]
fn a_new_default_takes_every_role_of_its_type() {
    let mut book = book(&[Both, Shipping]);
    book.add(at_place(3, Both, "3"), true, 10).unwrap();
    assert_eq!(defaults(&book), [3, 3]);
    assert_eq!(versions(&book), [2, 1, 1]);
}

#[test]
fn a_book_is_full_at_its_limit() {
    let mut book = book(&[Shipping; 3]);
    let added = book.add(at_place(4, Shipping, "4"), true, 3);
    assert_eq!(added, Err(BookError::Full { limit: 3 }));
    assert!(book.changes(&Hashed).is_empty());
}

#[test]
fn a_removed_default_hands_over_to_the_newest_that_covers_it() {
    let mut book = book(&[Both, Shipping, Billing, Shipping]);
    let removed = book.remove(id(1), at(100)).unwrap();
    assert_eq!((removed.version, removed.roles()), (2, vec![]));
    assert_eq!(removed.updated_at, at(100));
    assert_eq!(defaults(&book), [4, 3]);
    assert_eq!(versions(&book), [1, 2, 2]);
    assert_eq!(book.remove(id(1), at(100)), Err(BookError::NotFound));
    let gone = RemovedAddress {
        id: id(1),
        at: at(100),
        version: 2,
    };
    let changes = book.changes(&Hashed);
    assert_eq!((changes.removed, changes.vacated), (vec![gone], vec![]));
}

#[test]
fn a_clock_that_was_set_back_turns_no_time_back() {
    let mut book = book(&[Shipping]);
    let made = book.find(id(1)).map(|address| address.updated_at).unwrap();
    let removed = book.remove(id(1), made - TimeDelta::seconds(9)).unwrap();
    assert_eq!(removed.updated_at, made);
    assert_eq!(book.changes(&Hashed).removed[0].at, made);
}

#[test]
fn a_removed_address_that_is_no_default_touches_no_other() {
    let mut book = book(&[Both, Shipping]);
    book.remove(id(2), at(100)).unwrap();
    assert_eq!(versions(&book), [1]);
    assert_eq!(book.changes(&Hashed).written, vec![]);
}

#[test]
fn what_came_and_went_before_it_was_saved_leaves_no_trace() {
    let mut book = book(&[Shipping]);
    book.add(at_place(2, Billing, "2"), false, 10).unwrap();
    book.remove(id(2), at(100)).unwrap();
    assert!(book.changes(&Hashed).is_empty());
}

#[test]
fn a_default_is_set_for_one_role_or_for_all_of_its_type() {
    let mut book = book(&[Both, Both, Billing]);
    let set = book.set_default(id(2), Some(Role::Billing), at(100));
    assert_eq!((set, defaults(&book)), (Ok(true), [1, 2]));
    let again = book.set_default(id(2), Some(Role::Billing), at(101));
    assert_eq!((again, defaults(&book)), (Ok(false), [1, 2]));
    let all = book.set_default(id(2), None, at(102));
    assert_eq!((all, defaults(&book)), (Ok(true), [2, 2]));
    let refused = book.set_default(id(3), Some(Role::Shipping), at(103));
    let (kind, role) = (Billing, Role::Shipping);
    assert_eq!(refused, Err(BookError::NotCovered { kind, role }));
    let unknown = book.set_default(id(9), None, at(103));
    assert_eq!(unknown, Err(BookError::NotFound));
    assert_eq!(versions(&book), [2, 2, 1], "saved as one change");
}

#[test]
fn another_type_hands_over_what_it_does_not_cover_and_takes_what_nobody_covers() {
    let to = |kind| AddressChanges {
        kind: Patch::Set(kind),
        ..AddressChanges::default()
    };
    let mut one = book(&[Both, Both]);
    assert_eq!(change(&mut one, 1, to(Shipping)), ["type", "roles"]);
    assert_eq!(defaults(&one), [1, 2]);
    let mut one = book(&[Shipping]);
    assert_eq!(change(&mut one, 1, to(Both)), ["type", "roles"]);
    assert_eq!(defaults(&one), [1, 1]);
    let mut one = book(&[Shipping, Billing]);
    assert_eq!(change(&mut one, 1, to(Both)), ["type"]);
    assert_eq!(defaults(&one), [1, 2]);
    let mut one = book(&[Shipping]);
    assert_eq!(change(&mut one, 1, to(Billing)), ["type", "roles"]);
    assert_eq!(defaults(&one), [0, 1]);
}

#[test]
fn a_merge_takes_all_roles_or_gives_up_those_it_holds() {
    let default = |is_default| AddressChanges {
        is_default: Some(is_default),
        ..AddressChanges::default()
    };
    let mut one = book(&[Both, Shipping, Both]);
    assert_eq!(change(&mut one, 1, default(true)), Vec::<&str>::new());
    assert_eq!(change(&mut one, 3, default(true)), ["roles"]);
    assert_eq!(defaults(&one), [3, 3]);
    assert_eq!(change(&mut one, 3, default(false)), ["roles"]);
    assert_eq!(defaults(&one), [2, 1]);
    assert_eq!(change(&mut one, 3, default(false)), Vec::<&str>::new());
    let mut alone = book(&[Both]);
    assert_eq!(change(&mut alone, 1, default(false)), ["roles"]);
    assert_eq!(defaults(&alone), [0, 0], "there is nobody else");
}

#[test]
fn an_exchange_of_roles_vacates_both() {
    // The first one is the default for billing and becomes the default for shipping: they swap
    // roles.
    let mut book = book(&[Billing, Both]);
    assert_eq!(defaults(&book), [2, 1]);
    let edit = AddressChanges {
        kind: Patch::Set(Shipping),
        is_default: Some(true),
        ..AddressChanges::default()
    };
    assert_eq!(change(&mut book, 1, edit), ["type", "roles"]);
    assert_eq!(defaults(&book), [1, 2]);
    let changes = book.changes(&Hashed);
    assert_eq!(changes.vacated, Role::ALL);
    assert_eq!(changes.written.len(), 2);
}

#[test]
fn a_merge_that_says_nothing_new_changes_nothing() {
    let mut book = book(&[Shipping]);
    let edit = AddressChanges {
        kind: Patch::Set(Shipping),
        street: Some("1".to_owned()),
        country: Some(Country::parse("us").unwrap()),
        company: Patch::Clear,
        ..AddressChanges::default()
    };
    assert_eq!(change(&mut book, 1, edit), Vec::<&str>::new());
    assert!(book.changes(&Hashed).is_empty());
}

/// A random operation on a book. An address is chosen by its position, modulo the number of
/// addresses.
#[derive(Debug, Clone)]
enum Step {
    Add(AddressType, u8, bool),
    Change(usize, Option<AddressType>, Option<u8>, Option<bool>),
    SetDefault(usize, Option<Role>),
    Remove(usize),
    Save,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kind = prop::sample::select(AddressType::ALL.to_vec());
    let place = 0..6_u8;
    let role = prop::option::of(prop::sample::select(Role::ALL.to_vec()));
    let (chosen, some_kind) = (0..LIMIT, prop::option::of(kind.clone()));
    let step = prop_oneof![
        3 => (kind, place.clone(), any::<bool>()).prop_map(|(k, p, d)| Step::Add(k, p, d)),
        3 => (chosen.clone(), some_kind, prop::option::of(place), any::<Option<bool>>())
            .prop_map(|(n, k, p, d)| Step::Change(n, k, p, d)),
        2 => (chosen.clone(), role).prop_map(|(n, r)| Step::SetDefault(n, r)),
        2 => chosen.prop_map(Step::Remove),
        1 => Just(Step::Save),
    ];
    prop::collection::vec(step, 0..30)
}

/// Performs a step. Returns whether the book rejected it.
fn take(book: &mut AddressBook, step: &Step, now: u32) -> bool {
    let chosen = |n: usize| {
        let count = book.addresses().len().max(1);
        book.addresses().get(n % count).map_or(id(0), |one| one.id)
    };
    let outcome = match step {
        Step::Add(kind, place, is_default) => {
            let address = at_place(now, *kind, &place.to_string());
            book.add(address, *is_default, LIMIT).map(drop)
        }
        Step::Change(n, kind, place, is_default) => {
            let edit = AddressChanges {
                kind: kind.map_or(Patch::Keep, Patch::Set),
                street: place.map(|place| place.to_string()),
                is_default: *is_default,
                ..AddressChanges::default()
            };
            let chosen = chosen(*n);
            book.change(chosen, edit, at(now)).map(drop)
        }
        Step::SetDefault(n, role) => {
            let chosen = chosen(*n);
            book.set_default(chosen, *role, at(now)).map(drop)
        }
        Step::Remove(n) => {
            let chosen = chosen(*n);
            book.remove(chosen, at(now)).map(drop)
        }
        Step::Save => Ok(()),
    };
    outcome.is_err()
}

/// Applies changes in their order, checking them as a table's unique indexes would.
fn stored(before: &[Address], changes: &BookChanges) -> Vec<Address> {
    let mut rows = before.to_vec();
    for role in &changes.vacated {
        for row in &mut rows {
            row.set(*role, false);
        }
    }
    for removed in &changes.removed {
        let row = rows.iter().find(|row| row.id == removed.id).unwrap();
        assert_eq!(removed.version, row.version + 1);
        rows.retain(|row| row.id != removed.id);
    }
    for written in &changes.written {
        let at = rows.iter().position(|row| row.id == written.address.id);
        let version = at.map_or(1, |at| rows[at].version + 1);
        assert_eq!(written.address.version, version);
        match at {
            Some(at) => rows[at] = written.address.clone(),
            None => rows.push(written.address.clone()),
        }
        for role in Role::ALL {
            let holders = rows.iter().filter(|row| row.holds(role));
            assert!(holders.count() <= 1, "two hold one role: {changes:?}");
        }
    }
    rows
}

proptest! {
    #[test]
    fn whatever_is_done_the_rules_of_a_book_hold(steps in steps()) {
        let mut book = book(&[]);
        let mut rows = Vec::new();
        let mut given_up = false;
        for (now, step) in (1..).zip(&steps) {
            let before = book.clone();
            if take(&mut book, step, now) {
                prop_assert_eq!(&book, &before, "a refusal leaves no trace");
            }
            given_up |= matches!(step, Step::Change(.., Some(false)));
            if matches!(step, Step::Save) {
                rows = stored(&rows, &book.changes(&Hashed));
                prop_assert_eq!(&rows, book.addresses());
                book = reloaded(&book);
            }
            prop_assert!(book.addresses().len() <= LIMIT);
            for role in Role::ALL {
                let mut holders = book.addresses().iter().filter(|one| one.holds(role));
                let holder = holders.next();
                prop_assert!(holders.next().is_none(), "one holder at most");
                prop_assert!(holder.is_none_or(|one| one.kind.covers(role)));
                prop_assert!(given_up || holder.is_some() == book.is_covered(role));
            }
            let mut digests: Vec<_> =
                book.addresses().iter().map(|one| one.digest(&Hashed)).collect();
            digests.sort_unstable();
            digests.dedup();
            prop_assert_eq!(digests.len(), book.addresses().len(), "no two are equal");
        }
    }
}
