//! API keys: the credentials of services and operators.

pub use crate::support::permission::Permission;

use crate::audit::{Audited, Fields};
use crate::{ApiKeyId, Context, InvalidValue, StoreError, TenantId, ValueFault, text};
use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::SecretString;
use serde_json::json;

/// The maximum length of a key's name, in characters.
pub const MAX_KEY_NAME: usize = 100;
/// The most keys in one list.
pub const MAX_LISTED_KEYS: i64 = 1_000;

/// An API key without its secret, which is shown once and never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The key's id.
    pub id: ApiKeyId,
    /// The tenant that the key belongs to; the default tenant for an all-tenant key.
    pub tenant: TenantId,
    /// The display name.
    pub name: String,
    /// The first characters of the secret, to recognise the key by.
    pub prefix: String,
    /// What the key may do; at least one permission, strongest last.
    pub permissions: Vec<Permission>,
    /// Whether the key may act in every tenant.
    pub all_tenants: bool,
    /// When the key was created.
    pub created_at: DateTime<Utc>,
    /// When the key expires, if ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the key was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When the key was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl Audited for ApiKey {
    type Field = &'static str;

    fn fields(&self) -> Fields {
        let Self {
            id: _,
            // Audited by its slug, which the key does not know.
            tenant: _,
            name,
            prefix: _,
            permissions,
            all_tenants,
            created_at: _,
            expires_at,
            last_used_at: _,
            revoked_at,
        } = self;
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        let scopes: Vec<_> = permissions.iter().map(|held| held.as_str()).collect();
        vec![
            ("name", json!(name)),
            ("scopes", json!(scopes)),
            ("expiresAt", json!(expires_at.map(time))),
            ("allTenants", json!(all_tenants)),
            ("revokedAt", json!(revoked_at.map(time))),
        ]
    }
}

impl ApiKey {
    /// Returns whether the key is neither revoked nor expired at `now`.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Returns whether the key grants `wanted`, or a stronger permission, which includes it.
    pub fn grants(&self, wanted: Permission) -> bool {
        self.permissions.iter().any(|held| *held >= wanted)
    }
}

/// Parses a key's name: 1 to [`MAX_KEY_NAME`] characters.
///
/// # Errors
/// Fails if the name is empty, too long or contains control characters.
pub fn key_name(name: &str) -> Result<String, InvalidValue> {
    text::line(name, MAX_KEY_NAME)?
        .ok_or_else(|| InvalidValue::new(ValueFault::Required, "a key needs a name"))
}

/// The secret of a new key.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// The whole secret, `csk_…`, which is shown once.
    pub secret: SecretString,
    /// Its first characters.
    pub prefix: String,
    /// The digest that is stored instead of the secret.
    pub digest: [u8; 32],
}

/// A secret as a caller presents it. It names its tenant, so that it is looked up only there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PresentedSecret {
    /// The tenant that the secret names. It grants nothing until the digest is found there.
    pub tenant: TenantId,
    /// The digest of the secret.
    pub digest: [u8; 32],
}

/// Creates and parses the secrets of keys.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait ApiKeySecrets: Send + Sync {
    /// Creates a new secret for a key of `tenant`, from the system's random source.
    fn generate(&self, tenant: TenantId) -> NewSecret;

    /// Parses a presented secret; `None` if it is malformed.
    fn read(&self, presented: &str) -> Option<PresentedSecret>;
}

/// Writes API keys, within a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait ApiKeyRepo: Send {
    /// Stores a new key with the digest of its secret.
    ///
    /// # Errors
    /// As every statement.
    async fn insert(&mut self, key: &ApiKey, digest: &[u8; 32]) -> Result<(), StoreError>;

    /// Revokes a live key of the context's tenant, unless it is the tenant's last live key with
    /// [`Permission::Admin`]. One such key remains, whatever runs in parallel.
    ///
    /// # Errors
    /// MUST return [`StoreError::NotFound`] if the tenant has no such key.
    async fn revoke(&mut self, id: ApiKeyId, now: DateTime<Utc>) -> Result<Revocation, StoreError>;
}

/// The result of a revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// The key was live and is revoked now; with the digest, to remove it from the
    /// [`ApiKeyMemory`].
    Revoked(ApiKey, [u8; 32]),
    /// The key was already revoked or expired; nothing changed.
    AlreadyEnded(ApiKey),
    /// The key is the last one that can administer the tenant; nothing changed.
    LastAdminKey,
}

/// Reads API keys.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait ApiKeyReads: Send + Sync {
    /// Returns the key with this secret, live or not, looking only in the tenant that the secret
    /// names.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn find_by_secret(&self, secret: &PresentedSecret) -> Result<Option<ApiKey>, StoreError>;

    /// Returns the keys of the context's tenant, at most [`MAX_LISTED_KEYS`]: first those that are
    /// not revoked, so that revoked keys never crowd out a usable one, then the revoked ones, each
    /// newest first.
    ///
    /// # Errors
    /// As [`find_by_secret`](Self::find_by_secret).
    async fn list(&self, context: &Context) -> Result<Vec<ApiKey>, StoreError>;

    /// Records that the key was used. Never moves the time backwards.
    ///
    /// # Errors
    /// As [`find_by_secret`](Self::find_by_secret).
    async fn touch(&self, key: &ApiKey, at: DateTime<Utc>) -> Result<(), StoreError>;
}

/// Caches keys for a few seconds, so that most requests need no look-up. Bounded in size.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait ApiKeyMemory: Send + Sync {
    /// Returns the key, if it was cached no longer ago than the maximum age.
    fn get(&self, secret: &PresentedSecret) -> Option<ApiKey>;

    /// Caches a key.
    fn put(&self, secret: PresentedSecret, key: ApiKey);

    /// Removes a key that was revoked.
    fn forget(&self, secret: &PresentedSecret);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use uuid::Uuid;

    #[test]
    fn what_is_audited_of_a_key_is_spelt_as_the_wire_does_and_is_no_secret() {
        let key = ApiKey {
            id: ApiKeyId(Uuid::nil()),
            tenant: TenantId(Uuid::nil()),
            name: "storefront".to_owned(),
            prefix: "csk_Ab3dE6gH".to_owned(),
            permissions: vec![Permission::Read, Permission::Write],
            all_tenants: false,
            created_at: DateTime::UNIX_EPOCH,
            expires_at: DateTime::from_timestamp_micros(1_500),
            last_used_at: None,
            revoked_at: None,
        };
        for (name, value) in [
            ("name", json!("storefront")),
            ("scopes", json!(["customers:read", "customers:write"])),
            ("allTenants", json!(false)),
            ("expiresAt", json!("1970-01-01T00:00:00.001500Z")),
            ("revokedAt", Value::Null),
            ("prefix", Value::Null),
            ("secret", Value::Null),
        ] {
            assert_eq!(key.field(name), value, "{name}");
        }
    }
}
