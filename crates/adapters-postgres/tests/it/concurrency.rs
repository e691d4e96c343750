//! Races that show only when several callers do something at the same time.

use crate::support::Store;
use customer_domain::api_key::{Permission, Revocation};
use customer_domain::customer::{CustomerRef, Status};
use customer_domain::idempotency::ClaimError;
use customer_domain::{Claimed, Conflict, StoreError};
use customer_testkit::builders::{
    api_key, claim, context, customer, digest, email, new_customer, reply,
};
use futures_util::future::join_all;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_register_one_address_at_once_one_succeeds() {
    let store = Store::with_connections(16).await;
    let rivals: Vec<_> = (1..=50)
        .map(|n| customer().number(n).email("one@example.com").build_new())
        .collect();
    let outcomes = join_all(rivals.iter().map(|new| store.insert(new))).await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for outcome in lost {
        assert_eq!(outcome, Err(StoreError::Conflict(Conflict::Email)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_take_what_a_deleted_customer_had_one_succeeds() {
    let store = Store::with_connections(16).await;
    let known = |number| customer().number(number).legacy(7).external("crm", "C-1");
    let deleted = known(1).status(Status::Deleted).build_new();
    store.insert(&deleted).await.expect("insert");
    let rivals: Vec<_> = (2..=51).map(|number| known(number).build_new()).collect();
    let outcomes = join_all(rivals.iter().map(|new| store.insert(new))).await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for outcome in lost {
        let conflict = matches!(
            outcome,
            Err(StoreError::Conflict(
                Conflict::LegacyId | Conflict::ExternalId
            ))
        );
        assert!(conflict, "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_one_customer_queue_and_number_their_events_in_order() {
    let store = Store::with_connections(8).await;
    let new = new_customer();
    store.insert(&new).await.expect("insert");
    let id = CustomerRef::Id(new.customer.id);
    let transactions = store.postgres.transactions();
    let change = async || {
        let mut work = transactions.begin(&context()).await.expect("begin");
        let mut found = work.customers().find_for_update(id).await.expect("found");
        // Long enough for the others to reach the lock.
        tokio::time::sleep(Duration::from_millis(5)).await;
        found.customer.version += 1;
        work.customers().save(&found.customer).await.expect("save");
        work.commit().await.expect("commit");
        (found.customer.event_seq, found.customer.version)
    };
    let mut changes = join_all((0..8).map(|_| change())).await;
    changes.sort_unstable();
    // Each change saw what the one before it committed, including the version.
    let expected: Vec<_> = (2..=9).map(|n| (n, n)).collect();
    assert_eq!(changes, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_who_claim_at_once_one_works_and_the_rest_wait_or_replay() {
    let store = Store::with_connections(20).await;
    let transactions = store.postgres.transactions();
    let claim = claim("k");
    let attempt = async || match transactions.begin_idempotent(&context(), &claim).await {
        Ok(Claimed::Started(mut work)) => {
            tokio::time::sleep(Duration::from_millis(50)).await;
            work.store_reply(claim.clone(), reply());
            work.commit().await.expect("commit");
            "worked"
        }
        Ok(Claimed::Replay(replayed)) => {
            assert_eq!(replayed, reply());
            "replayed"
        }
        Err(ClaimError::InFlight) => "in flight",
        Err(error) => panic!("{error}"),
    };
    let outcomes = join_all((0..20).map(|_| attempt())).await;
    let worked = outcomes.iter().filter(|outcome| **outcome == "worked");
    assert_eq!(worked.count(), 1, "{outcomes:?}");
    assert_eq!(attempt().await, "replayed");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_admin_keys_that_revoke_each_other_at_once_leave_one() {
    let store = Store::fresh().await;
    let keys = [1, 2].map(|n| api_key(n, Permission::Admin));
    let transactions = store.postgres.transactions();
    let mut work = transactions.begin(&context()).await.expect("begin");
    for key in &keys {
        work.api_keys()
            .insert(key, &digest(key))
            .await
            .expect("insert");
    }
    work.commit().await.expect("commit");
    let revoke = async |key: &customer_domain::api_key::ApiKey| {
        let mut work = transactions.begin(&context()).await.expect("begin");
        let outcome = work.api_keys().revoke(key.id, key.created_at).await;
        work.commit().await.expect("commit");
        outcome.expect("an answer")
    };
    let (one, other) = futures_util::future::join(revoke(&keys[0]), revoke(&keys[1])).await;
    let kept = [one, other]
        .into_iter()
        .filter(|outcome| *outcome == Revocation::LastAdminKey);
    assert_eq!(kept.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_customers_that_swap_addresses_at_once_are_contended_or_in_conflict() {
    let store = Store::fresh().await;
    let people = [1, 2].map(|n| customer().number(n).build_new());
    for new in &people {
        store.insert(new).await.expect("insert");
    }
    let transactions = store.postgres.transactions();
    let take = async |mine: usize, theirs: usize| {
        let mut work = transactions.begin(&context()).await?;
        let id = CustomerRef::Id(people[mine].customer.id);
        let mut found = work.customers().find_for_update(id).await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
        found.customer.email = email(people[theirs].customer.email.key());
        work.customers().save(&found.customer).await?;
        work.commit().await
    };
    let (one, other) = futures_util::future::join(take(0, 1), take(1, 0)).await;
    for outcome in [&one, &other] {
        let refused = matches!(
            outcome,
            Ok(()) | Err(StoreError::Contended | StoreError::Conflict(Conflict::Email))
        );
        assert!(refused, "{outcome:?}");
    }
    assert!(one.is_err() || other.is_err());
}
