use super::FakeStore;
use super::locked;
use super::state::{KeyRow, State};
use super::unit_of_work::FakeUnitOfWork;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use customer_domain::api_key::{
    ApiKey, ApiKeyReads, ApiKeyRepo, MAX_LISTED_KEYS, Permission, PresentedSecret, Revocation,
};
use customer_domain::{ApiKeyId, Conflict, Context, StoreError, TenantId};
use std::cmp::Reverse;
use std::sync::Arc;

impl State {
    fn is_last_admin(&self, tenant: TenantId, key: &ApiKey, now: DateTime<Utc>) -> bool {
        let administers = |key: &ApiKey| key.is_live(now) && key.grants(Permission::Admin);
        let mut others = self.keys_of(tenant).filter(|row| row.key.id != key.id);
        administers(key) && !others.any(|row| administers(&row.key))
    }
}

#[async_trait]
impl ApiKeyRepo for FakeUnitOfWork {
    async fn insert(&mut self, key: &ApiKey, digest: &[u8; 32]) -> Result<(), StoreError> {
        self.statement(|state, context| {
            let at = (context.tenant, key.id);
            let taken = state
                .keys_of(context.tenant)
                .any(|row| row.digest == *digest);
            if taken || state.api_keys.contains_key(&at) || key.tenant != context.tenant {
                let rule = "the key of API keys".to_owned();
                return Err(StoreError::Conflict(Conflict::Other(rule)));
            }
            let (key, digest) = (key.clone(), *digest);
            state.api_keys.insert(at, KeyRow { key, digest });
            Ok(())
        })
    }

    async fn revoke(&mut self, id: ApiKeyId, now: DateTime<Utc>) -> Result<Revocation, StoreError> {
        self.statement(|state, context| {
            let at = (context.tenant, id);
            let key = state
                .api_keys
                .get(&at)
                .ok_or(StoreError::NotFound)?
                .key
                .clone();
            if !key.is_live(now) {
                return Ok(Revocation::AlreadyEnded(key));
            }
            if state.is_last_admin(context.tenant, &key, now) {
                return Ok(Revocation::LastAdminKey);
            }
            let row = state.api_keys.get_mut(&at).ok_or(StoreError::NotFound)?;
            row.key.revoked_at = Some(now);
            Ok(Revocation::Revoked(row.key.clone(), row.digest))
        })
    }
}

#[async_trait]
impl ApiKeyReads for FakeStore {
    async fn find_by_secret(&self, secret: &PresentedSecret) -> Result<Option<ApiKey>, StoreError> {
        let state = self.shared.read()?;
        let mut rows = state.keys_of(secret.tenant);
        let row = rows.find(|row| row.digest == secret.digest);
        Ok(row.map(|row| row.key.clone()))
    }

    async fn list(&self, context: &Context) -> Result<Vec<ApiKey>, StoreError> {
        let state = self.shared.read()?;
        let rows = state.keys_of(context.tenant);
        let mut keys: Vec<_> = rows.map(|row| row.key.clone()).collect();
        keys.sort_by_key(|key| {
            let newest = Reverse((key.created_at, key.id));
            (key.revoked_at.is_some(), newest)
        });
        keys.truncate(usize::try_from(MAX_LISTED_KEYS).unwrap_or(usize::MAX));
        Ok(keys)
    }

    async fn touch(&self, key: &ApiKey, at: DateTime<Utc>) -> Result<(), StoreError> {
        self.shared.read()?;
        // A separate write: it waits for the open unit of work as it would for the lock of a row.
        let _turn = self.shared.turn.lock().await;
        let mut committed = locked(&self.shared.committed);
        let rows = &mut Arc::make_mut(&mut committed).api_keys;
        if let Some(row) = rows.get_mut(&(key.tenant, key.id)) {
            row.key.last_used_at = row.key.last_used_at.max(Some(at));
        }
        Ok(())
    }
}
