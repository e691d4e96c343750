//! Creating and changing tenants, and finding them in memory.

mod directory;

use crate::support::{App, app, on, unclaimed, values};
use chrono::TimeDelta;
use customer_app::idempotency::Outcome;
use customer_app::tenant::{CreateTenant, TenantError, TenantRule, UpdateTenant};
use customer_domain::audit::Audited;
use customer_domain::customer::{CustomerRef, StatusChange};
use customer_domain::tenant::{Tenant, TenantSettings, TenantSlug};
use customer_domain::{Context, Patch, StoreError};
use customer_testkit::FakeStore;
use customer_testkit::builders::{at, customer, operator_context, third_tenant};
use customer_testkit::fake::Step;
use serde_json::{Value, json};

fn command(slug: &str) -> CreateTenant {
    CreateTenant {
        slug: TenantSlug::parse(slug).expect("a slug"),
        name: slug.to_owned(),
        settings: TenantSettings::default(),
    }
}

async fn made(app: &App, slug: &str) -> Result<Tenant, TenantError> {
    match app
        .tenants
        .create(&operator_context(), command(slug), &unclaimed())
        .await?
    {
        Outcome::Done(tenant) => Ok(tenant),
        Outcome::Replayed(_) => unreachable!("nothing was claimed"),
    }
}

#[tokio::test]
async fn a_new_tenant_is_known_at_once() {
    let app = app();
    let tenant = made(&app, "tenant-123").await.unwrap();
    let known = app
        .tenants
        .directory
        .by_slug("tenant-123")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(*known, tenant);
    let taken = made(&app, "tenant-123").await;
    assert_eq!(taken, Err(TenantError::Rule(TenantRule::SlugTaken)));
}

#[tokio::test]
async fn the_first_customer_fixes_the_currency() {
    let app = app();
    let tenant = made(&app, "tenant-123").await.unwrap();
    let to = |currency: &str| UpdateTenant {
        currency: Some(currency.to_owned()),
        ..UpdateTenant::default()
    };
    let update = async |currency| {
        let (context, command) = (operator_context(), to(currency));
        let changed = app.tenants.update(&context, tenant.id, &command);
        changed.await.map(|tenant| tenant.settings.currency)
    };
    assert_eq!(update("EUR").await, Ok("EUR".to_owned()));
    let new = customer().of(&tenant).build_new();
    let context = Context::system(tenant.id, tenant.slug.as_str(), "test");
    let mut work = app.store.transactions().begin(&context).await.unwrap();
    work.customers().insert(&new).await.unwrap();
    work.commit().await.unwrap();
    let fixed = Err(TenantError::Rule(TenantRule::CurrencyFixed));
    assert_eq!(update("CHF").await, fixed);
    assert_eq!(update("EUR").await, Ok("EUR".to_owned()), "as it is");
    let mut work = app.store.transactions().begin(&context).await.unwrap();
    let id = CustomerRef::Id(new.customer.id);
    let mut found = work.customers().find_for_update(id).await.unwrap();
    let at = found.customer.created_at;
    let deactivated = found.customer.change_status(StatusChange::Deactivate, at);
    assert_eq!(deactivated, Ok(true));
    work.customers().save(&found.customer).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(update("CHF").await, fixed, "a deleted one too");
}

#[tokio::test]
async fn the_trail_has_every_field_of_a_new_tenant() {
    let app = app();
    let tenant = made(&app, "tenant-123").await.unwrap();
    let entry = app.store.audit().pop().unwrap();
    let fields: Vec<_> = tenant.fields().into_iter().map(|(name, _)| name).collect();
    assert_eq!(entry.changed_fields, fields);
}

#[tokio::test]
async fn every_field_of_a_tenant_changes_alone() {
    let app = app();
    let UpdateTenant {
        name,
        currency,
        country,
        max_addresses,
        expected_versions: _,
    } = UpdateTenant {
        name: Some("Renamed".to_owned()),
        currency: Some("JPY".to_owned()),
        country: Some("JP".to_owned()),
        max_addresses: Patch::Set(3),
        expected_versions: None,
    };
    let none = UpdateTenant::default;
    let mut before = made(&app, "tenant-123").await.unwrap();
    for (field, update) in [
        ("name", UpdateTenant { name, ..none() }),
        ("settings.currency", UpdateTenant { currency, ..none() }),
        ("settings.country", UpdateTenant { country, ..none() }),
        (
            "settings.maxAddresses",
            UpdateTenant {
                max_addresses,
                ..none()
            },
        ),
        (
            "settings.maxAddresses",
            UpdateTenant {
                max_addresses: Patch::Clear,
                ..none()
            },
        ),
    ] {
        let updated = app
            .tenants
            .update(&operator_context(), before.id, &update)
            .await;
        let after = updated.unwrap();
        assert_eq!(after.changed_since(&before), [field]);
        let entry = app.store.audit().pop().unwrap();
        assert_eq!(entry.changed_fields, [field]);
        before = after;
    }
}

#[tokio::test]
async fn a_clock_that_was_set_back_turns_no_time_back() {
    let app = app();
    let tenant = made(&app, "tenant-123").await.unwrap();
    app.clock.set(at(500));
    let renamed = UpdateTenant {
        name: Some("Renamed".to_owned()),
        ..UpdateTenant::default()
    };
    let updated = app
        .tenants
        .update(&operator_context(), tenant.id, &renamed)
        .await;
    assert_eq!(updated.unwrap().updated_at, tenant.updated_at);
}

