//! A new customer comes back as it was stored, or is refused for a reason.

use super::Harness;
use super::steps::{begin, insert, read, stored, terms_of};
use crate::builders::{at, context, customer, new_customer, random_customer};
use chrono::{NaiveDate, TimeDelta};
use customer_domain::customer::{AccountState, Customer, CustomerType, Email, NewCustomer, Status};
use customer_domain::profile::Gender;
use customer_domain::tier::Tier;
use customer_domain::{Conflict, StoreError};
use rust_decimal::Decimal;

async fn comes_back(h: &impl Harness, new: NewCustomer) {
    let expected = stored(h, new).await;
    assert_eq!(read(h, expected.customer.id).await, Some(expected));
}

/// Stores number 1, and tries to store number 2, each with what is special about it.
async fn after(
    h: &impl Harness,
    first: impl FnOnce(&mut Customer),
    second: impl FnOnce(&mut Customer),
) -> Result<(), StoreError> {
    let first = customer().number(1).with(first).build_new();
    let second = customer().number(2).with(second).build_new();
    stored(h, first).await;
    let outcome = insert(h, &second).await;
    let there = read(h, second.customer.id).await.is_some();
    assert_eq!(there, outcome.is_ok(), "a refused customer is not there");
    outcome
}

fn external(id: &str) -> impl FnOnce(&mut Customer) {
    move |customer| {
        customer
            .external_ids
            .insert("crm".to_owned(), id.to_owned());
    }
}

fn refused(conflict: Conflict) -> Result<(), StoreError> {
    Err(StoreError::Conflict(conflict))
}

pub async fn a_typical_customer_comes_back_whole(h: &impl Harness) {
    comes_back(h, new_customer()).await;
}

pub async fn a_full_customer_comes_back_whole(h: &impl Harness) {
    comes_back(h, customer().full().build_new()).await;
}

pub async fn a_bare_customer_comes_back_whole(h: &impl Harness) {
    comes_back(h, customer().bare().build_new()).await;
}

pub async fn every_value_of_every_vocabulary_comes_back(h: &impl Harness) {
    let mut number = 0;
    let mut next = || {
        number += 1;
        customer().number(number)
    };
    for status in Status::ALL {
        comes_back(h, next().status(status).build_new()).await;
    }
    for state in AccountState::ALL {
        comes_back(
            h,
            next()
                .with(|customer| customer.account_state = state)
                .build_new(),
        )
        .await;
    }
    for kind in CustomerType::ALL {
        comes_back(
            h,
            next()
                .with(|customer| customer.customer_type = kind)
                .build_new(),
        )
        .await;
    }
    for gender in Gender::ALL {
        let told = next().with(|customer| customer.profile.gender = Some(gender));
        comes_back(h, told.build_new()).await;
    }
    for tier in Tier::ALL {
        let mut new = next().build_new();
        new.summary.tier = tier;
        comes_back(h, new).await;
    }
}

pub async fn extreme_values_come_back(h: &impl Harness) {
    let days = [
        NaiveDate::from_ymd_opt(1900, 1, 1),
        NaiveDate::from_ymd_opt(1969, 12, 31),
        NaiveDate::from_ymd_opt(2000, 2, 29),
    ];
    for (number, day) in (1..).zip(days) {
        let born = customer().number(number);
        comes_back(
            h,
            born.with(|customer| customer.profile.date_of_birth = day)
                .build_new(),
        )
        .await;
    }
    let mut rich = customer().number(10).legacy(1).build_new();
    rich.summary.total_spent = Decimal::new(999_999_999_999_999_999, 4);
    rich.summary.order_count = 9_000_000_000;
    rich.summary.loyalty_points = 9_000_000_000;
    comes_back(h, rich).await;
    let mut owing = customer().number(11).legacy(4_294_967_295).build_new();
    owing.summary.total_spent = Decimal::new(-1, 4);
    owing.summary.loyalty_points = -5;
    comes_back(h, owing).await;
    let long_ago = at(-60 * 365 * 86_400) + TimeDelta::microseconds(999_999);
    comes_back(h, customer().number(12).since(long_ago).build_new()).await;
}

pub async fn generated_customers_come_back_whole(h: &impl Harness) {
    for seed in 0..25 {
        comes_back(h, random_customer(seed)).await;
    }
}

pub async fn the_search_terms_are_written(h: &impl Harness) {
    for new in [
        customer().full().build_new(),
        customer().number(2).bare().build_new(),
    ] {
        let expected = stored(h, new).await.customer;
        let terms = h.search_terms(&context(), expected.id).await;
        assert_eq!(terms, terms_of(&expected));
    }
}

pub async fn the_password_is_kept_as_its_hash(h: &impl Harness) {
    let new = customer().registered().build_new();
    let (id, hash) = (new.customer.id, new.password_hash.clone());
    stored(h, new).await;
    let kept = h.password_hash(&context(), id).await;
    assert!(kept.is_some());
    assert_eq!(kept, hash.map(|hash| hash.0));
}

pub async fn a_guest_has_no_password(h: &impl Harness) {
    let guest = stored(h, new_customer()).await.customer;
    assert_eq!(h.password_hash(&context(), guest.id).await, None);
}

pub async fn a_taken_email_is_a_conflict(h: &impl Harness) {
    let email = |customer: &mut Customer| {
        customer.email = Email::parse("ada@example.com").expect("an address");
    };
    assert_eq!(after(h, email, email).await, refused(Conflict::Email));
}

