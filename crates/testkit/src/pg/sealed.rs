//! Opens sealed values without the adapter, with the keys that are stored.

use crate::builders::{cipher, key_store};
use customer_domain::privacy::{DataKey, SealContext, WrappedKey};
use customer_domain::{CustomerId, KeyId, TenantId};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// Opens a value that was sealed for a customer, or for the tenant if `about` is `None`.
///
/// # Panics
/// If it cannot be opened.
pub async fn opened(
    admin: &mut PgConnection,
    about: Option<CustomerId>,
    place: SealContext<'_>,
    sealed: &[u8],
) -> Vec<u8> {
    let cipher = cipher();
    let id = cipher.key_of(sealed).expect("a sealed value");
    let key = match about {
        Some(customer) => customer_key(admin, place.tenant, customer, id).await,
        None => tenant_key(admin, place.tenant, id).await,
    };
    cipher.open(&key, place, sealed).expect("its own place")
}

async fn customer_key(
    admin: &mut PgConnection,
    tenant: TenantId,
    customer: CustomerId,
    id: KeyId,
) -> DataKey {
    let select = "SELECT substr(sealing_key, 17) FROM customers \
                  WHERE tenant_id = $1 AND id = $2 AND substr(sealing_key, 1, 16) = uuid_send($3)";
    let wrapped: Vec<u8> = sqlx::query_scalar(select)
        .bind(tenant.0)
        .bind(customer.0)
        .bind(id.0)
        .fetch_one(&mut *admin)
        .await
        .expect("the customer's key");
    let cipher = cipher();
    let under = cipher.key_of(&wrapped).expect("a wrapped key");
    let under = tenant_key(admin, tenant, under).await;
    let name = id.to_string();
    let key = cipher.unwrap(&under, key_place(tenant, customer, &name), id, &wrapped);
    key.expect("a key of this customer")
}

fn key_place(tenant: TenantId, customer: CustomerId, id: &str) -> SealContext<'_> {
    SealContext {
        tenant,
        table: "customer_keys",
        row: customer.0,
        column: id,
    }
}

/// Returns a new key of a customer as its row holds it, with the customer's own id.
pub fn sealing_key(under: &DataKey, tenant: TenantId, customer: CustomerId) -> Vec<u8> {
    let cipher = cipher();
    let key = cipher.generate(KeyId(customer.0));
    let name = key.id.to_string();
    let wrapped = cipher.wrap(under, key_place(tenant, customer, &name), &key);
    [customer.0.as_bytes().as_slice(), &wrapped].concat()
}

/// Returns the key that a tenant wraps with.
///
/// # Panics
/// If it has none, or none that is wrapped with the test kit's root secret.
pub async fn newest_tenant_key(admin: &mut PgConnection, tenant: TenantId) -> DataKey {
    let newest = "SELECT id FROM tenant_keys WHERE tenant_id = $1 ORDER BY number DESC LIMIT 1";
    let id = sqlx::query_scalar(newest).bind(tenant.0);
    let id = id.fetch_one(&mut *admin).await.expect("a key");
    tenant_key(admin, tenant, KeyId(id)).await
}

async fn tenant_key(admin: &mut PgConnection, tenant: TenantId, id: KeyId) -> DataKey {
    let select = "SELECT master, wrapped FROM tenant_keys WHERE tenant_id = $1 AND id = $2";
    let row = sqlx::query(select)
        .bind(tenant.0)
        .bind(id.0)
        .fetch_one(&mut *admin)
        .await
        .expect("the tenant's key");
    let wrapped = WrappedKey {
        master: row.get("master"),
        bytes: row.get("wrapped"),
    };
    let key = key_store().unwrap(tenant, id, &wrapped).await;
    key.expect("a key of this tenant")
}

/// Opens the message of an event.
///
/// # Panics
/// If it cannot be opened.
pub async fn opened_event(
    admin: &mut PgConnection,
    tenant: TenantId,
    customer: CustomerId,
    event: Uuid,
    sealed: &[u8],
) -> serde_json::Value {
    let place = SealContext {
        tenant,
        table: "outbox_events",
        row: event,
        column: "payload",
    };
    let message = opened(admin, Some(customer), place, sealed).await;
    serde_json::from_slice(&message).expect("JSON")
}
