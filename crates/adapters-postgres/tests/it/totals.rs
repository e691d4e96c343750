//! The total of a list may be a second old, but never contradicts its page or an own write.

use crate::support::{Store, adapter};
use customer_domain::customer::{CustomerFilter, CustomerSort, SortKey};
use customer_domain::{PageAt, PageRequest, SortOrder};
use customer_postgres::Postgres;
use customer_testkit::builders::{context, customer};
use std::time::Duration;

/// Returns how many customers a first page of this size shows, and the total.
async fn counted(postgres: &Postgres, size: u32) -> (usize, u64) {
    let sort = CustomerSort {
        key: SortKey::CreatedAt,
        order: SortOrder::Ascending,
    };
    let page = PageRequest {
        size,
        at: PageAt::Number(1),
    };
    let (reads, everyone) = (postgres.customers(), CustomerFilter::default());
    let page = reads.list(&context(), &everyone, sort, &page).await;
    let page = page.expect("a page");
    (page.items.len(), page.total.expect("a total").count)
}

#[tokio::test]
async fn a_total_is_kept_for_a_second_or_until_this_process_writes() {
    let store = Store::fresh().await;
    let other = adapter(&store.database.owner_url(), 1).await;
    let new = |number| customer().number(number).build_new();
    for number in 1..=3 {
        store.insert(&new(number)).await.expect("insert");
    }
    assert_eq!(counted(&other, 2).await, (2, 3));
    // Another process writes: what the page shows is new, the total is not yet.
    store.insert(&new(4)).await.expect("insert");
    assert_eq!(counted(&other, 2).await, (2, 3));
    assert_eq!(counted(&other, 9).await, (4, 4));
    assert_eq!(counted(&store.postgres, 2).await, (2, 4));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(counted(&other, 2).await, (2, 4));
    // Its own write.
    let mut work = other.transactions().begin(&context()).await.expect("begin");
    work.customers().insert(&new(5)).await.expect("insert");
    work.commit().await.expect("commit");
    assert_eq!(counted(&other, 2).await, (2, 5));
}
