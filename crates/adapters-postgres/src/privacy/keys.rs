//! Customers' keys: wrapped in their rows, unwrapped in the unit of work that writes.

use super::TenantKeys;
use customer_domain::privacy::{Cipher, DataKey, SealContext, SealedError};
use customer_domain::{CustomerId, KeyId, StoreError, TenantId};
use uuid::Uuid;

const TABLE: &str = "customer_keys";
/// The length of a key's id, in bytes.
const ID: usize = 16;

/// Wraps a customer's key under its tenant's newest one, in the form in which its row holds it: the
/// id, then the wrapped key.
pub(super) fn wrap(
    cipher: &dyn Cipher,
    tenant: &TenantKeys,
    customer: CustomerId,
    key: &DataKey,
) -> Result<Vec<u8>, StoreError> {
    let name = key.id.to_string();
    let place = place(tenant.tenant(), customer, &name);
    let wrapped = cipher.wrap(tenant.newest()?, place, key);
    Ok([key.id.0.as_bytes().as_slice(), &wrapped].concat())
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

/// Returns the id of the tenant's key that wraps a customer's key.
pub(crate) fn wrapped_under(cipher: &dyn Cipher, held: &[u8]) -> Result<KeyId, SealedError> {
    let (_, wrapped) = held.split_at_checked(ID).ok_or(SealedError)?;
    cipher.key_of(wrapped)
}

/// Unwraps a customer's key.
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
