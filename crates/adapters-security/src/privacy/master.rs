//! A master key, which wraps the tenants' keys.

use super::cipher::AeadCipher;
use customer_domain::privacy::{
    Cipher as _, DataKey, KEY_BYTES, KeyStoreError, SealContext, SealedError, WrappedKey,
};
use customer_domain::{KeyId, TenantId};
use uuid::Uuid;

/// The id of every master key. Master keys are distinguished by name, to which wrapped keys are
/// bound.
const ID: KeyId = KeyId(Uuid::nil());
/// The table in the context of a wrapped key. No table of the schema has a dash in its name.
const TABLE: &str = "master-keys";

/// A master key. `Debug` shows only its name.
#[derive(Debug)]
pub(super) struct Master {
    pub(super) name: String,
    key: DataKey,
}

impl Master {
    pub(super) fn new(name: &str, fill: impl FnOnce(&mut [u8; KEY_BYTES])) -> Self {
        Self {
            name: name.to_owned(),
            key: DataKey::new(ID, fill),
        }
    }

    pub(super) fn wrap(&self, tenant: TenantId, key: &DataKey) -> WrappedKey {
        WrappedKey {
            master: self.name.clone(),
            bytes: AeadCipher.wrap(&self.key, self.place(tenant, key.id), key),
        }
    }

    /// Unwraps a key with that one of `masters` whose name it was wrapped under.
    pub(super) fn unwrap<'a>(
        masters: impl IntoIterator<Item = &'a Self>,
        tenant: TenantId,
        id: KeyId,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, KeyStoreError> {
        let master = masters
            .into_iter()
            .find(|master| master.name == wrapped.master)
            .ok_or_else(|| KeyStoreError::UnknownMaster(wrapped.master.clone()))?;
        AeadCipher
            .unwrap(&master.key, master.place(tenant, id), id, &wrapped.bytes)
            .map_err(|SealedError| KeyStoreError::Refused)
    }

    fn place(&self, tenant: TenantId, id: KeyId) -> SealContext<'_> {
        SealContext {
            tenant,
            table: TABLE,
            row: id.0,
            column: &self.name,
        }
    }
}
