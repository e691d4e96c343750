//! Reads of the audit trail, inside a unit of work.

use super::record::{COLUMNS, Opener, Stored};
use crate::pg::row::RowReader;
use crate::pg::sql::{Sql, sql};
use crate::unit_of_work::PgUnitOfWork;
use async_trait::async_trait;
use customer_domain::audit::{
    AuditCount, AuditEvent, AuditFilter, AuditKey, AuditKind, AuditRepo, AuditTally, MAX_TALLY,
};
use customer_domain::{CustomerId, Page, StoreError, TenantId};
use std::collections::{HashMap, HashSet};
use tracing::instrument;

/// How long one read of the audit trail may take, in milliseconds.
const READ_TIMEOUT: Sql = Sql::text("SET LOCAL statement_timeout = 2000");

/// The column next to those of the entry: the keys of its customer, as the customer's row holds the
/// newest, in hexadecimal digits.
const HELD_KEYS: Sql = Sql::text(
    "(SELECT json_agg(encode(k.held, 'hex')) FROM ( \
     SELECT c.sealing_key AS held FROM customers c \
     WHERE c.tenant_id = e.tenant_id AND c.id = e.customer_id AND c.sealing_key IS NOT NULL UNION ALL \
     SELECT uuid_send(o.id) || o.wrapped FROM customer_keys o \
     WHERE o.tenant_id = e.tenant_id AND o.customer_id = e.customer_id) k) AS held_keys",
);

const NEWEST_FIRST: Sql = Sql::text("ORDER BY e.created_at DESC, e.id DESC");

#[async_trait]
impl AuditRepo for PgUnitOfWork {
    /// One round trip; more if another replica created a key of the tenant meanwhile.
    #[instrument(name = "db.audit.list", level = "debug", skip_all)]
    async fn list(
        &mut self,
        filter: &AuditFilter,
        after: Option<AuditKey>,
        size: u32,
    ) -> Result<Page<AuditEvent, AuditKey>, StoreError> {
        let select = list(self.tx.tenant(), filter, after, size.saturating_add(1));
        let rows = self.tx.message(&[READ_TIMEOUT, select]).await?;
        let stored = rows.iter().map(Stored::read);
        let stored = stored.collect::<Result<Vec<_>, _>>()?;
        let mut under = HashSet::new();
        for stored in &stored {
            under.extend(stored.under(self.keys.ring.cipher())?);
        }
        for key in under {
            self.keys.ensure_tenant_key(key).await?;
        }
        let mut opener = Opener {
            ring: &self.keys.ring,
            tenant: &self.keys.tenant,
            keys: HashMap::new(),
        };
        let mut events = Vec::with_capacity(stored.len());
        for stored in stored {
            events.push(opener.event(stored)?);
        }
        let key = |event: &AuditEvent| AuditKey {
            at: event.at,
            id: event.id,
        };
        Ok(Page::cut(events, size, key))
    }

    /// One round trip.
    #[instrument(name = "db.audit.tally", level = "debug", skip_all)]
    async fn tally(&mut self, filter: &AuditFilter) -> Result<AuditTally, StoreError> {
        let select = sql!(
            "SELECT e.customer_id, count(*) AS entries, max(e.created_at) AS latest FROM audit_events e WHERE {} \
             GROUP BY e.customer_id ORDER BY entries DESC, e.customer_id NULLS LAST LIMIT {}",
            conditions(self.tx.tenant(), filter),
            MAX_TALLY + 1
        );
        let rows = self.tx.message(&[READ_TIMEOUT, select]).await?;
        let mut counts = Vec::with_capacity(rows.len());
        for row in &rows {
            let row = RowReader::new(row, super::TABLE);
            counts.push(AuditCount {
                customer: row.column::<Option<_>>("customer_id")?.map(CustomerId),
                count: row.parsed("entries", |count: i64| u64::try_from(count).ok())?,
                latest: row.column("latest")?,
            });
        }
        let has_more = counts.len() > MAX_TALLY;
        counts.truncate(MAX_TALLY);
        Ok(AuditTally { counts, has_more })
    }
}

/// Returns the statement for a page. It follows an index in the order of the page: by customer, by
/// record, by kind, or of the whole trail.
fn list(tenant: TenantId, filter: &AuditFilter, after: Option<AuditKey>, size: u32) -> Sql {
    let after = after.map_or_else(Sql::default, |key| {
        sql!(" AND (e.created_at, e.id) < ({}, {})", key.at, key.id)
    });
    let cut = |filter: &AuditFilter| {
        sql!(
            "SELECT e.* FROM audit_events e WHERE {}{} {} LIMIT {}",
            conditions(tenant, filter),
            after,
            NEWEST_FIRST,
            size
        )
    };
    let has_own_index = filter.customer.is_some() || filter.resource.is_some();
    let found = match filter.kinds.as_deref() {
        Some(kinds) if !has_own_index && is_few(kinds) => {
            let each = kinds.iter().map(|kind| {
                let of_kind = AuditFilter {
                    kinds: Some(vec![*kind]),
                    ..filter.clone()
                };
                sql!("({})", cut(&of_kind))
            });
            Sql::join(each, " UNION ALL ")
        }
        _ => cut(filter),
    };
    sql!(
        "SELECT {}, {} FROM ({}) e {} LIMIT {}",
        COLUMNS,
        HELD_KEYS,
        found,
        NEWEST_FIRST,
        size
    )
}

/// Returns whether the kinds are few enough to look up each with its own index scan. With many, a
/// scan of the whole trail soon finds one of them.
fn is_few(kinds: &[AuditKind]) -> bool {
    (1..=AuditKind::ALL.len() / 2).contains(&kinds.len())
}

/// Returns the conditions that an entry `e` must meet.
fn conditions(tenant: TenantId, filter: &AuditFilter) -> Sql {
    let AuditFilter {
        customer,
        kinds,
        operation,
        actor,
        resource,
        from,
        to,
    } = filter;
    let kinds = kinds.as_ref().map(|kinds| match kinds.as_slice() {
        [] => Sql::text("false"),
        [only] => sql!("e.event_type = {}", only.event_type()),
        several => {
            let types = several.iter().map(|kind| kind.event_type());
            sql!("e.event_type IN ({})", Sql::join(types, ", "))
        }
    });
    let parts = [
        Some(sql!("e.tenant_id = {}", tenant)),
        customer.map(|id| sql!("e.customer_id = {}", id)),
        kinds,
        operation.map(|operation| sql!("e.operation = {}", operation.as_str())),
        actor.as_ref().map(|actor| sql!("e.actor_id = {}", actor)),
        resource.map(|id| sql!("e.resource_id = {}", id)),
        from.map(|from| sql!("e.created_at >= {}", from)),
        to.map(|to| sql!("e.created_at < {}", to)),
    ];
    Sql::join(parts.into_iter().flatten(), " AND ")
}
