//! No tenant sees or touches anything of another.

use super::Harness;
use super::steps::{
    begin_in, edit, insert_in, keys_stored, read, read_in, recorded, stored, stored_in,
};
use crate::builders::{
    api_key, at, customer, email, external, fact, groups, legacy, new_customer, operator_scope,
    other_scope, other_tenant, presented, scope, third_tenant,
};
use crate::stored::{audit_of, events_of};
use customer_domain::api_key::{Permission, PresentedSecret};
use customer_domain::customer::{
    CustomerFilter, CustomerRef, CustomerSort, Lookup, NewCustomer, SortKey, Status,
};
use customer_domain::outbox::EventKind;
use customer_domain::{Conflict, PageAt, PageRequest, Scope, SortOrder, StoreError};

/// A customer of tenant A that can be looked up in every way there is.
fn well_known() -> NewCustomer {
    customer()
        .email("ada@example.com")
        .registered()
        .phone("+1-555-0123")
        .legacy(7)
        .external("crm", "C-1")
        .build_new()
}

fn every_lookup(known: &NewCustomer) -> [Lookup; 5] {
    [
        Lookup::Email(email("ada@example.com")),
        Lookup::PhoneDigits("15550123".to_owned()),
        Lookup::Legacy(legacy(7)),
        Lookup::External(external("crm", "C-1")),
        Lookup::UserId(known.customer.id),
    ]
}

fn both_references(known: &NewCustomer) -> [CustomerRef; 2] {
    [
        CustomerRef::Id(known.customer.id),
        CustomerRef::Legacy(legacy(7)),
    ]
}

pub async fn no_read_shows_another_tenants_customer(h: &impl Harness) {
    let known = well_known();
    stored(h, known.clone()).await;
    let reads = h.customers();
    for (scope, expected) in [(scope(), 1), (other_scope(), 0)] {
        for reference in both_references(&known) {
            let found = reads
                .find(&scope, reference)
                .await
                .expect("the store answers");
            assert_eq!(found.iter().count(), expected, "{reference:?}");
        }
        let found = reads.find_many(&scope, &[known.customer.id]).await;
        assert_eq!(found.expect("the store answers").len(), expected);
        for lookup in every_lookup(&known) {
            let found = reads
                .look_up(&scope, &lookup)
                .await
                .expect("the store answers");
            assert_eq!(found.iter().count(), expected, "{lookup:?}");
        }
    }
}

pub async fn no_list_shows_another_tenants_customers(h: &impl Harness) {
    for (number, status) in (1..).zip(Status::ALL) {
        stored(h, customer().number(number).status(status).build_new()).await;
    }
    let only = customer().number(9).of(&other_tenant()).build_new();
    let only = stored_in(h, &other_scope(), only).await;
    let request = PageRequest {
        size: 100,
        at: PageAt::Number(1),
    };
    for key in [SortKey::CreatedAt, SortKey::Email, SortKey::LastName] {
        let sort = CustomerSort {
            key,
            order: SortOrder::Ascending,
        };
        let list = |filter| {
            let (reads, request) = (h.customers(), request.clone());
            async move { reads.list(&other_scope(), &filter, sort, &request).await }
        };
        let page = list(CustomerFilter::default())
            .await
            .expect("the store answers");
        assert_eq!(page.items, std::slice::from_ref(&only));
        assert_eq!(page.total.map(|total| total.count), Some(1));
        let deleted = CustomerFilter {
            status: Some(Status::Deleted),
            ..CustomerFilter::default()
        };
        let page = list(deleted).await.expect("the store answers");
        assert_eq!(page.items, []);
        assert_eq!(page.total.map(|total| total.count), Some(0));
    }
}

pub async fn another_tenants_customer_is_not_found_for_update(h: &impl Harness) {
    let known = well_known();
    let before = stored(h, known.clone()).await;
    for reference in both_references(&known) {
        let mut work = begin_in(h, &other_scope()).await;
        let found = work.customers().find_for_update(reference).await;
        assert_eq!(found, Err(StoreError::NotFound), "{reference:?}");
    }
    assert_eq!(
        read(h, before.customer.id).await,
        Some(before),
        "no number was taken"
    );
}

