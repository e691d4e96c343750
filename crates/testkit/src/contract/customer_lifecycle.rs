//! A deleted customer leaves what it had to others, and claims it again when it is reactivated.

use super::Harness;
use super::steps::customer_save::{delete, looked_up, reactivate};
use super::steps::{edit, insert, read, stored};
use crate::builders::{at, context, customer, email, external, legacy};
use chrono::TimeDelta;
use customer_domain::customer::{Customer, CustomerRecord, CustomerRef, Lookup};
use customer_domain::{Conflict, StoreError};

pub async fn a_deleted_customer_frees_its_email(h: &impl Harness) {
    let id = stored(h, customer().number(1).email("ada@example.com").build_new())
        .await
        .customer
        .id;
    let deleted = edit(h, id, delete).await.expect("saved");
    assert_eq!(
        read(h, id).await,
        Some(deleted),
        "the record stays, its e-mail address too"
    );
    assert_eq!(
        looked_up(h, &Lookup::Email(email("ada@example.com"))).await,
        None
    );
    let heir = customer().number(2).email("ada@example.com").build_new();
    assert_eq!(insert(h, &heir).await, Ok(()));
    let found = looked_up(h, &Lookup::Email(email("ada@example.com"))).await;
    assert_eq!(found, Some(heir.customer.id));
}

pub async fn a_deleted_customer_frees_its_other_ids(h: &impl Harness) {
    let known = [
        Lookup::Legacy(legacy(7)),
        Lookup::External(external("crm", "C-1")),
    ];
    let known_as_seven = |number| customer().number(number).legacy(7).external("crm", "C-1");
    let expect_holder = async |id| {
        for lookup in &known {
            assert_eq!(looked_up(h, lookup).await, Some(id), "{lookup:?}");
        }
        let seven = CustomerRef::Legacy(legacy(7));
        let found = h.customers().find(&context(), seven).await;
        let found = found.expect("the store answers");
        assert_eq!(found.map(|record| record.customer.id), Some(id));
    };
    let one = stored(h, known_as_seven(1).build_new()).await.customer.id;
    let gone = edit(h, one, delete).await.expect("saved");
    assert_eq!(
        read(h, one).await,
        Some(gone),
        "it is still shown with them"
    );
    expect_holder(one).await;

    // The living holder comes first, and of the deleted the one that gave them up last.
    let two = stored(h, known_as_seven(2).build_new()).await.customer.id;
    expect_holder(two).await;
    let later = |customer: &mut Customer| {
        delete(customer);
        customer.deleted_at = Some(at(90));
    };
    edit(h, two, later).await.expect("saved");
    expect_holder(two).await;
    edit(h, one, reactivate).await.expect("saved");
    expect_holder(one).await;
}

pub async fn a_reactivated_customer_has_its_email_again(h: &impl Harness) {
    let id = stored(h, customer().number(1).email("ada@example.com").build_new())
        .await
        .customer
        .id;
    edit(h, id, delete).await.expect("saved");
    let back: CustomerRecord = edit(h, id, reactivate).await.expect("saved");
    assert_eq!(read(h, id).await, Some(back));
    assert_eq!(
        looked_up(h, &Lookup::Email(email("ada@example.com"))).await,
        Some(id)
    );
    let heir = customer().number(2).email("ada@example.com").build_new();
    assert_eq!(
        insert(h, &heir).await,
        Err(StoreError::Conflict(Conflict::Email))
    );
}

pub async fn a_reactivated_customer_cannot_take_its_email_from_another(h: &impl Harness) {
    let id = stored(h, customer().number(1).email("ada@example.com").build_new())
        .await
        .customer
        .id;
    let deleted = edit(h, id, delete).await.expect("saved");
    let heir = customer().number(2).email("ada@example.com").build_new();
    let heir = stored(h, heir).await;
    let outcome = edit(h, id, reactivate).await;
    assert_eq!(outcome, Err(StoreError::Conflict(Conflict::Email)));
    assert_eq!(read(h, id).await, Some(deleted));
    assert_eq!(read(h, heir.customer.id).await, Some(heir));
    let moved = edit(h, id, |customer| {
        reactivate(customer);
        customer.email = email("ada.two@example.com");
        customer.updated_at += TimeDelta::seconds(1);
    });
    assert!(moved.await.is_ok(), "with another address it can come back");
}

pub async fn a_reactivated_customer_cannot_take_its_ids_from_another(h: &impl Harness) {
    for (number, which, conflict) in [
        (1, customer().legacy(7), Conflict::LegacyId),
        (3, customer().external("crm", "C-1"), Conflict::ExternalId),
    ] {
        let id = stored(h, which.clone().number(number).build_new()).await;
        let id = id.customer.id;
        let gone = edit(h, id, delete).await.expect("saved");
        let heir = stored(h, which.number(number + 1).build_new()).await;
        let outcome = edit(h, id, reactivate).await;
        assert_eq!(outcome, Err(StoreError::Conflict(conflict)));
        assert_eq!(read(h, id).await, Some(gone));
        assert_eq!(read(h, heir.customer.id).await, Some(heir));
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_customer_lifecycle {
    ($each:path) => {
        $each! { customer_lifecycle {
            a_deleted_customer_frees_its_email,
            a_deleted_customer_frees_its_other_ids,
            a_reactivated_customer_has_its_email_again,
            a_reactivated_customer_cannot_take_its_email_from_another,
            a_reactivated_customer_cannot_take_its_ids_from_another,
        } }
    };
}
