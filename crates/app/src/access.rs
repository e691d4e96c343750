//! Who calls, what the caller may do, and which tenant the call is for.

use crate::tenant::TenantDirectory;
use chrono::TimeDelta;
use customer_domain::api_key::{ApiKey, ApiKeyMemory, ApiKeyReads, ApiKeySecrets, Permission};
use customer_domain::tenant::Tenant;
use customer_domain::{Actor, ActorKind, ApiKeyId, Clock, StoreError, TenantId};
use std::sync::Arc;
use thiserror::Error;

/// Seconds between two notes of a key's use.
const TOUCH_SECONDS: i64 = 60;

/// Someone who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The key that was presented.
    pub key: Option<ApiKeyId>,
    /// Who it is, for the record.
    pub actor: Actor,
    /// The tenant that the caller belongs to.
    pub tenant: TenantId,
    /// Whether the caller may act in every tenant.
    pub all_tenants: bool,
    /// What the caller may do.
    pub permissions: Vec<Permission>,
}

impl Caller {
    /// Whether the caller may do what needs `wanted`; a stronger permission includes it.
    pub fn may(&self, wanted: Permission) -> bool {
        self.permissions.iter().any(|held| *held >= wanted)
    }

    /// Whether the caller may know of a key.
    pub(crate) fn may_see(&self, key: &ApiKey) -> bool {
        self.all_tenants || !key.all_tenants
    }
}

/// Why a caller is not let in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccessError {
    /// The key is unknown, revoked, expired, or no key at all: one answer for all of them.
    #[error("the caller is not known")]
    Unauthenticated,
    /// The tenant does not exist, or is not the caller's: one answer for both.
    #[error("no such tenant")]
    UnknownTenant,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Lets callers in.
#[derive(Clone)]
pub struct Access {
    /// Where keys are read.
    pub keys: Arc<dyn ApiKeyReads>,
    /// What is remembered of keys, so that a call costs no look-up.
    pub memory: Arc<dyn ApiKeyMemory>,
    /// Reads presented secrets.
    pub secrets: Arc<dyn ApiKeySecrets>,
    /// The tenants.
    pub tenants: Arc<TenantDirectory>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Access {
    /// Who presents this secret.
    ///
    /// # Errors
    /// [`AccessError::Unauthenticated`] when it opens nothing.
    pub async fn authenticate(&self, presented: &str) -> Result<Caller, AccessError> {
        let secret = self
            .secrets
            .read(presented)
            .ok_or(AccessError::Unauthenticated)?;
        let key = if let Some(key) = self.memory.get(&secret) {
            key
        } else {
            let found = self.keys.find_by_secret(&secret).await?;
            let mut key = found.ok_or(AccessError::Unauthenticated)?;
            self.touch(&mut key).await;
            self.memory.put(secret, key.clone());
            key
        };
        if !key.is_live(self.clock.now()) {
            return Err(AccessError::Unauthenticated);
        }
        Ok(Caller {
            key: Some(key.id),
            actor: Actor {
                kind: ActorKind::ApiKey,
                id: key.id.to_string(),
            },
            tenant: key.tenant,
            all_tenants: key.all_tenants,
            permissions: key.permissions,
        })
    }

    /// The tenant that a call is for: the caller's own, or the one that it names. Only a caller
    /// for all tenants may name another.
    ///
    /// # Errors
    /// [`AccessError::UnknownTenant`] when it names one that it may not act in.
    pub async fn tenant(
        &self,
        caller: &Caller,
        named: Option<&str>,
    ) -> Result<Arc<Tenant>, AccessError> {
        let tenant = match named {
            Some(name) if caller.all_tenants => self.tenants.by_slug(name).await?,
            // Never looked up: neither the answer nor its time may tell whether another tenant exists.
            Some(name) => self
                .tenants
                .by_id(caller.tenant)
                .await?
                .filter(|own| own.slug.as_str() == name),
            None => self.tenants.by_id(caller.tenant).await?,
        };
        tenant.ok_or(AccessError::UnknownTenant)
    }

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
