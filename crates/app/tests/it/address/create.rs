//! Adding addresses.

use super::{BILLING, Book, NONE, SHIPPING, command, default, details};
use crate::support::unclaimed;
use customer_app::address::{AddedAddress, AddressError, AddressRule, CreateAddress};
use customer_app::idempotency::{Idempotent, Outcome};
use customer_domain::address::{
    Address, AddressChanges, AddressField, AddressRef, AddressType, BookChanges, Role,
    WrittenAddress,
};
use customer_domain::customer::CustomerRef;
use customer_domain::idempotency::StoredReply;
use customer_domain::tenant::TenantSettings;
use customer_domain::{Context, CustomerId, Patch, StoreError};
use customer_testkit::FakeStore;
use customer_testkit::builders::{
    PlainDigests, claim, context, country, legacy, other_context, seeded_id, tenant,
};
use customer_testkit::fake::Step;

#[tokio::test]
async fn the_first_address_that_covers_a_role_becomes_its_default() {
    let book = Book::new().await;
    let first = book.add(AddressType::Shipping, "1 Main St").await;
    let second = book.add(AddressType::Both, "2 Main St").await;
    let third = book.add(AddressType::Billing, "3 Main St").await;
    assert_eq!(book.roles(first).await, SHIPPING);
    assert_eq!(book.roles(second).await, BILLING);
    assert_eq!(book.roles(third).await, NONE);
}

#[tokio::test]
async fn a_new_default_takes_all_roles_of_its_type() {
    let book = Book::new().await;
    let first = book.add(AddressType::Both, "1 Main St").await;
    let second = book.create(default(AddressType::Billing, "2 Main St"));
    let second = second.await.unwrap().address;
    assert_eq!(second.roles(), BILLING);
    assert_eq!(book.roles(first).await, SHIPPING);
    let third = book.create(default(AddressType::Both, "3 Main St"));
    let third = third.await.unwrap().address;
    assert_eq!(third.roles(), Role::ALL);
    assert_eq!(book.roles(first).await, NONE);
    assert_eq!(book.get(first).await.version, 3, "it lost twice");
    assert_eq!(third.version, 1);
}

#[tokio::test]
async fn an_address_is_one_event_and_one_audit_entry() {
    let book = Book::new().await;
    let added = book.create(details(AddressType::Shipping, "1 Main St"));
    let added = added.await.unwrap().address;
    let fields = ["type", "country", "street", "city", "state", "zipCode"];
    assert_eq!(
        book.changes(),
        [(
            "customers.address.created".to_owned(),
            "customer.address.create".to_owned(),
            fields.map(str::to_owned).to_vec(),
        )]
    );
    let event = &book.app.store.events()[1];
    assert_eq!(event.sequence, 2);
    assert_eq!(event.envelope["data"]["addressId"], added.id.to_string());
    let defaults = &event.envelope["data"]["defaults"];
    assert_eq!(defaults["shipping"], added.id.to_string());
    assert!(defaults["billing"].is_null());
    let audit = &book.app.store.audit()[1];
    assert_eq!(audit.resource, added.id.0);
    assert_eq!(book.read().await, [added]);
}

#[tokio::test]
async fn an_equal_address_is_answered_with_the_one_that_is_there() {
    let book = Book::new().await;
    let first = book.add(AddressType::Shipping, "1 Main St").await;
    let before = book.read().await;
    let again = book.create(details(AddressType::Shipping, " 1  MAIN st. "));
    let again = again.await.unwrap();
    assert_eq!((again.address.id, again.is_new), (first, false));
    assert_eq!(book.read().await, before);
    assert_eq!(book.changes().len(), 1, "nothing happened");
    let other = book.create(details(AddressType::Billing, "1 Main St"));
    assert!(other.await.unwrap().is_new, "of another type");
}

