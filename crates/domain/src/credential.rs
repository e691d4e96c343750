//! Passwords: the policy that accepts them, and the port that hashes them.

use crate::{InvalidValue, ValueFault, text};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

mod common_passwords;

/// The maximum length of a password, in characters.
pub const MAX_PASSWORD: usize = 128;

/// The rules for passwords: long enough, not a common password, and not derived from the owner's
/// name or e-mail address. No kinds of characters are required; every character counts, exactly as
/// sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The minimum length of a password, in characters; 8 by default.
    pub min_length: usize,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_length: 8 }
    }
}

/// A password that the policy accepted, which is the only way to create one.
#[derive(Debug, Clone)]
pub struct NewPassword(SecretString);

impl NewPassword {
    /// Returns the password itself, for the hasher.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PasswordPolicy {
    /// Checks a password against the policy. `own_words` are the e-mail address and the names of
    /// the owner: a password that contains the part before the `@`, or a word of a name, of at
    /// least 3 characters is rejected.
    ///
    /// # Errors
    /// [`ValueFault::WeakPassword`] with all reasons in one sentence.
    pub fn accept(&self, password: &str, own_words: &[&str]) -> Result<NewPassword, InvalidValue> {
        let length = password.chars().count();
        let mut reasons = Vec::new();
        if length < self.min_length {
            reasons.push(format!("has fewer than {} characters", self.min_length));
        }
        if length > MAX_PASSWORD {
            reasons.push(format!("has more than {MAX_PASSWORD} characters"));
        }
        if password.contains('\0') {
            reasons.push("holds the NUL character".to_owned());
        }
        if common_passwords::contains(&password.to_lowercase()) {
            reasons.push("is one of the most common passwords".to_owned());
        }
        if contains_own_word(password, own_words) {
            reasons.push("contains the e-mail address or a name".to_owned());
        }
        if reasons.is_empty() {
            Ok(NewPassword(SecretString::from(password)))
        } else {
            Err(InvalidValue::new(
                ValueFault::WeakPassword,
                format!("the password {}", reasons.join(" and ")),
            ))
        }
    }
}

fn contains_own_word(password: &str, own_words: &[&str]) -> bool {
    let password = text::fold(password);
    let local = own_words
        .iter()
        .filter_map(|word| Some(word.split_once('@')?.0));
    let names = own_words.iter().filter(|word| !word.contains('@'));
    local
        .map(text::fold)
        .chain(names.flat_map(|name| text::words(name)))
        .any(|word| word.chars().count() >= MIN_OWN_WORD && password.contains(&word))
}

/// Shorter words occur in too many good passwords by chance.
const MIN_OWN_WORD: usize = 3;

/// A password's hash in PHC form (`$argon2id$…`). It may be stored, but not shown: `Debug` writes
/// only the algorithm.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let algorithm = self.0.split('$').nth(1).unwrap_or("?");
        write!(f, "PasswordHash({algorithm})")
    }
}

/// The reason why a password could not be hashed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HashError {
    /// Too many passwords are being hashed or are waiting; worth a retry after a second.
    #[error("the queue of the password hasher is full")]
    Busy,
    /// The algorithm failed, or its thread died.
    #[error("the password hasher failed: {0}")]
    Failed(String),
}

/// Hashes passwords, on dedicated threads, so that nothing else waits for it.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password with a new salt.
    ///
    /// # Errors
    /// MUST return [`HashError::Busy`] immediately if the queue is full, without waiting.
    async fn hash(&self, password: &NewPassword) -> Result<PasswordHash, HashError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> Option<String> {
        PasswordPolicy::default()
            .accept(password, &["jane.smith@example.com", "Jane Bob", "Smith"])
            .err()
            .map(|fault| fault.detail)
    }

    #[test]
    fn the_documents_sample_passes() {
        assert_eq!(refused("securePassword123"), None);
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert!(refused("1q2w3e4").is_some());
        assert_eq!(refused("žluťoučký"), None);
        assert_eq!(refused(&"é".repeat(128)), None);
        assert!(refused(&"é".repeat(129)).is_some());
    }

    #[test]
    fn common_passwords_and_own_words_are_refused_in_any_case() {
        for password in [
            "password",
            "Password1",
            "QWERTYUIOP",
            "xxJANE.SMITHxx",
            "smith-2026!",
            "xBoB4711!",
        ] {
            assert!(refused(password).is_some(), "{password}");
        }
    }

    #[test]
    fn every_reason_is_named_and_the_password_is_not() {
        let detail = refused("smith").unwrap();
        assert!(detail.contains("fewer than 8") && detail.contains("name"));
        assert!(!detail.contains("smith"));
    }

    #[test]
    fn a_hash_does_not_show_itself() {
        let hash = PasswordHash("$argon2id$v=19$m=19456$salt$digest".to_owned());
        assert_eq!(format!("{hash:?}"), "PasswordHash(argon2id)");
    }
}
