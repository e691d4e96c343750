//! The secrets of API keys.
//!
//! A secret is `csk_` followed by 64 characters of base64url, which encode 32 random bytes and the
//! 16 bytes of the tenant's id. The random bytes come first, so that the keys of a tenant have
//! different prefixes. 48 bytes fill 64 characters exactly, so that they have only one encoding.

use crate::random;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use customer_domain::TenantId;
use customer_domain::api_key::{ApiKeySecrets, NewSecret, PresentedSecret};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The beginning of every secret, by which readers and scanners for leaked secrets recognise it.
const MARK: &str = "csk_";
/// Number of random bytes.
const RANDOM: usize = 32;
/// Number of bytes of a tenant's id.
const TENANT: usize = 16;
/// Number of characters after [`MARK`].
const ENCODED: usize = 64;
/// Number of characters of the prefix, including [`MARK`]. It leaves 208 random bits secret.
const PREFIX: usize = 12;

/// Generates and parses the secrets of API keys.
#[derive(Debug, Clone, Copy, Default)]
pub struct SecretMaker;

impl ApiKeySecrets for SecretMaker {
    fn generate(&self, tenant: TenantId) -> NewSecret {
        let random = Zeroizing::new(random::bytes::<RANDOM>());
        let mut bytes = Zeroizing::new([0; RANDOM + TENANT]);
        bytes[..RANDOM].copy_from_slice(random.as_slice());
        bytes[RANDOM..].copy_from_slice(tenant.0.as_bytes());

        let mut secret = String::with_capacity(MARK.len() + ENCODED);
        secret.push_str(MARK);
        URL_SAFE_NO_PAD.encode_string(bytes.as_slice(), &mut secret);
        NewSecret {
            prefix: secret.chars().take(PREFIX).collect(),
            digest: digest(&secret),
            secret: secret.into(),
        }
    }

    fn read(&self, presented: &str) -> Option<PresentedSecret> {
        let encoded = presented.strip_prefix(MARK)?;
        if encoded.len() != ENCODED {
            return None;
        }
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).ok()?);
        let tenant = Uuid::from_slice(bytes.get(RANDOM..)?).ok()?;
        Some(PresentedSecret {
            tenant: TenantId(tenant),
            digest: digest(presented),
        })
    }
}

/// Returns the SHA-256 of a secret. 256 random bits cannot be guessed, so it needs neither a salt
/// nor a slow hash.
fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;
    use std::collections::HashSet;

    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    /// SHA-256 of `csk_` and 64 times `A`, computed by another implementation.
    const KNOWN_DIGEST: [u8; 32] = [
        0x2d, 0x40, 0x9c, 0xd7, 0x6e, 0x2c, 0x3a, 0x50, 0x26, 0xcb, 0x31, 0x11, 0xdb, 0xa9, 0x19,
        0x9f, 0xbf, 0x41, 0x03, 0x36, 0x74, 0x60, 0x89, 0x0d, 0xd8, 0xd7, 0x48, 0x97, 0x2d, 0x4e,
        0x45, 0x02,
    ];

    fn generated() -> String {
        let tenant = TenantId(Uuid::from_u128(7));
        SecretMaker
            .generate(tenant)
            .secret
            .expose_secret()
            .to_owned()
    }

    #[test]
    fn a_known_secret_has_its_known_digest() {
        let secret = format!("csk_{}", "A".repeat(64));
        let read = SecretMaker.read(&secret).unwrap();
        assert_eq!(read.tenant, TenantId(Uuid::nil()));
        assert_eq!(read.digest, KNOWN_DIGEST);
    }

    #[test]
    fn keys_of_one_tenant_differ_in_prefix_and_digest() {
        let tenant = TenantId(Uuid::from_u128(7));
        let made: Vec<_> = (0..100).map(|_| SecretMaker.generate(tenant)).collect();
        let prefixes: HashSet<_> = made.iter().map(|new| &new.prefix).collect();
        let digests: HashSet<_> = made.iter().map(|new| new.digest).collect();
        assert_eq!((prefixes.len(), digests.len()), (100, 100));
    }

    #[test]
    fn a_new_secret_does_not_show_itself() {
        let new = SecretMaker.generate(TenantId(Uuid::from_u128(7)));
        assert!(!format!("{new:?}").contains(new.secret.expose_secret()));
    }

    #[test]
    fn near_misses_are_no_secrets() {
        let secret = generated();
        let encoded = secret.strip_prefix(MARK).unwrap();
        for near in [
            String::new(),
            MARK.to_owned(),
            encoded.to_owned(),
            format!(" {secret}"),
            format!("{secret}\n"),
            format!("{secret}="),
            format!("{secret}AAAA"),
            format!("csk_{}", &encoded[4..]),
            format!("CSK_{encoded}"),
            format!("csk-{encoded}"),
            format!("csk_{}é", &encoded[2..]),
        ] {
            assert_eq!(SecretMaker.read(&near), None, "{near:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_made_is_read_back(tenant: u128) {
            let tenant = TenantId(Uuid::from_u128(tenant));
            let new = SecretMaker.generate(tenant);
            let secret = new.secret.expose_secret();

            prop_assert_eq!(secret.len(), MARK.len() + ENCODED);
            prop_assert!(secret[MARK.len()..].chars().all(|c| ALPHABET.contains(c)));
            prop_assert_eq!(new.prefix.len(), PREFIX);
            prop_assert!(secret.starts_with(&new.prefix));
            let read = PresentedSecret { tenant, digest: new.digest };
            prop_assert_eq!(SecretMaker.read(secret), Some(read));
        }

        #[test]
        fn a_changed_character_never_reads_as_the_same_secret(
            at in 0..MARK.len() + ENCODED,
            to in any::<char>(),
        ) {
            let secret = generated();
            let changed: String = secret
                .chars()
                .enumerate()
                .map(|(index, old)| if index == at { to } else { old })
                .collect();
            prop_assume!(changed != secret);
            let read = SecretMaker.read(&changed);
            if at < MARK.len() || !ALPHABET.contains(to) {
                prop_assert_eq!(read, None);
            } else {
                prop_assert_ne!(read, SecretMaker.read(&secret));
            }
        }

        #[test]
        fn only_the_exact_form_is_read(text in "(csk_)?[A-Za-z0-9_=+/-]{0,70}") {
            let is_form = text.len() == MARK.len() + ENCODED
                && text.starts_with(MARK)
                && text[MARK.len()..].chars().all(|c| ALPHABET.contains(c));
            prop_assert_eq!(SecretMaker.read(&text).is_some(), is_form);
        }

        #[test]
        fn no_text_makes_it_panic(text: String) {
            prop_assert_eq!(SecretMaker.read(&text), None);
        }
    }
}
