//! The directory of tenants under concurrent readings, changes and look-ups.

use super::{command, made};
use crate::support::{App, app, unclaimed};
use async_trait::async_trait;
use chrono::TimeDelta;
use customer_app::tenant::{TenantDirectory, Tenants};
use customer_domain::StoreError;
use customer_domain::tenant::{Tenant, TenantReads};
use customer_testkit::builders::{at, operator_context, third_tenant};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// Reads that complete when permitted, with what was stored when they started.
struct SlowReads {
    store: Arc<dyn TenantReads>,
    asked: AtomicUsize,
    may_answer: Semaphore,
}

impl SlowReads {
    fn of(app: &App) -> Arc<Self> {
        Arc::new(Self {
            store: app.store.tenants(),
            asked: AtomicUsize::new(0),
            may_answer: Semaphore::new(0),
        })
    }
}

#[async_trait]
impl TenantReads for SlowReads {
    async fn all(&self) -> Result<Vec<Tenant>, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let all = self.store.all().await;
        self.may_answer.acquire().await.expect("open").forget();
        all
    }
}

fn slugs(directory: &TenantDirectory) -> Vec<String> {
    let all = directory.all();
    all.iter().map(|tenant| tenant.slug.to_string()).collect()
}

#[tokio::test]
async fn what_is_made_during_a_reading_and_what_is_read_are_both_known() {
    for meanwhile in [0, 1] {
        let app = app();
        let reads = SlowReads::of(&app);
        let directory = Arc::new(TenantDirectory::new(reads.clone(), app.clock.clone()));
        let tenants = Tenants {
            directory: Arc::clone(&directory),
            ..app.tenants.clone()
        };
        let making = async {
            app.clock.advance(TimeDelta::seconds(meanwhile));
            let made = tenants
                .create(&operator_context(), command("tenant-123"), &unclaimed())
                .await;
            assert!(made.is_ok());
            reads.may_answer.add_permits(1);
        };
        let (read, ()) = tokio::join!(directory.refresh(), making);
        assert_eq!(read, Ok(()));
        assert_eq!(slugs(&directory), ["tenant-123", "tenant-a", "tenant-b"]);
    }
}

#[tokio::test]
async fn making_a_tenant_does_not_count_as_having_read_the_others() {
    let app = app();
    made(&app, "tenant-123").await.unwrap();
    let directory = &app.tenants.directory;
    assert!(directory.by_slug("tenant-a").await.unwrap().is_some());
}

#[tokio::test]
async fn those_who_ask_for_an_unknown_tenant_together_read_once() {
    let app = app();
    let reads = SlowReads::of(&app);
    let directory = TenantDirectory::new(reads.clone(), app.clock.clone());
    let answering = async { reads.may_answer.add_permits(9) };
    let (known, unknown, again, ()) = tokio::join!(
        directory.by_slug("tenant-a"),
        directory.by_slug("nowhere"),
        directory.by_slug("nowhere"),
        answering,
    );
    assert!(known.unwrap().is_some());
    assert_eq!((unknown, again), (Ok(None), Ok(None)));
    assert_eq!(reads.asked.load(Ordering::SeqCst), 1);

    // During an outage, look-ups do not wait one after the other either.
    app.clock.advance(TimeDelta::seconds(5));
    app.store.set_down(true);
    reads.may_answer.forget_permits(9);
    let answering = async { reads.may_answer.add_permits(9) };
    let (one, other, ()) = tokio::join!(
        directory.by_slug("nowhere"),
        directory.by_slug("nowhere"),
        answering,
    );
    assert!(one.is_err() && one == other);
    assert_eq!(reads.asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_clock_that_is_put_back_does_not_end_reading() {
    let app = app();
    let directory = &app.tenants.directory;
    assert!(directory.by_slug("tenant-a").await.unwrap().is_some());
    app.store.add_tenant(&third_tenant(), &[]);
    app.clock.set(at(0));
    assert!(directory.by_slug("tenant-c").await.unwrap().is_some());
}
