//! Keyed digests, and the root secret from which all their keys are derived.

use crate::key_text::{self, KeyFault};
use crate::random;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customer_domain::{DigestPurpose, KeyedDigest};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;

/// The HKDF labels from which, with the root secret, the key of each purpose is derived. Changing
/// one invalidates every digest, signature and wrapped key of its purpose, and stored ones stay in
/// use for years.
pub mod label {
    /// The label of
    /// [`DigestPurpose::IdempotentBody`](customer_domain::DigestPurpose::IdempotentBody).
    pub const IDEMPOTENT_BODY: &str = "customer-service/v1/idempotent-body";
    /// The label of [`DigestPurpose::Cursor`](customer_domain::DigestPurpose::Cursor).
    pub const CURSOR: &str = "customer-service/v1/cursor";
    /// The label of [`DigestPurpose::Address`](customer_domain::DigestPurpose::Address).
    pub const ADDRESS: &str = "customer-service/v1/address";
    /// The label of [`DigestPurpose::MailToken`](customer_domain::DigestPurpose::MailToken).
    pub const MAIL_TOKEN: &str = "customer-service/v1/mail-token";
    /// The label of [`DigestPurpose::AuditEntry`](customer_domain::DigestPurpose::AuditEntry).
    pub const AUDIT_ENTRY: &str = "customer-service/v1/audit-entry";
    /// The label of [`DigestPurpose::RootCheck`](customer_domain::DigestPurpose::RootCheck).
    pub const ROOT_CHECK: &str = "customer-service/v1/root-check";
    /// The label of the key of the [`Ed25519SealSigner`](crate::Ed25519SealSigner).
    pub const SEAL_SIGNER: &str = "customer-service/v1/notary";
    /// The label of the master key of the [`RootKeyStore`](crate::RootKeyStore).
    pub const MASTER_KEY: &str = "customer-service/v1/master-key";
}

/// Length of the root secret, in bytes.
const ROOT: usize = key_text::KEY;

/// The installation's root secret: 32 random bytes, the same on every replica. `Debug` hides
/// it, and it is wiped from memory when dropped.
#[derive(Debug)]
pub struct RootSecret(SecretBox<[u8; ROOT]>);

/// The reason why a text is not a root secret. Its message never contains the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the root secret {0}; it must be 32 random bytes in base64, as `openssl rand -base64 32` prints"
)]
pub struct RootSecretError(KeyFault);

impl RootSecret {
    /// Parses base64 in the standard or the URL-safe alphabet, with or without padding. Surrounding
    /// white space is ignored, so that a file may end in a line feed.
    ///
    /// # Errors
    /// If the text is not base64, does not decode to 32 bytes, or repeats a single byte.
    pub fn from_base64(text: &str) -> Result<Self, RootSecretError> {
        let bytes = key_text::decode(text).map_err(RootSecretError)?;
        Self::from_bytes(&bytes)
    }

    /// Creates a root secret from 32 bytes.
    ///
    /// # Errors
    /// If a single byte is repeated.
    pub fn from_bytes(bytes: &[u8; ROOT]) -> Result<Self, RootSecretError> {
        key_text::refuse_placeholder(bytes).map_err(RootSecretError)?;
        Ok(Self(SecretBox::init_with_mut(|secret: &mut [u8; ROOT]| {
            secret.copy_from_slice(bytes);
        })))
    }

    /// Generates a new secret with the system's random source.
    pub fn generate() -> Self {
        Self(SecretBox::init_with_mut(|secret: &mut [u8; ROOT]| {
            random::fill(secret);
        }))
    }

    /// Returns the secret as [`from_base64`](Self::from_base64) parses it: 44 characters in the
    /// standard alphabet.
    pub fn to_base64(&self) -> SecretString {
        STANDARD.encode(self.0.expose_secret()).into()
    }

    /// Derives the key of a [`label`] and writes it to `key`.
    pub(crate) fn derive(&self, label: &str, key: &mut [u8; 32]) {
        expand(&self.extracted(), label, key);
    }

    fn extracted(&self) -> Hkdf<Sha256> {
        Hkdf::new(None, self.0.expose_secret())
    }
}

/// Computes HMAC-SHA-256 under a key for each purpose. The keys are derived once from the root
/// secret (HKDF-SHA-256 without salt, [`label`] as info).
pub struct HkdfDigests {
    idempotent_body: Hmac<Sha256>,
    cursor: Hmac<Sha256>,
    address: Hmac<Sha256>,
    mail_token: Hmac<Sha256>,
    audit_entry: Hmac<Sha256>,
    root_check: Hmac<Sha256>,
}

impl HkdfDigests {
    /// Derives the keys from the root secret.
    pub fn new(root: &RootSecret) -> Self {
        let root = root.extracted();
        Self {
            idempotent_body: keyed(&root, label::IDEMPOTENT_BODY),
            cursor: keyed(&root, label::CURSOR),
            address: keyed(&root, label::ADDRESS),
            mail_token: keyed(&root, label::MAIL_TOKEN),
            audit_entry: keyed(&root, label::AUDIT_ENTRY),
            root_check: keyed(&root, label::ROOT_CHECK),
        }
    }
}

fn keyed(root: &Hkdf<Sha256>, label: &str) -> Hmac<Sha256> {
    let mut key = Zeroizing::new([0; 32]);
    expand(root, label, &mut key);
    Hmac::new_from_slice(key.as_slice()).expect("HMAC takes a key of any length")
}

