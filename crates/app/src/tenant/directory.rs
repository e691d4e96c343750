//! All tenants, in memory, so that identifying the tenant of a request needs no query.

use chrono::{DateTime, TimeDelta, Utc};
use customer_domain::tenant::{Tenant, TenantReads, TenantSettings};
use customer_domain::{Clock, StoreError, TenantId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::Mutex;
use tracing::instrument;

/// The age at which the list is read again, in seconds; bounds the delay of other replicas'
/// changes.
const MAX_AGE_SECONDS: i64 = 10;
/// The minimum age at which an unknown tenant causes another reading, in seconds, so that guessing
/// is cheap.
const MIN_AGE_SECONDS: i64 = 1;

/// The tenants as of the last reading.
pub struct TenantDirectory {
    reads: Arc<dyn TenantReads>,
    clock: Arc<dyn Clock>,
    snapshot: RwLock<Arc<Snapshot>>,
    /// Locked by the look-up that is reading; the result of the last reading.
    reading: Mutex<Result<(), StoreError>>,
    /// The number of finished readings.
    readings: AtomicU64,
}

#[derive(Clone, Default)]
struct Snapshot {
    /// When the last reading started.
    read_at: Option<DateTime<Utc>>,
    by_slug: HashMap<String, Arc<Tenant>>,
    by_id: HashMap<TenantId, Arc<Tenant>>,
}

impl Snapshot {
    /// Stores a tenant unless a newer version is known. Tenants are never deleted, so nothing is
    /// removed.
    fn learn(&mut self, tenant: Tenant) {
        let known = self.by_id.get(&tenant.id);
        if known.is_some_and(|known| known.version >= tenant.version) {
            return;
        }
        let tenant = Arc::new(tenant);
        self.by_id.insert(tenant.id, Arc::clone(&tenant));
        self.by_slug.insert(tenant.slug.as_str().to_owned(), tenant);
    }
}

impl TenantDirectory {
    /// Creates an empty directory, which the first look-up fills.
    pub fn new(reads: Arc<dyn TenantReads>, clock: Arc<dyn Clock>) -> Self {
        Self {
            reads,
            clock,
            snapshot: RwLock::default(),
            reading: Mutex::new(Ok(())),
            readings: AtomicU64::new(0),
        }
    }

    /// Returns the tenant with this slug.
    ///
    /// # Errors
    /// An error of the store, if the tenant is not in memory.
    pub async fn by_slug(&self, slug: &str) -> Result<Option<Arc<Tenant>>, StoreError> {
        self.find(|known| known.by_slug.get(slug).cloned()).await
    }

    /// Returns the tenant with this internal id.
    ///
    /// # Errors
    /// An error of the store, if the tenant is not in memory.
    pub async fn by_id(&self, id: TenantId) -> Result<Option<Arc<Tenant>>, StoreError> {
        self.find(|known| known.by_id.get(&id).cloned()).await
    }

    /// Returns the settings of a tenant that a context names, and that is therefore in memory.
    pub fn settings(&self, id: TenantId) -> TenantSettings {
        let tenant = self.known().by_id.get(&id).cloned();
        tenant
            .map(|tenant| tenant.settings.clone())
            .unwrap_or_default()
    }

    /// Returns all tenants, by slug.
    pub fn all(&self) -> Vec<Arc<Tenant>> {
        let mut tenants: Vec<_> = self.known().by_slug.values().cloned().collect();
        tenants.sort_by(|a, b| a.slug.cmp(&b.slug));
        tenants
    }

    /// Reads the list again.
    ///
    /// # Errors
    /// An error of the store; the known tenants stay.
    #[instrument(name = "app.tenant.refresh", level = "debug", skip_all)]
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let read_at = self.clock.now();
        let tenants = self.reads.all().await?;
        self.change(|known| {
            for tenant in tenants {
                known.learn(tenant);
            }
            known.read_at = Some(read_at);
        });
        Ok(())
    }

    /// Adds a tenant that this process has just stored, without reading it again, which could fail.
    pub(crate) fn learn(&self, tenant: &Tenant) {
        self.change(|known| known.learn(tenant.clone()));
    }

    /// Changes the snapshot under the lock, so that no concurrent change is lost.
    fn change(&self, change: impl FnOnce(&mut Snapshot)) {
        let mut snapshot = self
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut snapshot));
    }

    async fn find(
        &self,
        look: impl Fn(&Snapshot) -> Option<Arc<Tenant>>,
    ) -> Result<Option<Arc<Tenant>>, StoreError> {
        let known = self.known();
        match look(&known) {
            Some(tenant) if self.is_older_than(&known, MAX_AGE_SECONDS) => {
                self.refresh_unless_reading().await;
                Ok(look(&self.known()).or(Some(tenant)))
            }
            None if self.is_older_than(&known, MIN_AGE_SECONDS) => {
                self.refresh_together().await?;
                Ok(look(&self.known()))
            }
            found => Ok(found),
        }
    }

    /// Lets one request read while the others use what is known, which a failure leaves unchanged.
    async fn refresh_unless_reading(&self) {
        let Ok(mut ended) = self.reading.try_lock() else {
            return;
        };
        *ended = self.refresh().await;
        self.readings.fetch_add(1, Ordering::AcqRel);
        if let Err(error) = &*ended {
            tracing::warn!(%error, "the list of tenants could not be read again");
        }
    }

    /// Lets one request read while the others wait for it and share its result.
    async fn refresh_together(&self) -> Result<(), StoreError> {
        let before = self.readings.load(Ordering::Acquire);
        let mut ended = self.reading.lock().await;
        if self.readings.load(Ordering::Acquire) == before {
            *ended = self.refresh().await;
            self.readings.fetch_add(1, Ordering::AcqRel);
        }
        ended.clone()
    }

    fn known(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns whether the snapshot is older than `seconds`, or from the future: after the clock
    /// was set back it would otherwise stay unchanged until the clock has caught up.
    fn is_older_than(&self, known: &Snapshot, seconds: i64) -> bool {
        let fresh = TimeDelta::zero()..TimeDelta::seconds(seconds);
        known
            .read_at
            .is_none_or(|at| !fresh.contains(&(self.clock.now() - at)))
    }
}
