//! Callers with an API key.

use async_trait::async_trait;
use chrono::TimeDelta;
use customer_domain::access::{AuthProvider, Caller, Identity};
use customer_domain::api_key::{ApiKey, ApiKeyMemory, ApiKeyReads, ApiKeySecrets};
use customer_domain::{Clock, StoreError};
use std::sync::Arc;

/// Seconds between two notes of a key's use.
const TOUCH_SECONDS: i64 = 60;

/// Proves callers by their API key.
pub struct ApiKeyProvider {
    /// Where keys are read.
    pub keys: Arc<dyn ApiKeyReads>,
    /// What is remembered of keys, so that a call costs no look-up.
    pub memory: Arc<dyn ApiKeyMemory>,
    /// Reads presented secrets.
    pub secrets: Arc<dyn ApiKeySecrets>,
    /// Tells the time.
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
    /// Notes the use of a key, at most once a minute. Losing a note harms nobody, so a failure
    /// is only logged.
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
                tracing::warn!(%error, api_key_id = %key.id, "a key's use could not be noted");
            }
        }
    }
}
