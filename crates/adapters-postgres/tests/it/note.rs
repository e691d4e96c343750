//! Notes on a real server: races, round trips, and the index of the list.

use crate::proxy::Proxy;
use crate::support::{Store, adapter, run, until_one_waits};
use customer_domain::audit::AuditKind;
use customer_domain::customer::CustomerRef;
use customer_domain::note::{MAX_NOTES, Note};
use customer_domain::{Conflict, CustomerId, StoreError, UnitOfWork};
use customer_testkit::builders::{at, audit_entry, context, customer, note, tenant};
use futures_util::future::join;
use sqlx::AssertSqlSafe;

/// Returns a store, and the id of a customer in it who has the first `count` notes.
async fn with_notes(count: u32) -> (Store, CustomerId) {
    let store = Store::with_connections(4).await;
    let new = customer().build_new();
    store.insert(&new).await.expect("stored");
    let begun = store.postgres.transactions().begin(&context()).await;
    let mut work = begun.expect("begin");
    let id = new.customer.id;
    for n in 1..=count {
        work.notes().insert(&note(id, n)).await.expect("insert");
    }
    work.commit().await.expect("commit");
    (store, id)
}

/// Inserts the note if it has version 1, otherwise saves it.
async fn write(work: &mut dyn UnitOfWork, note: &Note) -> Result<(), StoreError> {
    match note.version {
        1 => work.notes().insert(note).await,
        _ => work.notes().save(note).await,
    }
}

/// Finds and writes two notes of a customer in concurrent units of work. The second one waits for
/// the lock of the customer until the first is committed.
async fn one_after_the_other(store: &Store, notes: &[Note; 2]) -> [Result<(), StoreError>; 2] {
    let [first, second] = notes;
    let customer = CustomerRef::Id(first.customer);
    let transactions = store.postgres.transactions();
    let mut work = transactions.begin(&context()).await.expect("begin");
    let found = work.notes().find_for_update(customer, first.id).await;
    found.expect("a customer");
    let later = async {
        let mut work = transactions.begin(&context()).await?;
        work.notes().find_for_update(customer, second.id).await?;
        write(&mut *work, second).await?;
        work.commit().await
    };
    let earlier = async {
        until_one_waits(store).await;
        write(&mut *work, first).await?;
        work.commit().await
    };
    join(earlier, later).await.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_notes_at_one_time_one_is_the_last_that_is_taken() {
    let (store, id) = with_notes(MAX_NOTES - 1).await;
    let both = [0, 1].map(|n| note(id, MAX_NOTES + n));
    let full = Err(StoreError::Conflict(Conflict::NoteLimit));
    assert_eq!(one_after_the_other(&store, &both).await, [Ok(()), full]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_at_one_time_the_later_is_to_be_made_again() {
    let (store, id) = with_notes(1).await;
    let both = [true, false].map(|is_pinned| Note {
        is_pinned,
        version: 2,
        ..note(id, 1)
    });
    let outcomes = one_after_the_other(&store, &both).await;
    assert_eq!(outcomes, [Ok(()), Err(StoreError::Contended)]);
}

#[tokio::test]
async fn a_page_on_record_is_four_round_trips_and_a_change_five() {
    let (store, id) = with_notes(1).await;
    let proxy = Proxy::before(&store.database.owner_url()).await;
    let postgres = adapter(proxy.url(), 1).await;
    let transactions = postgres.transactions();
    let named = CustomerRef::Id(id);
    // Only the second pass is counted: the first prepares the statements.
    for (n, expected) in [(1_u64, None), (2, Some([4, 5, 5, 5]))] {
        let entry = |step| audit_entry(10 * n + step, AuditKind::NoteRead).about(id);
        proxy.take();
        let mut work = transactions.begin(&context()).await.expect("begin");
        work.notes().list(named, None, 20).await.expect("a page");
        work.record(entry(1).into());
        work.commit().await.expect("commit");
        let list = proxy.take().round_trips;
        let new = note(id, 5);
        let mut counts = vec![list];
        for step in 2..=4_u64 {
            let mut work = transactions.begin(&context()).await.expect("begin");
            let found = work.notes().find_for_update(named, new.id).await;
            found.expect("a customer");
            let second = Note {
                version: 2,
                ..new.clone()
            };
            let outcome = match step {
                2 => work.notes().insert(&new).await,
                3 => work.notes().save(&second).await,
                _ => work.notes().delete(&second).await,
            };
            outcome.expect("done");
            work.record(entry(step).into());
            work.commit().await.expect("commit");
            counts.push(proxy.take().round_trips);
        }
        assert!(
            expected.is_none_or(|expected| counts == expected),
            "{counts:?}"
        );
    }
}

#[tokio::test]
async fn a_page_is_read_along_its_index_however_many_notes_there_are() {
    let (store, id) = with_notes(0).await;
    let mut owner = store.database.admin().await;
    let uuid = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid";
    let fill = format!(
        "INSERT INTO customer_notes (tenant_id, customer_id, id, text, is_pinned, author_type, author_id, created_at, version) \
         SELECT '{}', '{id}', {uuid}, 'x', n % 100 = 0, 2, 'a', '{}'::timestamptz + n * interval '1 minute', 1 \
         FROM generate_series(1, {MAX_NOTES}) n",
        tenant().id,
        at(0)
    );
    run(&mut owner, &fill).await;
    run(&mut owner, "VACUUM ANALYZE customer_notes").await;
    let proxy = Proxy::before(&store.database.owner_url()).await;
    let postgres = adapter(proxy.url(), 1).await;
    let begun = postgres.transactions().begin(&context()).await;
    let mut work = begun.expect("begin");
    let first_half = (true, at(60 * 500), note(id, 1).id);
    for after in [None, Some(first_half)] {
        proxy.take();
        let listed = work.notes().list(CustomerRef::Id(id), after, 20).await;
        assert_eq!(listed.expect("a page").1.items.len(), 20);
        let seen = proxy.take().statements;
        let mut statements = seen.iter().flat_map(|message| message.split(';'));
        let select = statements.find(|text| text.contains("FROM customer_notes"));
        let explain = format!(
            "EXPLAIN (ANALYZE, TIMING OFF) {}",
            select.expect("a select")
        );
        let mut inside = store.inside(tenant().id).await;
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain))
            .fetch_all(&mut inside)
            .await
            .expect("a plan");
        let scan = plan
            .iter()
            .find(|line| line.contains("customer_notes_list_idx"));
        let scan = scan.unwrap_or_else(|| unreachable!("no index: {plan:#?}"));
        assert!(
            scan.contains("Backward") && scan.contains("(actual rows=21"),
            "{after:?}: {scan}"
        );
    }
}
