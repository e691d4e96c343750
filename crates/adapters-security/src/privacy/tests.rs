//! Tests of sealed values and of every key store.

mod cipher;
mod key_store;

use super::AeadCipher;
use crate::digest::RootSecret;
use customer_domain::privacy::{Cipher as _, DataKey, SealContext};
use customer_domain::{KeyId, TenantId};
use uuid::Uuid;

const TENANT: TenantId = TenantId(Uuid::from_u128(7));
const ID: KeyId = KeyId(Uuid::from_u128(5));

/// The nonce of all known answers.
const NONCE: &str = "6465666768696a6b6c6d6e6f707172737475767778797a7b";

const PLACE: SealContext<'static> = SealContext {
    tenant: TENANT,
    table: "audit_events",
    row: Uuid::from_u128(9),
    column: "changes",
};

/// Returns 32 bytes that count up from `first`.
fn counting(first: u8) -> [u8; 32] {
    std::array::from_fn(|n| first.wrapping_add(u8::try_from(n).unwrap()))
}

fn root() -> RootSecret {
    RootSecret::from_bytes(&counting(0)).unwrap()
}

fn known_key() -> DataKey {
    DataKey::new(ID, |key| *key = counting(32))
}

fn new_key() -> DataKey {
    AeadCipher.generate(ID)
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}
