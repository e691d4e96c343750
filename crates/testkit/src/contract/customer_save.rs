//! A customer is changed under its lock, wholly or not at all.

use super::Harness;
use super::steps::customer_save::{looked_up, refusal};
use super::steps::{begin, edit, insert, read, stored, terms_of};
use crate::builders::{
    context, customer, email, external, group, legacy, new_customer, phone, tag,
};
use customer_domain::customer::{Customer, CustomerRef, Lookup, Status};
use customer_domain::{Conflict, StoreError};
use serde_json::json;

pub async fn the_next_number_of_the_event_sequence_is_taken(h: &impl Harness) {
    let id = stored(h, new_customer()).await.customer.id;
    for expected in 2..5 {
        let mut work = begin(h).await;
        let found = work
            .customers()
            .find_for_update(CustomerRef::Id(id))
            .await
            .expect("found");
        assert_eq!(found.customer.event_seq, expected);
        let before = read(h, id).await.expect("there").customer;
        assert_eq!(before.event_seq, expected - 1, "not taken yet");
        work.customers().save(&found.customer).await.expect("saved");
        work.commit().await.expect("commit");
        let stored = read(h, id).await.expect("there").customer;
        assert_eq!(stored.event_seq, expected);
    }
}

pub async fn a_number_that_is_rolled_back_is_taken_again(h: &impl Harness) {
    let before = stored(h, new_customer()).await;
    for _ in 0..2 {
        let mut work = begin(h).await;
        let reference = CustomerRef::Id(before.customer.id);
        let found = work
            .customers()
            .find_for_update(reference)
            .await
            .expect("found");
        assert_eq!(found.customer.event_seq, 2);
        work.rollback().await.expect("rollback");
    }
    assert_eq!(read(h, before.customer.id).await, Some(before));
}

pub async fn a_customer_is_found_for_update_by_its_legacy_id(h: &impl Harness) {
    let mut expected = stored(h, customer().full().build_new()).await;
    expected.customer.event_seq = 2;
    let reference = CustomerRef::Legacy(expected.customer.legacy_id.expect("has one"));
    let mut work = begin(h).await;
    let found = work.customers().find_for_update(reference).await;
    assert_eq!(found, Ok(expected), "the whole record");
    work.rollback().await.expect("rollback");
}

pub async fn a_deleted_customer_is_found_for_update(h: &impl Harness) {
    let deleted = customer().legacy(7).status(Status::Deleted).build_new();
    let id = stored(h, deleted).await.customer.id;
    for reference in [CustomerRef::Id(id), CustomerRef::Legacy(legacy(7))] {
        let mut work = begin(h).await;
        let found = work
            .customers()
            .find_for_update(reference)
            .await
            .expect("found");
        assert!(found.customer.is_deleted());
        work.rollback().await.expect("rollback");
    }
}

pub async fn an_unknown_customer_is_not_found_for_update(h: &impl Harness) {
    stored(h, customer().number(1).legacy(1).build_new()).await;
    let unknown = customer().number(2).build().id;
    for reference in [CustomerRef::Id(unknown), CustomerRef::Legacy(legacy(2))] {
        let mut work = begin(h).await;
        let found = work.customers().find_for_update(reference).await;
        assert_eq!(found, Err(StoreError::NotFound));
    }
}

pub async fn every_field_is_stored(h: &impl Harness) {
    let before = stored(h, customer().bare().build_new()).await;
    let full = customer().full().build();
    let saved = edit(h, before.customer.id, |customer| {
        let (created_at, event_seq) = (customer.created_at, customer.event_seq);
        *customer = Customer {
            created_at,
            event_seq,
            version: 2,
            ..full
        };
    });
    let saved = saved.await.expect("saved");
    assert_eq!(saved.customer.event_seq, 2);
    assert_eq!(read(h, before.customer.id).await, Some(saved));
}

pub async fn every_field_can_be_emptied(h: &impl Harness) {
    let before = stored(h, customer().full().build_new()).await;
    let bare = customer().bare().build();
    let saved = edit(h, before.customer.id, |customer| {
        let (created_at, event_seq) = (customer.created_at, customer.event_seq);
        *customer = Customer {
            created_at,
            event_seq,
            version: 2,
            ..bare
        };
    });
    let saved = saved.await.expect("saved");
    assert_eq!(read(h, before.customer.id).await, Some(saved));
}

pub async fn lists_are_replaced_not_merged(h: &impl Harness) {
    let before = stored(h, customer().full().build_new()).await;
    let saved = edit(h, before.customer.id, |customer| {
        customer.tags = ["vip", "new"].into_iter().map(tag).collect();
        customer.external_ids.remove("crm");
        customer
            .external_ids
            .insert("erp".to_owned(), "43".to_owned());
        customer
            .external_ids
            .insert("pos".to_owned(), "9".to_owned());
        customer.metadata = json!({"only": {"this": []}})
            .as_object()
            .cloned()
            .expect("an object");
        customer.preferences.custom.clear();
    });
    let saved = saved.await.expect("saved");
    assert_eq!(read(h, before.customer.id).await, Some(saved));
}

pub async fn what_others_keep_is_left_alone(h: &impl Harness) {
    let before = stored(h, customer().full().build_new()).await;
    let id = before.customer.id;
    let hash = h.password_hash(&context(), id).await;
    let neighbour = stored(h, customer().number(2).phone("+1-555-0123").build_new()).await;
    edit(h, id, |customer| customer.profile.first_name = None)
        .await
        .expect("saved");
    let after = read(h, id).await.expect("there");
    assert_eq!(after.summary, before.summary);
    assert!(hash.is_some());
    assert_eq!(h.password_hash(&context(), id).await, hash);
    assert_eq!(read(h, neighbour.customer.id).await, Some(neighbour));
}

