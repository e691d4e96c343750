//! Creating customers, completely or not at all.

use crate::support::{App, app, guest, id_reply, unclaimed, values};
use customer_app::customer::{
    CreateCustomer, CreateCustomerError, CreateCustomerRule, CustomerSettings,
};
use customer_app::idempotency::{Idempotent, Outcome};
use customer_domain::credential::{HashError, PasswordPolicy};
use customer_domain::customer::{AccountState, CustomerRecord, CustomerType, SearchQuery, Status};
use customer_domain::idempotency::ClaimError;
use customer_domain::preference::{OptIn, Preferences};
use customer_domain::tier::{NEW_CUSTOMER_SEGMENT, Tier};
use customer_domain::{Context, Origin, Patch, Permission, StoreError};
use customer_testkit::PlainHasher;
use customer_testkit::builders::{claim, context, customer, full_address, group};
use serde_json::{Value, json};
use std::sync::Arc;

async fn created(
    app: &App,
    command: CreateCustomer,
) -> Result<CustomerRecord, CreateCustomerError> {
    match app
        .customers
        .create(&context(), command, &unclaimed())
        .await?
    {
        Outcome::Done(record) => Ok(record),
        Outcome::Replayed(_) => unreachable!("nothing was claimed"),
    }
}

#[tokio::test]
async fn a_guest_comes_with_its_first_rows_its_event_and_its_audit_entry() {
    let app = app();
    let record = created(&app, guest("ada@example.com")).await.unwrap();
    let customer = &record.customer;
    assert_eq!(customer.status, Status::Active);
    assert_eq!(customer.account_state, AccountState::Guest);
    assert_eq!((customer.version, customer.event_seq), (1, 1));
    assert_eq!(record.summary.tier, Tier::Regular);
    assert_eq!(record.summary.segment, NEW_CUSTOMER_SEGMENT);
    assert_eq!(
        app.store.stored_customers(context().tenant),
        std::slice::from_ref(&record)
    );
    let events = app.store.events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].topic, "customers.customer.created");
    assert_eq!(events[0].envelope["data"]["segment"]["tier"], "regular");
    let audit = app.store.audit();
    assert_eq!(audit.len(), 1);
    assert_eq!(audit[0].event_type, "customer.profile.create");
    assert_eq!(audit[0].changed_fields, ["email", "customerType"]);
    let given = json!({"email": "ada@example.com", "customerType": "individual"});
    assert_eq!(values(&audit[0]), (Value::Null, given));
}

#[tokio::test]
async fn what_is_null_at_creation_is_what_the_operator_decided() {
    let mut app = app();
    app.customers.settings = Arc::new(CustomerSettings {
        default_type: CustomerType::Business,
        default_preferences: Preferences {
            opt_ins: [OptIn::Newsletter, OptIn::SmsMarketing, OptIn::OrderUpdates].into(),
            ..Preferences::default()
        },
        ..CustomerSettings::default()
    });
    let mut command = guest("ada@example.com");
    command.details.customer_type = Patch::Clear;
    command.details.preferences.opt_ins = [
        (OptIn::Newsletter, None),
        (OptIn::SmsMarketing, Some(false)),
        (OptIn::DataSharing, Some(true)),
    ]
    .into();
    command.registration_source = Some("shop".to_owned());
    let customer = created(&app, command).await.unwrap().customer;
    assert_eq!(customer.customer_type, CustomerType::Business);
    let agreed = [OptIn::Newsletter, OptIn::OrderUpdates, OptIn::DataSharing];
    assert_eq!(customer.preferences.opt_ins, agreed.into());
    // Only those preferences that the caller gave.
    let given = [
        "email",
        "customerType",
        "preferences.marketing.smsOptIn",
        "preferences.dataSharing",
        "registrationSource",
    ];
    let entry = app.store.audit().remove(0);
    assert_eq!(entry.changed_fields, given);
    let given = json!({
        "email": "ada@example.com", "customerType": "business",
        "preferences.marketing.smsOptIn": false, "preferences.dataSharing": true,
        "registrationSource": "shop",
    });
    assert_eq!(values(&entry), (Value::Null, given));
}

#[tokio::test]
async fn only_who_may_read_customers_is_told_who_holds_an_identifier() {
    let app = app();
    let holder = created(&app, guest("ada@example.com")).await.unwrap();
    let reader = Context {
        permission: Some(Permission::Read),
        ..context()
    };
    let customer = Context {
        permission: None,
        ..context()
    };
    for (within, told) in [(reader, Some(holder.customer.id)), (customer, None)] {
        let (command, once) = (guest("ada@example.com"), unclaimed());
        let refused = app.customers.create(&within, command, &once).await;
        let taken = CreateCustomerRule::EmailTaken(told);
        assert_eq!(refused, Err(CreateCustomerError::Rule(taken)));
    }
}

#[tokio::test]
async fn a_password_makes_an_account_and_is_kept_as_a_hash_alone() {
    let app = app();
    let mut command = guest("ada@example.com");
    command.password = PasswordPolicy::default()
        .accept("securePassword123", &[])
        .ok();
    let record = created(&app, command).await.unwrap();
    assert_eq!(record.customer.account_state, AccountState::Registered);
    assert_eq!(
        app.store.password_hash(&context(), record.customer.id),
        Some(PlainHasher::hash_of("securePassword123"))
    );
    let entry = app.store.audit().remove(0);
    assert_eq!(entry.changed_fields, ["email", "customerType", "password"]);
    let given = json!({"email": "ada@example.com", "customerType": "individual"});
    assert_eq!(values(&entry), (Value::Null, given), "named alone");
    assert!(!format!("{:?}", app.store.events()).contains("securePassword123"));
}

