//! No tenant sees or changes anything of another.

use super::Harness;
use super::steps::{
    begin_in, edit, insert_in, keys_stored, read, read_in, recorded, stored, stored_in,
};
use crate::builders::{
    api_key, at, change, context, customer, email, external, groups, legacy, new_customer,
    operator_context, other_context, other_tenant, phone_keys, presented, third_tenant,
};
use crate::stored::{audit_of, events_of};
use customer_domain::api_key::{Permission, PresentedSecret};
use customer_domain::customer::{
    CustomerFilter, CustomerRef, CustomerSort, Lookup, NewCustomer, SortKey, Status,
};
use customer_domain::outbox::EventKind;
use customer_domain::{Conflict, Context, PageAt, PageRequest, SortOrder, StoreError};

/// Returns a customer of tenant A that can be looked up in every way.
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
        Lookup::Phone(phone_keys("15550123")),
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
    for (context, expected) in [(context(), 1), (other_context(), 0)] {
        for reference in both_references(&known) {
            let found = reads
                .find(&context, reference)
                .await
                .expect("the store answers");
            assert_eq!(found.iter().count(), expected, "{reference:?}");
        }
        let found = reads.find_many(&context, &[known.customer.id]).await;
        assert_eq!(found.expect("the store answers").len(), expected);
        for lookup in every_lookup(&known) {
            let found = reads
                .look_up(&context, &lookup)
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
    let only = stored_in(h, &other_context(), only).await;
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
            async move { reads.list(&other_context(), &filter, sort, &request).await }
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
        let mut work = begin_in(h, &other_context()).await;
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
    let theirs = stored_in(h, &other_context(), theirs).await;
    for lookup in every_lookup(&well_known()).into_iter().take(4) {
        for (context, expected) in [(context(), &ours), (other_context(), &theirs)] {
            let found = h
                .customers()
                .look_up(&context, &lookup)
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
    let theirs = stored_in(h, &other_context(), twin).await;
    let id = ours.customer.id;
    assert_eq!(id, theirs.customer.id);
    let edited = edit(h, id, |customer| {
        customer.profile.first_name = Some("Ours".to_owned());
    });
    let edited = edited.await.expect("saved");
    assert_eq!(read(h, id).await, Some(edited));
    assert_eq!(read_in(h, &other_context(), id).await, Some(theirs));
}

pub async fn another_tenants_group_is_unknown(h: &impl Harness) {
    let mut work = h
        .operator_transactions()
        .begin(&operator_context())
        .await
        .expect("begin");
    work.tenants()
        .insert(&third_tenant(), &groups(&["gold"]))
        .await
        .expect("insert");
    work.commit().await.expect("commit");
    let new = customer().group("gold").build_new();
    let outcome = insert_in(h, &context(), &new).await;
    assert_eq!(outcome, Err(StoreError::Conflict(Conflict::UnknownGroup)));
}

pub async fn a_customer_cannot_be_put_into_another_tenant(h: &impl Harness) {
    let smuggled = customer().of(&other_tenant()).build_new();
    let outcome = insert_in(h, &context(), &smuggled).await;
    assert!(outcome.is_err(), "a record of another tenant is refused");
    for context in [context(), other_context()] {
        assert_eq!(read_in(h, &context, smuggled.customer.id).await, None);
    }
}

pub async fn another_tenants_key_is_not_there(h: &impl Harness) {
    let key = api_key(1, Permission::Admin);
    keys_stored(h, &context(), std::slice::from_ref(&key)).await;
    let keys = h.api_keys().list(&other_context()).await;
    assert_eq!(keys, Ok(Vec::new()));
    let secret = PresentedSecret {
        tenant: other_tenant().id,
        ..presented(&key)
    };
    assert_eq!(h.api_keys().find_by_secret(&secret).await, Ok(None));
}

pub async fn another_tenants_key_cannot_be_revoked(h: &impl Harness) {
    let keys = [api_key(1, Permission::Admin), api_key(2, Permission::Admin)];
    keys_stored(h, &context(), &keys).await;
    let mut work = begin_in(h, &other_context()).await;
    let outcome = work.api_keys().revoke(keys[0].id, at(60)).await;
    assert_eq!(outcome, Err(StoreError::NotFound));
    let found = h.api_keys().find_by_secret(&presented(&keys[0])).await;
    assert_eq!(found, Ok(Some(keys[0].clone())));
}

pub async fn facts_stay_in_their_tenant(h: &impl Harness) {
    let ours = stored(h, new_customer()).await;
    let twin = customer().of(&other_tenant()).build_new();
    let theirs = stored_in(h, &other_context(), twin).await;
    let by_tenant: [(Context, _); 2] = [
        (context(), [change(1, EventKind::Created, &ours)]),
        (other_context(), [change(2, EventKind::Created, &theirs)]),
    ];
    for (context, changes) in &by_tenant {
        recorded(h, context, changes).await;
    }
    for (context, changes) in &by_tenant {
        assert_eq!(h.events(context).await, events_of(context, changes));
        assert_eq!(h.audit(context).await, audit_of(context, changes));
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