pub async fn the_search_terms_follow(h: &impl Harness) {
    let id = stored(h, customer().named("Ada", "Lovelace").build_new())
        .await
        .customer
        .id;
    let saved = edit(h, id, |customer| {
        customer.profile.last_name = Some("King-Müller".to_owned());
        customer.profile.phone = Some(phone("+44 20 7946 0000"));
        customer.email = email("countess@example.org");
    });
    let saved = saved.await.expect("saved").customer;
    let terms = h.search_terms(&context(), id).await;
    assert_eq!(terms, terms_of(&saved));
    assert!(terms.contains("muller") && !terms.contains("lovelace"));
}

pub async fn an_email_that_is_changed_is_free_again(h: &impl Harness) {
    let id = stored(h, customer().number(1).email("old@example.com").build_new())
        .await
        .customer
        .id;
    edit(h, id, |customer| customer.email = email("new@example.com"))
        .await
        .expect("saved");
    assert_eq!(
        looked_up(h, &Lookup::Email(email("old@example.com"))).await,
        None
    );
    assert_eq!(
        looked_up(h, &Lookup::Email(email("new@example.com"))).await,
        Some(id)
    );
    let heir = customer().number(2).email("old@example.com").build_new();
    assert_eq!(insert(h, &heir).await, Ok(()));
}

pub async fn the_spelling_of_an_email_can_change(h: &impl Harness) {
    let id = stored(h, customer().email("ada@example.com").build_new())
        .await
        .customer
        .id;
    let saved = edit(h, id, |customer| customer.email = email("Ada@Example.com")).await;
    assert_eq!(read(h, id).await, saved.ok());
    let found = looked_up(h, &Lookup::Email(email("ADA@example.com"))).await;
    assert_eq!(found, Some(id));
}

pub async fn a_taken_email_is_refused(h: &impl Harness) {
    stored(
        h,
        customer().number(2).email("taken@example.com").build_new(),
    )
    .await;
    let refusal = refusal(h, |customer| customer.email = email("Taken@example.com")).await;
    assert_eq!(refusal, StoreError::Conflict(Conflict::Email));
}

pub async fn a_taken_legacy_id_is_refused(h: &impl Harness) {
    stored(h, customer().number(2).legacy(7).build_new()).await;
    let refusal = refusal(h, |customer| customer.legacy_id = Some(legacy(7))).await;
    assert_eq!(refusal, StoreError::Conflict(Conflict::LegacyId));
}

pub async fn a_taken_external_id_is_refused(h: &impl Harness) {
    stored(h, customer().number(2).external("crm", "C-1").build_new()).await;
    let refusal = refusal(h, |customer| {
        customer
            .external_ids
            .insert("crm".to_owned(), "C-1".to_owned());
    });
    assert_eq!(refusal.await, StoreError::Conflict(Conflict::ExternalId));
}

pub async fn an_unknown_group_is_refused(h: &impl Harness) {
    let refusal = refusal(h, |customer| customer.group = Some(group("no-such-group"))).await;
    assert_eq!(refusal, StoreError::Conflict(Conflict::UnknownGroup));
}

pub async fn a_refused_save_changes_nothing(h: &impl Harness) {
    stored(
        h,
        customer().number(2).email("taken@example.com").build_new(),
    )
    .await;
    let before = stored(h, customer().number(1).full().build_new()).await;
    let id = before.customer.id;
    let terms = h.search_terms(&context(), id).await;
    let bare = customer().number(1).bare().build();
    let outcome = edit(h, id, |customer| {
        let event_seq = customer.event_seq;
        *customer = Customer {
            event_seq,
            email: email("taken@example.com"),
            ..bare
        };
    });
    assert_eq!(outcome.await, Err(StoreError::Conflict(Conflict::Email)));
    assert_eq!(read(h, id).await, Some(before));
    assert_eq!(h.search_terms(&context(), id).await, terms);
}

pub async fn ids_that_are_removed_are_free_again(h: &impl Harness) {
    let first = customer()
        .number(1)
        .legacy(7)
        .external("crm", "C-1")
        .build_new();
    let id = stored(h, first).await.customer.id;
    let removal = edit(h, id, |customer| {
        customer.legacy_id = None;
        customer.external_ids.clear();
    });
    removal.await.expect("saved");
    let external = Lookup::External(external("crm", "C-1"));
    for lookup in [Lookup::Legacy(legacy(7)), external] {
        assert_eq!(looked_up(h, &lookup).await, None, "{lookup:?}");
    }
    let heir = customer()
        .number(2)
        .legacy(7)
        .external("crm", "C-1")
        .build_new();
    assert_eq!(insert(h, &heir).await, Ok(()));
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_customer_save {
    ($each:path) => {
        $each! { customer_save {
            the_next_number_of_the_event_sequence_is_taken,
            a_number_that_is_rolled_back_is_taken_again,
            a_customer_is_found_for_update_by_its_legacy_id,
            a_deleted_customer_is_found_for_update,
            an_unknown_customer_is_not_found_for_update,
            every_field_is_stored,
            every_field_can_be_emptied,
            lists_are_replaced_not_merged,
            what_others_keep_is_left_alone,
            the_search_terms_follow,
            an_email_that_is_changed_is_free_again,
            the_spelling_of_an_email_can_change,
            a_taken_email_is_refused,
            a_taken_legacy_id_is_refused,
            a_taken_external_id_is_refused,
            an_unknown_group_is_refused,
            a_refused_save_changes_nothing,
            ids_that_are_removed_are_free_again,
        } }
    };
}
