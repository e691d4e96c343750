//! All tenants, in memory: which one a request is for must cost no query.

use chrono::{DateTime, TimeDelta, Utc};
use customer_domain::tenant::{Tenant, TenantReads, TenantSettings};
use customer_domain::{Clock, StoreError, TenantId};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// Seconds after which the list is read again: how late another replica's change is seen.
const MAX_AGE_SECONDS: i64 = 10;
/// Seconds between two readings because of an unknown tenant, so that guessing costs little.
const MIN_AGE_SECONDS: i64 = 1;

/// The tenants as they were last read.
pub struct TenantDirectory {
    reads: Arc<dyn TenantReads>,
    clock: Arc<dyn Clock>,
    snapshot: RwLock<Arc<Snapshot>>,
    reading: AtomicBool,
}

#[derive(Default)]
struct Snapshot {
    read_at: Option<DateTime<Utc>>,
    by_slug: HashMap<String, Arc<Tenant>>,
    by_id: HashMap<TenantId, Arc<Tenant>>,
}

/// Says that someone reads, for as long as it lives.
struct Reading<'a>(&'a AtomicBool);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl TenantDirectory {
    /// An empty directory; the first look-up fills it.
    pub fn new(reads: Arc<dyn TenantReads>, clock: Arc<dyn Clock>) -> Self {
        Self {
            reads,
            clock,
            snapshot: RwLock::default(),
            reading: AtomicBool::new(false),
        }
    }

    /// The tenant that the outside knows by `slug`.
    ///
    /// # Errors
    /// When it is not in memory and the store cannot be asked.
    pub async fn by_slug(&self, slug: &str) -> Result<Option<Arc<Tenant>>, StoreError> {
        self.find(|known| known.by_slug.get(slug).cloned()).await
    }

    /// The tenant that rows know by `id`.
    ///
    /// # Errors
    /// When it is not in memory and the store cannot be asked.
    pub async fn by_id(&self, id: TenantId) -> Result<Option<Arc<Tenant>>, StoreError> {
        self.find(|known| known.by_id.get(&id).cloned()).await
    }

    /// The settings of a tenant that a scope names, and that is therefore known.
    pub fn settings(&self, id: TenantId) -> TenantSettings {
        let tenant = self.known().by_id.get(&id).cloned();
        tenant
            .map(|tenant| tenant.settings.clone())
            .unwrap_or_default()
    }

    /// All tenants, by slug.
    pub fn all(&self) -> Vec<Arc<Tenant>> {
        let mut tenants: Vec<_> = self.known().by_slug.values().cloned().collect();
        tenants.sort_by(|a, b| a.slug.cmp(&b.slug));
        tenants
    }

    /// Reads the list again.
    ///
    /// # Errors
    /// When the store cannot be asked; what was known stays.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let read_at = Some(self.clock.now());
        let mut fresh = Snapshot {
            read_at,
            ..Snapshot::default()
        };
        for tenant in self.reads.all().await?.into_iter().map(Arc::new) {
            fresh.by_id.insert(tenant.id, Arc::clone(&tenant));
            fresh
                .by_slug
                .insert(tenant.slug.as_str().to_owned(), tenant);
        }
        self.replace(fresh);
        Ok(())
    }

    /// Takes note of a tenant that this process has just stored: no store can fail that.
    pub(crate) fn learn(&self, tenant: &Tenant) {
        let known = self.known();
        let tenant = Arc::new(tenant.clone());
        let mut fresh = Snapshot {
            read_at: Some(self.clock.now()),
            by_slug: known.by_slug.clone(),
            by_id: known.by_id.clone(),
        };
        fresh.by_id.insert(tenant.id, Arc::clone(&tenant));
        fresh
            .by_slug
            .insert(tenant.slug.as_str().to_owned(), tenant);
        self.replace(fresh);
    }

    /// Takes over what is newer; a slow reading must not hide what was learnt meanwhile.
    fn replace(&self, fresh: Snapshot) {
        let mut snapshot = self
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if snapshot.read_at <= fresh.read_at {
            *snapshot = Arc::new(fresh);
        }
    }

    async fn find(
        &self,
        look: impl Fn(&Snapshot) -> Option<Arc<Tenant>>,
    ) -> Result<Option<Arc<Tenant>>, StoreError> {
        let known = self.known();
        match look(&known) {
            Some(tenant) => {
                if self.is_older_than(&known, MAX_AGE_SECONDS) {
                    self.refresh_unless_reading().await;
                    return Ok(look(&self.known()).or(Some(tenant)));
                }
                Ok(Some(tenant))
            }
            None if self.is_older_than(&known, MIN_AGE_SECONDS) => {
                self.refresh().await?;
                Ok(look(&self.known()))
            }
            None => Ok(None),
        }
    }

    /// One request reads, the others go on with what is known; a failure leaves that as it is.
    async fn refresh_unless_reading(&self) {
        if self.reading.swap(true, Ordering::AcqRel) {
            return;
        }
        // Given back also when the caller goes away in the middle.
        let _reading = Reading(&self.reading);
        if let Err(error) = self.refresh().await {
            tracing::warn!(%error, "the list of tenants could not be read again");
        }
    }

    fn known(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_older_than(&self, known: &Snapshot, seconds: i64) -> bool {
        known
            .read_at
            .is_none_or(|at| self.clock.now() - at >= TimeDelta::seconds(seconds))
    }
}
