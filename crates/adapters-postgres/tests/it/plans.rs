//! Hot reads use their index under row-level security, and lists touch few rows whatever the
//! filter: with a hundred thousand customers, as the serving role.

mod cases;
mod explain;
mod fill;
mod trail;

use crate::proxy::Proxy;
use crate::support::{Store, adapter, run};
use cases::{Case, cases};
use customer_domain::customer::{
    CustomerFilter, CustomerKey, CustomerReads, CustomerRecord, CustomerSort, SortKey, Status,
};
use customer_domain::{Claimed, Page, PageAt, PageRequest, SortOrder, StoreError};
use customer_postgres::{Postgres, SERVING_PLANNER};
use customer_testkit::builders::{at, claim, context, customer, tenant};
use explain::Plan;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use std::time::{Duration, Instant};

/// The number of rows on a page.
const SIZE: u32 = 20;

type CustomerPage = Page<CustomerRecord, CustomerKey>;

/// The adapter on a full store, and the proxy that sees what it sends.
struct Probe {
    proxy: Proxy,
    postgres: Postgres,
    /// Plans statements as the adapter's connections do.
    inside: PgConnection,
    admin: PgConnection,
}

impl Probe {
    /// Returns a probe, and the message that prepares the statements of a serving connection.
    async fn of(store: &Store) -> (Self, String) {
        let proxy = Proxy::before(&store.database.owner_url()).await;
        let postgres = adapter(proxy.url(), 1).await;
        let statements = proxy.take().statements.into_iter();
        let prepare = statements.filter(|message| message.starts_with("PREPARE "));
        // The connections of the worker prepare less.
        let prepared = prepare.max_by_key(String::len).expect("a message");
        let mut inside = store.inside(tenant().id).await;
        let settings = [("jit", "off"), ("plan_cache_mode", "force_generic_plan")];
        for (setting, value) in SERVING_PLANNER.into_iter().chain(settings) {
            run(&mut inside, &format!("SET {setting} = {value}")).await;
        }
        run(&mut inside, &prepared).await;
        let admin = store.database.admin().await;
        let probe = Self {
            proxy,
            postgres,
            inside,
            admin,
        };
        (probe, prepared)
    }

    /// Reads a page, and returns it with the plans of its selects.
    async fn page(
        &mut self,
        filter: &CustomerFilter,
        sort: CustomerSort,
        at: PageAt<CustomerKey>,
    ) -> (CustomerPage, Vec<Plan>) {
        self.end_totals().await;
        let page = listed(&*self.postgres.customers(), filter, sort, at).await;
        let seen = self.proxy.take().statements;
        let statements = seen.iter().flat_map(|message| message.split(';'));
        let mut plans = Vec::new();
        let is_select =
            |text: &&str| text.contains("FROM customers c") || text.starts_with("EXECUTE list_by");
        for statement in statements.filter(is_select) {
            if !statement.starts_with("EXPLAIN") {
                plans.push(Plan::of(&mut self.inside, statement).await);
            }
        }
        (page, plans)
    }

    /// Ends the totals that are kept, as every write does.
    async fn end_totals(&mut self) {
        let work = self.postgres.transactions().begin(&context()).await;
        let committed = work.expect("begin").commit().await;
        committed.expect("commit");
        self.proxy.take();
    }

    /// Returns what a list must show, found without an index: how many match, and the first ids.
    async fn expected(&mut self, case: &Case, column: &str, order: &str) -> (i64, Vec<String>) {
        let erased = match case.filter.status {
            Some(Status::Deleted) => "c.erased_at IS NULL",
            _ => "c.deleted_at IS NULL",
        };
        let passing = format!(
            "SELECT c.id, c.{column} AS place FROM customers c WHERE {erased} AND {}",
            case.condition
        );
        let found = format!(
            "WITH passing AS MATERIALIZED ({passing}) SELECT (SELECT count(*) FROM passing), \
             ARRAY(SELECT id::text FROM passing ORDER BY place {order}, id {order} LIMIT {})",
            2 * SIZE
        );
        let row = sqlx::query(AssertSqlSafe(found))
            .persistent(false)
            .fetch_one(&mut self.admin)
            .await
            .expect("a count");
        (row.get(0), row.get(1))
    }
}

async fn listed(
    reads: &dyn CustomerReads,
    filter: &CustomerFilter,
    sort: CustomerSort,
    at: PageAt<CustomerKey>,
) -> CustomerPage {
    let request = PageRequest { size: SIZE, at };
    let page = reads.list(&context(), filter, sort, &request).await;
    page.expect("a page")
}

fn ids(page: &CustomerPage) -> impl Iterator<Item = String> {
    let ids = page
        .items
        .iter()
        .map(|record| record.customer.id.to_string());
    ids.collect::<Vec<_>>().into_iter()
}

