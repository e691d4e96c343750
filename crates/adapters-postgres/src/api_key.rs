//! API keys: looked up by the digest of their secret, inside the tenant that the secret names.

mod entity;

use crate::pg::orm;
use crate::pg::pool::PgPool;
use crate::pg::read;
use crate::pg::row::{RowReader, corrupt};
use crate::pg::sql::{Sql, sql};
use crate::unit_of_work::PgUnitOfWork;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use customer_domain::api_key::{
    ApiKey, ApiKeyReads, ApiKeyRepo, MAX_LISTED_KEYS, Permission, PresentedSecret, Revocation,
};
use customer_domain::{ApiKeyId, Context, StoreError, TenantId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tracing::instrument;

const TABLE: &str = "api_keys";

/// The columns of `api_keys AS k`, as the entity has them.
const COLUMNS: Sql = Sql::text(
    "k.id, k.tenant_id, k.name, k.prefix, k.digest, k.permissions, k.all_tenants, k.created_at, \
     k.expires_at, k.last_used_at, k.revoked_at",
);

/// Revokes key `$2` at `$3` if it is live, unless it is the last live key with permission `$4`.
const REVOKE: Sql = Sql::text(
    "WITH revoked AS (UPDATE api_keys SET revoked_at = $3 \
     WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3) \
     AND (NOT $4 = ANY(permissions) OR EXISTS (SELECT 1 FROM api_keys o WHERE o.tenant_id = $1 AND o.id <> $2 \
     AND $4 = ANY(o.permissions) AND o.revoked_at IS NULL AND (o.expires_at IS NULL OR o.expires_at > $3))) \
     RETURNING tenant_id, id)",
);

/// Returns the statement that every serving connection prepares: name, parameter types and text.
pub(crate) fn prepared() -> (&'static str, &'static str, Sql) {
    let select = sql!(
        "SELECT {} FROM api_keys k WHERE k.tenant_id = $1 AND k.digest = $2",
        COLUMNS
    );
    ("api_key_by_digest", "uuid, bytea", select)
}

#[async_trait]
impl ApiKeyRepo for PgUnitOfWork {
    /// One round trip.
    #[instrument(name = "db.api_key.insert", level = "debug", skip_all)]
    async fn insert(&mut self, key: &ApiKey, digest: &[u8; 32]) -> Result<(), StoreError> {
        let ApiKey {
            id,
            tenant,
            name,
            prefix,
            permissions,
            all_tenants,
            created_at,
            expires_at,
            last_used_at,
            revoked_at,
        } = key;
        let row = entity::ActiveModel {
            tenant_id: Set(tenant.0),
            id: Set(id.0),
            name: Set(name.clone()),
            prefix: Set(prefix.clone()),
            digest: Set(digest.to_vec()),
            permissions: Set(permissions.iter().map(|held| held.code()).collect()),
            all_tenants: Set(*all_tenants),
            created_at: Set(*created_at),
            expires_at: Set(*expires_at),
            last_used_at: Set(*last_used_at),
            revoked_at: Set(*revoked_at),
        };
        let inserted = {
            let orm = self.tx.orm()?;
            entity::Entity::insert(row)
                .exec_without_returning(&orm)
                .await
        };
        self.tx.settle(inserted).await?;
        Ok(())
    }

    /// Two round trips: the revocations of a tenant queue on a lock, and the statement after the
    /// lock sees what the previous revocation committed.
    #[instrument(name = "db.api_key.revoke", level = "debug", skip_all)]
    async fn revoke(&mut self, id: ApiKeyId, now: DateTime<Utc>) -> Result<Revocation, StoreError> {
        let tenant = self.tx.tenant();
        let lock = sql!(
            "SELECT pg_advisory_xact_lock(hashtextextended({}, 0))",
            format!("api_keys {tenant}")
        );
        self.tx.message(&[lock]).await?;
        let revoke = sql!(
            "{} SELECT {}, r.id IS NOT NULL AS is_revoked FROM api_keys k \
             LEFT JOIN revoked r ON r.tenant_id = k.tenant_id AND r.id = k.id \
             WHERE k.tenant_id = $1 AND k.id = $2",
            REVOKE,
            COLUMNS
        );
        let revoke = sqlx::query(revoke)
            .bind(tenant.0)
            .bind(id.0)
            .bind(now)
            .bind(Permission::Admin.code());
        let rows = self.tx.fetch(revoke).await?;
        let row = rows.into_iter().next().ok_or(StoreError::NotFound)?;
        let is_revoked = RowReader::new(&row, TABLE).column("is_revoked")?;
        let row = orm::decode::<entity::Entity>(row)?;
        let digest = row.digest.as_slice().try_into();
        let digest = digest.map_err(|_| corrupt(TABLE, row.id))?;
        let key = decode(row)?;
        Ok(if is_revoked {
            let revoked_at = Some(now);
            Revocation::Revoked(ApiKey { revoked_at, ..key }, digest)
        } else if key.is_live(now) {
            Revocation::LastAdminKey
        } else {
            Revocation::AlreadyEnded(key)
        })
    }
}

/// Reads API keys on the pool of the app role: a secret opens nothing outside of its tenant.
pub(crate) struct PgApiKeyReads(pub(crate) PgPool);

#[async_trait]
impl ApiKeyReads for PgApiKeyReads {
    /// One round trip.
    #[instrument(name = "db.api_key.find_by_secret", level = "debug", skip_all)]
    async fn find_by_secret(&self, secret: &PresentedSecret) -> Result<Option<ApiKey>, StoreError> {
        let tenant = secret.tenant;
        let digest = secret.digest.as_slice();
        let find = [Sql::execute("api_key_by_digest", &[&tenant, &digest])];
        let rows = read::rows(&self.0, tenant, &find).await?;
        let row = rows.into_iter().next();
        row.map(|row| decode(orm::decode::<entity::Entity>(row)?))
            .transpose()
    }

    /// One round trip.
    #[instrument(name = "db.api_key.list", level = "debug", skip_all)]
    async fn list(&self, context: &Context) -> Result<Vec<ApiKey>, StoreError> {
        let newest = entity::Entity::find()
            .filter(entity::Column::TenantId.eq(context.tenant.0))
            .order_by_desc(entity::Column::RevokedAt.is_null())
            .order_by_desc(entity::Column::CreatedAt)
            .order_by_desc(entity::Column::Id)
            .limit(u64::try_from(MAX_LISTED_KEYS).ok());
        let found = orm::read(&self.0, context.tenant, newest).await?;
        found.into_iter().map(decode).collect()
    }

    /// One round trip.
    #[instrument(name = "db.api_key.touch", level = "debug", skip_all)]
    async fn touch(&self, key: &ApiKey, at: DateTime<Utc>) -> Result<(), StoreError> {
        let update = sql!(
            "UPDATE api_keys SET last_used_at = {} WHERE tenant_id = {} AND id = {} \
             AND (last_used_at IS NULL OR last_used_at < {})",
            at,
            key.tenant,
            key.id,
            at
        );
        read::rows(&self.0, key.tenant, &[update]).await?;
        Ok(())
    }
}

fn decode(row: entity::Model) -> Result<ApiKey, StoreError> {
    let codes = row.permissions.into_iter();
    let permissions: Option<_> = codes.map(Permission::from_code).collect();
    Ok(ApiKey {
        id: ApiKeyId(row.id),
        tenant: TenantId(row.tenant_id),
        permissions: permissions.ok_or_else(|| corrupt(TABLE, row.id))?,
        name: row.name,
        prefix: row.prefix,
        all_tenants: row.all_tenants,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        revoked_at: row.revoked_at,
    })
}
