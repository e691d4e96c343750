//! No field of an address can be forgotten: each is stored, read, merged and audited separately.

use super::Harness;
use super::steps::{add_addresses, book, edit_book, stored};
use crate::builders::{at, country, customer, full_address, legacy, new_customer, object, phone};
use customer_domain::Patch;
use customer_domain::address::{Address, AddressChanges, AddressField, AddressType, PostalAddress};
use customer_domain::audit::FieldChange;
use serde_json::json;

/// Returns for every field whether two addresses differ in it, in the order in which changes name
/// them. The fields are listed here again, since the product's own list is under test.
fn compared(one: &Address, other: &Address) -> [(&'static str, bool); 16] {
    let Address {
        id: _,
        kind,
        default_shipping,
        default_billing,
        postal,
        label,
        is_verified,
        metadata,
        legacy_id,
        version: _,
        created_at: _,
        updated_at: _,
    } = one;
    let PostalAddress {
        first_name,
        last_name,
        company,
        street,
        street2,
        city,
        region,
        postal_code,
        country,
        phone,
    } = postal;
    let there = &other.postal;
    let roles = (*default_shipping, *default_billing);
    [
        ("type", *kind != other.kind),
        ("firstName", *first_name != there.first_name),
        ("lastName", *last_name != there.last_name),
        ("company", *company != there.company),
        ("street", *street != there.street),
        ("street2", *street2 != there.street2),
        ("city", *city != there.city),
        ("state", *region != there.region),
        ("zipCode", *postal_code != there.postal_code),
        ("country", *country != there.country),
        ("phone", *phone != there.phone),
        ("label", *label != other.label),
        ("isVerified", *is_verified != other.is_verified),
        ("metadata", *metadata != other.metadata),
        ("legacyId", *legacy_id != other.legacy_id),
        (
            "roles",
            roles != (other.default_shipping, other.default_billing),
        ),
    ]
}

/// Returns the names of the fields in which two addresses differ.
fn differences(one: &Address, other: &Address) -> Vec<&'static str> {
    let fields = compared(one, other).into_iter();
    fields
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
}

fn names(fields: &[AddressField]) -> Vec<&'static str> {
    fields.iter().map(|field| field.as_str()).collect()
}

/// Splits changes into one for each field, with the name of the field.
fn one_by_one(changes: AddressChanges) -> [(&'static str, AddressChanges); 16] {
    let AddressChanges {
        kind,
        is_default,
        first_name,
        last_name,
        company,
        street,
        street2,
        city,
        region,
        postal_code,
        country,
        phone,
        label,
        is_verified,
        metadata,
        legacy_id,
    } = changes;
    macro_rules! alone {
        ($name:literal, $field:ident) => {
            (
                $name,
                AddressChanges {
                    $field,
                    ..AddressChanges::default()
                },
            )
        };
    }
    [
        alone!("type", kind),
        alone!("firstName", first_name),
        alone!("lastName", last_name),
        alone!("company", company),
        alone!("street", street),
        alone!("street2", street2),
        alone!("city", city),
        alone!("state", region),
        alone!("zipCode", postal_code),
        alone!("country", country),
        alone!("phone", phone),
        alone!("label", label),
        alone!("isVerified", is_verified),
        alone!("metadata", metadata),
        alone!("legacyId", legacy_id),
        alone!("roles", is_default),
    ]
}

/// Changes one field of the n-th customer's full address; returns the address before and after.
async fn changed_alone(
    h: &impl Harness,
    n: u64,
    (field, change): (&str, AddressChanges),
) -> [Address; 2] {
    let owner = stored(h, customer().number(n).build_new())
        .await
        .customer
        .id;
    let added = add_addresses(h, owner, [full_address(n)]).await;
    let [before] = <[Address; 1]>::try_from(added).expect("one address");
    let mut changed = Vec::new();
    let saved = edit_book(h, owner, |book| {
        let outcome = book.change(before.id, change, at(60));
        changed = outcome.expect("changed");
    });
    saved.await.expect("saved");
    let read = book(h, owner).await.expect("a book");
    let [after] = <[Address; 1]>::try_from(read).expect("one address");

    let differing = differences(&before, &after);
    assert_eq!(names(&changed), differing, "{field}: told and stored");
    // A new place is not verified, and a new type has other roles.
    let follows = |name: &&str| matches!(*name, "isVerified" | "roles");
    let is_alone = differing.iter().all(|name| *name == field || follows(name));
    assert!(
        differing.contains(&field) && is_alone,
        "{field}: {differing:?}"
    );
    for FieldChange { field, old, new } in FieldChange::between(&before, &after, &changed) {
        assert_ne!(old, new, "{field} is audited");
    }
    [before, after]
}

pub async fn a_full_address_differs_from_a_blank_one_in_every_field(h: &impl Harness) {
    let owner = stored(h, new_customer()).await.customer.id;
    add_addresses(h, owner, [full_address(1)]).await;
    let read = book(h, owner).await.expect("a book");
    let [full] = <[Address; 1]>::try_from(read).expect("one address");
    let blank = Address::new(full.id, country("JP"), AddressChanges::default(), at(1));
    for (field, differs) in compared(&blank, &full) {
        assert!(differs, "{field} is as in a blank address");
    }
    assert_eq!(names(&blank.given_fields()), ["type", "country"]);
    let mut given = names(&full.given_fields());
    let mut fields = compared(&blank, &full).map(|(name, _)| name).to_vec();
    fields.retain(|name| *name != "roles");
    given.sort_unstable();
    fields.sort_unstable();
    assert_eq!(given, fields);
    for FieldChange { field, new, .. } in FieldChange::created(&full, &full.given_fields()) {
        assert!(!new.is_null(), "{field} is audited");
    }
}

pub async fn every_field_of_an_address_changes_alone(h: &impl Harness) {
    let text = |text: &str| Patch::Set(text.to_owned());
    let others = AddressChanges {
        kind: Patch::Set(AddressType::Billing),
        is_default: Some(false),
        first_name: text("Grace"),
        last_name: text("Hopper"),
        company: text("Navy"),
        street: Some("1 Chome".to_owned()),
        street2: text("3F"),
        city: text("Boston"),
        region: text("MA"),
        postal_code: text("02101"),
        country: Some(country("JP")),
        phone: Patch::Set(phone("+81 3 1234 5678")),
        label: text("Office"),
        is_verified: Some(false),
        metadata: Patch::Set(object(&json!({"gate": null, "floor": 3}))),
        legacy_id: Patch::Set(legacy(4_294_967_295)),
    };
    let changes = one_by_one(others);
    let fields = compared(&full_address(1), &full_address(1));
    assert_eq!(changes.each_ref().map(|one| one.0), fields.map(|one| one.0));
    for (n, change) in (1..).zip(changes) {
        changed_alone(h, n, change).await;
    }
}

pub async fn every_field_of_an_address_that_can_be_empty_is_emptied_alone(h: &impl Harness) {
    let nothing = AddressChanges {
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
    for (n, (field, change)) in (1..).zip(one_by_one(nothing)) {
        if change != AddressChanges::default() {
            let [_, after] = changed_alone(h, n, (field, change)).await;
            let is_given = names(&after.given_fields()).contains(&field);
            assert_eq!(is_given, field == "type", "{field}");
        }
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_address_fields {
    ($each:path) => {
        $each! { address_fields {
            a_full_address_differs_from_a_blank_one_in_every_field,
            every_field_of_an_address_changes_alone,
            every_field_of_an_address_that_can_be_empty_is_emptied_alone,
        } }
    };
}
