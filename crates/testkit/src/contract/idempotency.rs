//! Repeated requests with the same idempotency key, which are executed once.

use super::Harness;
use super::steps::{begin, read};
use crate::builders::{at, claim, context, new_customer, other_context, reply};
use chrono::TimeDelta;
use customer_domain::idempotency::{ClaimError, IdempotencyClaim, StoredReply};
use customer_domain::{Claimed, Conflict, Context, StoreError, UnitOfWork};

async fn claimed_in(
    h: &impl Harness,
    context: &Context,
    claim: &IdempotencyClaim,
) -> Result<Claimed, ClaimError> {
    h.transactions().begin_idempotent(context, claim).await
}

async fn fresh(h: &impl Harness, claim: &IdempotencyClaim) -> Box<dyn UnitOfWork> {
    match claimed_in(h, &context(), claim).await {
        Ok(Claimed::Started(work)) => work,
        other => unreachable!("the claim is free, and yet: {other:?}"),
    }
}

async fn replayed(h: &impl Harness, claim: &IdempotencyClaim) -> StoredReply {
    match claimed_in(h, &context(), claim).await {
        Ok(Claimed::Replay(reply)) => reply,
        other => unreachable!("a reply is stored, and yet: {other:?}"),
    }
}

/// Claims a key and commits only its reply.
async fn answered(h: &impl Harness, claim: &IdempotencyClaim, reply: StoredReply) {
    let mut work = fresh(h, claim).await;
    work.store_reply(claim.clone(), reply);
    work.commit().await.expect("commit");
}

pub async fn a_claim_begins_fresh(h: &impl Harness) {
    let mut work = fresh(h, &claim("k")).await;
    let new = new_customer();
    work.customers()
        .insert(&new)
        .await
        .expect("it is a unit of work as any other");
    work.commit().await.expect("commit");
    assert!(read(h, new.customer.id).await.is_some());
}

pub async fn a_stored_reply_is_replayed_byte_for_byte(h: &impl Harness) {
    let every_byte = StoredReply {
        body: (0..=255).collect(),
        ..reply()
    };
    answered(h, &claim("k"), every_byte.clone()).await;
    assert_eq!(replayed(h, &claim("k")).await, every_byte);
    assert_eq!(
        replayed(h, &claim("k")).await,
        every_byte,
        "as often as it is asked for"
    );
}

pub async fn a_reply_without_headers_is_replayed_without_them(h: &impl Harness) {
    let plain = StoredReply {
        status: 200,
        location: None,
        etag: None,
        body: Vec::new(),
    };
    answered(h, &claim("k"), plain.clone()).await;
    assert_eq!(replayed(h, &claim("k")).await, plain);
}

pub async fn a_claim_in_flight_is_refused(h: &impl Harness) {
    let work = fresh(h, &claim("k")).await;
    let second = claimed_in(h, &context(), &claim("k")).await;
    assert_eq!(second.expect_err("in flight"), ClaimError::InFlight);
    let other_body = IdempotencyClaim {
        body_digest: [8; 32],
        ..claim("k")
    };
    let third = claimed_in(h, &context(), &other_body).await;
    assert_eq!(
        third.expect_err("in flight"),
        ClaimError::InFlight,
        "whatever the body"
    );
    work.rollback().await.expect("rollback");
}

pub async fn another_body_under_the_same_key_is_refused(h: &impl Harness) {
    answered(h, &claim("k"), reply()).await;
    let other_body = IdempotencyClaim {
        body_digest: [8; 32],
        ..claim("k")
    };
    let refused = claimed_in(h, &context(), &other_body).await;
    assert_eq!(refused.expect_err("reused"), ClaimError::KeyReused);
    assert_eq!(
        replayed(h, &claim("k")).await,
        reply(),
        "the first is not affected"
    );
}

pub async fn a_claim_is_free_again_after_a_rollback(h: &impl Harness) {
    let mut work = fresh(h, &claim("k")).await;
    work.store_reply(claim("k"), reply());
    work.rollback().await.expect("rollback");
    fresh(h, &claim("k"))
        .await
        .rollback()
        .await
        .expect("rollback");
}

pub async fn a_claim_is_free_again_after_a_drop(h: &impl Harness) {
    let mut work = fresh(h, &claim("k")).await;
    work.store_reply(claim("k"), reply());
    drop(work);
    // Dropping the unit of work rolls it back later, so the claim may still be held for a moment.
    let mut outcome = claimed_in(h, &context(), &claim("k")).await;
    for _ in 0..100 {
        if !matches!(outcome, Err(ClaimError::InFlight)) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        outcome = claimed_in(h, &context(), &claim("k")).await;
    }
    assert!(matches!(outcome, Ok(Claimed::Started(_))), "{outcome:?}");
}

