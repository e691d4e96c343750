//! Which callers are admitted, and to which tenant.

use crate::support::{App, app, guest, unclaimed};
use chrono::{DateTime, TimeDelta, Utc};
use customer_app::access::Admitted::{AsSelf, ByPermission};
use customer_app::access::{AccessError, Incoming, Needed, Needs};
use customer_app::api_key::CreateApiKey;
use customer_app::customer::{ChangeCustomerError, UpdateCustomer};
use customer_app::idempotency::Outcome;
use customer_domain::access::{Caller, Identity};
use customer_domain::api_key::{ApiKey, Permission};
use customer_domain::customer::CustomerRef;
use customer_domain::{ActorKind, ApiKeyId, CustomerId, Origin};
use customer_testkit::builders::{at, context, other_tenant, seeded_id, tenant};
use secrecy::ExposeSecret;

async fn made(app: &App, all_tenants: bool, expires_at: Option<DateTime<Utc>>) -> (ApiKey, String) {
    let command = CreateApiKey {
        name: "key".to_owned(),
        permissions: vec![Permission::Write],
        all_tenants,
        expires_at,
    };
    let (key, secret) = app
        .api_keys
        .create(&context(), command)
        .await
        .expect("a key");
    (key, secret.secret.expose_secret().to_owned())
}

/// Returns a call of this caller.
fn calling(caller: &Caller) -> Incoming {
    Incoming {
        caller: caller.clone(),
        operation: "GET /api/v1/customers/{customerId}".to_owned(),
        correlation_id: "correlation".to_owned(),
        trace_id: "trace".to_owned(),
        origin: Origin::default(),
    }
}

async fn enters(app: &App, secret: &str) -> Result<Caller, AccessError> {
    app.access.authenticate(secret).await
}

#[tokio::test]
async fn a_live_key_is_let_in_with_what_it_may_do() {
    let app = app();
    let (key, secret) = made(&app, false, None).await;
    let caller = enters(&app, &secret).await.unwrap();
    assert_eq!(caller.identity, Identity::ApiKey(key.id));
    assert!(caller.may(Permission::Read) && caller.may(Permission::Write));
    assert!(!caller.may(Permission::Admin));
}

