//! Groups on a real server: races and round trips.

use crate::proxy::Proxy;
use crate::support::{Store, adapter, until_one_waits};
use customer_domain::customer::CustomerRef;
use customer_domain::group::Group;
use customer_domain::{Conflict, StoreError};
use customer_testkit::builders::{at, context, customer, group};
use futures_util::future::join;
use std::time::Duration;

fn trade() -> Group {
    Group::new(group("trade"), "Trade".to_owned(), at(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_joined_or_deleted_never_both() {
    let store = Store::with_connections(4).await;
    let transactions = store.postgres.transactions();
    for (n, patience) in [(1, 0), (2, 20), (3, 40)] {
        let mut work = transactions.begin(&context()).await.expect("begin");
        work.groups().insert(&trade()).await.expect("insert");
        work.commit().await.expect("commit");
        let join_it = async {
            let new = customer().number(n).group("trade").build_new();
            let mut work = transactions.begin(&context()).await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
            work.customers().insert(&new).await?;
            work.commit().await
        };
        let delete_it = async {
            let mut work = transactions.begin(&context()).await?;
            let found = work.groups().find_for_update(&group("trade")).await?;
            tokio::time::sleep(Duration::from_millis(patience)).await;
            work.groups().delete(&found.id).await?;
            work.commit().await
        };
        let outcomes = join(join_it, delete_it).await;
        let refused = |conflict| Err(StoreError::Conflict(conflict));
        let in_use = (Ok(()), refused(Conflict::GroupInUse));
        let unknown = (refused(Conflict::UnknownGroup), Ok(()));
        assert!(outcomes == in_use || outcomes == unknown, "{outcomes:?}");
        if outcomes == in_use {
            let mut work = transactions.begin(&context()).await.expect("begin");
            let member = CustomerRef::Id(customer().number(n).build().id);
            let mut found = work.customers().find_for_update(member).await.expect("it");
            found.customer.group = None;
            work.customers().save(&found.customer).await.expect("save");
            let deleted = work.groups().delete(&group("trade")).await;
            deleted.expect("nobody belongs to it any more");
            work.commit().await.expect("commit");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_kept_cannot_be_deleted_meanwhile_but_joined() {
    let store = Store::with_connections(4).await;
    let transactions = store.postgres.transactions();
    let mut back = transactions.begin(&context()).await.expect("begin");
    assert_eq!(back.groups().keep(&group("vip")).await, Ok(true));
    let delete = async {
        let mut work = transactions.begin(&context()).await?;
        work.groups().delete(&group("vip")).await?;
        work.commit().await
    };
    let join_it = async {
        until_one_waits(&store).await;
        let new = customer().number(1).group("vip").build_new();
        let joined = tokio::time::timeout(Duration::from_secs(5), store.insert(&new)).await;
        assert_eq!(joined.expect("no wait"), Ok(()));
        back.commit().await.expect("commit");
    };
    let (deleted, ()) = join(delete, join_it).await;
    let in_use = StoreError::Conflict(Conflict::GroupInUse);
    assert_eq!(deleted, Err(in_use));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_edited_can_be_joined_meanwhile() {
    let store = Store::with_connections(4).await;
    let transactions = store.postgres.transactions();
    let mut edit = transactions.begin(&context()).await.expect("begin");
    let found = edit.groups().find_for_update(&group("vip")).await;
    let mut found = found.expect("a group");
    found.name = "Very important".to_owned();
    edit.groups().save(&found).await.expect("save");
    let new = customer().group("vip").build_new();
    let joined = tokio::time::timeout(Duration::from_secs(5), store.insert(&new)).await;
    assert_eq!(joined.expect("no wait"), Ok(()));
    edit.commit().await.expect("commit");
}

#[tokio::test]
async fn each_use_of_a_group_is_one_round_trip() {
    let store = Store::fresh().await;
    let proxy = Proxy::before(&store.database.owner_url()).await;
    let postgres = adapter(proxy.url(), 1).await;
    let reads = postgres.groups();
    // Counted the second time: the first run prepares its statements.
    for expected in [None, Some([1, 1, 1, 1])] {
        let mut work = postgres
            .transactions()
            .begin(&context())
            .await
            .expect("begin");
        proxy.take();
        work.groups().insert(&trade()).await.expect("insert");
        let insert = proxy.take().round_trips;
        let found = work.groups().find_for_update(&group("trade")).await;
        let find = proxy.take().round_trips;
        work.groups().save(&found.expect("it")).await.expect("save");
        let save = proxy.take().round_trips;
        let deleted = work.groups().delete(&group("trade")).await;
        deleted.expect("delete");
        let delete = proxy.take().round_trips;
        work.commit().await.expect("commit");
        let counts = [insert, find, save, delete];
        assert!(
            expected.is_none_or(|expected| expected == counts),
            "{counts:?}"
        );
    }
    proxy.take();
    assert!(reads.find(&context(), &group("vip")).await.is_ok());
    assert_eq!(proxy.take().round_trips, 1);
    assert!(reads.list(&context(), None, 100).await.is_ok());
    assert_eq!(proxy.take().round_trips, 1);
}
