//! The secrets of the installation, as far as the store knows them.

use super::sealing::WrappedKey;
use crate::{KeyId, StoreError, TenantId};
use async_trait::async_trait;

/// What the store knows of the secrets with which its data was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownSecrets {
    /// The digest that only the root secret makes; `None` before the first start.
    pub root: Option<[u8; 32]>,
    /// One key of a tenant for each master key with which keys are wrapped, by its name; lost ones
    /// left out.
    pub samples: Vec<SampleKey>,
}

/// A tenant's key by which the master key that wraps it is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleKey {
    /// The tenant.
    pub tenant: TenantId,
    /// The key's id.
    pub id: KeyId,
    /// The key.
    pub wrapped: WrappedKey,
}

/// Knows with which secrets the data of all tenants was written. One round trip for each method.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait Installation: Send + Sync {
    /// Returns what is known of the secrets.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn known_secrets(&self) -> Result<KnownSecrets, StoreError>;

    /// Stores the digest of the root secret. MUST keep the stored one if there is one already.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn introduce_root(&self, digest: [u8; 32]) -> Result<(), StoreError>;

    /// Stores the digest of the root secret in place of the stored one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn replace_root(&self, digest: [u8; 32]) -> Result<(), StoreError>;

    /// Returns the keys of all tenants but the lost ones.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn keys_in_use(&self) -> Result<Vec<SampleKey>, StoreError>;

    /// Marks a key of a tenant as lost. The tenant gets a new one when it needs one; what was sealed
    /// under the lost one reads as absent. Other processes stop using it when they next read
    /// [`known_secrets`](Self::known_secrets).
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn give_up(&self, tenant: TenantId, key: KeyId) -> Result<(), StoreError>;
}
