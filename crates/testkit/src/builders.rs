//! Values for tests. They have defaults, so that a test sets only what it is about.

mod address;
mod changes;
mod clock;
mod customer;
mod frame;
mod hasher;
mod keys;
mod note;
mod random;
mod sealing;
mod tokens;

pub use address::{PlainDigests, address, address_for, country, full_address};
pub use changes::{audit_entry, change, claim, event, reply};
pub use clock::{FixedClock, SeededIds, at, seeded_id};
pub use customer::{
    CustomerBuilder, customer, email, external, group, groups, legacy, new_customer, phone,
    phone_keys, tag,
};
pub use frame::{context, operator_context, other_context, other_tenant, tenant, third_tenant};
pub use hasher::PlainHasher;
pub use keys::{api_key, digest, presented};
pub use note::{full_note, note, note_text};
pub use random::{Dice, random_customer};
pub use sealing::{cipher, digests, key_store, root_secret_text, sealing, signer};
pub use tokens::{PlainTokens, all_tenants_token, token};

pub(crate) use customer::object;
