//! Values are sealed with a key of the customer whom they are about. That key is wrapped by a key
//! of the tenant, and the tenant's by a master key that only the key store knows. Without the
//! customer's key nobody reads what was sealed with it, in a backup either.

use crate::{KeyId, TenantId};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretBox};
use thiserror::Error;
use uuid::Uuid;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// A key that values, or other keys, are sealed with. `Debug` hides it, and it is wiped from memory
/// when dropped.
#[derive(Debug)]
pub struct DataKey {
    /// Names it: every value that it sealed begins with this.
    pub id: KeyId,
    bytes: SecretBox<[u8; KEY_BYTES]>,
}

impl DataKey {
    /// A key whose bytes `fill` writes in their place, so that no copy of them is left anywhere.
    pub fn new(id: KeyId, fill: impl FnOnce(&mut [u8; KEY_BYTES])) -> Self {
        let bytes = SecretBox::init_with_mut(fill);
        Self { id, bytes }
    }

    /// Its bytes.
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        self.bytes.expose_secret()
    }
}

/// Where a sealed value lies. A value is bound to its place: what was sealed for one place opens at
/// no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealContext<'a> {
    /// The tenant.
    pub tenant: TenantId,
    /// The table.
    pub table: &'a str,
    /// The row: its id, or the customer's where a customer has one row.
    pub row: Uuid,
    /// The column.
    pub column: &'a str,
}

/// A sealed value could not be opened: it belongs to another place or key, or was changed. It says
/// no more, since there is nothing that a caller could do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a sealed value cannot be opened")]
pub struct SealedError;

/// Seals and opens values with a key at hand.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[expect(
    clippy::elidable_lifetime_names,
    reason = "a mock wants lifetimes to have names"
)]
pub trait Cipher: Send + Sync {
    /// A new random key of this name.
    fn generate(&self, id: KeyId) -> DataKey;

    /// Seals a value for its place. Equal values give different results. What it yields names the
    /// key, see [`key_of`](Self::key_of).
    fn seal<'a>(&self, key: &DataKey, place: SealContext<'a>, value: &[u8]) -> Vec<u8>;

    /// Opens a value that was sealed with this key for this place.
    ///
    /// # Errors
    /// MUST return [`SealedError`] for any other key or place, and when a single bit differs.
    fn open<'a>(
        &self,
        key: &DataKey,
        place: SealContext<'a>,
        sealed: &[u8],
    ) -> Result<Vec<u8>, SealedError>;

    /// Which key a value was sealed with, as it says itself.
    ///
    /// # Errors
    /// [`SealedError`] when it is no sealed value.
    fn key_of(&self, sealed: &[u8]) -> Result<KeyId, SealedError>;

    /// Wraps a key under another, as a value of its place.
    fn wrap<'a>(&self, under: &DataKey, place: SealContext<'a>, key: &DataKey) -> Vec<u8> {
        self.seal(under, place, key.expose())
    }

    /// Takes a wrapped key out again.
    ///
    /// # Errors
    /// MUST return [`SealedError`] as [`open`](Self::open) does, and when it is no key.
    fn unwrap<'a>(
        &self,
        under: &DataKey,
        place: SealContext<'a>,
        id: KeyId,
        wrapped: &[u8],
    ) -> Result<DataKey, SealedError>;
}

/// A tenant's key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Names the master key that it is wrapped under.
    pub master: String,
    /// The wrapped key.
    pub bytes: Vec<u8>,
}

/// Why a key store did not help.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyStoreError {
    /// It has no master key of this name.
    #[error("the key store has no master key named {0}")]
    UnknownMaster(String),
    /// The key cannot be taken out: it belongs to another tenant or master key, or was changed.
    #[error("a wrapped key cannot be opened")]
    Refused,
    /// It cannot be reached for now.
    #[error("the key store is unavailable: {0}")]
    Unavailable(String),
}

/// Keeps the master keys, which never leave it. It is asked once for a tenant in the life of a
/// process, never on the way of a read or a write.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// Wraps a tenant's key under the newest master key.
    ///
    /// # Errors
    /// MUST return [`KeyStoreError::Unavailable`] when it cannot be reached.
    async fn wrap(&self, tenant: TenantId, key: &DataKey) -> Result<WrappedKey, KeyStoreError>;

    /// Takes a tenant's key out again, whatever master key it was wrapped under.
    ///
    /// # Errors
    /// MUST return [`KeyStoreError::UnknownMaster`] for a master key that it does not have,
    /// [`KeyStoreError::Refused`] for another tenant's key or a changed one, and
    /// [`KeyStoreError::Unavailable`] when it cannot be reached.
    async fn unwrap(
        &self,
        tenant: TenantId,
        id: KeyId,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, KeyStoreError>;
}
