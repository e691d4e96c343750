//! API keys are made, listed and revoked.

use crate::support::{App, app, values};
use customer_app::access::Caller;
use customer_app::api_key::{CreateApiKey, RevokeApiKeyError};
use customer_domain::api_key::{ApiKey, Permission};
use customer_domain::{ApiKeyId, Scope};
use customer_testkit::builders::{at, other_scope, scope, seeded_id};
use serde_json::{Value, json};

async fn made(app: &App, permission: Permission, all_tenants: bool) -> ApiKey {
    let command = CreateApiKey {
        name: "key".to_owned(),
        permissions: vec![permission, permission],
        all_tenants,
        expires_at: None,
    };
    app.api_keys
        .create(&scope(), command)
        .await
        .expect("a key")
        .0
}

fn caller(key: &ApiKey, within: &Scope) -> Caller {
    Caller {
        key: Some(key.id),
        actor: within.actor.clone(),
        tenant: key.tenant,
        all_tenants: key.all_tenants,
        permissions: key.permissions.clone(),
    }
}

#[tokio::test]
async fn a_key_is_revoked_once() {
    let app = app();
    let admin = made(&app, Permission::Admin, false).await;
    let key = made(&app, Permission::Read, false).await;
    assert_eq!(key.permissions, [Permission::Read]);
    let by = caller(&admin, &scope());
    let revoked = app.api_keys.revoke(&scope(), &by, key.id).await.unwrap();
    assert!(revoked.revoked_at.is_some());
    assert_eq!(
        app.api_keys.revoke(&scope(), &by, key.id).await,
        Ok(revoked)
    );
    let revocations = app
        .store
        .audit()
        .into_iter()
        .filter(|row| row.event_type == "api_key.revoke");
    assert_eq!(revocations.count(), 1);
}

#[tokio::test]
async fn a_key_cannot_revoke_itself_nor_the_last_administrator() {
    let app = app();
    let admin = made(&app, Permission::Admin, false).await;
    let reader = made(&app, Permission::Read, false).await;
    let itself = app
        .api_keys
        .revoke(&scope(), &caller(&admin, &scope()), admin.id)
        .await;
    assert_eq!(itself, Err(RevokeApiKeyError::Itself));
    let last = app
        .api_keys
        .revoke(&scope(), &caller(&reader, &scope()), admin.id)
        .await;
    assert_eq!(last, Err(RevokeApiKeyError::LastAdminKey));
}

#[tokio::test]
async fn keys_for_all_tenants_are_seen_and_revoked_by_their_like_alone() {
    let app = app();
    let operator = made(&app, Permission::Admin, true).await;
    let admin = made(&app, Permission::Admin, false).await;
    let by = caller(&admin, &scope());
    let seen = app.api_keys.list(&scope(), &by).await.unwrap();
    assert_eq!(
        seen.iter().map(|key| key.id).collect::<Vec<_>>(),
        [admin.id]
    );
    let refused = app.api_keys.revoke(&scope(), &by, operator.id).await;
    assert_eq!(refused, Err(RevokeApiKeyError::NotFound));
    let like = caller(&operator, &scope());
    assert_eq!(app.api_keys.list(&scope(), &like).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_unknown_key_and_one_of_another_tenant_are_the_same() {
    let app = app();
    let admin = made(&app, Permission::Admin, true).await;
    let by = caller(&admin, &scope());
    for (within, id) in [
        (scope(), ApiKeyId(seeded_id(99))),
        (other_scope(), made(&app, Permission::Read, false).await.id),
    ] {
        let refused = app.api_keys.revoke(&within, &by, id).await;
        assert_eq!(refused, Err(RevokeApiKeyError::NotFound));
    }
}

#[tokio::test]
async fn the_trail_has_what_a_key_may_do_and_never_its_secret() {
    let app = app();
    let admin = made(&app, Permission::Admin, false).await;
    let command = CreateApiKey {
        name: "storefront".to_owned(),
        permissions: vec![Permission::Write, Permission::Read],
        all_tenants: false,
        expires_at: Some(at(2_000)),
    };
    let (key, _) = app.api_keys.create(&scope(), command).await.unwrap();
    let fields = ["name", "scopes", "expiresAt", "allTenants", "tenantId"];
    let entry = app.store.audit().pop().unwrap();
    assert_eq!(entry.changed_fields, fields);
    let given = json!({
        "name": "storefront", "scopes": ["customers:read", "customers:write"],
        "expiresAt": "2026-01-15T12:33:20Z", "allTenants": false, "tenantId": "tenant-a",
    });
    assert_eq!(values(&entry), (Value::Null, given));

    let by = caller(&admin, &scope());
    app.api_keys.revoke(&scope(), &by, key.id).await.unwrap();
    let entry = app.store.audit().pop().unwrap();
    assert_eq!(entry.changed_fields, ["revokedAt"]);
    let revoked = json!({"revokedAt": "2026-01-15T12:16:40Z"});
    assert_eq!(values(&entry), (Value::Null, revoked));

    made(&app, Permission::Admin, true).await;
    let entry = app.store.audit().pop().unwrap();
    assert_eq!(entry.changed_fields, fields);
    let given = json!({"name": "key", "scopes": ["customers:admin"], "allTenants": true});
    assert_eq!(values(&entry), (Value::Null, given));
}
