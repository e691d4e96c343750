//! How many round trips each use of the adapter takes.

use crate::proxy::Proxy;
use crate::support::{Store, adapter, record_of};
use customer_domain::customer::{
    CustomerFilter, CustomerRef, CustomerSort, Lookup, NewCustomer, SortKey,
};
use customer_domain::job::{Acquisition, JobName, JobOutcome, Progress};
use customer_domain::outbox::EventKind;
use customer_domain::{Claimed, PageAt, PageRequest, SortOrder, UnitOfWork};
use customer_postgres::Postgres;
use customer_testkit::builders::{
    PlainDigests, address, change, claim, context, customer, email, group, legacy, reply, seeded_id,
};
use std::time::Duration;

/// The store, the adapter behind a proxy, and the proxy. Each use is counted the second time:
/// the first prepares its statements.
struct Counted {
    _store: Store,
    postgres: Postgres,
    proxy: Proxy,
}

impl Counted {
    async fn new() -> Self {
        let store = Store::fresh().await;
        let proxy = Proxy::before(&store.database.owner_url()).await;
        let postgres = adapter(proxy.url(), 1).await;
        proxy.take();
        Self {
            _store: store,
            postgres,
            proxy,
        }
    }

    async fn create(&self, n: u64, mut work: Box<dyn UnitOfWork>, new: &NewCustomer) {
        work.record(change(n, EventKind::Created, &record_of(new)));
        work.customers().insert(new).await.expect("insert");
        work.commit().await.expect("commit");
    }

    async fn begin(&self) -> Box<dyn UnitOfWork> {
        let transactions = self.postgres.transactions();
        transactions.begin(&context()).await.expect("begin")
    }

    async fn seed(&self) -> NewCustomer {
        let new = customer().number(1).full().build_new();
        self.create(1, self.begin().await, &new).await;
        self.proxy.take();
        new
    }

    fn count(&self) -> usize {
        self.proxy.take().round_trips
    }
}

#[tokio::test]
async fn a_read_is_one_round_trip_by_whatever_it_is_found() {
    let counted = Counted::new().await;
    let new = counted.seed().await.customer;
    let reads = counted.postgres.customers();
    let found = reads.find(&context(), CustomerRef::Id(new.id)).await;
    assert!(found.expect("a read").is_some());
    assert_eq!(counted.count(), 1);
    for lookup in [
        Lookup::Email(new.email.clone()),
        Lookup::Phone(new.profile.phone.expect("a phone").keys(None)),
        Lookup::Legacy(new.legacy_id.expect("a legacy id")),
        Lookup::UserId(new.id),
    ] {
        let found = reads.look_up(&context(), &lookup).await;
        assert!(found.expect("a read").is_some(), "{lookup:?}");
        assert_eq!(counted.count(), 1, "{lookup:?}");
    }
    let many = reads
        .find_many(&context(), &[new.id])
        .await
        .expect("a read");
    assert_eq!((many.len(), counted.count()), (1, 1));
    let seen = reads.outdated_keys(&context(), None, 9).await;
    assert_eq!(seen.expect("a look").last, Some(new.id));
    assert_eq!(counted.count(), 1);
}

#[tokio::test]
async fn a_list_with_its_count_is_one_round_trip() {
    let counted = Counted::new().await;
    counted.seed().await;
    let sort = CustomerSort {
        key: SortKey::Email,
        order: SortOrder::Ascending,
    };
    let page = PageRequest {
        size: 20,
        at: PageAt::Number(1),
    };
    let reads = counted.postgres.customers();
    let listed = reads
        .list(&context(), &CustomerFilter::default(), sort, &page)
        .await;
    assert!(listed.expect("a page").total.is_some());
    assert_eq!(counted.count(), 1);
}

#[tokio::test]
async fn the_horizon_is_one_round_trip() {
    let counted = Counted::new().await;
    let transactions = counted.postgres.transactions();
    let horizon = transactions.horizon(&context()).await;
    assert!(horizon.is_ok() && counted.count() == 1);
}

#[tokio::test]
async fn a_create_is_three_round_trips() {
    let counted = Counted::new().await;
    counted.seed().await;
    // As many rows as the first customer, so the same statement.
    let unlike = customer().number(2).full().with(|customer| {
        customer.email = email("Grace.Hopper+army@Bücher.example");
        customer.legacy_id = Some(legacy(2));
        customer.external_ids = [("crm", "C-18"), ("erp", "00043")]
            .map(|(system, id)| (system.to_owned(), id.to_owned()))
            .into();
    });
    counted
        .create(2, counted.begin().await, &unlike.build_new())
        .await;
    assert_eq!(counted.count(), 3);
}

