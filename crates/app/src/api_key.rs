//! API keys: made, listed and revoked by administrators.

use crate::access::Caller;
use crate::support::retry::{Retryable, retried};
use crate::tenant::{CreateTenant, NEW, TenantError, Tenants};
use chrono::{DateTime, Utc};
use customer_domain::api_key::{
    ApiKey, ApiKeyMemory, ApiKeyReads, ApiKeySecrets, NewSecret, Permission, PresentedSecret,
    Revocation,
};
use customer_domain::audit::{AuditEntry, AuditKind, FieldChange};
use customer_domain::{
    ApiKeyId, AuditEventId, Clock, Fact, IdSource, Origin, Scope, StoreError, TenantId,
    Transactions,
};
use std::sync::Arc;
use thiserror::Error;

/// The use cases of this slice.
#[derive(Clone)]
pub struct ApiKeys {
    /// Where writes go.
    pub transactions: Arc<dyn Transactions>,
    /// Where keys for all tenants are made: no session of a tenant may make one.
    pub operator_transactions: Arc<dyn Transactions>,
    /// Where reads come from.
    pub reads: Arc<dyn ApiKeyReads>,
    /// What is remembered of keys.
    pub memory: Arc<dyn ApiKeyMemory>,
    /// Makes secrets.
    pub secrets: Arc<dyn ApiKeySecrets>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<dyn IdSource>,
}

/// What a new key is to be.
#[derive(Debug, Clone)]
pub struct CreateApiKey {
    /// For people.
    pub name: String,
    /// What it may do; at least one.
    pub permissions: Vec<Permission>,
    /// Whether it may act in every tenant. It then lies in the scope's tenant, which is the
    /// default one.
    pub all_tenants: bool,
    /// When it ends by itself.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Why a key could not be revoked. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RevokeApiKeyError {
    /// The tenant has no such key that the caller may see.
    #[error("no such key")]
    NotFound,
    /// A key may not revoke itself.
    #[error("a key may not revoke itself")]
    Itself,
    /// Without this key nobody could administer the tenant.
    #[error("it is the last key that can administer the tenant")]
    LastAdminKey,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for RevokeApiKeyError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            other @ (StoreError::Conflict(_)
            | StoreError::Contended
            | StoreError::TooSlow
            | StoreError::Unavailable(_)
            | StoreError::Corrupt { .. }) => Self::Store(other),
        }
    }
}

impl Retryable for RevokeApiKeyError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_retryable())
    }
}

