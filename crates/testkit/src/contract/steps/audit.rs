//! Steps that write and read the audit trail.

use super::super::Harness;
use super::{begin_in, recorded};
use crate::builders::{audit_entry, seeded_id};
use customer_domain::audit::{
    AuditEntry, AuditEvent, AuditFilter, AuditKey, AuditKind, AuditTally,
};
use customer_domain::{AuditEventId, Change, Context, CustomerId, Page};

/// Returns the n-th entry, about this customer if there is one.
pub(in super::super) fn about(n: u64, kind: AuditKind, customer: Option<CustomerId>) -> AuditEntry {
    AuditEntry {
        customer,
        ..audit_entry(n, kind)
    }
}

/// Commits entries of this context, in one unit of work.
pub(in super::super) async fn commit_entries(
    h: &impl Harness,
    context: &Context,
    entries: &[AuditEntry],
) {
    let changes: Vec<_> = entries.iter().cloned().map(Change::from).collect();
    recorded(h, context, &changes).await;
}

/// Reads one page of the audit trail of the context's tenant.
pub(in super::super) async fn page(
    h: &impl Harness,
    context: &Context,
    filter: &AuditFilter,
    after: Option<AuditKey>,
    size: u32,
) -> Page<AuditEvent, AuditKey> {
    let mut work = begin_in(h, context).await;
    let page = work.audit().list(filter, after, size).await;
    work.rollback().await.expect("rollback");
    page.expect("the store answers")
}

/// Counts the entries of the context's tenant by customer.
pub(in super::super) async fn tally(
    h: &impl Harness,
    context: &Context,
    filter: &AuditFilter,
) -> AuditTally {
    let mut work = begin_in(h, context).await;
    let tally = work.audit().tally(filter).await;
    work.rollback().await.expect("rollback");
    tally.expect("the store answers")
}

/// Returns the numbers with which [`about`] created these entries.
pub(in super::super) fn numbers(events: &[AuditEvent]) -> Vec<u64> {
    let number = |event: &AuditEvent| {
        let number = (1..1_000).find(|n| event.id == AuditEventId(seeded_id(0xad_0000 + n)));
        number.expect("an entry of the test")
    };
    events.iter().map(number).collect()
}
