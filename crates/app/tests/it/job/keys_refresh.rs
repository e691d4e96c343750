//! Customers are found by keys of today's rules and of their tenant's country.

use customer_app::job::{Job as _, JobStep, KEYS_CHUNK, RefreshKeys};
use customer_domain::address::Country;
use customer_domain::customer::{CustomerRef, Email, Lookup, NewCustomer, StatusChange};
use customer_domain::{Context, CustomerId};
use customer_testkit::FakeStore;
use customer_testkit::builders::{context, customer, other_context, other_tenant, phone};
use std::time::Duration;

fn job(store: &FakeStore) -> RefreshKeys {
    RefreshKeys {
        customers: store.customers(),
        transactions: store.transactions(),
        tenants: store.tenants(),
        every: Duration::from_hours(1),
    }
}

/// The country that a tenant had before.
fn before(context: Context) -> Context {
    Context {
        country: Country::from_store("DE"),
        ..context
    }
}

async fn keep(store: &FakeStore, context: &Context, new: &NewCustomer) -> CustomerId {
    let mut work = store.transactions().begin(context).await.unwrap();
    work.customers().insert(new).await.unwrap();
    work.commit().await.unwrap();
    new.customer.id
}

/// Deletes a customer.
async fn remove(store: &FakeStore, id: CustomerId) {
    let mut work = store.transactions().begin(&context()).await.unwrap();
    let found = work.customers().find_for_update(CustomerRef::Id(id)).await;
    let mut customer = found.unwrap().customer;
    customer
        .change_status(StatusChange::Deactivate, work.now())
        .unwrap();
    work.customers().save(&customer).await.unwrap();
    work.commit().await.unwrap();
}

/// Runs the job to its end, and returns how many customers each chunk changed.
async fn run(store: &FakeStore) -> Vec<u64> {
    let (job, mut cursor, mut changed) = (job(store), None, Vec::new());
    loop {
        match job.run(cursor.take()).await.unwrap() {
            JobStep::More {
                cursor: next,
                processed,
            } => {
                cursor = Some(next);
                changed.push(processed);
            }
            JobStep::Done { processed } => {
                changed.push(processed);
                return changed;
            }
        }
    }
}

#[tokio::test]
async fn a_phone_is_found_by_the_country_that_the_tenant_has_now() {
    let store = FakeStore::seeded();
    let new = customer().phone("(555) 010-0199").build_new();
    let id = keep(&store, &before(context()), &new).await;
    let find = async || {
        let keys = phone("+1 555 010 0199").keys(context().country);
        let lookup = Lookup::Phone(keys);
        let found = store.customers().look_up(&context(), &lookup).await;
        found.unwrap().map(|record| record.customer)
    };
    assert_eq!(find().await.map(|found| found.id), None);
    assert_eq!(run(&store).await, [1]);
    let found = find().await.unwrap();
    assert_eq!(found.id, id);
    assert_eq!(found.version, new.customer.version, "nobody edited it");
    assert_eq!(found.event_seq, new.customer.event_seq, "nothing happened");
    assert_eq!(found.updated_at, new.customer.updated_at);
    assert_eq!((store.events(), store.audit()), (vec![], vec![]));
    assert_eq!(run(&store).await, [0], "it is done once");
}

#[tokio::test]
async fn many_customers_of_several_tenants_take_chunks_that_go_on_from_each_other() {
    let store = FakeStore::seeded();
    for number in 0..u64::from(KEYS_CHUNK) + 20 {
        let new = customer().number(number).build_new();
        keep(&store, &before(context()), &new).await;
    }
    let other = customer().of(&other_tenant()).build_new();
    keep(&store, &before(other_context()), &other).await;
    assert_eq!(run(&store).await, [u64::from(KEYS_CHUNK), 21]);
}

#[tokio::test]
async fn of_two_addresses_that_are_the_same_now_one_keeps_its_key() {
    let store = FakeStore::seeded();
    let mut old = customer().number(1).build_new();
    let typed = "Ada@Example.com".to_owned();
    old.customer.email = Email::from_store(typed.clone(), typed);
    let id = keep(&store, &before(context()), &old).await;
    let mut new = customer().number(2).build_new();
    new.customer.email = Email::parse("ada@example.com").unwrap();
    keep(&store, &before(context()), &new).await;
    assert_eq!(run(&store).await, [1]);
    let record = store
        .customers()
        .find(&context(), CustomerRef::Id(id))
        .await;
    let email = record.unwrap().unwrap().customer.email;
    assert_eq!(email.key(), "Ada@Example.com");
    remove(&store, new.customer.id).await;
    assert_eq!(run(&store).await, [1], "the address is free");
    let record = store
        .customers()
        .find(&context(), CustomerRef::Id(id))
        .await;
    let email = record.unwrap().unwrap().customer.email;
    assert_eq!(email.key(), "ada@example.com");
}
