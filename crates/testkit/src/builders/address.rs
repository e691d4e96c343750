//! Addresses, and a digest for them.

use super::clock::{at, seeded_id};
use super::customer::{legacy, object, phone};
use customer_domain::address::{Address, AddressType, Country, PostalAddress};
use customer_domain::{AddressId, DigestPurpose, KeyedDigest};
use serde_json::{Map, json};

/// Returns the n-th address: a shipping address that is not a default, created n seconds after the
/// start. Addresses with different numbers are in different houses.
pub fn address(n: u64) -> Address {
    let made = at(i64::try_from(n).expect("a small number"));
    Address {
        id: AddressId(seeded_id(0xadd_0000 + n)),
        kind: AddressType::Shipping,
        default_shipping: false,
        default_billing: false,
        postal: PostalAddress {
            first_name: None,
            last_name: None,
            company: None,
            street: format!("{n} Main Street"),
            street2: None,
            city: Some("New York".to_owned()),
            region: Some("NY".to_owned()),
            postal_code: Some("10001".to_owned()),
            country: country("US"),
            phone: None,
        },
        label: None,
        is_verified: false,
        metadata: Map::new(),
        legacy_id: None,
        version: 1,
        created_at: made,
        updated_at: made,
    }
}

/// Returns the n-th address, of this type.
pub fn address_for(kind: AddressType, n: u64) -> Address {
    Address { kind, ..address(n) }
}

/// Returns the n-th address, for shipping and billing, with a value in every field. It has no role
/// yet, and the legacy id 900 + n.
pub fn full_address(n: u64) -> Address {
    let Address {
        id,
        default_shipping,
        default_billing,
        version,
        created_at,
        updated_at,
        ..
    } = address(n);
    let metadata = json!({"gate": {"code": "4711#"}, "steps": [1, 2.5, null], "name": "Ünïcödé"});
    Address {
        id,
        kind: AddressType::Both,
        default_shipping,
        default_billing,
        postal: PostalAddress {
            first_name: Some("Ada".to_owned()),
            last_name: Some("King-Noël".to_owned()),
            company: Some("Analytical Engines & Söhne".to_owned()),
            street: format!("{n} Main Street"),
            street2: Some("c/o O'Brien; 2nd floor".to_owned()),
            city: Some("New York".to_owned()),
            region: Some("NY".to_owned()),
            postal_code: Some("10001".to_owned()),
            country: country("US"),
            phone: Some(phone("+1 (555) 010-0199")),
        },
        label: Some("Home".to_owned()),
        is_verified: true,
        metadata: object(&metadata),
        legacy_id: Some(legacy(900 + i64::try_from(n).expect("a small number"))),
        version,
        created_at,
        updated_at,
    }
}

/// Parses the code of a country. Panics if it is invalid.
pub fn country(code: &str) -> Country {
    Country::parse(code).expect("a country")
}

/// Digests that differ if the purpose or the message does, and protect nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainDigests;

impl KeyedDigest for PlainDigests {
    fn digest(&self, purpose: DigestPurpose, message: &[u8]) -> [u8; 32] {
        let purpose = match purpose {
            DigestPurpose::IdempotentBody => 1,
            DigestPurpose::Cursor => 2,
            DigestPurpose::Address => 3,
            DigestPurpose::MailToken => 4,
            DigestPurpose::AuditEntry => 5,
            DigestPurpose::RootCheck => 6,
        };
        let mut digest = [0; 32];
        // Four FNV-1a hashes, each with a different first byte.
        for (lane, part) in digest.chunks_exact_mut(8).enumerate() {
            let lane = u8::try_from(lane).expect("four lanes");
            let bytes = [lane, purpose].into_iter().chain(message.iter().copied());
            let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
            part.copy_from_slice(&hash.to_be_bytes());
        }
        digest
    }
}