#[test]
fn a_record_can_be_shown_without_its_person() {
    let record = customer().full().build_new();
    let search = SearchQuery::parse("grace hop", context().country).expect("a search");
    let origin = Origin {
        ip: Some([198, 51, 100, 77].into()),
        user_agent: Some("Navy/1.0".to_owned()),
    };
    let shown = format!(
        "{record:?} {:?} {search:?} {origin:?} {:?} {:?}",
        full_address(1),
        record.customer.identifiers(),
        record.customer.profile.phone,
    );
    for value in [
        "race", "hop", "King", "Engines", "Brien", "Home", "4711#", "(555)", "C-17", "198.51",
        "Navy", "navy", "1906-12",
    ] {
        assert!(!shown.contains(value), "{value} in {shown}");
    }
    assert!(shown.contains(&record.customer.id.to_string()), "{shown}");
}

#[tokio::test]
async fn a_taken_address_names_who_has_it_and_writes_nothing() {
    let app = app();
    let first = created(&app, guest("ada@example.com")).await.unwrap();
    let refused = created(&app, guest("ADA@EXAMPLE.COM.")).await.unwrap_err();
    assert_eq!(
        refused,
        CreateCustomerError::Rule(CreateCustomerRule::EmailTaken(Some(first.customer.id)))
    );
    assert_eq!(app.store.stored_customers(context().tenant).len(), 1);
    assert_eq!((app.store.events().len(), app.store.audit().len()), (1, 1));
}

#[tokio::test]
async fn an_unknown_group_is_refused_and_writes_nothing() {
    let app = app();
    let mut command = guest("ada@example.com");
    command.details.group = Patch::Set(group("nowhere"));
    let refused = created(&app, command).await.unwrap_err();
    assert_eq!(
        refused,
        CreateCustomerError::Rule(CreateCustomerRule::UnknownGroup)
    );
    assert!(app.store.stored_customers(context().tenant).is_empty());
}

#[tokio::test]
async fn when_any_step_fails_nothing_is_left() {
    for failures in 1..=3 {
        let app = app();
        for _ in 1..failures {
            app.store.fail_next(StoreError::Contended);
        }
        app.store
            .fail_next(StoreError::Unavailable("gone".to_owned()));
        let refused = created(&app, guest("ada@example.com")).await.unwrap_err();
        assert!(matches!(
            refused,
            CreateCustomerError::Store(StoreError::Unavailable(_))
        ));
        assert!(app.store.stored_customers(context().tenant).is_empty());
        assert!(app.store.events().is_empty() && app.store.audit().is_empty());
    }
}

#[tokio::test]
async fn contention_is_tried_again_and_not_for_ever() {
    let app = app();
    app.store.fail_next(StoreError::Contended);
    assert!(created(&app, guest("ada@example.com")).await.is_ok());
    for _ in 0..4 {
        app.store.fail_next(StoreError::Contended);
    }
    let refused = created(&app, guest("eve@example.com")).await.unwrap_err();
    assert_eq!(refused, CreateCustomerError::Store(StoreError::Contended));
}

#[tokio::test]
async fn a_busy_hasher_is_told_before_anything_is_begun() {
    let app = app();
    app.hasher.set_busy(true);
    let mut command = guest("ada@example.com");
    command.password = PasswordPolicy::default()
        .accept("securePassword123", &[])
        .ok();
    let refused = created(&app, command).await.unwrap_err();
    assert_eq!(
        refused,
        CreateCustomerError::Rule(CreateCustomerRule::Hash(HashError::Busy))
    );
}

#[tokio::test]
async fn a_claimed_request_is_done_once_and_answered_twice() {
    let app = app();
    let once = Idempotent::new(Some(claim("k")), &id_reply);
    let within = context();
    let create = || {
        app.customers
            .create(&within, guest("ada@example.com"), &once)
    };
    let Outcome::Done(record) = create().await.unwrap() else {
        panic!("the first request is done")
    };
    assert_eq!(create().await, Ok(Outcome::Replayed(id_reply(&record))));
    let mut other = claim("k");
    other.body_digest = [9; 32];
    let again = Idempotent::new(Some(other), &id_reply);
    let refused = app
        .customers
        .create(&context(), guest("eve@example.com"), &again)
        .await;
    assert_eq!(
        refused,
        Err(CreateCustomerError::Claim(ClaimError::KeyReused))
    );
    assert_eq!(app.store.stored_customers(context().tenant).len(), 1);
}

#[tokio::test]
async fn a_request_that_failed_keeps_no_reply() {
    let app = app();
    created(&app, guest("ada@example.com")).await.unwrap();
    let once = Idempotent::new(Some(claim("k")), &id_reply);
    let refused = app
        .customers
        .create(&context(), guest("ada@example.com"), &once)
        .await;
    assert!(matches!(
        refused,
        Err(CreateCustomerError::Rule(CreateCustomerRule::EmailTaken(_)))
    ));
    let fresh = Idempotent::new(Some(claim("k")), &id_reply);
    let done = app
        .customers
        .create(&context(), guest("eve@example.com"), &fresh)
        .await;
    assert!(matches!(done, Ok(Outcome::Done(_))));
}
