//! Signs the audit trail with Ed25519, under a key derived from the root secret.

use crate::digest::{RootSecret, label};
use customer_domain::audit::SealSigner;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Signs with this installation's key, and verifies signatures by any key.
pub struct Ed25519SealSigner {
    key: SigningKey,
}

impl Ed25519SealSigner {
    /// Derives the signing key (HKDF-SHA-256, [`label::SEAL_SIGNER`]).
    pub fn new(root: &RootSecret) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        root.derive(label::SEAL_SIGNER, &mut seed);
        Self {
            key: SigningKey::from_bytes(&seed),
        }
    }
}

impl SealSigner for Ed25519SealSigner {
    fn hash(&self, message: &[u8]) -> [u8; 32] {
        Sha256::digest(message).into()
    }

    fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    /// Verifies strictly: a key of small order, for which one signature is valid for many messages,
    /// is rejected.
    fn is_signed(&self, public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        VerifyingKey::from_bytes(public_key)
            .is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The first seed of RFC 8032, section 7.1, with its public key and its signature of the empty
    /// message.
    const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    const OF_NOTHING: &str = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        std::array::from_fn(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap())
    }

    fn signer() -> Ed25519SealSigner {
        let counting = std::array::from_fn(|n| u8::try_from(n).unwrap());
        Ed25519SealSigner::new(&RootSecret::from_bytes(&counting).unwrap())
    }

    #[test]
    fn a_known_message_has_its_known_digest() {
        assert_eq!(
            signer().hash(b"abc"),
            bytes("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
    }

    #[test]
    fn a_known_key_signs_as_the_standard_says() {
        let signer = Ed25519SealSigner {
            key: SigningKey::from_bytes(&bytes(SEED)),
        };
        assert_eq!(signer.public_key(), bytes(PUBLIC));
        assert_eq!(signer.sign(b""), bytes(OF_NOTHING));
        assert!(signer.is_signed(&bytes(PUBLIC), b"", &bytes(OF_NOTHING)));
    }

    /// Computed by another implementation. It must never change: seals are verified with the public
    /// key that administrators noted down.
    #[test]
    fn the_key_of_a_root_secret_is_its_known_one() {
        assert_eq!(
            signer().public_key(),
            bytes("2bfad0fb27081ef49fe8207528677026217d29be371ef84eef459e2428e3b0ff")
        );
    }

    #[test]
    fn another_root_secret_signs_with_another_key() {
        let other = Ed25519SealSigner::new(&RootSecret::generate());
        let signature = other.sign(b"message");
        assert!(signer().is_signed(&other.public_key(), b"message", &signature));
        assert!(!other.is_signed(&signer().public_key(), b"message", &signature));
    }

    #[test]
    fn a_key_that_is_none_has_signed_nothing() {
        let signature = signer().sign(b"message");
        let mut no_point = [0; 32];
        no_point[0] = 2;
        assert!(VerifyingKey::from_bytes(&no_point).is_err());
        assert!(!signer().is_signed(&no_point, b"message", &signature));
    }

    /// With the neutral point as key and as first half, this signature passes the non-strict
    /// verification of every message.
    #[test]
    fn a_signature_for_every_message_is_none() {
        let (mut key, mut signature) = ([0; 32], [0; 64]);
        (key[0], signature[0]) = (1, 1);
        let plain = VerifyingKey::from_bytes(&key).unwrap();
        let passes = |message: &[u8]| {
            use ed25519_dalek::Verifier as _;
            plain
                .verify(message, &Signature::from_bytes(&signature))
                .is_ok()
        };
        assert!(passes(b"one") && passes(b"other"));
        assert!(!signer().is_signed(&key, b"one", &signature));
    }

    proptest! {
        #[test]
        fn a_changed_bit_shows(
            message in prop::collection::vec(any::<u8>(), 1..64),
            bit in 0usize..(32 + 64) * 8,
            in_message: prop::sample::Index,
        ) {
            let signer = signer();
            let (key, signature) = (signer.public_key(), signer.sign(&message));
            prop_assert!(signer.is_signed(&key, &message, &signature));

            let mut changed = message.clone();
            changed[in_message.index(message.len())] ^= 1;
            prop_assert!(!signer.is_signed(&key, &changed, &signature));

            let mut both = [key.as_slice(), &signature].concat();
            both[bit / 8] ^= 1 << (bit % 8);
            let (key, signature) = (both[..32].try_into().unwrap(), both[32..].try_into().unwrap());
            prop_assert!(!signer.is_signed(key, &message, signature));
        }
    }
}
