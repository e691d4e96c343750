//! Tags on a real server: the limit of their counts, and the index by which they are found.

use crate::proxy::Proxy;
use crate::support::{Store, adapter, run};
use customer_domain::StoreError;
use customer_domain::tag::{MAX_TAG_COUNT, TagCount, TagQuery};
use customer_testkit::builders::{context, tag, tenant};
use sqlx::AssertSqlSafe;

const CUSTOMERS: u64 = 12_000;

/// Inserts customers: all with the tag `all`, most with `most`, and each with one of a hundred.
async fn fill(store: &Store) {
    let mut owner = store.database.admin().await;
    let tenant = tenant().id;
    let id = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid";
    for statement in [
        format!(
            "INSERT INTO customer_tags SELECT '{tenant}', {id}, t.tag FROM generate_series(1, {CUSTOMERS}) n, \
             LATERAL (VALUES ('all'), (CASE WHEN n <= {MAX_TAG_COUNT} THEN 'most' END), ('t' || n % 100)) AS t(tag) \
             WHERE t.tag IS NOT NULL"
        ),
        "VACUUM ANALYZE customer_tags".to_owned(),
    ] {
        run(&mut owner, &statement).await;
    }
}

fn beginning(prefix: &str) -> TagQuery {
    TagQuery {
        prefix: prefix.to_owned(),
        after: None,
        limit: 100,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_bounded_and_the_tags_are_found_by_skipping_along_their_index() {
    let store = Store::fresh().await;
    fill(&store).await;
    let proxy = Proxy::before(&store.database.owner_url()).await;
    let postgres = adapter(proxy.url(), 1).await;
    proxy.take();
    let found = postgres.tags().list(&context(), &beginning("")).await;
    let found = found.expect("tags").items;
    let seen = proxy.take();
    assert_eq!(seen.round_trips, 1);
    assert_eq!(found.len(), 100);
    let counted = |word: &str, count, is_capped| TagCount {
        tag: tag(word),
        count,
        is_capped,
    };
    assert_eq!(
        found[..3],
        [
            counted("all", MAX_TAG_COUNT, true),
            counted("most", MAX_TAG_COUNT, false),
            counted("t0", CUSTOMERS / 100, false),
        ]
    );

    let statements = seen
        .statements
        .iter()
        .flat_map(|message| message.split(';'));
    let mut selects = statements.filter(|statement| statement.starts_with("WITH RECURSIVE"));
    let select = selects.next().expect("the select");
    let mut inside = store.inside(tenant().id).await;
    let explain = format!("EXPLAIN (ANALYZE, TIMING OFF) {select}");
    let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain))
        .fetch_all(&mut inside)
        .await
        .expect("a plan");
    let plan = plan.join("\n");
    assert!(plan.contains("customer_tags_tag_idx"), "{plan}");
    assert!(!plan.contains("Seq Scan"), "{plan}");
    // Of 102 tags, one step for each of the 100 that are returned and one for the next, which is
    // not counted.
    let recursion = plan.lines().find(|line| line.contains("Recursive Union"));
    let recursion = recursion.expect("a recursion");
    assert!(recursion.contains("rows=101"), "{recursion}");
    let counts = plan.lines().filter(|line| line.contains("loops=100)"));
    assert!(counts.count() >= 2, "{plan}");
    assert!(!plan.contains("loops=101)"), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn counting_that_takes_too_long_is_given_up() {
    let store = Store::fresh().await;
    let mut owner = store.database.admin().await;
    run(&mut owner, "BEGIN; LOCK TABLE customer_tags").await;
    let listed = store.postgres.tags().list(&context(), &beginning("")).await;
    assert_eq!(listed, Err(StoreError::TooSlow));
}
