//! Seals, in place, events that were written before there were keys.

use super::seal_context;
use crate::pg::builder::{self, Branches};
use crate::pg::pool::PgPool;
use crate::pg::read::{self, ANY_TENANT};
use crate::pg::row::RowReader;
use crate::pg::sql::{Sql, sql};
use crate::unit_of_work::PgTransactions;
use async_trait::async_trait;
use customer_domain::outbox::{OutboxPosition, OutboxSealing, SealedEvents};
use customer_domain::{Context, CustomerId, EventId, StoreError, TenantId};
use sqlx::postgres::PgRow;
use tracing::instrument;

const TABLE: &str = "outbox_events";

/// The outbox, on the pool of the worker role.
pub(crate) struct PgOutboxSealing {
    pub(crate) pool: PgPool,
    pub(crate) transactions: PgTransactions,
}

/// An event that is not sealed.
struct Bare {
    at: OutboxPosition,
    customer: CustomerId,
    message: String,
}

#[async_trait]
impl OutboxSealing for PgOutboxSealing {
    /// Five round trips, all for one tenant; one if no event is left.
    #[instrument(name = "db.outbox.seal", level = "debug", skip_all)]
    async fn seal_some(
        &self,
        after: Option<OutboxPosition>,
        limit: u32,
    ) -> Result<Option<SealedEvents>, StoreError> {
        let mut found = self.bare(after, limit).await?;
        let Some(tenant) = found.first().map(|bare| bare.at.tenant) else {
            return Ok(None);
        };
        found.retain(|bare| bare.at.tenant == tenant);
        let Some(last) = found.last().map(|bare| bare.at) else {
            return Ok(None);
        };
        let count = self.seal(tenant, &found).await?;
        Ok(Some(SealedEvents { last, count }))
    }
}

impl PgOutboxSealing {
    async fn bare(
        &self,
        after: Option<OutboxPosition>,
        limit: u32,
    ) -> Result<Vec<Bare>, StoreError> {
        let beyond = after.map_or_else(Sql::default, |after| {
            sql!(
                " AND (o.tenant_id, o.id) > ({}, {})",
                after.tenant,
                after.event
            )
        });
        let select = sql!(
            "SELECT o.id, o.tenant_id, o.customer_id, o.payload::text AS payload FROM outbox_events o \
             WHERE o.payload IS NOT NULL{} ORDER BY o.tenant_id, o.id LIMIT {}",
            beyond,
            limit
        );
        let rows = read::rows(&self.pool, ANY_TENANT, &[select]).await?;
        rows.iter().map(decode).collect()
    }

    async fn seal(&self, tenant: TenantId, events: &[Bare]) -> Result<u64, StoreError> {
        let (mut work, _) = self
            .transactions
            .open(&Context::system(tenant, "", "outbox.seal"), &[])
            .await?;
        let customers = events.iter().map(|bare| bare.customer);
        work.keys.find(&mut work.tx, customers).await?;
        let mut sealed = Vec::with_capacity(events.len());
        for bare in events {
            let seal_context = seal_context(tenant, bare.at.event);
            let value =
                work.keys
                    .seal(Some(bare.customer), seal_context, bare.message.as_bytes())?;
            sealed.push((bare.at.event, value));
        }
        let mut branches = Branches::new(&[tenant.0]);
        work.keys.add_made(&mut branches)?;
        let update = branches
            .main("UPDATE outbox_events o SET payload = NULL, sealed_payload = s.sealed FROM (");
        builder::values(update, "$1", sealed, |row, (event, value)| {
            row.push_bind(event.0).push_bind(value);
        });
        update.push(
            ") AS s (tenant_id, id, sealed) WHERE o.tenant_id = $1 AND s.tenant_id = o.tenant_id \
             AND o.id = s.id AND o.payload IS NOT NULL",
        );
        let count = work.tx.execute(branches.finish().build()).await?;
        work.tx.commit().await?;
        Ok(count)
    }
}

fn decode(row: &PgRow) -> Result<Bare, StoreError> {
    let row = RowReader::new(row, TABLE);
    Ok(Bare {
        at: OutboxPosition {
            tenant: TenantId(row.column("tenant_id")?),
            event: EventId(row.column("id")?),
        },
        customer: CustomerId(row.column("customer_id")?),
        message: row.column("payload")?,
    })
}
