//! Keys in a unit of work: loaded or created for its customers, and used to seal its changes.

use super::keys;
use super::{CustomerKeys, KeyRing, TenantKeys};
use crate::pg::builder::Branches;
use crate::pg::row::{RowReader, corrupt};
use crate::pg::tx::Tx;
use customer_domain::privacy::{DataKey, SealContext, SealedError};
use customer_domain::{CustomerId, KeyId, StoreError, TenantId};
use std::sync::Arc;
use uuid::Uuid;

/// The keys of a unit of work, which seal what it writes.
pub(crate) struct WorkKeys {
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) tenant: Arc<TenantKeys>,
    customers: CustomerKeys,
}

impl WorkKeys {
    /// Returns the keys of a tenant, and of no customer yet. Call it while no connection is held.
    pub(crate) async fn of(ring: &Arc<KeyRing>, tenant: TenantId) -> Result<Self, StoreError> {
        Ok(Self {
            ring: Arc::clone(ring),
            tenant: ring.tenant_keys(tenant).await?,
            customers: CustomerKeys::default(),
        })
    }

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

    /// Creates the key of a new customer.
    pub(crate) fn make(&mut self, customer: CustomerId) {
        self.customers.make(customer, self.ring.generate());
    }

    /// Adds the new keys to a statement that stores them.
    pub(crate) fn add_made(&self, branches: &mut Branches) -> Result<(), StoreError> {
        let made = self.customers.made();
        if made.is_empty() {
            return Ok(());
        }
        let insert = branches.branch(keys::INSERT);
        keys::values(insert, &self.tenant, self.ring.cipher(), &made)
    }

    /// Marks the new keys as stored.
    pub(crate) fn stored(&mut self) {
        self.customers.stored();
    }

    /// Unwraps the key that was read with a customer; if it is `None`, creates one, which is
    /// stored with the changes. One more round trip if another replica created a key of the tenant
    /// meanwhile.
    pub(crate) async fn unwrap_or_create(
        &mut self,
        customer: CustomerId,
        held: Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        if self.customers.get(customer).is_some() {
            return Ok(());
        }
        let Some(held) = held else {
            self.make(customer);
            return Ok(());
        };
        let under = keys::wrapped_under(self.ring.cipher(), &held);
        let under = under.map_err(|SealedError| corrupt("customer_keys", customer))?;
        self.ensure_tenant_key(under).await?;
        let cipher = self.ring.cipher();
        self.customers.hold(cipher, &self.tenant, customer, &held)
    }

    /// Loads the tenant's keys again unless this one is in memory.
    pub(crate) async fn ensure_tenant_key(&mut self, key: KeyId) -> Result<(), StoreError> {
        if self.tenant.get(key).is_err() {
            self.tenant = self.ring.with(self.tenant.tenant(), key).await?;
        }
        Ok(())
    }

    /// Loads or creates the keys of these customers. No round trip if all of them were locked or
    /// created here, otherwise one.
    pub(crate) async fn find(
        &mut self,
        tx: &mut Tx,
        customers: impl IntoIterator<Item = CustomerId>,
    ) -> Result<(), StoreError> {
        let missing: Vec<Uuid> = customers
            .into_iter()
            .filter(|customer| self.customers.get(*customer).is_none())
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
        let select = select.bind(tx.tenant().0).bind(&missing);
        for row in tx.fetch(select).await? {
            let row = RowReader::new(&row, "customer_keys");
            let (customer, held) = (row.column("customer_id")?, row.column("held_key")?);
            self.unwrap_or_create(CustomerId(customer), Some(held))
                .await?;
        }
        for customer in missing {
            self.unwrap_or_create(CustomerId(customer), None).await?;
        }
        Ok(())
    }
}