/// Asserts that both pages of a case touch few rows, and that they and the total are right.
async fn check(probe: &mut Probe, case: &Case, key: SortKey, column: &str, order: SortOrder) {
    let what = format!("{} by {column} {order:?}", case.condition);
    let index = case.index.replace("{}", column);
    let sort = CustomerSort { key, order };
    let direction = match order {
        SortOrder::Ascending => "ASC",
        SortOrder::Descending => "DESC",
    };
    let (count, expected) = probe.expected(case, column, direction).await;
    let (first, plans) = probe.page(&case.filter, sort, PageAt::Number(1)).await;
    let [counted, page] = plans.as_slice() else {
        unreachable!("a page and its count: {plans:?}");
    };
    page.expect(&what, &index, case.most);
    // Ten thousand matches, the rows between them, the look-ups for each, and the rows that the
    // search started from; or, for two common words, all rows that begin with one of them.
    assert!(
        counted.touched <= 150_000.0,
        "{what}: the count touched {}",
        counted.touched
    );
    let total = first.total.expect("a total");
    if count <= 10_000 {
        assert_eq!(
            (total.count, total.is_estimate),
            (count.try_into().expect("a count"), false),
            "{what}"
        );
    } else {
        assert!(
            total.is_estimate && total.count > 10_000,
            "{what}: {total:?}"
        );
    }
    let mut shown: Vec<_> = ids(&first).collect();
    if let Some(after) = first.next {
        let (second, plans) = probe.page(&case.filter, sort, PageAt::After(after)).await;
        assert_eq!(plans.len(), 1, "a page by cursor is not counted");
        plans[0].expect(&format!("{what}, after a cursor"), &index, case.most);
        shown.extend(ids(&second));
    }
    assert_eq!(shown, expected, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hot_reads_reach_their_index_and_lists_touch_few_rows() {
    let store = Store::fresh().await;
    fill::fill(&store).await;
    let (mut probe, prepared) = Probe::of(&store).await;
    for case in cases() {
        for (key, column) in &case.sorts {
            // The two orders differ only in the direction of the walk, unless the rows are few.
            for order in [SortOrder::Ascending, SortOrder::Descending] {
                check(&mut probe, &case, *key, column, order).await;
            }
        }
    }
    estimates_and_ends(&mut probe).await;
    prepared_reads(&mut probe.inside, &prepared).await;
    idempotent_look_up(&mut probe).await;
    chunk_of_keys(&mut probe).await;
    trail::check(&mut probe).await;
    explain::every_index_has_its_plan(&mut probe.admin).await;
}

/// Asserts that a long list is estimated, by a round trip more than while the estimate is kept, and
/// that its page numbers end at row 10,000.
async fn estimates_and_ends(probe: &mut Probe) {
    let reads = probe.postgres.customers();
    let sort = CustomerSort {
        key: SortKey::CreatedAt,
        order: SortOrder::Ascending,
    };
    let everyone = CustomerFilter::default();
    let mut trips = Vec::new();
    let mut first = None;
    // On a slow machine an estimate may be a second old by then.
    while first.is_none() || trips.last() == Some(&2) && trips.len() < 9 {
        probe.end_totals().await;
        for _ in 0..2 {
            first = Some(listed(&*reads, &everyone, sort, PageAt::Number(1)).await);
            trips.push(probe.proxy.take().round_trips);
        }
    }
    assert_eq!(trips[trips.len() - 2..], [2, 1]);
    let total = first.and_then(|first| first.total).expect("a total");
    assert!(total.is_estimate);
    assert!((90_000..=100_000).contains(&total.count), "{total:?}");
    let last = listed(&*reads, &everyone, sort, PageAt::Number(500)).await;
    assert!(last.items.len() == 20 && last.next.is_some());
    let beyond = listed(&*reads, &everyone, sort, PageAt::Number(501)).await;
    assert!(beyond.items.is_empty());
}

/// Asserts that every prepared statement reads or writes by key.
async fn prepared_reads(inside: &mut PgConnection, prepared: &str) {
    let statements: Vec<_> = prepared.split(';').collect();
    assert!(statements.len() >= 12, "{statements:?}");
    let (tenant, id) = (tenant().id, "00000000-0000-7000-8000-000000000309");
    for statement in statements {
        let name = statement["PREPARE ".len()..].split('(').next();
        let name = name.expect("a name");
        let (keys, index) = match name {
            "customer_by_id"
            | "customer_by_user"
            | "customer_for_update"
            | "customer_lock"
            | "address_book_by_id" => (format!("'{id}'"), "customers_pkey"),
            // As an export reads them.
            "customer_by_ids" | "address_books" => {
                (format!("'{{{}}}'", thousand()), "customers_pkey")
            }
            "customer_by_email" => (
                "'u777@example.com'".to_owned(),
                "customer_identifiers_email_key",
            ),
            "customer_by_legacy"
            | "customer_for_update_by_legacy"
            | "customer_lock_by_legacy"
            | "address_book_by_legacy" => ("'777'".to_owned(), "customer_identifiers_legacy_key"),
            "customer_by_external" => (
                "'external:crm', 'C-777'".to_owned(),
                "customer_identifiers_external_key",
            ),
            "customer_by_phone" => ("'15550777', '5550777'".to_owned(), "customers_phone_idx"),
            // The cases without a filter read them.
            list if list.starts_with("list_by_") => continue,
            // It reads no table.
            "work_time" => continue,
            "api_key_by_digest" => ("sha256('777')".to_owned(), "api_keys_digest_key"),
            _ => unreachable!("{name} has no plan that it must have"),
        };
        // Serving connections use the generic plan; a thousand ids are tested with that only.
        let is_many = keys.len() > 1_000;
        let modes = ["force_generic_plan", "force_custom_plan"];
        for mode in &modes[..if is_many { 1 } else { 2 }] {
            run(inside, &format!("SET plan_cache_mode = {mode}")).await;
            let plan = Plan::of(inside, &format!("EXECUTE {name}('{tenant}', {keys})")).await;
            // An address book has two rows more for each customer.
            let most = if is_many { 5_000 } else { 60 };
            plan.expect(name, index, most);
        }
    }
}

/// Returns the ids of a thousand customers, one from each hundred.
fn thousand() -> String {
    let ids = (1..=1_000).map(|n| format!("00000000-0000-7000-8000-{:012x}", n * 100));
    ids.collect::<Vec<_>>().join(",")
}

/// Asserts that the stored reply of a request is found by its key.
async fn idempotent_look_up(probe: &mut Probe) {
    let claimed = probe.postgres.transactions();
    let claimed = claimed.begin_idempotent(&context(), &claim("k")).await;
    let Ok(Claimed::Started(work)) = claimed else {
        unreachable!("nobody else claims: {claimed:?}");
    };
    work.rollback().await.expect("rollback");
    let seen = probe.proxy.take().statements;
    let select = seen
        .iter()
        .find(|text| text.contains("FROM idempotency_keys"));
    let prepare = format!("PREPARE look_up AS {}", select.expect("a look-up"));
    run(&mut probe.inside, &prepare).await;
    let execute = format!(
        "EXECUTE look_up('{}', 'caller', 'POST /customers', '777', '{}')",
        tenant().id,
        at(0)
    );
    let plan = Plan::of(&mut probe.inside, &execute).await;
    plan.expect("an idempotent look-up", "idempotency_keys_pkey", 1);
}

/// Asserts that the job looks at a chunk of customers along their ids.
async fn chunk_of_keys(probe: &mut Probe) {
    let customers = probe.postgres.job_customers();
    let seen = customers.outdated_keys(&context(), None, 500).await;
    let seen = seen.expect("a look");
    assert_eq!(seen.outdated.len(), 500);
    let after = seen.last;
    probe.proxy.take();
    let seen = customers.outdated_keys(&context(), after, 500).await;
    assert_ne!(seen.expect("a look").last, after);
    let plans = Plan::of_sent(&probe.proxy, &mut probe.inside, "c.key_rules").await;
    plans[0].expect("a chunk of keys", "customers_pkey", 500);
}

/// Slows down every row of `customers` that a request reads.
async fn slow(store: &Store, seconds: f64) {
    let policy = format!(
        "CREATE POLICY slow ON customers AS RESTRICTIVE TO customer_app USING (pg_sleep({seconds}) IS NOT NULL)"
    );
    run(&mut store.database.admin().await, &policy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_ends_after_two_seconds_in_all_and_leaves_a_sound_connection() {
    let store = Store::with_connections(1).await;
    for number in 1..=60 {
        let one = customer().number(number).since(at(0)).build_new();
        store.insert(&one).await.expect("stored");
    }
    let reads = store.postgres.customers();
    let sort = CustomerSort {
        key: SortKey::CreatedAt,
        order: SortOrder::Ascending,
    };
    let list = async |at| {
        let request = PageRequest { size: 100, at };
        let filter = CustomerFilter::default();
        reads.list(&context(), &filter, sort, &request).await
    };
    // A page takes less than two seconds, and so does its count; together they take more.
    slow(&store, 0.02).await;
    let page = list(PageAt::Start).await.expect("within two seconds");
    assert_eq!(page.items.len(), 60);
    let began = Instant::now();
    let counted = list(PageAt::Number(1)).await;
    let took = began.elapsed();
    assert_eq!(counted.expect_err("too slow"), StoreError::TooSlow);
    let bounds = Duration::from_millis(1_900)..Duration::from_secs(4);
    assert!(bounds.contains(&took), "{took:?}");
    // The same connection is still used, and without the time limit of the list.
    let before = backends(&store).await;
    run(
        &mut store.database.admin().await,
        "DROP POLICY slow ON customers",
    )
    .await;
    let page = list(PageAt::Number(1)).await.expect("a page");
    assert_eq!(page.total.map(|total| total.count), Some(60));
    assert_eq!(backends(&store).await, before);
}

/// Returns the process ids of the connections that serve requests.
async fn backends(store: &Store) -> Vec<i32> {
    let all = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
               AND application_name = 'customer-service' ORDER BY pid";
    sqlx::query_scalar(all)
        .fetch_all(&mut store.database.admin().await)
        .await
        .expect("the server's processes")
}
