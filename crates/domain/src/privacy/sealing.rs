//! Envelope encryption: values are sealed with a key of the customer whom they concern. That key is
//! wrapped by a key of the tenant, and the tenant's by a master key that never leaves the key
//! store. Without the customer's key, sealed values cannot be read, not even from a backup.

use crate::{KeyId, TenantId};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretBox};
use thiserror::Error;
use uuid::Uuid;

/// The length of a key, in bytes.
pub const KEY_BYTES: usize = 32;

/// A key that seals values or other keys. `Debug` hides it, and it is wiped from memory when it is
/// dropped.
#[derive(Debug)]
pub struct DataKey {
    /// The key's id, with which every value that it sealed begins.
    pub id: KeyId,
    bytes: SecretBox<[u8; KEY_BYTES]>,
}

impl DataKey {
    /// Creates a key whose bytes `fill` writes in place, so that no copy of them is left anywhere.
    pub fn new(id: KeyId, fill: impl FnOnce(&mut [u8; KEY_BYTES])) -> Self {
        let bytes = SecretBox::init_with_mut(fill);
        Self { id, bytes }
    }

    /// Returns the bytes of the key.
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        self.bytes.expose_secret()
    }
}

/// The place where a sealed value is stored. A value is bound to its place: it cannot be opened at
/// another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealContext<'a> {
    /// The tenant.
    pub tenant: TenantId,
    /// The table.
    pub table: &'a str,
    /// The row: its id, or the customer's if each customer has a single row.
    pub row: Uuid,
    /// The column.
    pub column: &'a str,
}

/// A sealed value could not be opened: it belongs to another place or key, or was modified. There
/// are no details, since the caller could not act on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a sealed value cannot be opened")]
pub struct SealedError;

/// Seals and opens values with a given key.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[expect(
    clippy::elidable_lifetime_names,
    reason = "a mock wants lifetimes to have names"
)]
pub trait Cipher: Send + Sync {
    /// Creates a random key with this id.
    fn generate(&self, id: KeyId) -> DataKey;

    /// Seals a value for its place. The result differs each time, and names the key, see
    /// [`key_of`](Self::key_of).
    fn seal<'a>(&self, key: &DataKey, place: SealContext<'a>, value: &[u8]) -> Vec<u8>;

    /// Opens a value that was sealed with this key for this place.
    ///
    /// # Errors
    /// MUST return [`SealedError`] for any other key or place, and if a single bit differs.
    fn open<'a>(
        &self,
        key: &DataKey,
        place: SealContext<'a>,
        sealed: &[u8],
    ) -> Result<Vec<u8>, SealedError>;

    /// Returns the id of the key that a value was sealed with, according to the value itself.
    ///
    /// # Errors
    /// [`SealedError`] if it is not a sealed value.
    fn key_of(&self, sealed: &[u8]) -> Result<KeyId, SealedError>;

    /// Wraps a key with another key, as a value bound to `place`.
    fn wrap<'a>(&self, under: &DataKey, place: SealContext<'a>, key: &DataKey) -> Vec<u8> {
        self.seal(under, place, key.expose())
    }

    /// Unwraps a key.
    ///
    /// # Errors
    /// MUST return [`SealedError`] as [`open`](Self::open) does, and if the value is not a key.
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
    /// The name of the master key that it is wrapped with.
    pub master: String,
    /// The wrapped key.
    pub bytes: Vec<u8>,
}

/// The reason why a key store failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyStoreError {
    /// The store has no master key with this name.
    #[error("the key store has no master key named {0}")]
    UnknownMaster(String),
    /// The key cannot be unwrapped: it belongs to another tenant or master key, or was modified.
    #[error("a wrapped key cannot be opened")]
    Refused,
    /// The store cannot be reached at the moment.
    #[error("the key store is unavailable: {0}")]
    Unavailable(String),
}

/// Holds the master keys, which never leave it. It is called once per tenant in the lifetime of a
/// process, never during a read or a write.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// Wraps a tenant's key with the newest master key.
    ///
    /// # Errors
    /// MUST return [`KeyStoreError::Unavailable`] if the store cannot be reached.
    async fn wrap(&self, tenant: TenantId, key: &DataKey) -> Result<WrappedKey, KeyStoreError>;

    /// Unwraps a tenant's key, whichever master key it was wrapped with.
    ///
    /// # Errors
    /// MUST return [`KeyStoreError::UnknownMaster`] for a master key that it does not have,
    /// [`KeyStoreError::Refused`] for a key that was modified or belongs to another tenant, and
    /// [`KeyStoreError::Unavailable`] if the store cannot be reached.
    async fn unwrap(
        &self,
        tenant: TenantId,
        id: KeyId,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, KeyStoreError>;
}