#[tokio::test]
async fn a_create_with_a_key_is_five_round_trips() {
    let counted = Counted::new().await;
    for (number, expected) in [(1, None), (2, Some(5))] {
        let new = customer().number(number).build_new();
        let claim = claim(&format!("key-{number}"));
        let transactions = counted.postgres.transactions();
        let claimed = transactions.begin_idempotent(&context(), &claim).await;
        let Ok(Claimed::Started(mut work)) = claimed else {
            panic!("{claimed:?}");
        };
        work.store_reply(claim, reply());
        counted.create(number, work, &new).await;
        let count = counted.count();
        assert!(expected.is_none_or(|expected| expected == count), "{count}");
    }
}

#[tokio::test]
async fn an_update_is_four_round_trips() {
    let counted = Counted::new().await;
    let new = counted.seed().await;
    for (n, expected) in [(2, None), (3, Some(4))] {
        let mut work = counted.begin().await;
        let id = CustomerRef::Id(new.customer.id);
        let mut found = work.customers().find_for_update(id).await.expect("found");
        found.customer.version += 1;
        work.record(change(n, EventKind::ProfileUpdated, &found));
        work.customers().save(&found.customer).await.expect("save");
        work.commit().await.expect("commit");
        let count = counted.count();
        assert!(expected.is_none_or(|expected| expected == count), "{count}");
    }
}

#[tokio::test]
async fn an_abandoned_update_is_three_round_trips() {
    let counted = Counted::new().await;
    let new = counted.seed().await;
    let mut work = counted.begin().await;
    let id = CustomerRef::Id(new.customer.id);
    work.customers().find_for_update(id).await.expect("found");
    work.rollback().await.expect("rollback");
    assert_eq!(counted.count(), 3);
}

#[tokio::test]
async fn a_new_address_is_four_round_trips_and_five_when_a_default_moves() {
    let counted = Counted::new().await;
    let owner = counted.seed().await.customer;
    for (n, make_default, expected) in [
        (1, false, None),
        (2, false, Some(4)),
        (3, true, None),
        (4, true, Some(5)),
    ] {
        let mut work = counted.begin().await;
        let id = CustomerRef::Id(owner.id);
        let locked = work.addresses().book_for_update(id).await;
        let mut locked = locked.expect("a book");
        let added = locked.book.add(address(n), make_default, 10);
        added.expect("added");
        let changes = locked.book.changes(&PlainDigests);
        let mut record = record_of(&customer().number(1).full().build_new());
        record.customer.event_seq = locked.holder.event_seq;
        work.record(change(10 + n, EventKind::AddressCreated, &record));
        work.addresses().save(&changes).await.expect("saved");
        work.commit().await.expect("commit");
        let count = counted.count();
        assert!(
            expected.is_none_or(|expected| expected == count),
            "{n}: {count}"
        );
    }
    let reads = counted.postgres.addresses();
    for named in [
        CustomerRef::Id(owner.id),
        CustomerRef::Legacy(owner.legacy_id.expect("one")),
    ] {
        let book = reads.book(&context(), named).await.expect("a read");
        assert_eq!(book.expect("a book").addresses().len(), 4);
        assert_eq!(counted.count(), 1);
    }
    let books = reads.books(&context(), &[owner.id]).await.expect("a read");
    assert_eq!((books.len(), counted.count()), (1, 1));
}

#[tokio::test]
async fn a_read_of_entities_is_one_round_trip() {
    let counted = Counted::new().await;
    let groups = counted.postgres.groups();
    let found = groups.find(&context(), &group("vip")).await;
    assert!(found.expect("a read").is_some());
    assert_eq!(counted.count(), 1);
    let listed = groups.list(&context(), Some(group("retail")), 9).await;
    assert_eq!((listed.expect("a read").len(), counted.count()), (2, 1));
    let keys = counted.postgres.api_keys().list(&context()).await;
    assert_eq!((keys.expect("a read").len(), counted.count()), (0, 1));
    let tenants = counted.postgres.tenants().all().await;
    assert_eq!((tenants.expect("a read").len(), counted.count()), (2, 1));
}

#[tokio::test]
async fn each_step_of_a_job_is_one_round_trip() {
    let counted = Counted::new().await;
    let jobs = counted.postgres.jobs();
    let minute = Duration::from_mins(1);
    for expected in [None, Some(5)] {
        let acquired = jobs.acquire(JobName("a.job"), seeded_id(1), minute).await;
        let Ok(Acquisition::Acquired(lease)) = acquired else {
            panic!("{acquired:?}");
        };
        let held = jobs.acquire(JobName("a.job"), seeded_id(2), minute).await;
        assert!(matches!(held, Ok(Acquisition::Held { .. })), "{held:?}");
        let advanced = jobs.advance(&lease, Progress::default(), minute).await;
        assert_eq!(advanced, Ok(true));
        let done = JobOutcome::Succeeded { processed: 1 };
        let finished = jobs.finish(&lease, done, Duration::ZERO).await;
        assert_eq!(finished, Ok(true));
        assert_eq!(jobs.states().await.expect("the states").len(), 1);
        let count = counted.count();
        assert!(expected.is_none_or(|expected| expected == count), "{count}");
    }
}
