//! The key store for a development machine.

use super::master::Master;
use crate::digest::{RootSecret, label};
use async_trait::async_trait;
use customer_domain::privacy::{DataKey, KeyStore, KeyStoreError, WrappedKey};
use customer_domain::{KeyId, TenantId};

/// The name of the only master key.
const NAME: &str = "root";

/// Wraps keys under a single master key, named `root`, which is derived from the root secret
/// (HKDF-SHA-256, [`label::MASTER_KEY`]). For development only: the root secret gives access to all
/// keys, and they cannot be replaced.
#[derive(Debug)]
pub struct RootKeyStore(Master);

impl RootKeyStore {
    /// Derives the master key from the root secret.
    pub fn new(root: &RootSecret) -> Self {
        Self(Master::new(NAME, |key| root.derive(label::MASTER_KEY, key)))
    }
}

#[async_trait]
impl KeyStore for RootKeyStore {
    async fn wrap(&self, tenant: TenantId, key: &DataKey) -> Result<WrappedKey, KeyStoreError> {
        Ok(self.0.wrap(tenant, key))
    }

    async fn unwrap(
        &self,
        tenant: TenantId,
        id: KeyId,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, KeyStoreError> {
        Master::unwrap([&self.0], tenant, id, wrapped)
    }
}
