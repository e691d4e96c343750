//! Implements the domain's cryptographic ports: password hashes, keyed digests, secrets of API keys, sealed values and
//! their key stores, and signatures of the audit trail.
//!
//! Nothing here stores, sends or logs anything, and no secret appears in `Debug` or in an error. Keys and passwords are
//! wiped from memory when their owner is dropped.
#![deny(missing_docs)]

mod api_key;
mod audit;
mod credential;
mod digest;
mod key_text;
mod pool;
mod privacy;
mod random;

pub use api_key::SecretMaker;
pub use audit::Ed25519SealSigner;
pub use credential::{Argon2Hasher, HasherError, HashingSettings};
pub use digest::{HkdfDigests, RootSecret, RootSecretError, label};
pub use privacy::{AeadCipher, MasterKeys, MasterKeysError, RootKeyStore};
