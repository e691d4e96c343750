//! The cache of the tenants' keys.

use super::Sealing;
use crate::pg::pool::PgPool;
use crate::pg::read;
use crate::pg::row::{RowReader, corrupt};
use crate::pg::sql::sql;
use customer_domain::privacy::{Cipher, DataKey, KeyStoreError, SealedError, WrappedKey};
use customer_domain::{KeyId, KeyedDigest, StoreError, TenantId};
use sqlx::postgres::PgRow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tracing::{error, instrument};

const TABLE: &str = "tenant_keys";

/// The unwrapped keys of tenants. Shared by all units of work.
pub(crate) struct KeyRing {
    sealing: Sealing,
    /// A separate pool: requests hold connections of the app role while they wait for a key.
    worker: PgPool,
    tenants: RwLock<HashMap<TenantId, Arc<TenantKeys>>>,
    /// How many keys of all tenants are lost, as far as is known.
    lost: AtomicI64,
}

/// The keys of one tenant, at least one.
pub(crate) struct TenantKeys {
    tenant: TenantId,
    /// Ordered by number: the last is in use.
    keys: Vec<DataKey>,
    /// Those whose master key is lost.
    lost: Vec<KeyId>,
}

impl TenantKeys {
    /// Returns the tenant whose keys these are.
    pub(crate) fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Returns the key that is in use.
    pub(crate) fn newest(&self) -> Result<&DataKey, StoreError> {
        self.keys.last().ok_or_else(|| corrupt(TABLE, self.tenant))
    }

    /// Returns whether nobody can open what was sealed with the key with this id.
    pub(crate) fn is_lost(&self, id: KeyId) -> bool {
        self.lost.contains(&id)
    }

    /// Returns whether the key with this id is known.
    pub(crate) fn knows(&self, id: KeyId) -> bool {
        self.is_lost(id) || self.get(id).is_ok()
    }

    /// Returns the key with this id.
    pub(crate) fn get(&self, id: KeyId) -> Result<&DataKey, SealedError> {
        let found = self.keys.iter().find(|key| key.id == id);
        found.ok_or(SealedError)
    }
}

impl KeyRing {
    pub(crate) fn new(sealing: Sealing, worker: PgPool) -> Self {
        Self {
            sealing,
            worker,
            tenants: RwLock::default(),
            lost: AtomicI64::new(0),
        }
    }

    /// Remembers how many keys are lost by now. If the number has changed, forgets the keys in
    /// memory, of which one may be lost: they are read again when they are needed.
    pub(crate) fn expect_lost(&self, lost: i64) {
        if self.lost.swap(lost, Ordering::Relaxed) != lost {
            let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
            tenants.clear();
        }
    }

    pub(crate) fn cipher(&self) -> &dyn Cipher {
        &*self.sealing.cipher
    }

    pub(crate) fn digests(&self) -> &dyn KeyedDigest {
        &*self.sealing.digests
    }

    /// Generates a key for a tenant or a customer.
    pub(crate) fn generate(&self) -> DataKey {
        self.cipher().generate(KeyId(self.sealing.ids.new_id()))
    }

    /// Returns the keys of a tenant, from memory except for the first time in the life of this
    /// process: then one round trip, three if the tenant has no key yet, and one call of the key
    /// store for each key.
    ///
    /// Call it while no connection is held: it takes one itself.
    pub(crate) async fn tenant_keys(
        &self,
        tenant: TenantId,
    ) -> Result<Arc<TenantKeys>, StoreError> {
        match self.remembered(tenant) {
            Some(keys) => Ok(keys),
            None => self.load(tenant).await,
        }
    }

    /// Returns the keys of a tenant, from memory if they include this one, otherwise from the
    /// store: another replica may have created it.
    pub(crate) async fn with(
        &self,
        tenant: TenantId,
        id: KeyId,
    ) -> Result<Arc<TenantKeys>, StoreError> {
        match self.remembered(tenant).filter(|keys| keys.knows(id)) {
            Some(keys) => Ok(keys),
            None => self.load(tenant).await,
        }
    }

    fn remembered(&self, tenant: TenantId) -> Option<Arc<TenantKeys>> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants.get(&tenant).map(Arc::clone)
    }

    #[instrument(name = "db.privacy.load_keys", level = "debug", skip_all)]
    async fn load(&self, tenant: TenantId) -> Result<Arc<TenantKeys>, StoreError> {
        let (mut lost, mut rows) = self.stored(tenant).await?;
        if rows.is_empty() {
            self.make(tenant, lost.len()).await?;
            // Another replica may have stored its key first.
            (lost, rows) = self.stored(tenant).await?;
        }
        let mut keys = Vec::with_capacity(rows.len());
        for row in &rows {
            keys.push(self.take_out(tenant, row).await?);
        }
        let keys = Arc::new(TenantKeys { tenant, keys, lost });
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        tenants.insert(tenant, Arc::clone(&keys));
        Ok(keys)
    }

    /// Returns the ids of the lost keys, and the rows of the others.
    async fn stored(&self, tenant: TenantId) -> Result<(Vec<KeyId>, Vec<PgRow>), StoreError> {
        let select = sql!(
            "SELECT id, master, wrapped, is_lost FROM tenant_keys WHERE tenant_id = {} ORDER BY number",
            tenant
        );
        let (mut lost, mut others) = (Vec::new(), Vec::new());
        for row in read::rows(&self.worker, tenant, &[select]).await? {
            let reader = RowReader::new(&row, TABLE);
            if reader.column("is_lost")? {
                lost.push(KeyId(reader.column("id")?));
            } else {
                others.push(row);
            }
        }
        Ok((lost, others))
    }

    /// Stores a key of a tenant that has only `lost` ones, unless another replica was first.
    async fn make(&self, tenant: TenantId, lost: usize) -> Result<(), StoreError> {
        let key = self.generate();
        let wrapped = self.sealing.key_store.wrap(tenant, &key).await;
        let wrapped = wrapped.map_err(|error| refused(tenant, &error))?;
        let insert = sql!(
            "INSERT INTO tenant_keys (tenant_id, number, id, master, wrapped) \
             VALUES ({}, {}, {}, {}, {}) ON CONFLICT DO NOTHING",
            tenant,
            u64::try_from(lost).unwrap_or(u64::MAX).saturating_add(1),
            key.id,
            wrapped.master,
            wrapped.bytes.as_slice()
        );
        read::rows(&self.worker, tenant, &[insert]).await?;
        Ok(())
    }

    async fn take_out(&self, tenant: TenantId, row: &PgRow) -> Result<DataKey, StoreError> {
        let row = RowReader::new(row, TABLE);
        let id = KeyId(row.column("id")?);
        let wrapped = WrappedKey {
            master: row.column("master")?,
            bytes: row.column("wrapped")?,
        };
        let key = self.sealing.key_store.unwrap(tenant, id, &wrapped).await;
        key.map_err(|error| refused(tenant, &error))
    }
}

/// Converts an error of the key store.
fn refused(tenant: TenantId, error: &KeyStoreError) -> StoreError {
    error!(%tenant, %error, "the key store did not help");
    StoreError::Keys
}
