//! What the database knows of the secrets with which it was written, as `customer_worker`.

use super::KeyRing;
use crate::pg::pool::PgPool;
use crate::pg::read::{self, ANY_TENANT};
use crate::pg::row::RowReader;
use crate::pg::sql::{Sql, sql};
use async_trait::async_trait;
use customer_domain::privacy::{Installation, KnownSecrets, SampleKey, WrappedKey};
use customer_domain::{KeyId, StoreError, TenantId};
use sqlx::postgres::PgRow;
use std::sync::Arc;
use tracing::instrument;

const TABLE: &str = "installation";

/// One row for each master key in use, each with the digest of the root secret and the number of lost
/// keys; at least one row.
const KNOWN: Sql = Sql::text(
    "SELECT i.root_digest, (SELECT count(*) FROM tenant_keys l WHERE l.is_lost) AS lost, \
     k.id, k.tenant_id, k.master, k.wrapped FROM (VALUES (1)) AS one (row) \
     LEFT JOIN installation i ON true LEFT JOIN (SELECT DISTINCT ON (t.master) t.tenant_id, t.id, t.master, t.wrapped \
     FROM tenant_keys t WHERE NOT t.is_lost ORDER BY t.master, t.tenant_id, t.number) k ON true",
);

const IN_USE: Sql = Sql::text(
    "SELECT t.tenant_id, t.id, t.master, t.wrapped FROM tenant_keys t WHERE NOT t.is_lost",
);

/// The installation, on the pool of the worker role.
pub(crate) struct PgInstallation {
    pub(crate) worker: PgPool,
    /// The keys in memory.
    pub(crate) ring: Arc<KeyRing>,
}

#[async_trait]
impl Installation for PgInstallation {
    #[instrument(name = "db.privacy.known_secrets", level = "debug", skip_all)]
    async fn known_secrets(&self) -> Result<KnownSecrets, StoreError> {
        let rows = read::rows(&self.worker, ANY_TENANT, &[KNOWN]).await?;
        let mut known = KnownSecrets::default();
        for row in &rows {
            let reader = RowReader::new(row, TABLE);
            known.root = reader.optional("root_digest", |root: Vec<u8>| root.try_into().ok())?;
            self.ring.expect_lost(reader.column("lost")?);
            known.samples.extend(sample(row)?);
        }
        Ok(known)
    }

    #[instrument(name = "db.privacy.introduce_root", level = "debug", skip_all)]
    async fn introduce_root(&self, digest: [u8; 32]) -> Result<(), StoreError> {
        let insert = sql!(
            "INSERT INTO installation (root_digest) VALUES ({}) ON CONFLICT DO NOTHING",
            digest.as_slice()
        );
        read::rows(&self.worker, ANY_TENANT, &[insert]).await?;
        Ok(())
    }

    #[instrument(name = "db.privacy.replace_root", level = "debug", skip_all)]
    async fn replace_root(&self, digest: [u8; 32]) -> Result<(), StoreError> {
        let update = sql!(
            "UPDATE installation SET root_digest = {}",
            digest.as_slice()
        );
        read::rows(&self.worker, ANY_TENANT, &[update]).await?;
        Ok(())
    }

    #[instrument(name = "db.privacy.keys_in_use", level = "debug", skip_all)]
    async fn keys_in_use(&self) -> Result<Vec<SampleKey>, StoreError> {
        let rows = read::rows(&self.worker, ANY_TENANT, &[IN_USE]).await?;
        rows.iter()
            .filter_map(|row| sample(row).transpose())
            .collect()
    }

    #[instrument(name = "db.privacy.give_up", level = "debug", skip_all)]
    async fn give_up(&self, tenant: TenantId, key: KeyId) -> Result<(), StoreError> {
        let update = sql!(
            "UPDATE tenant_keys SET is_lost = true WHERE tenant_id = {} AND id = {}",
            tenant,
            key.0
        );
        read::rows(&self.worker, tenant, &[update]).await?;
        Ok(())
    }
}

fn sample(row: &PgRow) -> Result<Option<SampleKey>, StoreError> {
    let row = RowReader::new(row, "tenant_keys");
    let Some(id) = row.column::<Option<_>>("id")? else {
        return Ok(None);
    };
    Ok(Some(SampleKey {
        id: KeyId(id),
        tenant: TenantId(row.column("tenant_id")?),
        wrapped: WrappedKey {
            master: row.column("master")?,
            bytes: row.column("wrapped")?,
        },
    }))
}