#[tokio::test]
async fn an_equal_address_becomes_the_default_when_that_was_asked_for() {
    let book = Book::new().await;
    let first = book.add(AddressType::Shipping, "1 Main St").await;
    let second = book.add(AddressType::Shipping, "2 Main St").await;
    let again = book.create(default(AddressType::Shipping, "2 Main St"));
    let again = again.await.unwrap();
    assert_eq!((again.address.id, again.is_new), (second, false));
    assert_eq!(again.address.roles(), SHIPPING);
    assert_eq!(book.roles(first).await, NONE);
    let last = book.changes().pop().unwrap();
    assert_eq!(
        last,
        (
            "customers.address.updated".to_owned(),
            "customer.address.default_changed".to_owned(),
            vec!["roles".to_owned()],
        )
    );
    let third = book.create(default(AddressType::Shipping, "2 Main St"));
    assert_eq!(third.await.unwrap().address.version, again.address.version);
    assert_eq!(book.changes().len(), 3);
}

#[tokio::test]
async fn beyond_the_limit_only_an_equal_address_is_answered() {
    let book = Book::new().await;
    for n in 1..=10 {
        book.add(AddressType::Shipping, &format!("{n} Main St"))
            .await;
    }
    let before = book.read().await;
    let refused = book.create(details(AddressType::Shipping, "11 Main St"));
    assert_eq!(
        refused.await,
        Err(AddressError::Rule(AddressRule::LimitExceeded { limit: 10 }))
    );
    assert_eq!(book.read().await, before);
    let equal = book.create(default(AddressType::Shipping, "10 Main St"));
    assert_eq!(equal.await.unwrap().address.roles(), SHIPPING);
}

#[tokio::test]
async fn an_equal_address_takes_over_a_legacy_id_that_it_has_none_of() {
    let book = Book::new().await;
    let first = book.add(AddressType::Shipping, "1 Main St").await;
    let migrated = |n| AddressChanges {
        legacy_id: Patch::Set(legacy(n)),
        ..details(AddressType::Shipping, "1 Main St")
    };
    for n in [7, 7, 8] {
        let equal = book.create(migrated(n)).await.unwrap();
        assert_eq!((equal.is_new, equal.address.id), (false, first));
        assert_eq!(equal.address.legacy_id, Some(legacy(7)));
        assert_eq!(book.read().await, [equal.address]);
    }
    let changes = book.changes();
    let (_, audit, names) = &changes[1];
    assert_eq!(audit, "customer.address.update");
    assert_eq!((names, changes.len()), (&vec!["legacyId".to_owned()], 2));
}

#[tokio::test]
async fn one_that_other_rules_stored_is_a_duplicate_that_nobody_can_name() {
    let book = Book::new().await;
    let id = book.add(AddressType::Shipping, "1 Main St").await;
    let stored = book.get(id).await;
    let wanted = Address::new(
        id,
        country("US"),
        details(AddressType::Shipping, "2 Main St"),
        stored.created_at,
    );
    let mut work = book
        .app
        .store
        .transactions()
        .begin(&context())
        .await
        .unwrap();
    let locked = work.addresses().book_for_update(book.customer).await;
    let changes = BookChanges {
        customer: locked.unwrap().book.customer(),
        written: vec![WrittenAddress {
            address: stored,
            digest: Some(wanted.digest(&PlainDigests)),
        }],
        removed: vec![],
        vacated: vec![],
    };
    work.addresses().save(&changes).await.unwrap();
    work.commit().await.unwrap();
    let refused = book.create(details(AddressType::Shipping, "2 Main St"));
    assert_eq!(
        refused.await,
        Err(AddressError::Rule(AddressRule::Duplicate(None)))
    );
}

