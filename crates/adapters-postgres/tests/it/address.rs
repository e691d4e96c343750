//! Address books on a real server: parallel changes, and what the table's constraints refuse.

use crate::support::{Store, run, until_one_waits};
use customer_domain::address::{Address, AddressBook, AddressType, BookError, MAX_BOOK, Role};
use customer_domain::customer::{Customer, CustomerRef};
use customer_domain::{Context, CustomerId, StoreError, UnitOfWork};
use customer_testkit::builders::{
    PlainDigests, address, address_for, at, context, customer, full_address, legacy, tenant,
};
use futures_util::future::{join, join_all};
use sqlx::AssertSqlSafe;
use std::time::Duration;

async fn begin(store: &Store) -> Box<dyn UnitOfWork> {
    let begun = store.postgres.transactions().begin(&context()).await;
    begun.expect("begin")
}

/// Changes a book as a use case does; rolls back if the book refuses the change.
pub(crate) async fn edit<T>(
    store: &Store,
    customer: CustomerId,
    change: impl FnOnce(&mut AddressBook) -> Result<T, BookError>,
) -> Result<T, BookError> {
    let mut work = begin(store).await;
    let locked = work
        .addresses()
        .book_for_update(CustomerRef::Id(customer))
        .await;
    let mut book = locked.expect("a book").book;
    match change(&mut book) {
        Ok(done) => {
            let changes = book.changes(&PlainDigests);
            work.addresses().save(&changes).await.expect("saved");
            work.commit().await.expect("commit");
            Ok(done)
        }
        Err(refusal) => {
            work.rollback().await.expect("rollback");
            Err(refusal)
        }
    }
}

/// Adds an address, with a limit of ten.
async fn add(
    store: &Store,
    customer: CustomerId,
    address: Address,
    make_default: bool,
) -> Result<(), BookError> {
    let adds = |book: &mut AddressBook| book.add(address, make_default, 10);
    edit(store, customer, adds).await.map(drop)
}

/// Stores a customer with these addresses, and returns its id.
async fn owner_of<const N: usize>(store: &Store, addresses: [Address; N]) -> CustomerId {
    let new = customer().build_new();
    store.insert(&new).await.expect("insert");
    for address in addresses {
        let added = add(store, new.customer.id, address, false).await;
        added.expect("added");
    }
    new.customer.id
}

async fn book(store: &Store, context: &Context, customer: CustomerId) -> Option<AddressBook> {
    let reads = store.postgres.addresses();
    let book = reads.book(context, CustomerRef::Id(customer)).await;
    book.expect("a read")
}

/// Asserts that each role has one holder, which covers it, if any address of the book does.
fn assert_whole(addresses: &[Address]) {
    for role in Role::ALL {
        let covered = addresses.iter().filter(|one| one.kind.covers(role)).count();
        let holders = addresses.iter().filter(|one| one.holds(role));
        let covering = holders.clone().filter(|one| one.kind.covers(role)).count();
        assert_eq!(holders.count(), covering, "{role:?}: {addresses:?}");
        assert_eq!(covering, covered.min(1), "{role:?}: {addresses:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_forty_addresses_added_at_once_ten_are_made() {
    let store = Store::with_connections(16).await;
    let owner = owner_of(&store, []).await;
    let adds = (1..=40).map(|n| add(&store, owner, address(n), n % 3 == 0));
    let outcomes = join_all(adds).await;
    let (made, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (10, 30));
    for outcome in refused {
        assert_eq!(outcome, Err(BookError::Full { limit: 10 }));
    }
    let book = book(&store, &context(), owner).await.expect("a book");
    assert_eq!(book.addresses().len(), 10);
    assert_whole(book.addresses());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_added_by_many_at_once_is_made_once() {
    let store = Store::with_connections(16).await;
    let owner = owner_of(&store, []).await;
    let twin = |n| Address {
        id: address(n).id,
        ..address(1)
    };
    let adds = (1..=20).map(|n| add(&store, owner, twin(n), false));
    for outcome in join_all(adds).await {
        assert_eq!(outcome, Ok(()));
    }
    let book = book(&store, &context(), owner).await.expect("a book");
    assert_eq!(book.addresses().len(), 1);
}

/// Returns how long the soak test runs: `CUSTOMER_SOAK_SECONDS`, or three seconds.
fn soak_time() -> Duration {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no configuration; `cargo xtask soak` says how long"
    )]
    let seconds = std::env::var("CUSTOMER_SOAK_SECONDS").ok();
    let seconds = seconds.and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(3))
}

