//! Keys in a unit of work: loaded or created for its customers, and used to seal its changes.

use super::keys;
use super::{CustomerKeys, KeyRing, TenantKeys};
use crate::pg::builder::Branches;
use crate::pg::row::{RowReader, corrupt};
use crate::unit_of_work::PgUnitOfWork;
use customer_domain::privacy::{DataKey, SealContext, SealedError};
use customer_domain::{CustomerId, KeyId, StoreError};
use uuid::Uuid;

/// Seals what a unit of work writes.
pub(crate) struct Sealer<'a> {
    pub(crate) ring: &'a KeyRing,
    pub(crate) tenant: &'a TenantKeys,
    pub(crate) customers: &'a CustomerKeys,
}

impl Sealer<'_> {
    /// Seals a value with the key of the customer whom it is about; `None` takes the tenant's.
    pub(crate) fn seal(
        &self,
        about: Option<CustomerId>,
        place: SealContext<'_>,
        value: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        Ok(self.ring.cipher().seal(self.key(about)?, place, value))
    }

    fn key(&self, about: Option<CustomerId>) -> Result<&DataKey, StoreError> {
        match about {
            Some(customer) => {
                let key = self.customers.get(customer);
                key.ok_or_else(|| corrupt("customer_keys", customer))
            }
            None => self.tenant.newest(),
        }
    }
}

impl PgUnitOfWork {
    pub(crate) fn sealer(&self) -> Sealer<'_> {
        Sealer {
            ring: &self.ring,
            tenant: &self.tenant_keys,
            customers: &self.keys,
        }
    }

    /// Adds the new keys to a statement that stores them.
    pub(crate) fn add_made_keys(&self, branches: &mut Branches) -> Result<(), StoreError> {
        let made = self.keys.made();
        if made.is_empty() {
            return Ok(());
        }
        let insert = branches.branch(keys::INSERT);
        keys::values(insert, &self.tenant_keys, self.ring.cipher(), &made)
    }

    /// Unwraps the key that was read with a locked customer; if it is `None`, creates one, which is
    /// stored with the changes. One more round trip if another replica created a key of the tenant
    /// meanwhile.
    pub(crate) async fn unwrap_or_create_key(
        &mut self,
        customer: CustomerId,
        held: Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        if self.keys.get(customer).is_some() {
            return Ok(());
        }
        let Some(held) = held else {
            self.keys.make(customer, self.ring.generate());
            return Ok(());
        };
        let under = keys::wrapped_under(self.ring.cipher(), &held);
        let under = under.map_err(|SealedError| corrupt("customer_keys", customer))?;
        self.ensure_tenant_key(under).await?;
        let cipher = self.ring.cipher();
        self.keys.hold(cipher, &self.tenant_keys, customer, &held)
    }

    /// Loads the tenant's keys again unless this one is in memory.
    pub(crate) async fn ensure_tenant_key(&mut self, key: KeyId) -> Result<(), StoreError> {
        if self.tenant_keys.get(key).is_err() {
            self.tenant_keys = self.ring.with(self.tx.tenant(), key).await?;
        }
        Ok(())
    }

    /// Loads or creates the keys of these customers. No round trip if all of them were locked or
    /// created here, otherwise one.
    pub(crate) async fn find_keys(
        &mut self,
        customers: impl IntoIterator<Item = CustomerId>,
    ) -> Result<(), StoreError> {
        let missing: Vec<Uuid> = customers
            .into_iter()
            .filter(|customer| self.keys.get(*customer).is_none())
            .map(|customer| customer.0)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let select = sqlx::query(
            "SELECT DISTINCT ON (k.customer_id) k.customer_id, uuid_send(k.id) || k.wrapped AS held_key \
             FROM customer_keys k WHERE k.tenant_id = $1 AND k.customer_id = ANY($2) \
             ORDER BY k.customer_id, k.id DESC",
        );
        let select = select.bind(self.tx.tenant().0).bind(&missing);
        for row in self.tx.fetch(select).await? {
            let row = RowReader::new(&row, "customer_keys");
            let (customer, held) = (row.column("customer_id")?, row.column("held_key")?);
            self.unwrap_or_create_key(CustomerId(customer), Some(held))
                .await?;
        }
        for customer in missing {
            self.unwrap_or_create_key(CustomerId(customer), None)
                .await?;
        }
        Ok(())
    }
}
