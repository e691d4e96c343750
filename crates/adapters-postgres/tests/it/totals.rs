//! The total of a list may be a second old, but never contradicts its page or an own write.

use crate::support::{Store, adapter};
use customer_domain::customer::{CustomerFilter, CustomerSort, SortKey};
use customer_domain::{PageAt, PageRequest, SortOrder};
use customer_postgres::Postgres;
use customer_testkit::builders::{context, customer};
use std::time::{Duration, Instant};

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
    let mut stored = 0;
    // On a slow machine the second may be over too soon.
    for attempt in 0.. {
        let began = Instant::now();
        let before = counted(&other, 1).await;
        let new = customer().number(stored + 1).build_new();
        store.insert(&new).await.expect("insert");
        let (here, there) = (counted(&store.postgres, 1).await, counted(&other, 1).await);
        stored += 1;
        assert_eq!(here.1, stored, "its own write ends it");
        if stored > 2 && began.elapsed() < Duration::from_millis(900) {
            assert_eq!((before, there), ((1, stored - 1), (1, stored - 1)));
            break;
        }
        assert!(attempt < 20, "never within a second");
    }
    // The page shows more than the total that is kept.
    let page = u32::try_from(stored).expect("few");
    assert_eq!(counted(&other, page).await.1, stored);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(counted(&other, 1).await.1, stored);
}
