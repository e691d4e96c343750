//! Keys in a unit of work: loaded or created for its customers, and used to seal its changes.

use super::keys;
use super::{KeyRing, TenantKeys};
use crate::pg::row::{RowReader, corrupt};
use crate::pg::tx::Tx;
use customer_domain::privacy::{DataKey, SealContext, SealedError};
use customer_domain::{CustomerId, KeyId, StoreError, TenantId};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

const TABLE: &str = "customers";

/// Sets the key of customer `$2` to `$4` unless it is no longer `$3`.
macro_rules! set_key {
    () => {
        "UPDATE customers SET revision = revision + 1, \
         sealing_key = CASE WHEN sealing_key IS NOT DISTINCT FROM $3 THEN $4 ELSE sealing_key END \
         WHERE tenant_id = $1 AND id = $2 RETURNING sealing_key"
    };
}

const SET_KEY: &str = set_key!();
const SET_KEY_AND_KEEP_THE_OLDER: &str = concat!(
    "WITH kept AS (INSERT INTO customer_keys (tenant_id, customer_id, id, wrapped) \
     VALUES ($1, $2, encode(substr($3, 1, 16), 'hex')::uuid, substr($3, 17)) ON CONFLICT DO NOTHING) ",
    set_key!()
);

/// The keys of a unit of work, which seal what it writes.
pub(crate) struct WorkKeys {
    pub(crate) ring: Arc<KeyRing>,
    pub(crate) tenant: Arc<TenantKeys>,
    /// The keys of the customers that this unit of work has locked or creates.
    customers: HashMap<CustomerId, DataKey>,
}

impl WorkKeys {
    /// Returns the keys of a tenant, and of no customer yet. Call it while no connection is held.
    pub(crate) async fn of(ring: &Arc<KeyRing>, tenant: TenantId) -> Result<Self, StoreError> {
        Ok(Self {
            ring: Arc::clone(ring),
            tenant: ring.tenant_keys(tenant).await?,
            customers: HashMap::new(),
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
                let key = self.customers.get(&customer);
                key.ok_or_else(|| corrupt(TABLE, customer))
            }
            None => self.tenant.newest(),
        }
    }

    /// Creates the key of a new customer, and returns it as the customer's row holds it.
    pub(crate) fn make(&mut self, customer: CustomerId) -> Result<Vec<u8>, StoreError> {
        let key = self.ring.generate();
        let wrapped = keys::wrap(self.ring.cipher(), &self.tenant, customer, &key);
        self.customers.insert(customer, key);
        wrapped
    }

    /// Unwraps the key that was read with a customer. If there is none, or it is wrapped under a lost
    /// one, stores a new one with one round trip. One more if another replica created a key of the
    /// tenant meanwhile.
    pub(crate) async fn unwrap_or_create(
        &mut self,
        tx: &mut Tx,
        customer: CustomerId,
        held: Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        if self.customers.contains_key(&customer) {
            return Ok(());
        }
        let key = match held {
            Some(held) => match self.unwrap(customer, &held).await? {
                Some(key) => Some(key),
                None => self.store(tx, customer, Some(held)).await?,
            },
            None => self.store(tx, customer, None).await?,
        };
        let key = key.ok_or_else(|| corrupt(TABLE, customer))?;
        self.customers.insert(customer, key);
        Ok(())
    }

    /// Unwraps a customer's key; `None` if the tenant's key that wraps it is lost.
    async fn unwrap(
        &mut self,
        customer: CustomerId,
        held: &[u8],
    ) -> Result<Option<DataKey>, StoreError> {
        let unreadable = |SealedError| corrupt(TABLE, customer);
        let under = keys::wrapped_under(self.ring.cipher(), held).map_err(unreadable)?;
        self.ensure_tenant_key(under).await?;
        if self.tenant.is_lost(under) {
            return Ok(None);
        }
        let key = keys::open(self.ring.cipher(), &self.tenant, customer, held);
        key.map(Some).map_err(unreadable)
    }

    /// Stores a new key of a customer in place of `unusable`, which is kept among the older ones, and
    /// returns the one that it has then: another transaction may have been first.
    async fn store(
        &mut self,
        tx: &mut Tx,
        customer: CustomerId,
        unusable: Option<Vec<u8>>,
    ) -> Result<Option<DataKey>, StoreError> {
        let (cipher, key) = (self.ring.cipher(), self.ring.generate());
        let made = keys::wrap(cipher, &self.tenant, customer, &key)?;
        let update = sqlx::query(match unusable {
            Some(_) => SET_KEY_AND_KEEP_THE_OLDER,
            None => SET_KEY,
        });
        let update = update.bind(tx.tenant().0).bind(customer.0);
        let rows = tx.fetch(update.bind(unusable).bind(made)).await?;
        let row = rows.first().ok_or_else(|| corrupt(TABLE, customer))?;
        let held: Vec<u8> = RowReader::new(row, TABLE).column("sealing_key")?;
        self.unwrap(customer, &held).await
    }

    /// Loads the tenant's keys again unless this one is in memory.
    pub(crate) async fn ensure_tenant_key(&mut self, key: KeyId) -> Result<(), StoreError> {
        if !self.tenant.knows(key) {
            self.tenant = self.ring.with(self.tenant.tenant(), key).await?;
        }
        Ok(())
    }

    /// Loads or creates the keys of these customers. No round trip if all of them were locked or
    /// created here, otherwise one, and one for each customer without a key.
    pub(crate) async fn find(
        &mut self,
        tx: &mut Tx,
        customers: impl IntoIterator<Item = CustomerId>,
    ) -> Result<(), StoreError> {
        let missing = customers.into_iter();
        let missing = missing.filter(|customer| !self.customers.contains_key(customer));
        let missing: Vec<Uuid> = missing.map(|customer| customer.0).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let select = sqlx::query(
            "SELECT id, sealing_key FROM customers WHERE tenant_id = $1 AND id = ANY($2)",
        );
        let select = select.bind(tx.tenant().0).bind(&missing);
        for row in tx.fetch(select).await? {
            let row = RowReader::new(&row, TABLE);
            let (customer, held) = (row.column("id")?, row.column("sealing_key")?);
            self.unwrap_or_create(tx, CustomerId(customer), held)
                .await?;
        }
        Ok(())
    }
}
