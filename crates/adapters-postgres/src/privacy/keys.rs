//! Customers' keys: stored wrapped with each customer, unwrapped in the unit of work that writes.

use super::TenantKeys;
use crate::pg::builder::{self, Builder};
use crate::pg::row::corrupt;
use crate::pg::sql::Sql;
use customer_domain::privacy::{Cipher, DataKey, SealContext, SealedError};
use customer_domain::{CustomerId, KeyId, StoreError, TenantId};
use std::collections::HashMap;
use uuid::Uuid;

const TABLE: &str = "customer_keys";
/// The length of a key's id, in bytes.
const ID: usize = 16;

/// The newest key of a row of `customers`, as [`CustomerKeys::hold`] takes it: the id, then the
/// wrapped key.
pub(crate) const HELD_KEY: Sql = Sql::text(
    "(SELECT uuid_send(k.id) || k.wrapped FROM customer_keys k \
     WHERE k.tenant_id = customers.tenant_id AND k.customer_id = customers.id ORDER BY k.id DESC LIMIT 1)",
);

pub(super) const INSERT: &str = "INSERT INTO customer_keys (tenant_id, customer_id, id, wrapped)";

/// Appends the rows of new keys; `$1` is the tenant.
pub(super) fn values(
    builder: &mut Builder,
    tenant: &TenantKeys,
    cipher: &dyn Cipher,
    keys: &[(CustomerId, &DataKey)],
) -> Result<(), StoreError> {
    let under = tenant.newest()?;
    builder::values(builder, "$1", keys, |row, (customer, key)| {
        let name = key.id.to_string();
        let place = place(tenant.tenant(), *customer, &name);
        row.push_bind(customer.0)
            .push_bind(key.id.0)
            .push_bind(cipher.wrap(under, place, key));
    });
    Ok(())
}

/// Returns the context to which a customer's wrapped key is bound; `name` is the key's id.
fn place(tenant: TenantId, customer: CustomerId, name: &str) -> SealContext<'_> {
    SealContext {
        tenant,
        table: TABLE,
        row: customer.0,
        column: name,
    }
}

/// Returns the id of the tenant's key that wraps a customer's key, as [`HELD_KEY`] yields it.
pub(crate) fn wrapped_under(cipher: &dyn Cipher, held: &[u8]) -> Result<KeyId, SealedError> {
    let (_, wrapped) = held.split_at_checked(ID).ok_or(SealedError)?;
    cipher.key_of(wrapped)
}

/// Unwraps a customer's key, as [`HELD_KEY`] yields it.
pub(crate) fn open(
    cipher: &dyn Cipher,
    tenant: &TenantKeys,
    customer: CustomerId,
    held: &[u8],
) -> Result<DataKey, SealedError> {
    let (id, wrapped) = held.split_at_checked(ID).ok_or(SealedError)?;
    let id = Uuid::from_slice(id).map_err(|_| SealedError)?;
    let under = tenant.get(cipher.key_of(wrapped)?)?;
    let name = id.to_string();
    let place = place(tenant.tenant(), customer, &name);
    cipher.unwrap(under, place, KeyId(id), wrapped)
}

/// The keys of the customers that a unit of work has locked or creates.
#[derive(Default)]
pub(crate) struct CustomerKeys {
    held: HashMap<CustomerId, DataKey>,
    /// The customers whose keys are not stored yet.
    made: Vec<CustomerId>,
}

impl CustomerKeys {
    pub(crate) fn get(&self, customer: CustomerId) -> Option<&DataKey> {
        self.held.get(&customer)
    }

    /// Unwraps and adds a stored key.
    pub(crate) fn hold(
        &mut self,
        cipher: &dyn Cipher,
        tenant: &TenantKeys,
        customer: CustomerId,
        held: &[u8],
    ) -> Result<(), StoreError> {
        let key = open(cipher, tenant, customer, held);
        let key = key.map_err(|SealedError| corrupt(TABLE, customer))?;
        self.held.insert(customer, key);
        Ok(())
    }

    /// Adds a new key, which is stored with the changes unless [`stored`](Self::stored) is called.
    pub(crate) fn make(&mut self, customer: CustomerId, key: DataKey) {
        self.held.insert(customer, key);
        self.made.push(customer);
    }

    /// Returns the new keys that are not stored yet.
    pub(crate) fn made(&self) -> Vec<(CustomerId, &DataKey)> {
        let made = self.made.iter();
        made.filter_map(|customer| Some((*customer, self.get(*customer)?)))
            .collect()
    }

    /// Marks the new keys as stored.
    pub(crate) fn stored(&mut self) {
        self.made.clear();
    }
}
