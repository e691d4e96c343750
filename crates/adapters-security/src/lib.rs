//! The domain's cryptographic ports: password hashes, keyed digests and the secrets of API keys.
//!
//! Nothing here stores, sends or logs anything, and no secret shows in `Debug` or in an error.
//! Keys and passwords are wiped from memory when their holder is dropped.
#![deny(missing_docs)]

mod api_key;
mod credential;
mod digest;
mod pool;
mod random;

pub use api_key::SecretMaker;
pub use credential::{Argon2Hasher, HasherError, HashingSettings};
pub use digest::{HkdfDigests, RootSecret, RootSecretError, label};
