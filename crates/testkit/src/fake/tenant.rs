use super::state::State;
use super::unit_of_work::FakeUnitOfWork;
use super::{FakeStore, Role};
use async_trait::async_trait;
use customer_domain::group::Group;
use customer_domain::tenant::{Tenant, TenantReads, TenantRepo};
use customer_domain::{Conflict, StoreError, TenantId};

impl State {
    pub(super) fn insert_tenant(
        &mut self,
        tenant: &Tenant,
        groups: &[Group],
    ) -> Result<(), StoreError> {
        if self.tenants.values().any(|other| other.slug == tenant.slug) {
            return Err(StoreError::Conflict(Conflict::TenantSlug));
        }
        if self.tenants.contains_key(&tenant.id) {
            let rule = "the key of tenants".to_owned();
            return Err(StoreError::Conflict(Conflict::Other(rule)));
        }
        self.tenants.insert(tenant.id, tenant.clone());
        groups
            .iter()
            .try_for_each(|group| self.insert_group(tenant.id, group))
    }
}

fn operators_only(role: Role) -> Result<(), StoreError> {
    match role {
        Role::Operator => Ok(()),
        Role::Serving => Err(StoreError::Unavailable(
            "tenants are written in a unit of work of `operator_transactions()`".to_owned(),
        )),
    }
}

#[async_trait]
impl TenantRepo for FakeUnitOfWork {
    async fn insert(&mut self, tenant: &Tenant, groups: &[Group]) -> Result<(), StoreError> {
        let role = self.role;
        self.statement(|state, _| {
            operators_only(role)?;
            state.insert_tenant(tenant, groups)
        })
    }

    async fn find_for_update(&mut self, id: TenantId) -> Result<Tenant, StoreError> {
        let role = self.role;
        self.statement(|state, _| {
            operators_only(role)?;
            state.tenants.get(&id).cloned().ok_or(StoreError::NotFound)
        })
    }

    async fn save(&mut self, tenant: &Tenant) -> Result<(), StoreError> {
        let role = self.role;
        self.statement(|state, _| {
            operators_only(role)?;
            let stored = state
                .tenants
                .get_mut(&tenant.id)
                .ok_or(StoreError::NotFound)?;
            stored.name.clone_from(&tenant.name);
            stored.settings.clone_from(&tenant.settings);
            stored.version = tenant.version;
            stored.updated_at = tenant.updated_at;
            Ok(())
        })
    }
}

#[async_trait]
impl TenantReads for FakeStore {
    async fn all(&self) -> Result<Vec<Tenant>, StoreError> {
        let mut tenants: Vec<_> = self.shared.read()?.tenants.values().cloned().collect();
        tenants.sort_by(|one, other| one.slug.cmp(&other.slug));
        Ok(tenants)
    }
}
