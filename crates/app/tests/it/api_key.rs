//! Creating, listing and revoking API keys.

use crate::support::{App, app, values};
use customer_app::api_key::{ApiKeyError, ApiKeyRule, CreateApiKey};
use customer_domain::api_key::{ApiKey, Permission};
use customer_domain::{Actor, ActorKind, ApiKeyId, Context};
use customer_testkit::builders::{at, context, other_context, seeded_id};
use serde_json::{Value, json};

async fn made(app: &App, permission: Permission, all_tenants: bool) -> ApiKey {
    let command = CreateApiKey {
        name: "key".to_owned(),
        permissions: vec![permission, permission],
        all_tenants,
        expires_at: None,
    };
    app.api_keys
        .create(&context(), command)
        .await
        .expect("a key")
        .0
}

/// Returns the context of the key's holder.
fn by(key: &ApiKey, within: Context) -> Context {
    Context {
        actor: Actor {
            kind: ActorKind::ApiKey,
            id: key.id.to_string(),
        },
        permission: key.permissions.last().copied(),
        all_tenants: key.all_tenants,
        ..within
    }
}

#[tokio::test]
async fn a_key_is_revoked_once() {
    let app = app();
    let admin = made(&app, Permission::Admin, false).await;
    let key = made(&app, Permission::Read, false).await;
    assert_eq!(key.permissions, [Permission::Read]);
    let by = by(&admin, context());
    let revoked = app.api_keys.revoke(&by, key.id).await.unwrap();
    assert!(revoked.revoked_at.is_some());
    assert_eq!(app.api_keys.revoke(&by, key.id).await, Ok(revoked));
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
    let itself = app.api_keys.revoke(&by(&admin, context()), admin.id).await;
    assert_eq!(itself, Err(ApiKeyError::Rule(ApiKeyRule::Itself)));
    let last = app.api_keys.revoke(&by(&reader, context()), admin.id).await;
    assert_eq!(last, Err(ApiKeyError::Rule(ApiKeyRule::LastAdminKey)));
}

#[tokio::test]
async fn keys_for_all_tenants_are_seen_and_revoked_by_their_like_alone() {
    let app = app();
    let operator = made(&app, Permission::Admin, true).await;
    let admin = made(&app, Permission::Admin, false).await;
    let own = by(&admin, context());
    let seen = app.api_keys.list(&own).await.unwrap();
    assert_eq!(
        seen.iter().map(|key| key.id).collect::<Vec<_>>(),
        [admin.id]
    );
    let refused = app.api_keys.revoke(&own, operator.id).await;
    assert_eq!(refused, Err(ApiKeyError::NotFound));
    let like = by(&operator, context());
    assert_eq!(app.api_keys.list(&like).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_unknown_key_and_one_of_another_tenant_are_the_same() {
    let app = app();
    let admin = made(&app, Permission::Admin, true).await;
    for (within, id) in [
        (context(), ApiKeyId(seeded_id(99))),
        (
            other_context(),
            made(&app, Permission::Read, false).await.id,
        ),
    ] {
        let refused = app.api_keys.revoke(&by(&admin, within), id).await;
        assert_eq!(refused, Err(ApiKeyError::NotFound));
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
    let (key, _) = app.api_keys.create(&context(), command).await.unwrap();
    let fields = ["name", "scopes", "expiresAt", "allTenants", "tenantId"];
    let entry = app.store.audit().pop().unwrap();
    assert_eq!(entry.changed_fields, fields);
    let given = json!({
        "name": "storefront", "scopes": ["customers:read", "customers:write"],
        "expiresAt": "2026-01-15T12:33:20Z", "allTenants": false, "tenantId": "tenant-a",
    });
    assert_eq!(values(&entry), (Value::Null, given));

    let by = by(&admin, context());
    app.api_keys.revoke(&by, key.id).await.unwrap();
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
