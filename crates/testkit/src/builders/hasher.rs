//! A password hasher that takes no time and protects nothing.

use async_trait::async_trait;
use customer_domain::credential::{HashError, NewPassword, PasswordHash, PasswordHasher};
use std::sync::atomic::{AtomicBool, Ordering};

/// Hashes a password to `$fake$` and the password in hexadecimal digits.
#[derive(Debug, Default)]
pub struct PlainHasher {
    busy: AtomicBool,
}

impl PlainHasher {
    /// Sets whether hashing fails with [`HashError::Busy`].
    pub fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::SeqCst);
    }

    /// Returns the hash of a password.
    pub fn hash_of(password: &str) -> PasswordHash {
        let nibbles = password.bytes().flat_map(|byte| [byte >> 4, byte & 0xf]);
        let digits = nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16));
        PasswordHash(format!("$fake${}", digits.collect::<String>()))
    }
}

#[async_trait]
impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: &NewPassword) -> Result<PasswordHash, HashError> {
        if self.busy.load(Ordering::SeqCst) {
            return Err(HashError::Busy);
        }
        Ok(Self::hash_of(password.expose()))
    }
}
