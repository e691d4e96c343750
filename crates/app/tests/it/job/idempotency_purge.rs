//! Expired replies are deleted across tenants, a thousand at a time.

use chrono::TimeDelta;
use customer_app::job::{CHUNK, Job as _, JobStep, PurgeReplies};
use customer_domain::{Claimed, Clock as _, Context};
use customer_testkit::builders::{claim, context, other_context, reply};
use customer_testkit::{FakeStore, FixedClock};
use std::sync::Arc;
use std::time::Duration;

fn job(store: &FakeStore, clock: &Arc<FixedClock>) -> PurgeReplies {
    PurgeReplies {
        replies: store.idempotency_purge(),
        tenants: store.tenants(),
        clock: clock.clone(),
        every: Duration::from_hours(1),
    }
}

async fn keep(store: &FakeStore, context: &Context, key: &str) {
    let claim = claim(key);
    let begun = store
        .transactions()
        .begin_idempotent(context, &claim)
        .await
        .unwrap();
    let Claimed::Started(mut work) = begun else {
        unreachable!("it is free");
    };
    work.store_reply(claim, reply());
    work.commit().await.unwrap();
}

async fn is_kept(store: &FakeStore, key: &str) -> bool {
    let begun = store
        .transactions()
        .begin_idempotent(&context(), &claim(key))
        .await;
    matches!(begun.unwrap(), Claimed::Replay(_))
}

#[tokio::test]
async fn replies_go_when_they_have_expired_and_not_before() {
    let (store, clock) = (FakeStore::seeded(), Arc::new(FixedClock::default()));
    let job = job(&store, &clock);
    keep(&store, &context(), "a").await;
    keep(&store, &other_context(), "b").await;
    assert_eq!(job.run(None).await, Ok(JobStep::Done { processed: 0 }));
    assert!(is_kept(&store, "a").await);
    clock.set(clock.now() + TimeDelta::days(2));
    assert_eq!(job.run(None).await, Ok(JobStep::Done { processed: 2 }));
    assert!(!is_kept(&store, "a").await);
}

#[tokio::test]
async fn many_go_in_chunks_that_go_on_from_each_other() {
    let (store, clock) = (FakeStore::seeded(), Arc::new(FixedClock::default()));
    let job = job(&store, &clock);
    for number in 0..CHUNK + 500 {
        keep(&store, &context(), &format!("{number:05}")).await;
        if number < 600 {
            keep(&store, &other_context(), &format!("{number:05}")).await;
        }
    }
    clock.set(clock.now() + TimeDelta::days(2));
    let (mut cursor, mut processed) = (None, Vec::new());
    loop {
        match job.run(cursor.take()).await.unwrap() {
            JobStep::More {
                cursor: next,
                processed: some,
            } => {
                cursor = Some(next);
                processed.push(some);
            }
            JobStep::Done { processed: some } => {
                processed.push(some);
                break;
            }
        }
    }
    assert_eq!(processed, [1_000, 1_000, 100]);
    assert_eq!(job.run(None).await, Ok(JobStep::Done { processed: 0 }));
}
