//! Replies that expired go, a few at a time, and no others.

use super::Harness;
use crate::builders::{claim, context, other_context, reply, tenant};
use chrono::TimeDelta;
use customer_domain::idempotency::{IdempotencyClaim, Purged, ReplyKey};
use customer_domain::{Claimed, Context, TenantId};

async fn keep(h: &impl Harness, context: &Context, claim: IdempotencyClaim) {
    let transactions = h.transactions();
    match transactions.begin_idempotent(context, &claim).await {
        Ok(Claimed::Started(mut work)) => {
            work.store_reply(claim, reply());
            work.commit().await.expect("commit");
        }
        other => unreachable!("it is free: {other:?}"),
    }
}

/// A claim whose reply expires a day before those of the others.
fn early(key: &str) -> IdempotencyClaim {
    let claim = claim(key);
    IdempotencyClaim {
        now: claim.now - TimeDelta::days(1),
        expires_at: claim.expires_at - TimeDelta::days(1),
        ..claim
    }
}

async fn purged(h: &impl Harness, tenant: TenantId, after: Option<&str>, limit: u32) -> Purged {
    let now = early("x").expires_at;
    let after = after.map(place);
    let purged = h.idempotency_purge().purge(tenant, after, now, limit).await;
    purged.expect("a look")
}

fn place(key: &str) -> ReplyKey {
    let IdempotencyClaim {
        caller, route, key, ..
    } = claim(key);
    ReplyKey { caller, route, key }
}

fn looked(seen: u32, deleted: u32, last: Option<&str>) -> Purged {
    Purged {
        seen,
        deleted,
        last: last.map(place),
    }
}

pub async fn replies_that_expired_are_deleted_and_others_stay(h: &impl Harness) {
    let tenant = tenant().id;
    assert_eq!(purged(h, tenant, None, 10).await, looked(0, 0, None));
    for claim in [early("a"), claim("b"), early("c")] {
        keep(h, &context(), claim).await;
    }
    assert_eq!(purged(h, tenant, None, 10).await, looked(3, 2, Some("c")));
    assert_eq!(purged(h, tenant, None, 10).await, looked(1, 0, Some("b")));
    let kept = h
        .transactions()
        .begin_idempotent(&context(), &claim("b"))
        .await;
    assert!(matches!(kept, Ok(Claimed::Replay(_))), "{kept:?}");
}

pub async fn replies_are_looked_at_in_their_order_and_a_few_at_a_time(h: &impl Harness) {
    let tenant = tenant().id;
    for key in ["c", "a", "é", "B"] {
        keep(h, &context(), early(key)).await;
    }
    assert_eq!(purged(h, tenant, None, 2).await, looked(2, 2, Some("a")));
    let next = purged(h, tenant, Some("a"), 2).await;
    assert_eq!(next, looked(2, 2, Some("é")));
    assert_eq!(purged(h, tenant, Some("é"), 2).await, looked(0, 0, None));
}

pub async fn replies_of_another_tenant_stay(h: &impl Harness) {
    keep(h, &other_context(), early("a")).await;
    assert_eq!(purged(h, tenant().id, None, 10).await, looked(0, 0, None));
    assert_eq!(
        purged(h, other_context().tenant, None, 10).await,
        looked(1, 1, Some("a"))
    );
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_idempotency_purge {
    ($each:path) => {
        $each! { idempotency_purge {
            replies_that_expired_are_deleted_and_others_stay,
            replies_are_looked_at_in_their_order_and_a_few_at_a_time,
            replies_of_another_tenant_stay,
        } }
    };
}