#[tokio::test]
async fn garbage_unknown_expired_and_revoked_keys_get_one_answer() {
    let app = app();
    let (_, expiring) = made(&app, false, Some(at(2_000))).await;
    let (revoked, secret) = made(&app, false, None).await;
    assert!(enters(&app, &expiring).await.is_ok() && enters(&app, &secret).await.is_ok());
    app.api_keys.revoke(&context(), revoked.id).await.unwrap();
    app.clock.set(at(2_000));
    let unknown = format!("csk_77@{}", tenant().id);
    for refused in ["", "garbage", "csk_", &unknown, &expiring, &secret] {
        assert_eq!(
            enters(&app, refused).await,
            Err(AccessError::Unauthenticated),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn a_secret_opens_nothing_in_a_tenant_that_it_does_not_lie_in() {
    let app = app();
    let (_, secret) = made(&app, false, None).await;
    let (number, _) = secret.split_once('@').unwrap();
    let moved = format!("{number}@{}", other_tenant().id);
    assert_eq!(
        enters(&app, &moved).await,
        Err(AccessError::Unauthenticated)
    );
}

#[tokio::test]
async fn a_remembered_key_needs_no_store() {
    let app = app();
    let (_, secret) = made(&app, false, None).await;
    assert!(enters(&app, &secret).await.is_ok());
    app.store.set_down(true);
    assert!(enters(&app, &secret).await.is_ok());
}

#[tokio::test]
async fn the_use_of_a_key_is_noted_to_the_minute() {
    let app = app();
    let (key, secret) = made(&app, false, None).await;
    app.clock.advance(TimeDelta::seconds(5));
    enters(&app, &secret).await.unwrap();
    let noted = app.api_keys.reads.list(&context()).await.unwrap();
    let used = noted
        .iter()
        .find(|known| known.id == key.id)
        .unwrap()
        .last_used_at;
    assert_eq!(used, Some(at(1_005)));
}

#[tokio::test]
async fn a_caller_names_its_own_tenant_or_none_and_an_operator_any() {
    let app = app();
    let (_, own) = made(&app, false, None).await;
    let (_, all) = made(&app, true, None).await;
    let (own, all) = (
        enters(&app, &own).await.unwrap(),
        enters(&app, &all).await.unwrap(),
    );
    for (caller, named, expected) in [
        (&own, None, Some("tenant-a")),
        (&own, Some("tenant-a"), Some("tenant-a")),
        (&own, Some("tenant-b"), None),
        (&own, Some("nowhere"), None),
        (&all, None, Some("tenant-a")),
        (&all, Some("tenant-b"), Some("tenant-b")),
        (&all, Some("nowhere"), None),
    ] {
        let found = app
            .access
            .context(calling(caller), ByPermission, named)
            .await;
        let slug = found.ok().map(|context| context.tenant_slug);
        assert_eq!(slug.as_deref(), expected, "{named:?}");
    }
}

#[tokio::test]
async fn guessing_at_other_tenants_costs_no_query() {
    let app = app();
    let (_, own) = made(&app, false, None).await;
    let own = enters(&app, &own).await.unwrap();
    let own = calling(&own);
    let first = app.access.context(own.clone(), ByPermission, None);
    assert!(first.await.is_ok());
    app.clock.advance(TimeDelta::seconds(5));
    app.store.set_down(true);
    for named in ["tenant-b", "nowhere"] {
        let found = app
            .access
            .context(own.clone(), ByPermission, Some(named))
            .await;
        assert_eq!(found, Err(AccessError::UnknownTenant), "{named}");
    }
}

/// Returns a caller of tenant A who authenticated this many seconds ago.
fn who(identity: Identity, permission: Option<Permission>, seconds: i64) -> Caller {
    Caller {
        identity,
        tenant: tenant().id,
        all_tenants: false,
        permission,
        session: None,
        proved_at: Some(at(1_000 - seconds)),
    }
}

#[tokio::test]
async fn what_is_needed_is_held_against_who_calls() {
    let own = CustomerId(seeded_id(1));
    let key = || Identity::ApiKey(ApiKeyId(seeded_id(2)));
    let customer = |seconds| who(Identity::Customer(own), None, seconds);
    let foreign = |customer| Identity::Foreign {
        issuer: "staff".to_owned(),
        subject: "ada".to_owned(),
        customer,
    };
    let callers = [
        who(key(), Some(Permission::Read), 0),
        who(key(), Some(Permission::Admin), 0),
        Caller {
            all_tenants: true,
            ..who(key(), Some(Permission::Admin), 0)
        },
        customer(300),
        customer(301),
        // Authenticated in the future.
        customer(-1),
        who(Identity::Customer(CustomerId(seeded_id(3))), None, 0),
        who(foreign(Some(own)), Some(Permission::Write), 301),
        who(foreign(None), None, 0),
    ];
    // In the order of the callers: admitted by permission or as the customer, forbidden, not found,
    // or asked for a step-up.
    for (needs, expected) in [
        (Needs::Read, "+++dddd+d"),
        (Needs::Write, "d++dddd+d"),
        (Needs::Admin, "d++dddddd"),
        (Needs::Operate, "dd+dddddd"),
        (Needs::SelfOr(Permission::Read), "+++ooon+d"),
        (Needs::SelfOr(Permission::Admin), "d++ooonod"),
        (Needs::StepUpOr(Permission::Write), "d++ossn+d"),
        (Needs::StepUpOr(Permission::Admin), "d++ossnsd"),
        (Needs::OnlySelf, "dddooonod"),
        (Needs::StepUp, "dddossnsd"),
    ] {
        let app = app();
        let mut found = String::new();
        for caller in &callers {
            let about = Some(CustomerRef::Id(own));
            let outcome = app.access.admit(&calling(caller), needs, about).await;
            found.push(match outcome {
                Ok(ByPermission) => '+',
                Ok(AsSelf(customer)) => {
                    assert_eq!(customer, own);
                    'o'
                }
                Err(AccessError::NotFound) => 'n',
                Err(AccessError::Forbidden(_)) => 'd',
                Err(AccessError::StepUpRequired(refusal)) => {
                    assert_eq!(refusal.needed(), Needed::StepUp);
                    's'
                }
                Err(error) => unreachable!("{error}"),
            });
        }
        assert_eq!(found, expected, "{needs:?}");
        let refused = found.chars().any(|outcome| matches!(outcome, 'd' | 's'));
        assert_eq!(app.store.audit().is_empty(), !refused, "{needs:?}");
    }
}

#[tokio::test]
async fn who_is_let_in_as_itself_stays_in_its_own_tenant() {
    let app = app();
    let own = CustomerId(seeded_id(1));
    let identity = Identity::Foreign {
        issuer: "staff".to_owned(),
        subject: "ada".to_owned(),
        customer: Some(own),
    };
    let caller = Caller {
        all_tenants: true,
        ..who(identity, Some(Permission::Read), 0)
    };
    let call = calling(&caller);
    let about = Some(CustomerRef::Id(own));
    for (needs, expected) in [
        (
            Permission::Read,
            [Some("tenant-a"), Some("tenant-a"), Some("tenant-b"), None],
        ),
        (
            Permission::Write,
            [Some("tenant-a"), Some("tenant-a"), None, None],
        ),
    ] {
        let admitted = app.access.admit(&call, Needs::SelfOr(needs), about).await;
        let admitted = admitted.expect("let in");
        let named = [None, Some("tenant-a"), Some("tenant-b"), Some("nowhere")];
        for (named, expected) in named.into_iter().zip(expected) {
            let found = app.access.context(call.clone(), admitted, named).await;
            let found = found.ok();
            let slug = found.as_ref().map(|context| context.tenant_slug.as_str());
            assert_eq!(slug, expected, "{needs:?} {named:?}");
            let reach = found.map(|context| context.all_tenants);
            assert_eq!(reach, expected.map(|_| admitted == ByPermission));
        }
    }
}

#[tokio::test]
async fn who_has_no_permission_may_not_even_name_its_status() {
    let app = app();
    let (context, once) = (context(), unclaimed());
    let made = app
        .customers
        .create(&context, guest("ada@example.com"), &once);
    let Ok(Outcome::Done(record)) = made.await else {
        unreachable!("nobody has the address, and nothing was claimed");
    };
    let same = UpdateCustomer {
        status: Some(record.customer.status),
        ..UpdateCustomer::default()
    };
    for kind in ActorKind::ALL {
        for permission in [None, Some(Permission::Read), Some(Permission::Write)] {
            let mut context = context.clone();
            context.actor.kind = kind;
            context.permission = permission;
            let customer = CustomerRef::Id(record.customer.id);
            let outcome = app.update(&context, customer, &same).await;
            let refused = matches!(outcome, Err(ChangeCustomerError::Forbidden { .. }));
            let is_own = permission < Some(Permission::Write);
            assert_eq!(refused, is_own, "{kind:?}: {outcome:?}");
        }
    }
}
