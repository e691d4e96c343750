//! PostgreSQL answers as the store in memory does, whatever was done to its customers.
//!
//! A history creates customers in a tenant of its own and changes them by every operation, at
//! random; then everything is read. Both stores get the same requests, ids and times, so that every reply
//! has to be the same to the byte: those to writes, to reads, and to what is refused. A history
//! depends on its seed alone.

mod pair;
mod reads;
mod words;
mod writes;

use customer_testkit::contract::Harness as _;
use customer_testkit::pg::PgHarness;
use customer_testkit::scale;
use pair::Pair;
use std::sync::Arc;
use tokio::task::JoinSet;
use writes::Writer;

/// The customers of a history: few enough that they meet in their identifiers.
const CUSTOMERS_EACH: usize = 50;
/// The histories of the suite: a thousand customers.
const HISTORIES: u32 = 20;
/// The histories at the same time.
const WORKERS: usize = 3;

/// With `CUSTOMER_TEST_SCALE=10` it is the whole proof: ten thousand customers.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_random_customers_are_answered_alike_by_both_stores() {
    let postgres = Arc::new(PgHarness::fresh().await);
    pair::prepare(&*postgres).await;
    let mut workers = JoinSet::new();
    for first in (0..).take(WORKERS) {
        let postgres = Arc::clone(&postgres);
        workers.spawn(async move {
            for seed in (first..HISTORIES * scale()).step_by(WORKERS) {
                let mut pair = Pair::new(&postgres, seed).await;
                let mut writer = Writer::new(seed);
                writer.write(&mut pair, CUSTOMERS_EACH).await;
                reads::read(&mut pair, &mut writer).await;
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        assert!(done.is_ok(), "a history has failed above");
    }
}
