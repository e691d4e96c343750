//! Sealed values, and the master keys that everything sealed hangs on.

mod cipher;
mod master;
mod master_keys;
mod root_key_store;
#[cfg(test)]
mod tests;

pub use cipher::AeadCipher;
pub use master_keys::{MasterKeys, MasterKeysError};
pub use root_key_store::RootKeyStore;
