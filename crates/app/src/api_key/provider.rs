//! Authentication by API key.

use async_trait::async_trait;
use chrono::TimeDelta;
use customer_domain::access::{AuthProvider, Caller, Identity};
use customer_domain::api_key::{ApiKey, ApiKeyMemory, ApiKeyReads, ApiKeySecrets};
use customer_domain::{Clock, StoreError};
use std::sync::Arc;

/// The minimum time between two updates of a key's last use, in seconds.
const TOUCH_SECONDS: i64 = 60;

/// Authenticates callers by their API key.
pub struct ApiKeyProvider {
    /// Reads keys.
    pub keys: Arc<dyn ApiKeyReads>,
    /// The cache of keys, so that most calls need no look-up.
    pub memory: Arc<dyn ApiKeyMemory>,
    /// Parses presented secrets.
    pub secrets: Arc<dyn ApiKeySecrets>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl AuthProvider for ApiKeyProvider {
    async fn prove(&self, credential: &str) -> Result<Option<Caller>, StoreError> {
        let Some(secret) = self.secrets.read(credential) else {
            return Ok(None);
        };
        let key = if let Some(key) = self.memory.get(&secret) {
            key
        } else {
            let Some(mut key) = self.keys.find_by_secret(&secret).await? else {
                return Ok(None);
            };
            self.touch(&mut key).await;
            self.memory.put(secret, key.clone());
            key
        };
        Ok(key.is_live(self.clock.now()).then(|| Caller {
            identity: Identity::ApiKey(key.id),
            tenant: key.tenant,
            all_tenants: key.all_tenants,
            permission: key.permissions.into_iter().max(),
            session: None,
            proved_at: None,
        }))
    }
}

impl ApiKeyProvider {
    /// Records the use of a key, at most once a minute. A failure is only logged, since a lost
    /// update does no harm.
    async fn touch(&self, key: &mut ApiKey) {
        let now = self.clock.now();
        let due = key
            .last_used_at
            .is_none_or(|at| now - at >= TimeDelta::seconds(TOUCH_SECONDS));
        if !due || !key.is_live(now) {
            return;
        }
        match self.keys.touch(key, now).await {
            Ok(()) => key.last_used_at = Some(now),
            Err(error) => {
                tracing::warn!(%error, api_key_id = %key.id, "the use of a key could not be recorded");
            }
        }
    }
}
