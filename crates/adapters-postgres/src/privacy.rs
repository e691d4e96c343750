//! The keys with which values are sealed, and the sealing itself.
//!
//! Tenants' keys stay in memory once the key store has unwrapped them: neither a read nor a write
//! calls it. Customers' keys are wrapped with them, and read together with the customer's row.

mod installation;
mod keys;
mod ring;
mod work;

pub(crate) use installation::PgInstallation;
pub(crate) use keys::{open as open_key, wrapped_under};
pub(crate) use ring::{KeyRing, TenantKeys};
pub(crate) use work::WorkKeys;

use customer_domain::privacy::{Cipher, KeyStore};
use customer_domain::{IdSource, KeyedDigest};
use std::sync::Arc;

/// The ports that the adapter uses for sealing.
#[derive(Clone)]
pub struct Sealing {
    /// Seals and opens values.
    pub cipher: Arc<dyn Cipher>,
    /// Wraps and unwraps tenants' keys with the master keys.
    pub key_store: Arc<dyn KeyStore>,
    /// Computes the digests of audit entries.
    pub digests: Arc<dyn KeyedDigest>,
    /// Creates the ids of new keys.
    pub ids: Arc<dyn IdSource>,
}
