//! The trail, read inside a unit of work.

use super::record::{COLUMNS, Opener, Stored};
use crate::pg::literal;
use crate::pg::row::Reader;
use crate::pg::uow::PgUnitOfWork;
use async_trait::async_trait;
use customer_domain::audit::{
    AuditCount, AuditEvent, AuditFilter, AuditKey, AuditKind, AuditRepo, AuditTally, MAX_TALLY,
};
use customer_domain::{CustomerId, Page, StoreError, TenantId};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// How long one look at the trail may take.
const BOUND: Cow<'static, str> = Cow::Borrowed("SET LOCAL statement_timeout = 2000");

/// The column after those of the entry: the keys of its customer, each as
/// [`HELD_KEY`](crate::privacy::HELD_KEY) has it.
const HELD_KEYS: &str = "(SELECT json_agg(encode(uuid_send(k.id) || k.wrapped, 'hex')) FROM customer_keys k \
     WHERE k.tenant_id = e.tenant_id AND k.customer_id = e.customer_id)";

const NEWEST_FIRST: &str = "ORDER BY e.created_at DESC, e.id DESC";

#[async_trait]
impl AuditRepo for PgUnitOfWork {
    /// One round trip; more when another replica made a key of the tenant meanwhile.
    async fn list(
        &mut self,
        filter: &AuditFilter,
        after: Option<AuditKey>,
        size: u32,
    ) -> Result<Page<AuditEvent, AuditKey>, StoreError> {
        let select = list(self.tx.tenant(), filter, after, size.saturating_add(1));
        let rows = self.tx.message(&[BOUND, Cow::Owned(select)]).await?;
        let stored = rows.iter().map(Stored::read);
        let stored = stored.collect::<Result<Vec<_>, _>>()?;
        let mut under = HashSet::new();
        for stored in &stored {
            under.extend(stored.under(self.ring.cipher())?);
        }
        for key in under {
            self.know(key).await?;
        }
        let mut opener = Opener {
            ring: &self.ring,
            tenant: &self.tenant_keys,
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
    async fn tally(&mut self, filter: &AuditFilter) -> Result<AuditTally, StoreError> {
        let select = format!(
            "SELECT e.customer_id, count(*) AS entries, max(e.created_at) FROM audit_events e WHERE {} \
             GROUP BY e.customer_id ORDER BY entries DESC, e.customer_id NULLS LAST LIMIT {}",
            tests(self.tx.tenant(), filter),
            MAX_TALLY + 1
        );
        let rows = self.tx.message(&[BOUND, Cow::Owned(select)]).await?;
        let mut counts = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut row = Reader::new(row, super::TABLE);
            counts.push(AuditCount {
                customer: row.column::<Option<_>>()?.map(CustomerId),
                count: row.parsed(|count: i64| u64::try_from(count).ok())?,
                latest: row.column()?,
            });
        }
        let has_more = counts.len() > MAX_TALLY;
        counts.truncate(MAX_TALLY);
        Ok(AuditTally { counts, has_more })
    }
}

/// The entries of a page. Each is found along an index in the order of the page: that of the
/// customer, of the record, of the kind, or of the whole trail.
fn list(tenant: TenantId, filter: &AuditFilter, after: Option<AuditKey>, size: u32) -> String {
    let after = after.map_or_else(String::new, |key| {
        let (at, id) = (literal::time(key.at), literal::uuid(key.id.0));
        format!(" AND (e.created_at, e.id) < ({at}, {id})")
    });
    let cut = |filter: &AuditFilter| {
        let tests = tests(tenant, filter);
        format!("SELECT e.* FROM audit_events e WHERE {tests}{after} {NEWEST_FIRST} LIMIT {size}")
    };
    let has_own_index = filter.customer.is_some() || filter.resource.is_some();
    let found = match filter.kinds.as_deref() {
        Some(kinds) if !has_own_index && is_few(kinds) => {
            let each = kinds.iter().map(|kind| {
                let of_kind = AuditFilter {
                    kinds: Some(vec![*kind]),
                    ..filter.clone()
                };
                format!("({})", cut(&of_kind))
            });
            each.collect::<Vec<_>>().join(" UNION ALL ")
        }
        _ => cut(filter),
    };
    format!("SELECT {COLUMNS}, {HELD_KEYS} FROM ({found}) e {NEWEST_FIRST} LIMIT {size}")
}

/// Whether so few kinds are wanted that each is looked up by itself. Of many, one is never far.
fn is_few(kinds: &[AuditKind]) -> bool {
    (1..=AuditKind::ALL.len() / 2).contains(&kinds.len())
}

/// What an entry `e` passes.
fn tests(tenant: TenantId, filter: &AuditFilter) -> String {
    let AuditFilter {
        customer,
        kinds,
        operation,
        actor,
        resource,
        from,
        to,
    } = filter;
    let kinds = kinds.as_ref().map(|kinds| {
        let texts = kinds.iter().map(|kind| literal::text(kind.event_type()));
        match &*texts.collect::<Vec<_>>() {
            [] => "false".to_owned(),
            [only] => format!("e.event_type = {only}"),
            several => format!("e.event_type IN ({})", several.join(", ")),
        }
    });
    let parts = [
        Some(format!("e.tenant_id = {}", literal::uuid(tenant.0))),
        customer.map(|id| format!("e.customer_id = {}", literal::uuid(id.0))),
        kinds,
        operation.map(|operation| format!("e.operation = {}", literal::text(operation.as_str()))),
        actor
            .as_ref()
            .map(|actor| format!("e.actor_id = {}", literal::text(actor))),
        resource.map(|id| format!("e.resource_id = {}", literal::uuid(id))),
        from.map(|from| format!("e.created_at >= {}", literal::time(from))),
        to.map(|to| format!("e.created_at < {}", literal::time(to))),
    ];
    parts
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" AND ")
}
