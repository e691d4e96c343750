//! Seals values, and wraps the keys of sealed values under master keys.

mod cipher;
mod master;
mod master_keys;
mod root_key_store;
#[cfg(test)]
mod tests;

pub use cipher::AeadCipher;
pub use master_keys::{MasterKeys, MasterKeysError};
pub use root_key_store::RootKeyStore;
