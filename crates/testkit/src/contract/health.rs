//! Every port of a store that is gone reports that it is unavailable.

use super::Harness;
use super::steps::{begin, stored};
use crate::builders::{api_key, at, claim, context, customer, new_customer, presented};
use customer_domain::api_key::Permission;
use customer_domain::customer::{CustomerFilter, CustomerRef, CustomerSort, Lookup, SortKey};
use customer_domain::idempotency::ClaimError;
use customer_domain::{PageAt, PageRequest, SortOrder, StoreError};

fn is_unavailable<T: std::fmt::Debug>(outcome: &Result<T, StoreError>) {
    assert!(
        matches!(outcome, Err(StoreError::Unavailable(_))),
        "{outcome:?}"
    );
}

pub async fn a_store_that_is_there_answers(h: &impl Harness) {
    assert_eq!(h.health().ping().await, Ok(()));
}

pub async fn a_store_that_is_gone_does_not_answer(h: &impl Harness) {
    assert_eq!(h.health().ping().await, Ok(()));
    h.take_down().await;
    is_unavailable(&h.health().ping().await);
}

pub async fn nothing_begins_when_the_store_is_gone(h: &impl Harness) {
    begin(h).await.rollback().await.expect("rollback");
    h.take_down().await;
    is_unavailable(&h.transactions().begin(&context()).await.map(drop));
    is_unavailable(&h.operator_transactions().begin(&context()).await.map(drop));
    let claimed = h
        .transactions()
        .begin_idempotent(&context(), &claim("k"))
        .await;
    let Err(ClaimError::Store(error)) = claimed else {
        unreachable!("no store, and yet: {claimed:?}");
    };
    is_unavailable::<()>(&Err(error));
}

pub async fn nothing_is_read_when_the_store_is_gone(h: &impl Harness) {
    let id = stored(h, new_customer()).await.customer.id;
    h.take_down().await;
    let (customers, keys) = (h.customers(), h.api_keys());
    is_unavailable(&customers.find(&context(), CustomerRef::Id(id)).await);
    is_unavailable(&customers.find_many(&context(), &[id]).await);
    is_unavailable(&customers.look_up(&context(), &Lookup::UserId(id)).await);
    let sort = CustomerSort {
        key: SortKey::CreatedAt,
        order: SortOrder::Ascending,
    };
    let request = PageRequest {
        size: 20,
        at: PageAt::Number(1),
    };
    is_unavailable(
        &customers
            .list(&context(), &CustomerFilter::default(), sort, &request)
            .await,
    );
    is_unavailable(&h.tenants().all().await);
    is_unavailable(&h.jobs().states().await);
    let key = api_key(1, Permission::Admin);
    is_unavailable(&keys.find_by_secret(&presented(&key)).await);
    is_unavailable(&keys.list(&context()).await);
    is_unavailable(&keys.touch(&key, at(60)).await);
}

pub async fn an_open_unit_of_work_fails_when_the_store_goes(h: &impl Harness) {
    let mut work = begin(h).await;
    work.customers()
        .insert(&new_customer())
        .await
        .expect("insert");
    h.take_down().await;
    let second = customer().number(2).build_new();
    is_unavailable(&work.customers().insert(&second).await);
}

pub async fn a_commit_fails_when_the_store_is_gone(h: &impl Harness) {
    let mut work = begin(h).await;
    work.customers()
        .insert(&new_customer())
        .await
        .expect("insert");
    h.take_down().await;
    is_unavailable(&work.commit().await);
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_health {
    ($each:path) => {
        $each! { health {
            a_store_that_is_there_answers,
            a_store_that_is_gone_does_not_answer,
            nothing_begins_when_the_store_is_gone,
            nothing_is_read_when_the_store_is_gone,
            an_open_unit_of_work_fails_when_the_store_goes,
            a_commit_fails_when_the_store_is_gone,
        } }
    };
}
