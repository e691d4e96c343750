//! Real cryptography, with keys derived from one fixed root secret.

use super::clock::SeededIds;
use customer_domain::audit::SealSigner;
use customer_domain::privacy::{Cipher, KeyStore};
use customer_domain::{IdSource, KeyedDigest};
use customer_postgres::Sealing;
use customer_security::{AeadCipher, Ed25519SealSigner, HkdfDigests, RootKeyStore, RootSecret};
use secrecy::SecretString;
use std::array;
use std::sync::{Arc, LazyLock};

/// Returns the cipher that seals and opens values.
pub fn cipher() -> Arc<dyn Cipher> {
    Arc::new(AeadCipher)
}

/// Returns the store that wraps tenants' keys, with a master key that is the same in every test.
pub fn key_store() -> Arc<dyn KeyStore> {
    Arc::new(RootKeyStore::new(&root_secret()))
}

/// Returns a signer of seals, with a key that is the same in every test.
pub fn signer() -> Arc<dyn SealSigner> {
    Arc::new(Ed25519SealSigner::new(&root_secret()))
}

/// Returns keyed digests, with keys that are the same in every test.
pub fn digests() -> Arc<dyn KeyedDigest> {
    Arc::new(HkdfDigests::new(&root_secret()))
}

/// Returns all that the PostgreSQL adapter seals with.
pub fn sealing() -> Sealing {
    Sealing {
        cipher: cipher(),
        key_store: key_store(),
        digests: digests(),
        ids: Arc::clone(&*KEY_IDS),
    }
}

/// The ids of keys: never the same twice, since several adapters may share a database.
static KEY_IDS: LazyLock<Arc<dyn IdSource>> =
    LazyLock::new(|| Arc::new(SeededIds::from(0x6b_0000_0000)));

/// Returns the root secret as text, to start a service with.
pub fn root_secret_text() -> SecretString {
    root_secret().to_base64()
}

fn root_secret() -> RootSecret {
    let counting = array::from_fn(|n| u8::try_from(n).unwrap_or(u8::MAX));
    RootSecret::from_bytes(&counting).expect("bytes that differ are no placeholder")
}
