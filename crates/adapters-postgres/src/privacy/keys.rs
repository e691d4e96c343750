//! The customers' keys: wrapped beside the customer, and open in the unit of work that writes.

use super::TenantKeys;
use crate::pg::builder::{self, Builder};
use crate::pg::row::corrupt;
use crate::pg::sql::Sql;
use customer_domain::privacy::{Cipher, DataKey, SealContext, SealedError};
use customer_domain::{CustomerId, KeyId, StoreError, TenantId};
use std::collections::HashMap;
use uuid::Uuid;

const TABLE: &str = "customer_keys";
/// Bytes of an id.
const ID: usize = 16;

/// The newest key of the customer of a row of `customers`, as [`CustomerKeys::hold`] takes it;
/// `$1` is the tenant.
pub(crate) const HELD_KEY: Sql = Sql::text(
    "(SELECT uuid_send(k.id) || k.wrapped FROM customer_keys k \
     WHERE k.tenant_id = $1 AND k.customer_id = customers.id ORDER BY k.id DESC LIMIT 1)",
);

pub(super) const INSERT: &str = "INSERT INTO customer_keys (tenant_id, customer_id, id, wrapped)";

/// Rows of new keys; `$1` is the tenant.
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

/// Where a wrapped key lies: a row is a customer's key of this name.
fn place(tenant: TenantId, customer: CustomerId, name: &str) -> SealContext<'_> {
    SealContext {
        tenant,
        table: TABLE,
        row: customer.0,
        column: name,
    }
}

/// The tenant's key that a customer's, as [`HELD_KEY`] yields it, is wrapped under.
pub(crate) fn wrapped_under(cipher: &dyn Cipher, held: &[u8]) -> Result<KeyId, SealedError> {
    let (_, wrapped) = held.split_at_checked(ID).ok_or(SealedError)?;
    cipher.key_of(wrapped)
}

/// Takes a customer's key, as [`HELD_KEY`] yields it, out of its wrapping.
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

/// The keys of the customers that a unit of work is about.
#[derive(Default)]
pub(crate) struct CustomerKeys {
    held: HashMap<CustomerId, DataKey>,
    /// Those of them that are not stored yet.
    made: Vec<CustomerId>,
}

impl CustomerKeys {
    pub(crate) fn get(&self, customer: CustomerId) -> Option<&DataKey> {
        self.held.get(&customer)
    }

    /// Takes a key that is stored.
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

    /// Takes a new key, which is stored with the changes unless [`stored`](Self::stored) is told.
    pub(crate) fn make(&mut self, customer: CustomerId, key: DataKey) {
        self.held.insert(customer, key);
        self.made.push(customer);
    }

    /// The new keys that are to be stored.
    pub(crate) fn made(&self) -> Vec<(CustomerId, &DataKey)> {
        let made = self.made.iter();
        made.filter_map(|customer| Some((*customer, self.get(*customer)?)))
            .collect()
    }

    /// The new keys are stored.
    pub(crate) fn stored(&mut self) {
        self.made.clear();
    }
}