impl ApiKeys {
    /// Makes a key in the scope's tenant. Its secret is in the answer and nowhere else.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn create(
        &self,
        scope: &Scope,
        command: CreateApiKey,
    ) -> Result<(ApiKey, NewSecret), StoreError> {
        let (key, secret) = self.new_key(scope.tenant, command);
        retried(|| self.try_create(scope, &key, &secret)).await?;
        Ok((key, secret))
    }

    async fn try_create(
        &self,
        scope: &Scope,
        key: &ApiKey,
        secret: &NewSecret,
    ) -> Result<(), StoreError> {
        let transactions = if key.all_tenants {
            &self.operator_transactions
        } else {
            &self.transactions
        };
        let mut work = transactions.begin(scope).await?;
        work.api_keys().insert(key, &secret.digest).await?;
        work.record(self.made(scope, key));
        work.commit().await
    }

    fn new_key(&self, tenant: TenantId, command: CreateApiKey) -> (ApiKey, NewSecret) {
        let secret = self.secrets.generate(tenant);
        let mut permissions = command.permissions;
        permissions.sort_unstable();
        permissions.dedup();
        let key = ApiKey {
            id: ApiKeyId(self.ids.new_id()),
            tenant,
            name: command.name,
            prefix: secret.prefix.clone(),
            permissions,
            all_tenants: command.all_tenants,
            created_at: self.clock.now(),
            expires_at: command.expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        (key, secret)
    }

    /// The keys of the scope's tenant, newest first and revoked ones last. Keys for all tenants are shown to callers
    /// that hold such a key.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, scope: &Scope, caller: &Caller) -> Result<Vec<ApiKey>, StoreError> {
        let mut keys = self.reads.list(scope).await?;
        keys.retain(|key| caller.may_see(key));
        Ok(keys)
    }

    /// Revokes a key. From then on it opens nothing here; another replica may remember it for
    /// the few seconds that its memory lasts.
    ///
    /// # Errors
    /// As [`RevokeApiKeyError`] lists.
    pub async fn revoke(
        &self,
        scope: &Scope,
        caller: &Caller,
        id: ApiKeyId,
    ) -> Result<ApiKey, RevokeApiKeyError> {
        if caller.key == Some(id) {
            return Err(RevokeApiKeyError::Itself);
        }
        retried(|| self.try_revoke(scope, caller, id)).await
    }

    async fn try_revoke(
        &self,
        scope: &Scope,
        caller: &Caller,
        id: ApiKeyId,
    ) -> Result<ApiKey, RevokeApiKeyError> {
        let now = self.clock.now();
        let mut work = self.transactions.begin(scope).await?;
        let (key, digest) = match work.api_keys().revoke(id, now).await? {
            Revocation::Revoked(key, digest) => (key, digest),
            Revocation::AlreadyEnded(key) if caller.may_see(&key) => {
                work.rollback().await?;
                return Ok(key);
            }
            Revocation::AlreadyEnded(_) => return Err(RevokeApiKeyError::NotFound),
            Revocation::LastAdminKey => return Err(RevokeApiKeyError::LastAdminKey),
        };
        if !caller.may_see(&key) {
            return Err(RevokeApiKeyError::NotFound);
        }
        let changes = FieldChange::created(&key, &["revokedAt"]);
        work.record(self.audited(&key, AuditKind::ApiKeyRevoke, changes, now));
        work.commit().await?;
        self.memory.forget(&PresentedSecret {
            tenant: key.tenant,
            digest,
        });
        Ok(key)
    }

    /// Makes the first tenant and the operator's key, together, once: whoever comes second
    /// finds the tenant there and gets nothing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn bootstrap(
        &self,
        tenants: &Tenants,
        command: CreateTenant,
        operator_key: bool,
    ) -> Result<Option<NewSecret>, TenantError> {
        if tenants
            .directory
            .by_slug(command.slug.as_str())
            .await?
            .is_some()
        {
            return Ok(None);
        }
        let tenant = tenants.new_tenant(command);
        let groups = tenants.first_groups(&tenant);
        let scope = system_scope(tenant.id, tenant.slug.as_str(), "start-up");
        let mut work = tenants.transactions.begin(&scope).await?;
        if let Err(error) = work.tenants().insert(&tenant, &groups).await {
            drop(work);
            let error = TenantError::from(error);
            if error != TenantError::SlugTaken {
                return Err(error);
            }
            // The tenant that was in the way is younger than what the directory has read.
            tenants.directory.refresh().await?;
            return Ok(None);
        }
        let changes = FieldChange::created(&tenant, &NEW);
        work.record(tenants.audited(&tenant, AuditKind::TenantCreate, changes));
        let mut made = None;
        if operator_key {
            let (key, secret) = self.new_key(tenant.id, operator());
            work.api_keys().insert(&key, &secret.digest).await?;
            work.record(self.made(&scope, &key));
            made = Some(secret);
        }
        work.commit().await?;
        tenants.directory.learn(&tenant);
        Ok(made)
    }

    /// What is told of a new key, which lies in the scope's tenant. One for all tenants is of none.
    fn made(&self, scope: &Scope, key: &ApiKey) -> Fact {
        let mut changes = FieldChange::created(key, &["name", "scopes", "expiresAt", "allTenants"]);
        let tenant = (!key.all_tenants).then_some(scope.tenant_slug.as_str());
        changes.push(FieldChange {
            new: tenant.into(),
            ..FieldChange::named("tenantId")
        });
        self.audited(key, AuditKind::ApiKeyCreate, changes, key.created_at)
    }

    fn audited(
        &self,
        key: &ApiKey,
        kind: AuditKind,
        changes: Vec<FieldChange>,
        at: DateTime<Utc>,
    ) -> Fact {
        Fact {
            event: None,
            audit: AuditEntry {
                id: AuditEventId(self.ids.new_id()),
                kind,
                customer: None,
                resource: key.id.0,
                changes,
                reason: None,
                at,
            },
        }
    }
}

/// The key that the first start makes: it may do everything, everywhere.
fn operator() -> CreateApiKey {
    CreateApiKey {
        name: "operator".to_owned(),
        permissions: vec![Permission::Admin],
        all_tenants: true,
        expires_at: None,
    }
}

/// The scope of what this service does by itself.
pub fn system_scope(tenant: TenantId, slug: &str, name: &str) -> Scope {
    Scope {
        tenant,
        tenant_slug: slug.to_owned(),
        actor: customer_domain::Actor {
            kind: customer_domain::ActorKind::System,
            id: name.to_owned(),
        },
        correlation_id: name.to_owned(),
        trace_id: String::new(),
        session_id: None,
        origin: Origin::default(),
    }
}