pub async fn tenants_may_hold_the_same_identifiers(h: &impl Harness) {
    let ours = stored(h, well_known()).await;
    let mut theirs = well_known();
    theirs.customer.id = customer().number(2).build().id;
    theirs.customer.tenant = other_tenant().id;
    let theirs = stored_in(h, &other_scope(), theirs).await;
    for lookup in every_lookup(&well_known()).into_iter().take(4) {
        for (scope, expected) in [(scope(), &ours), (other_scope(), &theirs)] {
            let found = h
                .customers()
                .look_up(&scope, &lookup)
                .await
                .expect("the store answers");
            assert_eq!(found.as_ref(), Some(expected), "{lookup:?}");
        }
    }
}

pub async fn tenants_may_hold_the_same_ids(h: &impl Harness) {
    let ours = stored(h, new_customer()).await;
    let twin = customer()
        .of(&other_tenant())
        .named("The", "Twin")
        .build_new();
    let theirs = stored_in(h, &other_scope(), twin).await;
    let id = ours.customer.id;
    assert_eq!(id, theirs.customer.id);
    let edited = edit(h, id, |customer| {
        customer.profile.first_name = Some("Ours".to_owned());
    });
    let edited = edited.await.expect("saved");
    assert_eq!(read(h, id).await, Some(edited));
    assert_eq!(read_in(h, &other_scope(), id).await, Some(theirs));
}

pub async fn another_tenants_group_is_unknown(h: &impl Harness) {
    let mut work = h
        .operator_transactions()
        .begin(&operator_scope())
        .await
        .expect("begin");
    work.tenants()
        .insert(&third_tenant(), &groups(&["gold"]))
        .await
        .expect("insert");
    work.commit().await.expect("commit");
    let new = customer().group("gold").build_new();
    let outcome = insert_in(h, &scope(), &new).await;
    assert_eq!(outcome, Err(StoreError::Conflict(Conflict::UnknownGroup)));
}

pub async fn a_customer_cannot_be_put_into_another_tenant(h: &impl Harness) {
    let smuggled = customer().of(&other_tenant()).build_new();
    let outcome = insert_in(h, &scope(), &smuggled).await;
    assert!(outcome.is_err(), "a record of another tenant is refused");
    for scope in [scope(), other_scope()] {
        assert_eq!(read_in(h, &scope, smuggled.customer.id).await, None);
    }
}

pub async fn another_tenants_key_is_not_there(h: &impl Harness) {
    let key = api_key(1, Permission::Admin);
    keys_stored(h, &scope(), std::slice::from_ref(&key)).await;
    let keys = h.api_keys().list(&other_scope()).await;
    assert_eq!(keys, Ok(Vec::new()));
    let secret = PresentedSecret {
        tenant: other_tenant().id,
        ..presented(&key)
    };
    assert_eq!(h.api_keys().find_by_secret(&secret).await, Ok(None));
}

pub async fn another_tenants_key_cannot_be_revoked(h: &impl Harness) {
    let keys = [api_key(1, Permission::Admin), api_key(2, Permission::Admin)];
    keys_stored(h, &scope(), &keys).await;
    let mut work = begin_in(h, &other_scope()).await;
    let outcome = work.api_keys().revoke(keys[0].id, at(60)).await;
    assert_eq!(outcome, Err(StoreError::NotFound));
    let found = h.api_keys().find_by_secret(&presented(&keys[0])).await;
    assert_eq!(found, Ok(Some(keys[0].clone())));
}

pub async fn facts_stay_in_their_tenant(h: &impl Harness) {
    let ours = stored(h, new_customer()).await;
    let twin = customer().of(&other_tenant()).build_new();
    let theirs = stored_in(h, &other_scope(), twin).await;
    let told: [(Scope, _); 2] = [
        (scope(), [fact(1, EventKind::Created, &ours)]),
        (other_scope(), [fact(2, EventKind::Created, &theirs)]),
    ];
    for (scope, facts) in &told {
        recorded(h, scope, facts).await;
    }
    for (scope, facts) in &told {
        assert_eq!(h.events(scope).await, events_of(scope, facts));
        assert_eq!(h.audit(scope).await, audit_of(scope, facts));
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_isolation {
    ($each:path) => {
        $each! { isolation {
            no_read_shows_another_tenants_customer,
            no_list_shows_another_tenants_customers,
            another_tenants_customer_is_not_found_for_update,
            tenants_may_hold_the_same_identifiers,
            tenants_may_hold_the_same_ids,
            another_tenants_group_is_unknown,
            a_customer_cannot_be_put_into_another_tenant,
            another_tenants_key_is_not_there,
            another_tenants_key_cannot_be_revoked,
            facts_stay_in_their_tenant,
        } }
    };
}
