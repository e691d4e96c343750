//! Reads of the audit trail and of its seals reach their index.

use super::Probe;
use super::explain::Plan;
use crate::support::run;
use customer_domain::CustomerId;
use customer_domain::audit::{AuditFilter, AuditKind};
use customer_testkit::builders::{at, context};
use uuid::Uuid;

/// The most rows that a page of 20 entries touches, with those of the keys that it needs.
const FEW: u32 = 100;

/// Adds the rows of fifty thousand entries, each about one customer in a thousand or a record of its own,
/// and of their seals.
pub(super) const ROWS: [(&str, &str); 2] = [
    (
        "audit_events (tenant_id, id, created_at, event_type, operation, customer_id, resource_id, actor_type, actor_id, \
         trace_id, correlation_id, changed_fields, digest)",
        "t, id, made, CASE n % 1000 WHEN 7 THEN 'customer.profile.delete' ELSE 'customer.profile.update' END, 'UPDATE', \
         ('00000000-0000-7000-8000-' || lpad(to_hex(n % 1000), 12, '0'))::uuid, \
         CASE n % 5 WHEN 0 THEN id ELSE ('00000000-0000-7000-8000-' || lpad(to_hex(n % 1000), 12, '0'))::uuid END, 2, 'staff', \
         't', 'c', '{}', sha256(n::text::bytea) FROM p WHERE n <= 50000",
    ),
    (
        "audit_seals",
        "n, date_trunc('month', made) + n / 500 * interval '1 month', CASE WHEN d THEN 2 ELSE 1 END, \
         CASE WHEN NOT d THEN n::text::xid8 END, CASE WHEN NOT d THEN id END, CASE WHEN NOT d THEN n::text::xid8 END, \
         CASE WHEN NOT d THEN id END, '', NULL, NULL, CASE WHEN d THEN n END, sha256('a'), made, sha256('b'), \
         sha256('c'), sha256('d') || sha256('e') FROM (SELECT p.*, n % 500 = 9 AS d FROM p WHERE n <= 5000) s",
    ),
];

pub(super) async fn check(probe: &mut Probe) {
    pages(probe).await;
    let ledger = probe.postgres.audit_ledger();
    run(&mut probe.admin, "SET ROLE customer_worker").await;
    probe.proxy.take();
    let pending = ledger.pending(None, 20).await.expect("entries");
    assert_eq!(pending.entries.len(), 20);
    let plans = Plan::of_sent(&probe.proxy, &mut probe.admin, "FROM audit_events").await;
    plans[0].expect("what is not sealed", "audit_events_transaction_idx", FEW);
    assert!(ledger.first_needed(&[]).await.expect("a seal").is_some());
    let plans = Plan::of_sent(&probe.proxy, &mut probe.admin, "FROM audit_seals").await;
    plans[0].expect(
        "the first seal that is needed",
        "audit_seals_month_idx",
        FEW,
    );
    assert_eq!(ledger.dropped().await.expect("seals").len(), 10);
    let plans = Plan::of_sent(&probe.proxy, &mut probe.admin, "FROM audit_seals").await;
    plans[0].expect(
        "the months that were dropped",
        "audit_seals_dropped_idx",
        FEW,
    );
    run(&mut probe.admin, "RESET ROLE").await;
}

async fn pages(probe: &mut Probe) {
    let customer = Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0007);
    let other = Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_c346);
    let any = AuditFilter::default;
    for (filter, index) in [
        (any(), "audit_events_pkey"),
        (
            AuditFilter {
                customer: Some(CustomerId(customer)),
                ..any()
            },
            "audit_events_customer_idx",
        ),
        (
            AuditFilter {
                kinds: Some(vec![AuditKind::ProfileDelete]),
                ..any()
            },
            "audit_events_type_idx",
        ),
        (
            AuditFilter {
                resource: Some(other),
                ..any()
            },
            "audit_events_resource_idx",
        ),
        (
            AuditFilter {
                to: Some(at(3_600)),
                ..any()
            },
            "audit_events_pkey",
        ),
    ] {
        let begun = probe.postgres.transactions().begin(&context()).await;
        let mut work = begun.expect("a unit of work");
        probe.proxy.take();
        let page = work.audit().list(&filter, None, 20).await.expect("a page");
        assert!(!page.items.is_empty(), "{filter:?}");
        let plans = Plan::of_sent(&probe.proxy, &mut probe.inside, "FROM audit_events").await;
        plans[0].expect(&format!("{filter:?}"), index, FEW);
        work.rollback().await.expect("the end");
    }
}