pub async fn a_claim_is_free_again_after_a_commit_without_a_reply(h: &impl Harness) {
    fresh(h, &claim("k")).await.commit().await.expect("commit");
    fresh(h, &claim("k"))
        .await
        .rollback()
        .await
        .expect("rollback");
}

pub async fn work_and_reply_are_stored_together(h: &impl Harness) {
    let new = new_customer();
    let mut work = fresh(h, &claim("k")).await;
    work.customers().insert(&new).await.expect("insert");
    work.store_reply(claim("k"), reply());
    work.commit().await.expect("commit");
    assert!(read(h, new.customer.id).await.is_some());
    assert_eq!(replayed(h, &claim("k")).await, reply());
}

pub async fn a_reply_past_its_expiry_is_absent(h: &impl Harness) {
    let first = claim("k");
    answered(h, &first, reply()).await;
    let now = first.expires_at + TimeDelta::seconds(1);
    let later = IdempotencyClaim {
        body_digest: [8; 32],
        now,
        expires_at: now + TimeDelta::days(1),
        ..first
    };
    let new_reply = StoredReply {
        status: 200,
        ..reply()
    };
    answered(h, &later, new_reply.clone()).await;
    assert_eq!(
        replayed(h, &later).await,
        new_reply,
        "the new reply took its place"
    );
}

pub async fn a_reply_is_kept_until_its_expiry(h: &impl Harness) {
    let first = claim("k");
    answered(h, &first, reply()).await;
    let just_before = IdempotencyClaim {
        now: first.expires_at - TimeDelta::seconds(1),
        expires_at: first.expires_at + TimeDelta::days(1),
        ..first
    };
    assert_eq!(replayed(h, &just_before).await, reply());
}

pub async fn other_callers_routes_keys_and_tenants_are_other_claims(h: &impl Harness) {
    answered(h, &claim("k"), reply()).await;
    let others = [
        IdempotencyClaim {
            caller: "key-z".to_owned(),
            ..claim("k")
        },
        IdempotencyClaim {
            route: "POST /tenants".to_owned(),
            ..claim("k")
        },
        claim("k2"),
    ];
    for other in others {
        fresh(h, &other).await.rollback().await.expect("rollback");
    }
    match claimed_in(h, &other_context(), &claim("k")).await {
        Ok(Claimed::Started(work)) => work.rollback().await.expect("rollback"),
        other => unreachable!("another tenant's key is free, and yet: {other:?}"),
    }
}

pub async fn keys_are_compared_as_written(h: &impl Harness) {
    let longest = "é".repeat(customer_domain::idempotency::MAX_KEY);
    let keys = [
        "k",
        "K",
        " k",
        "k ",
        "k%",
        "k'\"\\",
        "ключ-😀",
        longest.as_str(),
    ];
    for (status, key) in (200..).zip(keys) {
        let told = StoredReply { status, ..reply() };
        answered(h, &claim(key), told).await;
    }
    for (status, key) in (200..).zip(keys) {
        assert_eq!(replayed(h, &claim(key)).await.status, status, "{key:?}");
    }
}

pub async fn the_second_reply_under_a_key_is_a_conflict_and_nothing_is_written(h: &impl Harness) {
    // Stored without a claim: the claim prevents two replies under one key.
    let mut work = begin(h).await;
    work.store_reply(claim("k"), reply());
    work.commit().await.expect("commit");

    let new = new_customer();
    let mut work = begin(h).await;
    work.customers().insert(&new).await.expect("insert");
    let late = StoredReply {
        status: 500,
        ..reply()
    };
    let claim = IdempotencyClaim {
        now: at(1),
        ..claim("k")
    };
    work.store_reply(claim.clone(), late);
    let refused = work.commit().await;
    assert_eq!(refused, Err(StoreError::Conflict(Conflict::IdempotencyKey)));
    assert_eq!(read(h, new.customer.id).await, None);
    assert_eq!(replayed(h, &claim).await, reply());
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_idempotency {
    ($each:path) => {
        $each! { idempotency {
            a_claim_begins_fresh,
            a_stored_reply_is_replayed_byte_for_byte,
            a_reply_without_headers_is_replayed_without_them,
            a_claim_in_flight_is_refused,
            another_body_under_the_same_key_is_refused,
            a_claim_is_free_again_after_a_rollback,
            a_claim_is_free_again_after_a_drop,
            a_claim_is_free_again_after_a_commit_without_a_reply,
            work_and_reply_are_stored_together,
            a_reply_past_its_expiry_is_absent,
            a_reply_is_kept_until_its_expiry,
            other_callers_routes_keys_and_tenants_are_other_claims,
            keys_are_compared_as_written,
            the_second_reply_under_a_key_is_a_conflict_and_nothing_is_written,
        } }
    };
}