#[tokio::test]
async fn the_tenants_country_is_asked_for_only_when_none_is_named() {
    let store = FakeStore::new();
    let mut shop = tenant();
    shop.settings.country = "QQ".to_owned();
    store.add_tenant(&shop, &[]);
    let app = crate::support::on(store);
    app.tenants.directory.refresh().await.unwrap();
    let nowhere = details(AddressType::Shipping, "1 Main St");
    assert_eq!(app.addresses.postal(&context(), &nowhere), None);
    let named = AddressChanges {
        country: Some(country("FI")),
        ..nowhere
    };
    let postal = app.addresses.postal(&context(), &named);
    assert_eq!(postal.unwrap().country, country("FI"));
}

#[tokio::test]
async fn the_limit_is_the_tenants_before_it_is_the_operators() {
    for (own, configured, expected) in [
        (None, 2, Some(2)),
        (Some(3), 2, Some(3)),
        (Some(1), 2, Some(1)),
        (Some(0), 2, None),
        (None, 0, None),
    ] {
        let store = FakeStore::new();
        let mut shop = tenant();
        shop.settings = TenantSettings {
            max_addresses: own,
            ..TenantSettings::default()
        };
        store.add_tenant(&shop, &[]);
        let mut app = crate::support::on(store);
        app.addresses.settings.limit = configured;
        app.tenants.directory.refresh().await.unwrap();
        let book = Book::of(app).await;
        let mut added = 0;
        let refused = loop {
            let street = format!("{added} Main St");
            match book.create(details(AddressType::Shipping, &street)).await {
                Ok(_) if added == 20 => break None,
                Ok(_) => added += 1,
                Err(AddressError::Rule(AddressRule::LimitExceeded { limit })) => break Some(limit),
                Err(other) => unreachable!("{other}"),
            }
        };
        assert_eq!(refused, expected, "{own:?} {configured}");
        assert_eq!(expected.unwrap_or(20), added, "{own:?} {configured}");
    }
}

#[tokio::test]
async fn a_missing_country_is_the_tenants() {
    let store = FakeStore::new();
    let mut shop = tenant();
    shop.settings.country = "DE".to_owned();
    store.add_tenant(&shop, &[]);
    let app = crate::support::on(store);
    app.tenants.directory.refresh().await.unwrap();
    let book = Book::of(app).await;
    let mut berlin = details(AddressType::Shipping, "Unter den Linden 1");
    berlin.city = Patch::Set("Berlin".to_owned());
    berlin.region = Patch::Clear;
    berlin.postal_code = Patch::Set("10117".to_owned());
    let added = book.create(berlin.clone()).await.unwrap();
    assert_eq!(added.address.postal.country, country("DE"));
    berlin.country = Some(country("FR"));
    berlin.postal_code = Patch::Set("75001".to_owned());
    let added = book.create(berlin).await.unwrap();
    assert_eq!(added.address.postal.country, country("FR"));
}

#[tokio::test]
async fn what_the_countrys_post_would_not_take_is_not_stored() {
    let book = Book::new().await;
    let mut wrong = details(AddressType::Shipping, "");
    wrong.city = Patch::Clear;
    wrong.region = Patch::Set("Bavaria".to_owned());
    wrong.postal_code = Patch::Set("1000".to_owned());
    let Err(AddressError::Rule(AddressRule::Invalid(problems))) = book.create(wrong).await else {
        unreachable!("it is not valid");
    };
    let fields: Vec<_> = problems.iter().map(|problem| problem.field).collect();
    let expected = [
        AddressField::Street,
        AddressField::City,
        AddressField::PostalCode,
    ];
    assert_eq!(fields, expected);
    assert!(book.read().await.is_empty());
    let mut advice = details(AddressType::Shipping, "1 Main St");
    advice.region = Patch::Set("Bavaria".to_owned());
    assert!(book.create(advice).await.is_ok(), "a region is advice");
}

