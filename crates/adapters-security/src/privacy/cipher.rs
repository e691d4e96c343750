//! Values sealed with XChaCha20-Poly1305.
//!
//! A sealed value consists of a version (1 byte), the key's id (16), a nonce (24), the encrypted
//! value and the tag (16). Nonces are random: with 192 bits, none repeats. The tag authenticates
//! version, key id and place too, so that only an unchanged value opens, and only in the place it
//! was sealed for.

use crate::random;
use chacha20poly1305::{AeadInOut as _, KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use customer_domain::KeyId;
use customer_domain::privacy::{Cipher, DataKey, SealContext, SealedError};
use uuid::Uuid;

const VERSION: u8 = 1;
/// Length of a key's id, in bytes.
const ID: usize = 16;
const NONCE: usize = 24;
const TAG: usize = 16;
/// Number of bytes before the encrypted value.
const HEADER: usize = 1 + ID + NONCE;

/// Seals and opens values with XChaCha20-Poly1305.
#[derive(Debug, Clone, Copy, Default)]
pub struct AeadCipher;

impl Cipher for AeadCipher {
    fn generate(&self, id: KeyId) -> DataKey {
        DataKey::new(id, |bytes| random::fill(bytes))
    }

    fn seal(&self, key: &DataKey, place: SealContext<'_>, value: &[u8]) -> Vec<u8> {
        let nonce = random::bytes::<NONCE>();
        // Allocated in full: a buffer that grew would leave copies of the plain value in memory.
        let mut sealed = Vec::with_capacity(HEADER + value.len() + TAG);
        sealed.push(VERSION);
        sealed.extend_from_slice(key.id.0.as_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(value);
        let tag = aead(key)
            .encrypt_inout_detached(
                &XNonce::from(nonce),
                &bound(key.id, place),
                sealed[HEADER..].as_mut().into(),
            )
            .expect("no value has the 256 GiB that would be too many");
        sealed.extend_from_slice(&tag);
        sealed
    }

    fn open(
        &self,
        key: &DataKey,
        place: SealContext<'_>,
        sealed: &[u8],
    ) -> Result<Vec<u8>, SealedError> {
        let sealed = Sealed::read(sealed)?;
        let mut value = sealed.encrypted.to_vec();
        sealed.open(key, place, &mut value)?;
        Ok(value)
    }

    fn key_of(&self, sealed: &[u8]) -> Result<KeyId, SealedError> {
        Ok(Sealed::read(sealed)?.key)
    }

    fn unwrap(
        &self,
        under: &DataKey,
        place: SealContext<'_>,
        id: KeyId,
        wrapped: &[u8],
    ) -> Result<DataKey, SealedError> {
        let wrapped = Sealed::read(wrapped)?;
        let encrypted = wrapped.encrypted.try_into().map_err(|_| SealedError)?;
        let mut opened = Err(SealedError);
        let key = DataKey::new(id, |key| {
            *key = encrypted;
            opened = wrapped.open(under, place, key);
        });
        opened.map(|()| key)
    }
}

/// The parts of a sealed value.
struct Sealed<'a> {
    key: KeyId,
    nonce: [u8; NONCE],
    encrypted: &'a [u8],
    tag: [u8; TAG],
}

impl<'a> Sealed<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, SealedError> {
        Self::parts(bytes).ok_or(SealedError)
    }

    fn parts(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[VERSION])?;
        let (id, rest) = rest.split_first_chunk::<ID>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
        let (encrypted, tag) = rest.split_last_chunk::<TAG>()?;
        Some(Self {
            key: KeyId(Uuid::from_bytes(*id)),
            nonce: *nonce,
            encrypted,
            tag: *tag,
        })
    }

    /// Decrypts `value`, a copy of the encrypted value, in place. On an error it stays encrypted.
    fn open(
        &self,
        key: &DataKey,
        place: SealContext<'_>,
        value: &mut [u8],
    ) -> Result<(), SealedError> {
        if self.key != key.id {
            return Err(SealedError);
        }
        aead(key)
            .decrypt_inout_detached(
                &XNonce::from(self.nonce),
                &bound(key.id, place),
                value.into(),
                &Tag::from(self.tag),
            )
            .map_err(|_| SealedError)
    }
}

fn aead(key: &DataKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.expose().into())
}

/// Returns the associated data of a value. Each part of the place is preceded by its length, so
/// that no two places have the same bytes.
fn bound(key: KeyId, place: SealContext<'_>) -> Vec<u8> {
    let parts = [
        place.tenant.0.as_bytes().as_slice(),
        place.table.as_bytes(),
        place.row.as_bytes(),
        place.column.as_bytes(),
    ];
    let length = |part: &[u8]| u64::try_from(part.len()).expect("memory ends before a u64 does");
    let all = parts.iter().map(|part| size_of::<u64>() + part.len());
    let mut bound = Vec::with_capacity(1 + ID + all.sum::<usize>());
    bound.push(VERSION);
    bound.extend_from_slice(key.0.as_bytes());
    for part in parts {
        bound.extend_from_slice(&length(part).to_be_bytes());
        bound.extend_from_slice(part);
    }
    bound
}
