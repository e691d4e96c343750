//! Reads of the audit trail.

use super::state::State;
use super::unit_of_work::FakeUnitOfWork;
use chrono::{DateTime, Utc};
use customer_domain::audit::{
    AuditCount, AuditEntry, AuditEvent, AuditFilter, AuditKey, AuditKind, AuditRepo, AuditTally,
    FieldChange, MAX_TALLY,
};
use customer_domain::{Context, CustomerId, Page, StoreError, TenantId};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Returns how an entry that was recorded in `context` must be read back.
pub(crate) fn audit_event(context: &Context, entry: &AuditEntry) -> AuditEvent {
    let names = entry.changes.iter().map(|change| change.field.clone());
    AuditEvent {
        id: entry.id,
        event_type: entry.kind.event_type().to_owned(),
        severity: entry.kind.severity().as_str().to_owned(),
        operation: entry.kind.operation().as_str().to_owned(),
        customer: entry.customer,
        resource: Some(entry.resource),
        changed_fields: names.collect(),
        old_values: FieldChange::old_values(&entry.changes),
        new_values: FieldChange::new_values(&entry.changes),
        reason: entry.reason.clone(),
        actor_kind: context.actor.kind,
        actor_id: context.actor.id.clone(),
        session_id: context.session_id.clone(),
        trace_id: context.trace_id.clone(),
        correlation_id: context.correlation_id.clone(),
        ip: context.origin.ip,
        user_agent: context.origin.user_agent.clone(),
        at: entry.at,
    }
}

/// Returns whether an entry passes a filter.
pub(crate) fn passes(filter: &AuditFilter, event: &AuditEvent) -> bool {
    let AuditFilter {
        customer,
        kinds,
        operation,
        actor,
        resource,
        from,
        to,
    } = filter;
    let is_wanted = |kinds: &Vec<AuditKind>| {
        kinds
            .iter()
            .any(|kind| kind.event_type() == event.event_type)
    };
    customer.is_none_or(|customer| event.customer == Some(customer))
        && kinds.as_ref().is_none_or(is_wanted)
        && operation.is_none_or(|operation| event.operation == operation.as_str())
        && actor.as_ref().is_none_or(|actor| event.actor_id == *actor)
        && resource.is_none_or(|resource| event.resource == Some(resource))
        && from.is_none_or(|from| event.at >= from)
        && to.is_none_or(|to| event.at < to)
}

fn key(event: &AuditEvent) -> AuditKey {
    AuditKey {
        at: event.at,
        id: event.id,
    }
}

impl State {
    fn trail_of<'a>(
        &'a self,
        tenant: TenantId,
        filter: &'a AuditFilter,
    ) -> impl Iterator<Item = &'a AuditEvent> {
        let rows = self.trail.iter().filter(move |(owner, _)| *owner == tenant);
        rows.map(|(_, event)| &**event)
            .filter(|event| passes(filter, event))
    }

    fn page_of_trail(
        &self,
        tenant: TenantId,
        filter: &AuditFilter,
        after: Option<AuditKey>,
        size: u32,
    ) -> Page<AuditEvent, AuditKey> {
        let is_older = |event: &&AuditEvent| {
            after.is_none_or(|after| (event.at, event.id) < (after.at, after.id))
        };
        let mut rows: Vec<_> = self
            .trail_of(tenant, filter)
            .filter(is_older)
            .cloned()
            .collect();
        rows.sort_by_key(|event| Reverse((event.at, event.id)));
        Page::cut(rows, size, key)
    }

    fn tally_of_trail(&self, tenant: TenantId, filter: &AuditFilter) -> AuditTally {
        let mut tallied: BTreeMap<Option<CustomerId>, (u64, DateTime<Utc>)> = BTreeMap::new();
        for event in self.trail_of(tenant, filter) {
            let (count, latest) = tallied.entry(event.customer).or_insert((0, event.at));
            *count += 1;
            *latest = event.at.max(*latest);
        }
        let counted = tallied.into_iter();
        let mut counts: Vec<_> = counted
            .map(|(customer, (count, latest))| AuditCount {
                customer,
                count,
                latest,
            })
            .collect();
        counts.sort_by_key(|one| (Reverse(one.count), one.customer.is_none(), one.customer));
        let has_more = counts.len() > MAX_TALLY;
        counts.truncate(MAX_TALLY);
        AuditTally { counts, has_more }
    }
}

#[async_trait::async_trait]
impl AuditRepo for FakeUnitOfWork {
    async fn list(
        &mut self,
        filter: &AuditFilter,
        after: Option<AuditKey>,
        size: u32,
    ) -> Result<Page<AuditEvent, AuditKey>, StoreError> {
        self.statement(|state, context| {
            Ok(state.page_of_trail(context.tenant, filter, after, size))
        })
    }

    async fn tally(&mut self, filter: &AuditFilter) -> Result<AuditTally, StoreError> {
        self.statement(|state, context| Ok(state.tally_of_trail(context.tenant, filter)))
    }
}
