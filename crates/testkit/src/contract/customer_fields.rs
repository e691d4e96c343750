//! No field of a customer can be forgotten: each is stored, read, merged and audited separately.

use super::Harness;
use super::steps::customer_fields::{compared, one_by_one};
use super::steps::customer_list::{BY_AGE, page};
use super::steps::{edit, read, stored};
use crate::builders::{context, customer, email, group, legacy, object, phone, tag};
use customer_domain::audit::{Audited, FieldChange};
use customer_domain::customer::{
    Customer, CustomerChanges, CustomerField, CustomerFilter, CustomerType, Lookup,
};
use customer_domain::preference::{OptIn, PreferenceChanges, Preferences};
use customer_domain::profile::{Gender, ProfileChanges};
use customer_domain::tag::TagChanges;
use customer_domain::{CustomerId, PageAt, Patch};
use serde_json::json;
use std::collections::BTreeSet;

/// Changes one field of a stored customer, checks the result, and reverts the change.
async fn changed_alone(h: &impl Harness, id: CustomerId, (field, change): (&str, CustomerChanges)) {
    let before = read(h, id).await.expect("there").customer;
    let mut changed = Vec::new();
    let saved = edit(h, id, |customer| changed = customer.merge(change)).await;
    saved.expect("saved");
    let after = read(h, id).await.expect("there").customer;

    let differing: Vec<_> = compared(&before, &after)
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect();
    assert_eq!(differing, [field], "stored");
    let names: Vec<_> = changed.iter().map(|field| field.as_str()).collect();
    assert_eq!(names, [field], "told");
    assert_eq!(
        changed[0].path(),
        field.replace('.', "/"),
        "the pointer of {field}"
    );
    for FieldChange { old, new, .. } in FieldChange::between(&before, &after, &changed) {
        assert_ne!(old, new, "{field} is audited");
    }
    let given = after.given_fields(&Preferences::default());
    let defaults = compared(&after, &blank(&after));
    let always = matches!(field, "email" | "customerType");
    let is_given = always || defaults.contains(&(field, true));
    assert_eq!(given.contains(&changed[0]), is_given, "{field} is given");

    let restored = edit(h, id, |customer| {
        let event_seq = customer.event_seq;
        *customer = Customer {
            event_seq,
            ..before
        };
    });
    restored.await.expect("saved");
}

/// Returns a blank customer with the id, tenant, e-mail address and creation time of `customer`.
fn blank(customer: &Customer) -> Customer {
    Customer::new(
        customer.id,
        customer.tenant,
        customer.email.clone(),
        customer.created_at,
    )
}

/// Returns the fields that a merge may change: all but status and registration source.
fn editable() -> Vec<&'static str> {
    let any = customer().build();
    let fields = compared(&any, &any).into_iter();
    fields
        .map(|(name, _)| name)
        .filter(|name| !matches!(*name, "status" | "registrationSource"))
        .collect()
}

pub async fn a_full_customer_differs_from_a_new_one_in_every_field(h: &impl Harness) {
    let expected = stored(h, customer().full().build_new()).await;
    let id = expected.customer.id;
    let full = read(h, id).await.expect("there");
    assert_eq!(full, expected, "found");
    let many = h.customers().find_many(&context(), &[id]).await;
    assert_eq!(many, Ok(vec![expected.clone()]), "found with others");
    let lookup = Lookup::Email(full.customer.email.clone());
    let looked_up = h.customers().look_up(&context(), &lookup).await;
    assert_eq!(looked_up, Ok(Some(expected.clone())), "looked up");
    let first = PageAt::Number(1);
    let listed = page(h, &CustomerFilter::default(), BY_AGE, 9, first).await;
    assert_eq!(listed.items, [expected], "listed");

    let full = full.customer;
    let new = Customer {
        email: email("new@example.com"),
        ..blank(&full)
    };
    let fields = compared(&new, &full);
    for (field, differs) in &fields {
        assert!(differs, "{field} is as in a new customer");
    }
    let audited = full.fields().into_iter();
    let audited = audited.inspect(|(field, value)| assert!(!value.is_null(), "{field:?}"));
    let audited: Vec<_> = audited.map(|(field, _)| field.as_str()).collect();
    let names: Vec<_> = fields.iter().map(|(field, _)| *field).collect();
    assert_eq!(audited, names);
    let given: BTreeSet<_> = full
        .given_fields(&Preferences::default())
        .into_iter()
        .map(CustomerField::as_str)
        .collect();
    // The status is not given by a request: it results from later changes.
    let expected = names.into_iter().filter(|name| *name != "status").collect();
    assert_eq!(given, expected);
    let always = [CustomerField::Email, CustomerField::CustomerType];
    assert_eq!(new.given_fields(&Preferences::default()), always);
}

