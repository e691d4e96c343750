//! What the fake does in addition to the contract.

use customer_domain::StoreError;
use customer_domain::audit::AuditKind;
use customer_domain::customer::{CustomerRef, Lookup};
use customer_testkit::FakeStore;
use customer_testkit::builders::{
    audit_entry, context, customer, new_customer, other_context, tenant, third_tenant,
};
use customer_testkit::contract::FakeHarness;
use customer_testkit::fake::Step;
use std::time::Duration;

customer_testkit::contract!(FakeHarness);

fn failure(reason: &str) -> StoreError {
    StoreError::Unavailable(reason.to_owned())
}

#[tokio::test]
async fn a_second_unit_of_work_waits_for_the_first() {
    let store = FakeStore::seeded();
    let transactions = store.transactions();
    let first = transactions.begin(&context()).await.unwrap();
    let other = other_context();
    let second = transactions.begin(&other);
    let waited = tokio::time::timeout(Duration::from_millis(50), second).await;
    assert!(
        waited.is_err(),
        "a use case that begins twice hangs at once"
    );
    drop(first);
    assert!(transactions.begin(&context()).await.is_ok());
}

#[tokio::test]
async fn clones_share_what_is_stored() {
    let store = FakeStore::seeded();
    let mut work = store
        .clone()
        .transactions()
        .begin(&context())
        .await
        .unwrap();
    work.customers().insert(&new_customer()).await.unwrap();
    work.record(audit_entry(1, AuditKind::ProfileCreate).into());
    work.commit().await.unwrap();
    assert_eq!(
        store.stored_customers(tenant().id),
        [customer().build_record()]
    );
    assert_eq!((store.events().len(), store.audit().len()), (0, 1));
}

#[tokio::test]
async fn a_failure_can_be_asked_for_at_any_step() {
    let store = FakeStore::seeded();
    let transactions = store.transactions();

    store.fail_next_at(Step::Commit, failure("commit"));
    store.fail_next_at(Step::Read, failure("read"));
    let mut work = transactions.begin(&context()).await.unwrap();
    work.customers().insert(&new_customer()).await.unwrap();
    assert_eq!(work.commit().await, Err(failure("commit")));
    let lookup = Lookup::UserId(customer().build().id);
    let reads = store.customers();
    assert_eq!(
        reads.look_up(&context(), &lookup).await,
        Err(failure("read"))
    );
    assert_eq!(reads.look_up(&context(), &lookup).await, Ok(None), "once");

    store.fail_next(failure("first"));
    store.fail_next(failure("second"));
    assert_eq!(
        transactions.begin(&context()).await.err(),
        Some(failure("first"))
    );
    let reference = CustomerRef::Id(customer().build().id);
    assert_eq!(
        reads.find(&context(), reference).await,
        Err(failure("second"))
    );
}

#[tokio::test]
async fn an_injected_failure_spoils_the_unit_of_work() {
    let store = FakeStore::seeded();
    let mut work = store.transactions().begin(&context()).await.unwrap();
    store.fail_next_at(Step::Statement, StoreError::Contended);
    let first = work.customers().insert(&new_customer()).await;
    assert_eq!(first, Err(StoreError::Contended));
    assert!(work.customers().insert(&new_customer()).await.is_err());
    assert!(work.commit().await.is_err());
    assert_eq!(store.stored_customers(tenant().id), []);
}

#[tokio::test]
async fn it_goes_down_and_comes_back() {
    let store = FakeStore::seeded();
    store.set_down(true);
    assert!(store.health().ping().await.is_err());
    assert!(store.transactions().begin(&context()).await.is_err());
    store.set_down(false);
    assert!(store.health().ping().await.is_ok());
    assert!(store.transactions().begin(&context()).await.is_ok());
}

#[tokio::test]
async fn only_an_operator_writes_tenants() {
    let store = FakeStore::seeded();
    let mut work = store.transactions().begin(&context()).await.unwrap();
    assert!(work.tenants().insert(&third_tenant(), &[]).await.is_err());
    drop(work);
    let mut work = store
        .operator_transactions()
        .begin(&context())
        .await
        .unwrap();
    assert!(work.tenants().insert(&third_tenant(), &[]).await.is_ok());
}

#[tokio::test]
#[should_panic(expected = "call find_for_update first")]
async fn saving_without_the_lock_is_a_mistake_of_the_use_case() {
    let store = FakeStore::seeded();
    let mut work = store.transactions().begin(&context()).await.unwrap();
    let outcome = work.customers().save(&customer().build()).await;
    assert!(outcome.is_ok(), "not reached");
}