fn expand(root: &Hkdf<Sha256>, label: &str, key: &mut [u8; 32]) {
    root.expand(label.as_bytes(), key)
        .expect("HKDF yields up to 8160 bytes");
}

impl KeyedDigest for HkdfDigests {
    fn digest(&self, purpose: DigestPurpose, message: &[u8]) -> [u8; 32] {
        let keyed = match purpose {
            DigestPurpose::IdempotentBody => &self.idempotent_body,
            DigestPurpose::Cursor => &self.cursor,
            DigestPurpose::Address => &self.address,
            DigestPurpose::MailToken => &self.mail_token,
            DigestPurpose::AuditEntry => &self.audit_entry,
            DigestPurpose::RootCheck => &self.root_check,
        };
        keyed
            .clone()
            .chain_update(message)
            .finalize()
            .into_bytes()
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use std::fmt::Write as _;

    fn secret(bytes: &[u8]) -> RootSecret {
        RootSecret::from_base64(&STANDARD.encode(bytes)).unwrap()
    }

    fn counting() -> Vec<u8> {
        (0..32).collect()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    /// Computed by another implementation of RFC 5869 and RFC 2104. These must never change: stored
    /// digests would no longer match.
    #[test]
    fn digests_have_their_known_answers() {
        let digests = HkdfDigests::new(&secret(&counting()));
        for (purpose, answer) in [
            (
                DigestPurpose::IdempotentBody,
                "cce4afb10e18543cd61ea291ab006246f6460a87e86198acb9b0d7beaa21a923",
            ),
            (
                DigestPurpose::Cursor,
                "5ae8ab3f35fc8233a9f1e4dc7539ec9381491635bef1ca885d0433235467c278",
            ),
            (
                DigestPurpose::Address,
                "03a893c91608a2032901fa15d608be4f9fb3b9651598aec77276cfca5e5d216e",
            ),
            (
                DigestPurpose::MailToken,
                "8b12aa0528adfdb98a02a10a1fb758aaa90b8592d46fbdd6da31956a396d66a3",
            ),
            (
                DigestPurpose::AuditEntry,
                "b4bf80443b7a6d60aef5e0f6a34283ab1a2c16740e44936b08cf94d201142460",
            ),
            (
                DigestPurpose::RootCheck,
                "55ac6b2680b72d0773924069fc9ddf2579a8dc57509c2ee8796d6da9349b0cdf",
            ),
        ] {
            assert_eq!(
                hex(&digests.digest(purpose, b"message")),
                answer,
                "{purpose:?}"
            );
        }
    }

    #[test]
    fn digests_depend_on_secret_and_message_and_nothing_else() {
        let digest = |root: &RootSecret, message: &[u8]| {
            HkdfDigests::new(root).digest(DigestPurpose::Cursor, message)
        };
        let (one, other) = (RootSecret::generate(), RootSecret::generate());
        assert_eq!(digest(&one, b"a"), digest(&one, b"a"));
        assert_ne!(digest(&one, b"a"), digest(&one, b"b"));
        assert_ne!(digest(&one, b"a"), digest(&other, b"a"));
    }

    #[test]
    fn placeholders_are_refused() {
        for byte in [0, b'x', 255] {
            let text = STANDARD.encode([byte; 32]);
            assert_eq!(
                RootSecret::from_base64(&text).unwrap_err(),
                RootSecretError(KeyFault::Placeholder)
            );
        }
    }

    #[test]
    fn other_lengths_are_refused_with_the_length() {
        for length in [0, 16, 31, 33, 64] {
            let text = STANDARD.encode(counting().repeat(2).get(..length).unwrap());
            assert_eq!(
                RootSecret::from_base64(&text).unwrap_err(),
                RootSecretError(KeyFault::Length(length))
            );
        }
    }

    #[test]
    fn what_is_not_base64_is_refused_without_repeating_it() {
        for text in ["your-secret-key!", "+/-_", "a b", "AAAAA"] {
            let error = RootSecret::from_base64(text).unwrap_err();
            assert_eq!(error, RootSecretError(KeyFault::NotBase64), "{text}");
            assert!(!error.to_string().contains(text));
            assert!(error.to_string().contains("openssl rand -base64 32"));
        }
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let root = RootSecret::generate();
        let shown = format!("{root:?} {:?}", root.to_base64());
        assert!(!shown.contains(root.to_base64().expose_secret()));
        assert!(shown.contains("REDACTED"), "{shown}");
    }

    #[test]
    fn generated_secrets_differ() {
        let text = || RootSecret::generate().to_base64();
        assert_ne!(text().expose_secret(), text().expose_secret());
    }

    proptest! {
        #[test]
        fn every_spelling_of_a_secret_is_the_same_secret(bytes: [u8; 32]) {
            prop_assume!(bytes.iter().any(|byte| *byte != bytes[0]));
            let standard = STANDARD.encode(bytes);
            for text in [
                format!(" {standard}\r\n"),
                STANDARD_NO_PAD.encode(bytes),
                URL_SAFE.encode(bytes),
                URL_SAFE_NO_PAD.encode(bytes),
            ] {
                let root = RootSecret::from_base64(&text).unwrap();
                prop_assert_eq!(root.0.expose_secret(), &bytes);
                let written = root.to_base64();
                prop_assert_eq!(written.expose_secret(), &standard);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            prop_assert!(RootSecret::from_base64(&text).is_err() || text.trim().len() >= 43);
        }
    }
}