/// Takes the n-th turn of a writer: sets a default, adds one, or deletes one.
async fn turn(store: &Store, owner: CustomerId, n: u64) {
    let chosen = |book: &AddressBook| {
        let at = usize::try_from(n).expect("small") % book.addresses().len();
        book.addresses()[at].id
    };
    let kind = AddressType::ALL[usize::try_from(n / 5 % 3).expect("small")];
    let outcome = edit(store, owner, |book| match n % 3 {
        0 => book.set_default(chosen(book), None, at(9)).map(drop),
        1 => book.add(address_for(kind, n), true, 10).map(drop),
        _ if book.addresses().len() == 1 => Ok(()),
        _ => {
            let held = book.holder(Role::ALL[usize::try_from(n % 2).expect("small")]);
            let id = held.unwrap_or_else(|| chosen(book));
            book.remove(id, at(9)).map(drop)
        }
    });
    let outcome = outcome.await;
    let is_full = outcome == Err(BookError::Full { limit: 10 });
    assert!(outcome.is_ok() || is_full, "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn soak_every_covered_role_has_one_default_at_every_read() {
    let store = Store::with_connections(18).await;
    let owner = owner_of(&store, [address(1), address_for(AddressType::Both, 2)]).await;
    let end = tokio::time::Instant::now() + soak_time();
    let is_over = || tokio::time::Instant::now() >= end;
    let write = async |writer: u64| {
        let mut turns = 0;
        while !is_over() {
            turns += 1;
            turn(&store, owner, 1_000_000 * writer + turns).await;
        }
        turns
    };
    let read = async {
        let mut seen = std::collections::HashSet::new();
        while !is_over() {
            let book = book(&store, &context(), owner).await.expect("a book");
            assert_whole(book.addresses());
            seen.insert(Role::ALL.map(|role| book.holder(role)));
        }
        seen.len()
    };
    let writes = join_all((1..=16).map(write));
    let (turns, seen) = join(writes, read).await;
    assert!(turns.iter().all(|turns| *turns > 0), "{turns:?}");
    assert!(seen > 2, "the reader saw defaults move");
}

/// Changes a customer inside a unit of work.
async fn set(work: &mut dyn UnitOfWork, id: CustomerId, change: impl FnOnce(&mut Customer)) {
    let customers = work.customers();
    let found = customers.find_for_update(CustomerRef::Id(id)).await;
    let mut customer = found.expect("found").customer;
    change(&mut customer);
    customers.save(&customer).await.expect("saved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_legacy_id_that_moves_while_it_is_waited_for_is_contended() {
    let store = Store::fresh().await;
    let people = [1, 2].map(|n| customer().number(n).build_new());
    for new in &people {
        store.insert(new).await.expect("insert");
    }
    let [one, other] = people.map(|new| new.customer.id);
    // From the first to the second, back again, and to no customer.
    for (from, to) in [(one, Some(other)), (other, Some(one)), (one, None)] {
        let seven = CustomerRef::Legacy(legacy(7));
        // A customer that was locked for nothing is tried again, and then not found.
        let gone = [(true, StoreError::NotFound), (false, StoreError::Contended)];
        for (reads_book, gone) in gone {
            let mut work = begin(&store).await;
            for id in [one, other] {
                let held = (id == from).then(|| legacy(7));
                set(&mut *work, id, |customer| customer.legacy_id = held).await;
                // The second cannot have it before the first has released it.
            }
            work.commit().await.expect("commit");

            let mut mover = begin(&store).await;
            set(&mut *mover, from, |customer| customer.legacy_id = None).await;
            let mut waiter = begin(&store).await;
            let wait = async {
                if reads_book {
                    let found = waiter.addresses().book_for_update(seven).await;
                    found.map(|locked| locked.holder.customer)
                } else {
                    let found = waiter.customers().find_for_update(seven).await;
                    found.map(|found| found.customer.id)
                }
            };
            let go = async {
                until_one_waits(&store).await;
                if let Some(to) = to {
                    let holder = Some(legacy(7));
                    set(&mut *mover, to, |customer| customer.legacy_id = holder).await;
                }
                mover.commit().await.expect("commit");
            };
            let (found, ()) = join(wait, go).await;
            let expected = to.map_or(gone, |_| StoreError::Contended);
            assert_eq!(found, Err(expected), "{from} to {to:?}");
            waiter.rollback().await.expect("rollback");
            // Both release it for the next round.
            let mut work = begin(&store).await;
            for id in [one, other] {
                set(&mut *work, id, |customer| customer.legacy_id = None).await;
            }
            work.commit().await.expect("commit");
        }
    }
}

#[tokio::test]
async fn the_table_refuses_what_no_book_holds() {
    let store = Store::fresh().await;
    let split = [address(1), address_for(AddressType::Billing, 2), address(3)];
    owner_of(&store, split).await;
    let mut owner = store.database.admin().await;
    let (first, second, third) = (address(1).id, address(2).id, address(3).id);
    for (change, constraint) in [
        (
            format!("default_shipping = true WHERE id = '{second}'"),
            "customer_addresses_check",
        ),
        (
            format!("default_billing = true WHERE id = '{first}'"),
            "customer_addresses_check",
        ),
        (
            format!("deleted_at = now() WHERE id = '{first}'"),
            "customer_addresses_check",
        ),
        (
            format!("deleted_at = now() WHERE id = '{second}'"),
            "customer_addresses_check",
        ),
        (
            format!("default_shipping = true WHERE id = '{third}'"),
            "customer_addresses_shipping_key",
        ),
        (
            format!("type = 3, default_billing = true WHERE id = '{third}'"),
            "customer_addresses_billing_key",
        ),
        (
            format!("digest = '\\x00' WHERE id = '{third}'"),
            "digest_check",
        ),
        (
            format!("type = 4 WHERE id = '{third}'"),
            "address_type_check",
        ),
        ("legacy_id = 1".to_owned(), "customer_addresses_legacy_key"),
        (
            "digest = decode(repeat('00', 32), 'hex')".to_owned(),
            "customer_addresses_digest_key",
        ),
    ] {
        let update = format!("UPDATE customer_addresses SET {change}");
        let refused = sqlx::raw_sql(AssertSqlSafe(update))
            .execute(&mut owner)
            .await;
        let refusal = refused.expect_err(&change).into_database_error();
        let refusal = refusal.expect("the database's");
        assert_eq!(refusal.constraint(), Some(constraint), "{change}");
    }
}

#[tokio::test]
async fn a_removed_address_stays_for_the_record() {
    let store = Store::fresh().await;
    let owner = owner_of(&store, [full_address(1), address(2)]).await;
    let removed = edit(&store, owner, |book| {
        book.remove(full_address(1).id, at(60))
    });
    removed.await.expect("removed");
    let kept: (Option<i64>, bool, i64, bool) = sqlx::query_as(
        "SELECT legacy_id, default_shipping OR default_billing, version, \
         deleted_at = updated_at FROM customer_addresses WHERE deleted_at IS NOT NULL",
    )
    .fetch_one(&mut store.database.admin().await)
    .await
    .expect("one row");
    assert_eq!(kept, (Some(901), false, 2, true));
}

#[tokio::test]
async fn an_erased_customer_has_no_book() {
    let store = Store::fresh().await;
    let owner = owner_of(&store, [address(1)]).await;
    let mut admin = store.database.admin().await;
    let erase =
        "UPDATE customers SET email = NULL, status = 5, deleted_at = now(), erased_at = now()";
    run(&mut admin, erase).await;
    assert_eq!(book(&store, &context(), owner).await, None);
    let books = store.postgres.addresses().books(&context(), &[owner]).await;
    assert!(books.expect("a read").is_empty());
    let mut work = begin(&store).await;
    let locked = work.addresses();
    let locked = locked.book_for_update(CustomerRef::Id(owner)).await;
    assert_eq!(locked, Err(StoreError::NotFound));
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_named_and_nothing_of_it_told() {
    let store = Store::fresh().await;
    let owner = owner_of(&store, [address(1)]).await;
    let mut admin = store.database.admin().await;
    run(
        &mut admin,
        "UPDATE customer_addresses SET country_code = '?'",
    )
    .await;
    let reads = store.postgres.addresses();
    let found = reads.book(&context(), CustomerRef::Id(owner)).await;
    let corrupt = StoreError::Corrupt {
        table: "customer_addresses",
        row: address(1).id.to_string(),
    };
    assert_eq!(found, Err(corrupt));
}

#[tokio::test]
async fn a_book_is_never_read_beyond_its_cap() {
    let store = Store::fresh().await;
    let owner = owner_of(&store, [address(1)]).await;
    let mut admin = store.database.admin().await;
    let more = format!(
        "INSERT INTO customer_addresses SELECT tenant_id, customer_id, gen_random_uuid(), type, false, false, \
         first_name, last_name, company, address_line_1, address_line_2, city, state_province, postal_code, \
         country_code, phone, label, is_verified, metadata, legacy_id, sha256(n::text::bytea), version, \
         created_at + n * interval '1 second', updated_at FROM customer_addresses, \
         generate_series(1, {MAX_BOOK}) n WHERE tenant_id = '{}'",
        tenant().id
    );
    run(&mut admin, &more).await;
    let book = book(&store, &context(), owner).await.expect("a book");
    assert_eq!(book.addresses().len(), MAX_BOOK);
    assert_whole(book.addresses());
}