#[tokio::test]
async fn a_legacy_id_names_one_address_of_the_tenant() {
    let book = Book::new().await;
    let known = |street: &str| AddressChanges {
        legacy_id: Patch::Set(legacy(7)),
        ..details(AddressType::Shipping, street)
    };
    let first = book.create(known("1 Main St")).await.unwrap().address;
    let (within, by_legacy) = (context(), AddressRef::Legacy(legacy(7)));
    let found = book.app.addresses.get(&within, book.customer, by_legacy);
    assert_eq!(found.await.unwrap().address, first);
    let second = book.create(known("2 Main St")).await;
    assert_eq!(second, Err(AddressError::Rule(AddressRule::LegacyIdTaken)));
}

#[tokio::test]
async fn nobody_has_a_book_in_another_tenant() {
    let book = Book::new().await;
    let id = book.add(AddressType::Shipping, "1 Main St").await;
    let elsewhere: Context = other_context();
    let addresses = &book.app.addresses;
    let missing = addresses.book(&elsewhere, book.customer).await;
    assert_eq!(missing, Err(AddressError::NotFound));
    let missing = addresses.get(&elsewhere, book.customer, AddressRef::Id(id));
    assert_eq!(missing.await, Err(AddressError::NotFound));
    let CustomerRef::Id(customer) = book.customer else {
        unreachable!("made by id");
    };
    let books = addresses.books(&elsewhere, &[customer]).await.unwrap();
    assert!(books.is_empty());
    assert_eq!(
        addresses.books(&context(), &[customer]).await.unwrap()[&customer],
        book.read().await
    );
}

#[tokio::test]
async fn a_customer_that_is_stated_must_be_the_one_that_is_named() {
    let book = Book::new().await;
    let mut command = command(details(AddressType::Shipping, "1 Main St"));
    let (context, once) = (context(), unclaimed());
    let create = async |command: &CreateAddress| {
        let addresses = &book.app.addresses;
        addresses
            .create(&context, book.customer, command, &once)
            .await
    };
    command.stated_customer = Some(CustomerRef::Id(CustomerId(seeded_id(0xdead))));
    assert_eq!(
        create(&command).await,
        Err(AddressError::ReadOnly(vec!["customerId"]))
    );
    command.stated_customer = Some(book.customer);
    assert!(create(&command).await.is_ok());
}

#[tokio::test]
async fn the_same_request_again_adds_nothing_and_answers_what_was_kept() {
    let book = Book::new().await;
    let command = command(details(AddressType::Shipping, "1 Main St"));
    let render = |added: &AddedAddress| StoredReply {
        status: 201,
        location: None,
        etag: None,
        body: added.address.id.to_string().into_bytes(),
    };
    let within = context();
    let create = async || {
        let once = Idempotent::new(Some(claim("k-1")), &render);
        let addresses = &book.app.addresses;
        addresses
            .create(&within, book.customer, &command, &once)
            .await
    };
    assert!(matches!(create().await, Ok(Outcome::Done(_))));
    let Ok(Outcome::Replayed(reply)) = create().await else {
        unreachable!("it was done before");
    };
    let kept = book.read().await;
    assert_eq!(kept.len(), 1);
    assert_eq!(reply.body, kept[0].id.to_string().into_bytes());
}

#[tokio::test]
async fn what_was_in_the_way_is_tried_again_and_what_failed_left_nothing() {
    let book = Book::new().await;
    let store = &book.app.store;
    store.fail_next_at(Step::Commit, StoreError::Contended);
    let id = book.add(AddressType::Shipping, "1 Main St").await;
    assert_eq!(book.roles(id).await, SHIPPING);
    for step in [Step::Begin, Step::Statement, Step::Commit] {
        let gone = StoreError::Unavailable("gone".to_owned());
        store.fail_next_at(step, gone.clone());
        let failed = book.create(details(AddressType::Shipping, "2 Main St"));
        assert_eq!(failed.await, Err(AddressError::Store(gone)), "{step:?}");
    }
    assert_eq!(book.read().await.len(), 1);
    assert_eq!(book.changes().len(), 1);
}
