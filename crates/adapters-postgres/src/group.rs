//! Customer groups: few in a tenant, so through entities. The primary key rejects a taken id.

mod entity;

use crate::pg::orm;
use crate::pg::pool::PgPool;
use crate::unit_of_work::PgUnitOfWork;
use async_trait::async_trait;
use customer_domain::group::{Group, GroupId, GroupReads, GroupRepo};
use customer_domain::{Conflict, Context, StoreError, TenantId};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use tracing::instrument;

#[async_trait]
impl GroupRepo for PgUnitOfWork {
    /// One round trip.
    #[instrument(name = "db.group.insert", level = "debug", skip_all)]
    async fn insert(&mut self, group: &Group) -> Result<(), StoreError> {
        self.insert_groups(self.tx.tenant(), std::slice::from_ref(group))
            .await
    }

    /// One round trip. Customers may join the group meanwhile: the lock leaves its key free.
    #[instrument(name = "db.group.find_for_update", level = "debug", skip_all)]
    async fn find_for_update(&mut self, id: &GroupId) -> Result<Group, StoreError> {
        let found = self.locked_group(id, LockType::NoKeyUpdate).await?;
        found.map(decode).ok_or(StoreError::NotFound)
    }

    /// One round trip.
    #[instrument(name = "db.group.keep", level = "debug", skip_all)]
    async fn keep(&mut self, id: &GroupId) -> Result<bool, StoreError> {
        let found = self.locked_group(id, LockType::KeyShare).await?;
        Ok(found.is_some())
    }

    /// One round trip.
    #[instrument(name = "db.group.save", level = "debug", skip_all)]
    async fn save(&mut self, group: &Group) -> Result<(), StoreError> {
        let this = this(self.tx.tenant(), &group.id);
        let changed = entity::ActiveModel {
            tenant_id: NotSet,
            id: NotSet,
            created_at: NotSet,
            ..encode(self.tx.tenant(), group)
        };
        let saved = {
            let orm = self.tx.orm()?;
            let update = entity::Entity::update_many().set(changed);
            update.filter(this).exec(&orm).await
        };
        match self.tx.settle(saved).await?.rows_affected {
            0 => Err(StoreError::NotFound),
            _ => Ok(()),
        }
    }

    /// One round trip. The customers' foreign key decides whether the group can go. On delete, its
    /// violation means that the group still has members; on insert, that the group does not exist.
    #[instrument(name = "db.group.delete", level = "debug", skip_all)]
    async fn delete(&mut self, id: &GroupId) -> Result<(), StoreError> {
        let this = this(self.tx.tenant(), id);
        let deleted = {
            let orm = self.tx.orm()?;
            let delete = entity::Entity::delete_many();
            delete.filter(this).exec(&orm).await
        };
        match self.tx.settle(deleted).await {
            Ok(deleted) if deleted.rows_affected == 0 => Err(StoreError::NotFound),
            Ok(_) => Ok(()),
            Err(StoreError::Conflict(Conflict::UnknownGroup)) => {
                Err(StoreError::Conflict(Conflict::GroupInUse))
            }
            Err(error) => Err(error),
        }
    }
}

impl PgUnitOfWork {
    async fn locked_group(
        &mut self,
        id: &GroupId,
        lock: LockType,
    ) -> Result<Option<entity::Model>, StoreError> {
        let this = this(self.tx.tenant(), id);
        let found = {
            let orm = self.tx.orm()?;
            let locked = entity::Entity::find().filter(this);
            locked.lock(lock).one(&orm).await
        };
        self.tx.settle(found).await
    }

    /// Inserts groups of a tenant. One round trip; none if `groups` is empty.
    pub(crate) async fn insert_groups(
        &mut self,
        tenant: TenantId,
        groups: &[Group],
    ) -> Result<(), StoreError> {
        if groups.is_empty() {
            return Ok(());
        }
        let rows = groups.iter().map(|group| encode(tenant, group));
        let inserted = {
            let orm = self.tx.orm()?;
            let insert = entity::Entity::insert_many(rows);
            insert.exec_without_returning(&orm).await
        };
        self.tx.settle(inserted).await?;
        Ok(())
    }
}

/// Reads groups on the pool of the app role.
pub(crate) struct PgGroupReads(pub(crate) PgPool);

#[async_trait]
impl GroupReads for PgGroupReads {
    /// One round trip.
    #[instrument(name = "db.group.find", level = "debug", skip_all)]
    async fn find(&self, context: &Context, id: &GroupId) -> Result<Option<Group>, StoreError> {
        let find = entity::Entity::find().filter(this(context.tenant, id));
        let found = orm::read(&self.0, context.tenant, find).await?;
        Ok(found.into_iter().next().map(decode))
    }

    /// One round trip.
    #[instrument(name = "db.group.list", level = "debug", skip_all)]
    async fn list(
        &self,
        context: &Context,
        after: Option<GroupId>,
        limit: u32,
    ) -> Result<Vec<Group>, StoreError> {
        let list = entity::Entity::find()
            .filter(entity::Column::TenantId.eq(context.tenant.0))
            .apply_if(after, |list, after| {
                list.filter(entity::Column::Id.gt(after.as_str()))
            })
            .order_by_asc(entity::Column::Id)
            .limit(u64::from(limit));
        let found = orm::read(&self.0, context.tenant, list).await?;
        Ok(found.into_iter().map(decode).collect())
    }
}

/// Returns the condition that selects the group with this id.
fn this(tenant: TenantId, id: &GroupId) -> Condition {
    Condition::all()
        .add(entity::Column::TenantId.eq(tenant.0))
        .add(entity::Column::Id.eq(id.as_str()))
}

fn encode(tenant: TenantId, group: &Group) -> entity::ActiveModel {
    let Group {
        id,
        name,
        description,
        discount_class,
        version,
        created_at,
        updated_at,
    } = group;
    entity::ActiveModel {
        tenant_id: Set(tenant.0),
        id: Set(id.as_str().to_owned()),
        name: Set(name.clone()),
        description: Set(description.clone()),
        discount_class: Set(discount_class.clone()),
        version: Set(*version),
        created_at: Set(*created_at),
        updated_at: Set(*updated_at),
    }
}

fn decode(row: entity::Model) -> Group {
    Group {
        id: GroupId::from_store(row.id),
        name: row.name,
        description: row.description,
        discount_class: row.discount_class,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
