//! Personal data: where it is stored and why, and how it is sealed against readers of the disk.

mod fields;
mod installation;
mod map;
mod sealing;

pub use fields::is_personal_field;
#[cfg(feature = "mocks")]
pub use installation::MockInstallation;
pub use installation::{Installation, KnownSecrets, SampleKey};
pub use map::{
    Column, Data, Entry, Erase, InLogs, LegalBasis, MAP, Path, Personal, Purpose, Retention, Table,
    entries,
};
pub use sealing::{
    Cipher, DataKey, KEY_BYTES, KeyStore, KeyStoreError, SealContext, SealedError, WrappedKey,
};
#[cfg(feature = "mocks")]
pub use sealing::{MockCipher, MockKeyStore};
