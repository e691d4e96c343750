//! Values that tests begin with. Each has sane defaults; a test names only what it is about.

mod address;
mod clock;
mod customer;
mod facts;
mod frame;
mod hasher;
mod keys;
mod random;
mod sealing;
mod tokens;

pub use address::{PlainDigests, address, address_for, country, full_address};
pub use clock::{FixedClock, SeededIds, at, seeded_id};
pub use customer::{
    CustomerBuilder, customer, email, external, group, groups, legacy, new_customer, phone, tag,
};
pub use facts::{audit_entry, claim, fact, reply};
pub use frame::{operator_scope, other_scope, other_tenant, scope, tenant, third_tenant};
pub use hasher::PlainHasher;
pub use keys::{api_key, digest, presented};
pub use random::random_customer;
pub use sealing::{cipher, digests, key_store, notary, sealing};
pub use tokens::{PlainTokens, token};

pub(crate) use customer::object;
