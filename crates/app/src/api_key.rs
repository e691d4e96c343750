//! API keys: created, listed and revoked by administrators.

mod provider;

pub use provider::ApiKeyProvider;

use crate::support::failed::{Failed, Rule};
use crate::support::refusal::{Needed, Refusals};
use crate::support::retry::retried;
use crate::tenant::{CreateTenant, TenantError, TenantRule, Tenants, new_tenant};
use chrono::{DateTime, Utc};
use customer_domain::api_key::{
    ApiKey, ApiKeyMemory, ApiKeyReads, ApiKeySecrets, NewSecret, Permission, PresentedSecret,
    Revocation,
};
use customer_domain::audit::{AuditEntry, AuditKind, FieldChange};
use customer_domain::{
    ActorKind, ApiKeyId, Change, Conflict, Context, IdSource, StoreError, TenantId, Transactions,
};
use std::sync::Arc;
use thiserror::Error;
use tracing::instrument;

/// The use cases of API keys.
#[derive(Clone)]
pub struct ApiKeys {
    /// Starts the units of work for writes.
    pub transactions: Arc<dyn Transactions>,
    /// Starts the units of work that create keys for all tenants, which a tenant's session may not
    /// do.
    pub operator_transactions: Arc<dyn Transactions>,
    /// Reads keys.
    pub reads: Arc<dyn ApiKeyReads>,
    /// The cache of keys.
    pub memory: Arc<dyn ApiKeyMemory>,
    /// Creates secrets.
    pub secrets: Arc<dyn ApiKeySecrets>,
    /// Records refusals in the audit trail.
    pub refusals: Arc<Refusals>,
    /// The source of ids.
    pub ids: Arc<dyn IdSource>,
}

/// A request to create a key.
#[derive(Debug, Clone)]
pub struct CreateApiKey {
    /// The display name.
    pub name: String,
    /// The key's permissions; at least one.
    pub permissions: Vec<Permission>,
    /// Whether the key may act in every tenant. It then belongs to the context's tenant, which is
    /// the default one.
    pub all_tenants: bool,
    /// When the key expires, if ever.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The reason why a key could not be created or revoked.
pub type ApiKeyError = Failed<ApiKeyRule>;

/// The rules of API keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ApiKeyRule {
    /// A key may not revoke itself.
    #[error("a key may not revoke itself")]
    Itself,
    /// The tenant could no longer be administered without this key.
    #[error("it is the last key that can administer the tenant")]
    LastAdminKey,
}

impl Rule for ApiKeyRule {
    const STORED: &'static [(Conflict, Self)] = &[];
}

impl ApiKeys {
    /// Creates a key in the context's tenant. Its secret is returned here and never again.
    ///
    /// # Errors
    /// [`ApiKeyError::Forbidden`], or an error of the store.
    #[instrument(name = "app.api_key.create", level = "debug", skip_all)]
    pub async fn create(
        &self,
        context: &Context,
        command: CreateApiKey,
    ) -> Result<(ApiKey, NewSecret), ApiKeyError> {
        self.allow(context, command.all_tenants).await?;
        retried(|| self.try_create(context, &command)).await
    }

    /// Succeeds if the context's actor may create such a key. A refusal is recorded in the audit
    /// trail.
    ///
    /// # Errors
    /// [`ApiKeyError::Forbidden`]
    pub async fn allow(&self, context: &Context, all_tenants: bool) -> Result<(), ApiKeyError> {
        if all_tenants && !context.all_tenants {
            let refusal = self.refusals.record(context, Needed::AllTenants).await;
            return Err(ApiKeyError::Forbidden {
                refusal,
                fields: Vec::new(),
            });
        }
        Ok(())
    }

    async fn try_create(
        &self,
        context: &Context,
        command: &CreateApiKey,
    ) -> Result<(ApiKey, NewSecret), ApiKeyError> {
        let transactions = if command.all_tenants {
            &self.operator_transactions
        } else {
            &self.transactions
        };
        let mut work = transactions.begin(context).await?;
        let (key, secret) = self.new_key(context.tenant, command.clone(), work.now());
        work.api_keys().insert(&key, &secret.digest).await?;
        work.record(self.made(context, &key));
        work.commit().await?;
        Ok((key, secret))
    }

