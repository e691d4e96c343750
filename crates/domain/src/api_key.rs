//! API keys: how services and operators prove who they are.

pub use crate::support::permission::Permission;

use crate::audit::{Audited, Fields};
use crate::{ApiKeyId, Context, InvalidValue, StoreError, TenantId, ValueFault, text};
use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::SecretString;
use serde_json::json;

/// Characters of a key's name.
pub const MAX_KEY_NAME: usize = 100;
/// Keys that one list shows.
pub const MAX_LISTED_KEYS: i64 = 1_000;

/// A key, without its secret: that is shown once and never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The tenant it lies in; for an all-tenant key, the default tenant.
    pub tenant: TenantId,
    /// For people.
    pub name: String,
    /// The first characters of its secret, by which people recognise it.
    pub prefix: String,
    /// What it may do; at least one, strongest last.
    pub permissions: Vec<Permission>,
    /// Whether it may act in every tenant.
    pub all_tenants: bool,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl Audited for ApiKey {
    fn fields(&self) -> Fields {
        let Self {
            id: _,
            // Told by its outer id, which the key does not know.
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
    /// Whether it opens anything at `now`.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether it grants `wanted`, which a stronger permission includes.
    pub fn grants(&self, wanted: Permission) -> bool {
        self.permissions.iter().any(|held| *held >= wanted)
    }
}

/// A key's name: 1 to [`MAX_KEY_NAME`] characters.
///
/// # Errors
/// When it is empty, too long or holds control characters.
pub fn key_name(name: &str) -> Result<String, InvalidValue> {
    text::line(name, MAX_KEY_NAME)?
        .ok_or_else(|| InvalidValue::new(ValueFault::Required, "a key needs a name"))
}

/// A key's secret as it was just made.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// The whole secret, `csk_…`: shown once.
    pub secret: SecretString,
    /// Its first characters.
    pub prefix: String,
    /// What the store keeps instead of it.
    pub digest: [u8; 32],
}

/// A key's secret as a caller presents it. It carries its tenant, so that it is looked up
/// inside the wall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PresentedSecret {
    /// The tenant that the secret names. It grants nothing until the digest is found there.
    pub tenant: TenantId,
    /// What the store may know.
    pub digest: [u8; 32],
}

/// Makes and reads the secrets of keys.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait ApiKeySecrets: Send + Sync {
    /// A new secret for a key of `tenant`, from the system's random source.
    fn generate(&self, tenant: TenantId) -> NewSecret;

    /// Reads a presented secret; `None` when it has not the form of one.
    fn read(&self, presented: &str) -> Option<PresentedSecret>;
}

/// Writes keys, inside a unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait ApiKeyRepo: Send {
    /// Stores a new key with the digest of its secret.
    ///
    /// # Errors
    /// As every statement.
    async fn insert(&mut self, key: &ApiKey, digest: &[u8; 32]) -> Result<(), StoreError>;

    /// Revokes a live key of the context's tenant, unless it is the tenant's last live key with
    /// [`Permission::Admin`]; whatever runs in parallel, one is left.
    ///
    /// # Errors
    /// MUST return [`StoreError::NotFound`] when the tenant has no such key.
    async fn revoke(&mut self, id: ApiKeyId, now: DateTime<Utc>) -> Result<Revocation, StoreError>;
}

/// What became of a revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// The key is revoked; it was live before. With the digest, so that memory can forget it.
    Revoked(ApiKey, [u8; 32]),
    /// It had ended already; nothing changed.
    AlreadyEnded(ApiKey),
    /// It is the last key that can administer the tenant; nothing changed.
    LastAdminKey,
}

/// Reads keys.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait ApiKeyReads: Send + Sync {
    /// The key with this secret, live or not, looked up inside the tenant that it names.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn find_by_secret(&self, secret: &PresentedSecret) -> Result<Option<ApiKey>, StoreError>;

    /// The keys of the context's tenant, at most [`MAX_LISTED_KEYS`]: those that are not revoked
    /// first, so that no number of revoked ones hides one that opens something; of each kind the
    /// newest first.
    ///
    /// # Errors
    /// As [`find_by_secret`](Self::find_by_secret).
    async fn list(&self, context: &Context) -> Result<Vec<ApiKey>, StoreError>;

    /// Notes that the key was used. Never moves the time backwards.
    ///
    /// # Errors
    /// As [`find_by_secret`](Self::find_by_secret).
    async fn touch(&self, key: &ApiKey, at: DateTime<Utc>) -> Result<(), StoreError>;
}

/// Remembers keys for a few seconds, so that a request costs no look-up. Bounded.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait ApiKeyMemory: Send + Sync {
    /// The key, if it was remembered within the bound on its age.
    fn get(&self, secret: &PresentedSecret) -> Option<ApiKey>;

    /// Remembers it.
    fn put(&self, secret: PresentedSecret, key: ApiKey);

    /// Forgets it: it was revoked.
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