#[tokio::test]
async fn a_change_is_seen_at_once_and_a_stale_one_is_refused() {
    let app = app();
    let tenant = made(&app, "tenant-123").await.unwrap();
    let update = UpdateTenant {
        currency: Some("EUR".to_owned()),
        expected_versions: Some(vec![1]),
        ..UpdateTenant::default()
    };
    let changed = app
        .tenants
        .update(&operator_context(), tenant.id, &update)
        .await
        .unwrap();
    assert_eq!(
        (changed.version, changed.settings.currency.as_str()),
        (2, "EUR")
    );
    assert_eq!(app.tenants.directory.settings(tenant.id).currency, "EUR");
    let stale = app
        .tenants
        .update(&operator_context(), tenant.id, &update)
        .await;
    assert_eq!(stale, Err(TenantError::VersionConflict { current: 2 }));
}

#[tokio::test]
async fn what_another_replica_made_is_found_and_what_it_changed_is_seen_in_time() {
    let app = app();
    assert!(
        app.tenants
            .directory
            .by_slug("tenant-a")
            .await
            .unwrap()
            .is_some()
    );
    app.store.add_tenant(&third_tenant(), &[]);
    assert_eq!(app.tenants.directory.by_slug("tenant-c").await, Ok(None));
    app.clock.advance(TimeDelta::seconds(1));
    assert!(
        app.tenants
            .directory
            .by_slug("tenant-c")
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn known_tenants_outlive_an_outage() {
    let app = app();
    assert!(
        app.tenants
            .directory
            .by_slug("tenant-a")
            .await
            .unwrap()
            .is_some()
    );
    app.store.set_down(true);
    app.clock.advance(TimeDelta::hours(1));
    assert!(
        app.tenants
            .directory
            .by_slug("tenant-a")
            .await
            .unwrap()
            .is_some()
    );
    let unknown = app.tenants.directory.by_slug("tenant-z").await;
    assert!(matches!(unknown, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn the_first_start_makes_tenant_and_key_once() {
    let app = on(FakeStore::new());
    let bootstrap = || {
        app.api_keys
            .bootstrap(&app.tenants, command("default"), true)
    };
    assert!(bootstrap().await.unwrap().is_some());
    assert!(bootstrap().await.unwrap().is_none());
    let types: Vec<_> = app
        .store
        .audit()
        .into_iter()
        .map(|row| row.event_type)
        .collect();
    assert_eq!(types, ["tenant.create", "api_key.create"]);
}

#[tokio::test]
async fn whoever_loses_the_race_of_two_first_starts_gets_no_key() {
    let store = FakeStore::new();
    let (one, two) = (on(store.clone()), on(store));
    // Both look the tenant up before either creates it.
    assert_eq!(one.tenants.directory.by_slug("default").await, Ok(None));
    assert_eq!(two.tenants.directory.by_slug("default").await, Ok(None));
    let first = one
        .api_keys
        .bootstrap(&one.tenants, command("default"), true)
        .await;
    let second = two
        .api_keys
        .bootstrap(&two.tenants, command("default"), true)
        .await;
    assert!(first.unwrap().is_some());
    assert!(second.unwrap().is_none());
    // The second start continues with the existing tenant immediately.
    let found = two.tenants.directory.by_slug("default").await;
    assert!(found.unwrap().is_some());
}

#[tokio::test]
async fn what_was_committed_is_answered_though_the_list_cannot_be_read() {
    let app = app();
    assert!(
        app.tenants
            .directory
            .by_slug("tenant-a")
            .await
            .unwrap()
            .is_some()
    );
    app.store
        .fail_next_at(Step::Read, StoreError::Unavailable("gone".to_owned()));
    let tenant = made(&app, "tenant-123").await.expect("it is committed");
    assert!(
        app.tenants
            .directory
            .by_slug(tenant.slug.as_str())
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_reader_that_goes_away_does_not_end_reading() {
    let app = app();
    assert!(
        app.tenants
            .directory
            .by_slug("tenant-a")
            .await
            .unwrap()
            .is_some()
    );
    app.clock.advance(TimeDelta::seconds(60));
    // Dropped before the first poll, or after it.
    let mut gone = Box::pin(app.tenants.directory.by_slug("tenant-a"));
    let waker = std::task::Waker::noop();
    let polled = gone
        .as_mut()
        .poll(&mut std::task::Context::from_waker(waker));
    drop((polled, gone));
    app.store.add_tenant(&third_tenant(), &[]);
    app.clock.advance(TimeDelta::seconds(60));
    assert!(
        app.tenants
            .directory
            .by_slug("tenant-a")
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(app.tenants.directory.all().len(), 3);
}

#[tokio::test]
async fn the_trail_has_what_a_tenant_was_and_is() {
    let app = app();
    let tenant = made(&app, "tenant-123").await.unwrap();
    let last = || app.store.audit().pop().unwrap();
    let given = json!({
        "id": "tenant-123", "name": "tenant-123", "settings.currency": "USD",
        "settings.country": "US",
    });
    assert_eq!(values(&last()), (Value::Null, given));
    let update = UpdateTenant {
        name: Some("North".to_owned()),
        currency: Some("EUR".to_owned()),
        country: Some("FI".to_owned()),
        max_addresses: Patch::Set(0),
        expected_versions: None,
    };
    let operator = operator_context();
    let changed = app.tenants.update(&operator, tenant.id, &update);
    changed.await.unwrap();
    let was = json!({
        "name": "tenant-123", "settings.currency": "USD", "settings.country": "US",
        "settings.maxAddresses": null,
    });
    let is = json!({
        "name": "North", "settings.currency": "EUR", "settings.country": "FI",
        "settings.maxAddresses": 0,
    });
    assert_eq!(values(&last()), (was, is));
}
