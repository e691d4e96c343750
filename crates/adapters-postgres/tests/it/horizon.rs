//! What a read by time shows while units of work are open, each case on a real database.

use crate::support::Store;
use chrono::{DateTime, Utc};
use customer_domain::customer::{CustomerFilter, CustomerSort, NewCustomer, SortKey};
use customer_domain::{Context, CustomerId, PageAt, PageRequest, SortOrder, UnitOfWork};
use customer_testkit::builders::{context, customer, other_context};
use std::time::Duration;

impl Store {
    async fn begin(&self) -> Box<dyn UnitOfWork> {
        let transactions = self.postgres.transactions();
        transactions.begin(&context()).await.expect("begin")
    }

    async fn horizon(&self, context: &Context) -> DateTime<Utc> {
        let transactions = self.postgres.transactions();
        transactions.horizon(context).await.expect("a horizon")
    }

    /// Returns the customers that were created before `end`, oldest first.
    async fn created_before(&self, end: DateTime<Utc>) -> Vec<CustomerId> {
        let mut filter = CustomerFilter::default();
        filter.created.before = Some(end);
        let sort = CustomerSort {
            key: SortKey::CreatedAt,
            order: SortOrder::Ascending,
        };
        let page = PageRequest {
            size: 10,
            at: PageAt::Start,
        };
        let reads = self.postgres.customers();
        let page = reads.list(&context(), &filter, sort, &page).await;
        let items = page.expect("a page").items;
        items.iter().map(|found| found.customer.id).collect()
    }
}

/// Returns a new customer that was created at this time.
fn created(number: u64, at: DateTime<Utc>) -> NewCustomer {
    let one = customer().number(number);
    one.with(|one| (one.created_at, one.updated_at) = (at, at))
        .build_new()
}

/// Waits until the next second has begun.
async fn next_second() {
    tokio::time::sleep(Duration::from_millis(1_010)).await;
}

#[tokio::test]
async fn an_open_unit_of_work_holds_the_horizon_of_its_tenant_alone() {
    let store = Store::fresh().await;
    let work = store.begin().await;
    let began = work.now();
    next_second().await;
    assert!(store.horizon(&context()).await <= began);
    assert!(store.horizon(&other_context()).await > began);
    let later = store.begin().await;
    assert!(later.now() > began);
    work.commit().await.expect("commit");
    let horizon = store.horizon(&context()).await;
    assert!(horizon > began && horizon <= later.now());
    drop(later);
}

#[tokio::test]
async fn whatever_ends_a_unit_of_work_lets_the_horizon_go_on() {
    let store = Store::fresh().await;
    for end in 0..3 {
        let mut work = store.begin().await;
        let began = work.now();
        match end {
            0 => work.rollback().await.expect("rollback"),
            1 => drop(work),
            _ => {
                store.insert(&created(1, began)).await.expect("insert");
                let taken = work.customers().insert(&created(1, began)).await;
                assert!(taken.is_err(), "the address is taken");
                drop(work);
            }
        }
        // What was dropped is rolled back a moment later.
        next_second().await;
        assert!(store.horizon(&context()).await > began, "{end}");
    }
}

#[tokio::test]
async fn what_commits_between_the_horizon_and_the_page_is_shown_by_the_next() {
    let store = Store::fresh().await;
    let mut slow = store.begin().await;
    let late = created(1, slow.now());
    next_second().await;
    let mut quick = store.begin().await;
    let early = created(2, quick.now());
    quick.customers().insert(&early).await.expect("insert");
    quick.commit().await.expect("commit");

    let horizon = store.horizon(&context()).await;
    slow.customers().insert(&late).await.expect("insert");
    slow.commit().await.expect("commit");
    assert_eq!(store.created_before(horizon).await, []);
    let horizon = store.horizon(&context()).await;
    let [late, early] = [late, early].map(|new| new.customer.id);
    assert_eq!(store.created_before(horizon).await, [late, early]);
}