pub async fn every_field_of_a_new_customer_is_filled_alone(h: &impl Harness) {
    let text = |text: &str| Patch::Set(text.to_owned());
    let everything = CustomerChanges {
        email: Some(email("grace@example.com")),
        profile: ProfileChanges {
            first_name: text("Grace"),
            last_name: text("Hopper"),
            date_of_birth: Patch::Set("1906-12-09".parse().expect("a day")),
            gender: Patch::Set(Gender::Female),
            phone: Patch::Set(phone("5550100")),
            avatar: text("https://example.com/a.png"),
            data: Patch::Set(object(&json!({"shoe": 38}))),
        },
        preferences: PreferenceChanges {
            language: text("en"),
            currency: text("USD"),
            timezone: text("UTC"),
            opt_ins: OptIn::ALL.map(|opt_in| (opt_in, Some(true))).into(),
            custom: Patch::Set(object(&json!({"theme": "dark"}))),
        },
        customer_type: Patch::Set(CustomerType::Business),
        group: Patch::Set(group("vip")),
        tags: TagChanges {
            all: Patch::Set([tag("army")].into()),
            added: [tag("navy")].into(),
            removed: [tag("army")].into(),
        },
        legacy_id: Patch::Set(legacy(7)),
        external_ids: Patch::Set([("crm".to_owned(), Some("C-1".to_owned()))].into()),
        metadata: Patch::Set(object(&json!({"rank": 1}))),
    };
    let id = stored(h, customer().bare().build_new()).await.customer.id;
    let changes = one_by_one(everything);
    let fields: Vec<_> = changes.iter().map(|(field, _)| *field).collect();
    assert_eq!(fields, editable());
    for change in changes {
        changed_alone(h, id, change).await;
    }
}

pub async fn every_field_of_a_full_customer_changes_alone(h: &impl Harness) {
    let text = |text: &str| Patch::Set(text.to_owned());
    let others = CustomerChanges {
        email: Some(email("ada@example.com")),
        profile: ProfileChanges {
            first_name: text("Ada"),
            last_name: text("Lovelace"),
            date_of_birth: Patch::Set("1815-12-10".parse().expect("a day")),
            gender: Patch::Set(Gender::Other),
            phone: Patch::Set(phone("+44 20 7946 0000")),
            avatar: text("https://example.com/ada.png"),
            data: Patch::Set(object(&json!({"shoe": {"size": 37}}))),
        },
        preferences: PreferenceChanges {
            language: text("de"),
            currency: text("GBP"),
            timezone: text("Europe/London"),
            opt_ins: OptIn::ALL.map(|opt_in| (opt_in, Some(false))).into(),
            custom: Patch::Set(object(&json!({"grid": {"rows": 2}}))),
        },
        customer_type: Patch::Set(CustomerType::Individual),
        group: Patch::Set(group("retail")),
        tags: TagChanges {
            all: Patch::Keep,
            added: [tag("army")].into(),
            removed: [tag("navy")].into(),
        },
        legacy_id: Patch::Set(legacy(8)),
        external_ids: Patch::Set([("erp".to_owned(), Some("43".to_owned()))].into()),
        metadata: Patch::Set(object(&json!({"campaign": null}))),
    };
    let id = stored(h, customer().full().build_new()).await.customer.id;
    for change in one_by_one(others) {
        changed_alone(h, id, change).await;
    }
}

pub async fn every_field_of_a_customer_that_can_be_empty_is_emptied_alone(h: &impl Harness) {
    let nothing = CustomerChanges {
        email: None,
        profile: ProfileChanges {
            first_name: Patch::Clear,
            last_name: Patch::Clear,
            date_of_birth: Patch::Clear,
            gender: Patch::Clear,
            phone: Patch::Clear,
            avatar: Patch::Clear,
            data: Patch::Clear,
        },
        preferences: PreferenceChanges {
            language: Patch::Clear,
            currency: Patch::Clear,
            timezone: Patch::Clear,
            opt_ins: OptIn::ALL.map(|opt_in| (opt_in, None)).into(),
            custom: Patch::Clear,
        },
        customer_type: Patch::Clear,
        group: Patch::Clear,
        tags: TagChanges {
            all: Patch::Clear,
            added: BTreeSet::new(),
            removed: BTreeSet::new(),
        },
        legacy_id: Patch::Clear,
        external_ids: Patch::Clear,
        metadata: Patch::Clear,
    };
    let id = stored(h, customer().full().build_new()).await.customer.id;
    for (field, change) in one_by_one(nothing) {
        if field != "email" {
            changed_alone(h, id, (field, change)).await;
        }
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_customer_fields {
    ($each:path) => {
        $each! { customer_fields {
            a_full_customer_differs_from_a_new_one_in_every_field,
            every_field_of_a_new_customer_is_filled_alone,
            every_field_of_a_full_customer_changes_alone,
            every_field_of_a_customer_that_can_be_empty_is_emptied_alone,
        } }
    };
}
