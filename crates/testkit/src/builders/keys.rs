//! API keys, with digests instead of secrets.

use super::clock::{at, seeded_id};
use super::frame::tenant;
use customer_domain::ApiKeyId;
use customer_domain::api_key::{ApiKey, Permission, PresentedSecret};

/// Returns the n-th key of [`tenant`]: created `n` seconds after the start, without an expiry.
pub fn api_key(n: u64, strongest: Permission) -> ApiKey {
    let permissions = Permission::ALL
        .into_iter()
        .filter(|held| *held <= strongest);
    let made = at(i64::try_from(n).expect("a small number"));
    ApiKey {
        id: ApiKeyId(seeded_id(0xa91_0000 + n)),
        tenant: tenant().id,
        name: format!("key {n}"),
        prefix: format!("csk_{n:08}"),
        permissions: permissions.collect(),
        all_tenants: false,
        created_at: made,
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
    }
}

/// Returns the digest that the store keeps of this key's secret.
pub fn digest(key: &ApiKey) -> [u8; 32] {
    let mut digest = [0x5a; 32];
    digest[..16].copy_from_slice(key.id.0.as_bytes());
    digest
}

/// Returns this key's secret as a caller presents it.
pub fn presented(key: &ApiKey) -> PresentedSecret {
    PresentedSecret {
        tenant: key.tenant,
        digest: digest(key),
    }
}