    fn new_key(
        &self,
        tenant: TenantId,
        command: CreateApiKey,
        now: DateTime<Utc>,
    ) -> (ApiKey, NewSecret) {
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
            created_at: now,
            expires_at: command.expires_at,
            last_used_at: None,
            revoked_at: None,
        };
        (key, secret)
    }

    /// Returns the keys of the context's tenant, newest first and revoked ones last. Keys for all
    /// tenants are included only for callers that hold such a key.
    ///
    /// # Errors
    /// An error of the store.
    #[instrument(name = "app.api_key.list", level = "debug", skip_all)]
    pub async fn list(&self, context: &Context) -> Result<Vec<ApiKey>, StoreError> {
        let mut keys = self.reads.list(context).await?;
        keys.retain(|key| may_see(context, key));
        Ok(keys)
    }

    /// Revokes a key. This replica rejects it immediately; another one may accept it for the few
    /// seconds that its cache lasts.
    ///
    /// # Errors
    /// As [`ApiKeyRule`] lists, or as [`Failed`] does.
    #[instrument(name = "app.api_key.revoke", level = "debug", skip_all)]
    pub async fn revoke(&self, context: &Context, id: ApiKeyId) -> Result<ApiKey, ApiKeyError> {
        if context.actor.kind == ActorKind::ApiKey && context.actor.id == id.to_string() {
            return Err(ApiKeyError::Rule(ApiKeyRule::Itself));
        }
        retried(|| self.try_revoke(context, id)).await
    }

    async fn try_revoke(&self, context: &Context, id: ApiKeyId) -> Result<ApiKey, ApiKeyError> {
        let mut work = self.transactions.begin(context).await?;
        let now = work.now();
        let (key, digest) = match work.api_keys().revoke(id, now).await? {
            Revocation::Revoked(key, digest) => (key, digest),
            Revocation::AlreadyEnded(key) if may_see(context, &key) => {
                work.rollback().await?;
                return Ok(key);
            }
            Revocation::AlreadyEnded(_) => return Err(ApiKeyError::NotFound),
            Revocation::LastAdminKey => return Err(ApiKeyError::Rule(ApiKeyRule::LastAdminKey)),
        };
        if !may_see(context, &key) {
            return Err(ApiKeyError::NotFound);
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

    /// Creates the first tenant together with the operator's key. Returns `None` if the tenant
    /// already exists, also when another process creates it at the same time.
    ///
    /// # Errors
    /// An error of the store.
    #[instrument(name = "app.api_key.bootstrap", level = "debug", skip_all)]
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
        let id = TenantId(self.ids.new_id());
        let context = Context::system(id, command.slug.as_str(), "start-up");
        let mut work = tenants.transactions.begin(&context).await?;
        let tenant = new_tenant(id, command, work.now());
        let groups = tenants.first_groups(&tenant);
        if let Err(error) = work.tenants().insert(&tenant, &groups).await {
            drop(work);
            let error = TenantError::from(error);
            if error != TenantError::Rule(TenantRule::SlugTaken) {
                return Err(error);
            }
            // The existing tenant was created after the directory was last read.
            tenants.directory.refresh().await?;
            return Ok(None);
        }
        let changes = FieldChange::whole(&tenant);
        work.record(tenants.audited(&tenant, AuditKind::TenantCreate, changes));
        let mut made = None;
        if operator_key {
            let (key, secret) = self.new_key(tenant.id, operator(), work.now());
            work.api_keys().insert(&key, &secret.digest).await?;
            work.record(self.made(&context, &key));
            made = Some(secret);
        }
        work.commit().await?;
        tenants.directory.learn(&tenant);
        Ok(made)
    }

    /// Returns the audit entry of a new key in the context's tenant. A key for all tenants names no
    /// tenant.
    fn made(&self, context: &Context, key: &ApiKey) -> Change {
        let mut changes = FieldChange::whole(key);
        changes.retain(|change| change.field != "revokedAt");
        let tenant = (!key.all_tenants).then_some(context.tenant_slug.as_str());
        changes.push(FieldChange::given("tenantId", tenant));
        self.audited(key, AuditKind::ApiKeyCreate, changes, key.created_at)
    }

    fn audited(
        &self,
        key: &ApiKey,
        kind: AuditKind,
        changes: Vec<FieldChange>,
        at: DateTime<Utc>,
    ) -> Change {
        let entry = AuditEntry::new(&*self.ids, kind, key.id.0, at);
        entry.with(changes).into()
    }
}

/// Describes the key that the first start creates: all permissions in all tenants.
fn operator() -> CreateApiKey {
    CreateApiKey {
        name: "operator".to_owned(),
        permissions: vec![Permission::Admin],
        all_tenants: true,
        expires_at: None,
    }
}

/// Returns whether the context's actor may see a key.
fn may_see(context: &Context, key: &ApiKey) -> bool {
    context.all_tenants || !key.all_tenants
}
