//! Tenants: few and seldom written, so through entities. The table is a reference table, of which
//! jobs and operators see all rows.

mod entity;

use crate::pg::orm;
use crate::pg::pool::PgPool;
use crate::pg::read::ANY_TENANT;
use crate::pg::row::corrupt;
use crate::unit_of_work::PgUnitOfWork;
use async_trait::async_trait;
use customer_domain::group::Group;
use customer_domain::tenant::{Tenant, TenantReads, TenantRepo, TenantSettings, TenantSlug};
use customer_domain::{StoreError, TenantId};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::{Value, json};
use tracing::instrument;

const TABLE: &str = "tenants";

#[async_trait]
impl TenantRepo for PgUnitOfWork {
    /// Two round trips; one if `groups` is empty.
    #[instrument(name = "db.tenant.insert", level = "debug", skip_all)]
    async fn insert(&mut self, tenant: &Tenant, groups: &[Group]) -> Result<(), StoreError> {
        let inserted = {
            let orm = self.tx.orm()?;
            entity::Entity::insert(encode(tenant))
                .exec_without_returning(&orm)
                .await
        };
        self.tx.settle(inserted).await?;
        self.insert_groups(tenant.id, groups).await
    }

    /// One round trip.
    #[instrument(name = "db.tenant.find_for_update", level = "debug", skip_all)]
    async fn find_for_update(&mut self, id: TenantId) -> Result<Tenant, StoreError> {
        let found = {
            let orm = self.tx.orm()?;
            let locked = entity::Entity::find_by_id(id.0).lock_exclusive();
            locked.one(&orm).await
        };
        let found = self.tx.settle(found).await?;
        found.ok_or(StoreError::NotFound).and_then(decode)
    }

    /// One round trip.
    #[instrument(name = "db.tenant.save", level = "debug", skip_all)]
    async fn save(&mut self, tenant: &Tenant) -> Result<(), StoreError> {
        let changed = entity::ActiveModel {
            id: NotSet,
            slug: NotSet,
            created_at: NotSet,
            ..encode(tenant)
        };
        let saved = {
            let orm = self.tx.orm()?;
            let update = entity::Entity::update_many()
                .set(changed)
                .filter(entity::Column::Id.eq(tenant.id.0));
            update.exec(&orm).await
        };
        match self.tx.settle(saved).await?.rows_affected {
            0 => Err(StoreError::NotFound),
            _ => Ok(()),
        }
    }
}

/// Reads tenants on the pool of the worker role, which sees them all.
pub(crate) struct PgTenantReads(pub(crate) PgPool);

#[async_trait]
impl TenantReads for PgTenantReads {
    /// One round trip.
    #[instrument(name = "db.tenant.all", level = "debug", skip_all)]
    async fn all(&self) -> Result<Vec<Tenant>, StoreError> {
        let by_slug = entity::Entity::find().order_by_asc(entity::Column::Slug);
        let found = orm::read(&self.0, ANY_TENANT, by_slug).await?;
        found.into_iter().map(decode).collect()
    }
}

fn encode(tenant: &Tenant) -> entity::ActiveModel {
    let Tenant {
        id,
        slug,
        name,
        settings,
        version,
        created_at,
        updated_at,
    } = tenant;
    let TenantSettings {
        currency,
        country,
        max_addresses,
    } = settings;
    let settings = json!({
        "currency": currency,
        "country": country,
        "maxAddresses": max_addresses,
    });
    entity::ActiveModel {
        id: Set(id.0),
        slug: Set(slug.as_str().to_owned()),
        name: Set(name.clone()),
        settings: Set(settings),
        version: Set(*version),
        created_at: Set(*created_at),
        updated_at: Set(*updated_at),
    }
}

fn decode(row: entity::Model) -> Result<Tenant, StoreError> {
    let setting = |name| {
        let text = row.settings.get(name).and_then(Value::as_str);
        text.map(str::to_owned)
            .ok_or_else(|| corrupt(TABLE, row.id))
    };
    Ok(Tenant {
        id: TenantId(row.id),
        settings: TenantSettings {
            currency: setting("currency")?,
            country: setting("country")?,
            max_addresses: max_addresses(&row)?,
        },
        slug: TenantSlug::from_store(row.slug),
        name: row.name,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// Returns the maximum number of addresses; `None` if unset, as in older rows.
fn max_addresses(row: &entity::Model) -> Result<Option<u32>, StoreError> {
    match row.settings.get("maxAddresses") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
            number.map(Some).ok_or_else(|| corrupt(TABLE, row.id))
        }
    }
}
