use super::FakeStore;
use super::state::{CustomerRow, State};
use super::unit_of_work::FakeUnitOfWork;
use async_trait::async_trait;
use customer_domain::group::{Group, GroupId, GroupReads, GroupRepo};
use customer_domain::{Conflict, Context, StoreError, TenantId};

impl State {
    pub(super) fn insert_group(
        &mut self,
        tenant: TenantId,
        group: &Group,
    ) -> Result<(), StoreError> {
        let at = (tenant, group.id.clone());
        if self.groups.contains_key(&at) {
            return Err(StoreError::Conflict(Conflict::GroupId));
        }
        self.groups.insert(at, group.clone());
        Ok(())
    }

    fn delete_group(&mut self, tenant: TenantId, id: &GroupId) -> Result<(), StoreError> {
        let is_member = |row: &CustomerRow| row.record.customer.joined_group() == Some(id);
        if self.customers_of(tenant).any(is_member) {
            return Err(StoreError::Conflict(Conflict::GroupInUse));
        }
        let deleted = self.groups.remove(&(tenant, id.clone()));
        deleted.map(drop).ok_or(StoreError::NotFound)
    }
}

#[async_trait]
impl GroupRepo for FakeUnitOfWork {
    async fn insert(&mut self, group: &Group) -> Result<(), StoreError> {
        self.statement(|state, context| state.insert_group(context.tenant, group))
    }

    async fn find_for_update(&mut self, id: &GroupId) -> Result<Group, StoreError> {
        self.statement(|state, context| {
            let found = state.groups.get(&(context.tenant, id.clone()));
            found.cloned().ok_or(StoreError::NotFound)
        })
    }

    async fn keep(&mut self, id: &GroupId) -> Result<bool, StoreError> {
        let at = |tenant| (tenant, id.clone());
        self.statement(|state, context| Ok(state.groups.contains_key(&at(context.tenant))))
    }

    async fn save(&mut self, group: &Group) -> Result<(), StoreError> {
        self.statement(|state, context| {
            let stored = state.groups.get_mut(&(context.tenant, group.id.clone()));
            let stored = stored.ok_or(StoreError::NotFound)?;
            let created_at = stored.created_at;
            *stored = Group {
                created_at,
                ..group.clone()
            };
            Ok(())
        })
    }

    async fn delete(&mut self, id: &GroupId) -> Result<(), StoreError> {
        self.statement(|state, context| state.delete_group(context.tenant, id))
    }
}

#[async_trait]
impl GroupReads for FakeStore {
    async fn find(&self, context: &Context, id: &GroupId) -> Result<Option<Group>, StoreError> {
        let state = self.shared.read()?;
        Ok(state.groups.get(&(context.tenant, id.clone())).cloned())
    }

    async fn list(
        &self,
        context: &Context,
        after: Option<GroupId>,
        limit: u32,
    ) -> Result<Vec<Group>, StoreError> {
        let state = self.shared.read()?;
        let groups = state.groups.iter();
        let shown = groups
            .filter(|((tenant, id), _)| {
                *tenant == context.tenant && after.as_ref().is_none_or(|after| id > after)
            })
            .map(|(_, group)| group.clone());
        Ok(shown
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .collect())
    }
}
