//! The keys that values are sealed with, and what they seal.
//!
//! Tenants' keys stay in memory once they were taken out of the key store: neither a read nor a
//! write calls it. Customers' keys are wrapped under them and travel with the customer's row.

mod keys;
mod ring;
mod work;

pub(crate) use keys::{CustomerKeys, HELD_KEY, open as open_key, wrapped_under};
pub(crate) use ring::{KeyRing, TenantKeys};
pub(crate) use work::Sealer;

use customer_domain::privacy::{Cipher, KeyStore};
use customer_domain::{IdSource, KeyedDigest};
use std::sync::Arc;

/// What the adapter seals with.
#[derive(Clone)]
pub struct Sealing {
    /// Seals and opens.
    pub cipher: Arc<dyn Cipher>,
    /// Has the master keys.
    pub key_store: Arc<dyn KeyStore>,
    /// Makes the digests of audit entries.
    pub digests: Arc<dyn KeyedDigest>,
    /// Names new keys.
    pub ids: Arc<dyn IdSource>,
}