pub async fn an_email_is_taken_in_any_spelling(h: &impl Harness) {
    let one = customer().number(1).email("ada@bücher.example").build_new();
    stored(h, one).await;
    for spelling in [
        "ADA@Bücher.Example",
        "ada@xn--bcher-kva.example.",
        "ada@BÜCHER.example",
    ] {
        let other = customer().number(2).email(spelling).build_new();
        assert_eq!(
            insert(h, &other).await,
            refused(Conflict::Email),
            "{spelling}"
        );
    }
    for (number, other) in (10..).zip(["a.da@bücher.example", "ada+1@bücher.example"]) {
        let other = customer().number(number).email(other).build_new();
        assert_eq!(insert(h, &other).await, Ok(()), "dots and plus signs count");
    }
}

pub async fn a_taken_legacy_id_is_a_conflict(h: &impl Harness) {
    let legacy = |customer: &mut Customer| customer.legacy_id = Some(crate::builders::legacy(7));
    assert_eq!(after(h, legacy, legacy).await, refused(Conflict::LegacyId));
}

pub async fn a_taken_external_id_is_a_conflict(h: &impl Harness) {
    let outcome = after(h, external("C-1"), external("C-1")).await;
    assert_eq!(outcome, refused(Conflict::ExternalId));
}

pub async fn the_same_id_in_another_system_is_free(h: &impl Harness) {
    let elsewhere = |customer: &mut Customer| {
        customer
            .external_ids
            .insert("erp".to_owned(), "C-1".to_owned());
    };
    assert_eq!(after(h, external("C-1"), elsewhere).await, Ok(()));
}

pub async fn external_ids_are_compared_as_written(h: &impl Harness) {
    stored(h, customer().number(1).external("crm", "C-1").build_new()).await;
    for (number, id) in (2..).zip(["c-1", "C-01", "C‑1", "C_1", "%"]) {
        let other = customer().number(number).external("crm", id).build_new();
        assert_eq!(insert(h, &other).await, Ok(()), "{id}");
    }
}

pub async fn an_unknown_group_is_a_conflict(h: &impl Harness) {
    let new = customer().group("no-such-group").build_new();
    assert_eq!(insert(h, &new).await, refused(Conflict::UnknownGroup));
    for (number, group) in (2..).zip(["retail", "wholesale", "vip"]) {
        let new = customer().number(number).group(group).build_new();
        assert_eq!(insert(h, &new).await, Ok(()), "{group}");
    }
}

pub async fn two_rules_violated_at_once_are_a_conflict(h: &impl Harness) {
    let first = customer()
        .number(1)
        .email("ada@example.com")
        .legacy(7)
        .build_new();
    stored(h, first).await;
    let both = customer()
        .number(2)
        .email("ada@example.com")
        .legacy(7)
        .build_new();
    let outcome = insert(h, &both).await;
    let either = [refused(Conflict::Email), refused(Conflict::LegacyId)];
    assert!(either.contains(&outcome), "{outcome:?}");
}

pub async fn an_identifier_is_taken_within_the_same_unit_of_work(h: &impl Harness) {
    let mut work = begin(h).await;
    let first = customer().number(1).email("ada@example.com").build_new();
    work.customers()
        .insert(&first)
        .await
        .expect("the first is stored");
    let second = customer().number(2).email("Ada@Example.com").build_new();
    assert_eq!(
        work.customers().insert(&second).await,
        refused(Conflict::Email)
    );
    work.rollback().await.expect("rollback");
    assert_eq!(read(h, first.customer.id).await, None);
}

pub async fn a_refused_customer_leaves_nothing_behind(h: &impl Harness) {
    stored(h, customer().number(1).email("ada@example.com").build_new()).await;
    let clash = customer()
        .number(2)
        .full()
        .email("ada@example.com")
        .build_new();
    assert_eq!(insert(h, &clash).await, refused(Conflict::Email));
    assert_eq!(h.password_hash(&context(), clash.customer.id).await, None);
    assert!(
        h.search_terms(&context(), clash.customer.id)
            .await
            .is_empty()
    );
    let heir = customer().number(2).full().build_new();
    assert_eq!(
        insert(h, &heir).await,
        Ok(()),
        "its other identifiers are free"
    );
}

pub async fn a_taken_id_is_a_conflict(h: &impl Harness) {
    let first = stored(h, new_customer()).await;
    let second = customer().email("other@example.com").build_new();
    assert_eq!(second.customer.id, first.customer.id);
    let outcome = insert(h, &second).await;
    assert!(
        matches!(outcome, Err(StoreError::Conflict(Conflict::Other(_)))),
        "{outcome:?}"
    );
    assert_eq!(read(h, first.customer.id).await, Some(first));
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_customer_insert {
    ($each:path) => {
        $each! { customer_insert {
            a_typical_customer_comes_back_whole,
            a_full_customer_comes_back_whole,
            a_bare_customer_comes_back_whole,
            every_value_of_every_vocabulary_comes_back,
            extreme_values_come_back,
            generated_customers_come_back_whole,
            the_search_terms_are_written,
            the_password_is_kept_as_its_hash,
            a_guest_has_no_password,
            a_taken_email_is_a_conflict,
            an_email_is_taken_in_any_spelling,
            a_taken_legacy_id_is_a_conflict,
            a_taken_external_id_is_a_conflict,
            the_same_id_in_another_system_is_free,
            external_ids_are_compared_as_written,
            an_unknown_group_is_a_conflict,
            two_rules_violated_at_once_are_a_conflict,
            an_identifier_is_taken_within_the_same_unit_of_work,
            a_refused_customer_leaves_nothing_behind,
            a_taken_id_is_a_conflict,
        } }
    };
}
