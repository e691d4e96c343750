//! API keys are found by their secret, and one live key with admin permission always remains.

use super::Harness;
use super::steps::{begin, keys_stored, revoke};
use crate::builders::{api_key, at, context, digest, other_context, other_tenant, presented};
use chrono::TimeDelta;
use customer_domain::StoreError;
use customer_domain::api_key::{
    ApiKey, MAX_KEY_NAME, MAX_LISTED_KEYS, Permission, PresentedSecret, Revocation,
};

fn admin(n: u64) -> ApiKey {
    api_key(n, Permission::Admin)
}

fn writer(n: u64) -> ApiKey {
    api_key(n, Permission::Write)
}

fn expired(mut key: ApiKey) -> ApiKey {
    key.expires_at = Some(at(500));
    key
}

fn revoked(mut key: ApiKey) -> ApiKey {
    key.revoked_at = Some(at(400));
    key
}

async fn found(h: &impl Harness, secret: &PresentedSecret) -> Option<ApiKey> {
    h.api_keys()
        .find_by_secret(secret)
        .await
        .expect("the store answers")
}

async fn listed(h: &impl Harness) -> Vec<ApiKey> {
    h.api_keys()
        .list(&context())
        .await
        .expect("the store answers")
}

/// Returns whether a revocation of `key`, after all expiries, is refused because it is the last.
async fn is_last(h: &impl Harness, key: &ApiKey) -> bool {
    match revoke(h, key, at(1_000)).await {
        Ok(Revocation::LastAdminKey) => true,
        Ok(Revocation::Revoked(..)) => false,
        other => unreachable!("neither revoked nor the last: {other:?}"),
    }
}

pub async fn a_key_comes_back_whole(h: &impl Harness) {
    let bare = admin(1);
    let ApiKey {
        id,
        tenant,
        prefix,
        permissions,
        created_at,
        ..
    } = api_key(2, Permission::Read);
    let full = ApiKey {
        id,
        tenant,
        name: "𠮷".repeat(MAX_KEY_NAME),
        prefix,
        permissions,
        all_tenants: true,
        created_at,
        expires_at: Some(at(86_400)),
        last_used_at: Some(at(120)),
        revoked_at: Some(at(180)),
    };
    let reader = ApiKey {
        name: "O'Brien's \"key\" \\ 100%".to_owned(),
        permissions: vec![Permission::Write],
        ..writer(3)
    };
    let keys = [bare, full, reader];
    keys_stored(h, &context(), &keys).await;
    for key in keys {
        assert_eq!(found(h, &presented(&key)).await, Some(key));
    }
}

pub async fn an_ended_key_is_still_found(h: &impl Harness) {
    let keys = [expired(admin(1)), revoked(admin(2))];
    keys_stored(h, &context(), &keys).await;
    for key in keys {
        assert_eq!(found(h, &presented(&key)).await, Some(key));
    }
}

pub async fn an_unknown_secret_is_none(h: &impl Harness) {
    let key = admin(1);
    keys_stored(h, &context(), std::slice::from_ref(&key)).await;
    let mut almost = presented(&key);
    almost.digest[31] ^= 1;
    assert_eq!(found(h, &almost).await, None);
    let elsewhere = PresentedSecret {
        tenant: other_tenant().id,
        ..presented(&key)
    };
    assert_eq!(
        found(h, &elsewhere).await,
        None,
        "a secret grants nothing in another tenant"
    );
    let nowhere = PresentedSecret {
        tenant: crate::builders::third_tenant().id,
        ..presented(&key)
    };
    assert_eq!(
        found(h, &nowhere).await,
        None,
        "nor in one that does not exist"
    );
}

pub async fn keys_are_listed_newest_first_and_revoked_ones_last(h: &impl Harness) {
    assert_eq!(listed(h).await, []);
    let keys = [
        admin(2),
        revoked(writer(5)),
        expired(admin(1)),
        revoked(writer(4)),
        writer(3),
    ];
    keys_stored(h, &context(), &keys).await;
    let [second, newest, oldest, fourth, third] = keys;
    assert_eq!(listed(h).await, [third, second, oldest, newest, fourth]);
}

pub async fn a_list_of_keys_is_capped(h: &impl Harness) {
    let cap = u64::try_from(MAX_LISTED_KEYS).expect("positive");
    let mut keys: Vec<_> = (1..=cap + 2).map(writer).collect();
    keys_stored(h, &context(), &keys).await;
    keys.reverse();
    keys.truncate(keys.len() - 2);
    assert_eq!(listed(h).await, keys, "the newest");
}

pub async fn a_use_is_noted_and_never_moved_back(h: &impl Harness) {
    let (key, other) = (admin(1), admin(2));
    keys_stored(h, &context(), &[key.clone(), other.clone()]).await;
    // Whole minutes: a use is recorded to the minute.
    for (used, noted) in [(600, 600), (900, 900), (720, 900), (960, 960), (0, 960)] {
        h.api_keys().touch(&key, at(used)).await.expect("noted");
        let found = found(h, &presented(&key)).await.expect("there");
        assert_eq!(found.last_used_at, Some(at(noted)), "used at {used}");
    }
    assert_eq!(
        found(h, &presented(&other)).await,
        Some(other),
        "another key is not touched"
    );
}

pub async fn a_use_of_an_unknown_key_is_not_an_error(h: &impl Harness) {
    assert_eq!(h.api_keys().touch(&admin(1), at(60)).await, Ok(()));
    assert_eq!(listed(h).await, []);
}

pub async fn a_live_key_is_revoked(h: &impl Harness) {
    let (key, other) = (expired(writer(1)), admin(2));
    keys_stored(h, &context(), &[key.clone(), other.clone()]).await;
    let now = at(499) + TimeDelta::microseconds(7);
    let expected = ApiKey {
        revoked_at: Some(now),
        ..key.clone()
    };
    let outcome = revoke(h, &key, now).await;
    assert_eq!(
        outcome,
        Ok(Revocation::Revoked(expected.clone(), digest(&key)))
    );
    assert_eq!(found(h, &presented(&key)).await, Some(expected));
    assert_eq!(
        found(h, &presented(&other)).await,
        Some(other),
        "no other key is"
    );
}

pub async fn a_revocation_that_is_rolled_back_never_happened(h: &impl Harness) {
    let key = writer(1);
    keys_stored(h, &context(), std::slice::from_ref(&key)).await;
    let mut work = begin(h).await;
    let outcome = work.api_keys().revoke(key.id, at(60)).await;
    assert!(
        matches!(outcome, Ok(Revocation::Revoked(..))),
        "{outcome:?}"
    );
    work.rollback().await.expect("rollback");
    assert_eq!(found(h, &presented(&key)).await, Some(key));
}

pub async fn a_revoked_key_has_ended_already(h: &impl Harness) {
    let key = revoked(admin(1));
    keys_stored(h, &context(), std::slice::from_ref(&key)).await;
    let outcome = revoke(h, &key, at(1_000)).await;
    assert_eq!(outcome, Ok(Revocation::AlreadyEnded(key.clone())));
    assert_eq!(
        found(h, &presented(&key)).await,
        Some(key),
        "it keeps its time"
    );
}

pub async fn an_expired_key_has_ended_already(h: &impl Harness) {
    let key = expired(admin(1));
    keys_stored(h, &context(), std::slice::from_ref(&key)).await;
    for now in [at(500), at(1_000)] {
        let outcome = revoke(h, &key, now).await;
        assert_eq!(outcome, Ok(Revocation::AlreadyEnded(key.clone())));
    }
    assert_eq!(
        found(h, &presented(&key)).await,
        Some(key),
        "it is not revoked too"
    );
}

pub async fn the_last_admin_key_stays(h: &impl Harness) {
    let key = admin(1);
    keys_stored(h, &context(), std::slice::from_ref(&key)).await;
    assert!(is_last(h, &key).await);
    assert_eq!(
        found(h, &presented(&key)).await,
        Some(key),
        "nothing changed"
    );
}

pub async fn a_live_admin_key_lets_another_go(h: &impl Harness) {
    let keys = [admin(1), admin(2), admin(3)];
    keys_stored(h, &context(), &keys).await;
    assert!(!is_last(h, &keys[1]).await);
    assert!(!is_last(h, &keys[0]).await);
    assert!(is_last(h, &keys[2]).await);
}

pub async fn ended_admin_keys_do_not_count(h: &impl Harness) {
    let key = admin(1);
    let not_any_more = ApiKey {
        expires_at: Some(at(1_000)),
        ..admin(4)
    };
    let keys = [
        key.clone(),
        expired(admin(2)),
        revoked(admin(3)),
        not_any_more,
    ];
    keys_stored(h, &context(), &keys).await;
    assert!(is_last(h, &key).await);
}

pub async fn admin_keys_of_other_tenants_do_not_count(h: &impl Harness) {
    let key = admin(1);
    keys_stored(h, &context(), std::slice::from_ref(&key)).await;
    let foreign = ApiKey {
        tenant: other_tenant().id,
        all_tenants: true,
        ..admin(2)
    };
    keys_stored(h, &other_context(), &[foreign]).await;
    assert!(is_last(h, &key).await);
}

pub async fn weaker_keys_do_not_count_and_can_always_go(h: &impl Harness) {
    let keys = [admin(1), writer(2), api_key(3, Permission::Read)];
    keys_stored(h, &context(), &keys).await;
    assert!(is_last(h, &keys[0]).await);
    assert!(!is_last(h, &keys[1]).await);
    assert!(!is_last(h, &keys[2]).await);
}

pub async fn two_admin_keys_cannot_go_together(h: &impl Harness) {
    let keys = [admin(1), admin(2)];
    keys_stored(h, &context(), &keys).await;
    let mut work = begin(h).await;
    let first = work.api_keys().revoke(keys[0].id, at(60)).await;
    assert!(matches!(first, Ok(Revocation::Revoked(..))), "{first:?}");
    let second = work.api_keys().revoke(keys[1].id, at(60)).await;
    assert_eq!(second, Ok(Revocation::LastAdminKey));
    work.commit()
        .await
        .expect("a refusal by rule spoils nothing");
    let live = listed(h)
        .await
        .into_iter()
        .filter(|key| key.is_live(at(60)));
    assert_eq!(live.map(|key| key.id).collect::<Vec<_>>(), [keys[1].id]);
}

pub async fn an_unknown_key_cannot_be_revoked(h: &impl Harness) {
    keys_stored(h, &context(), &[admin(1), admin(2)]).await;
    assert_eq!(
        revoke(h, &admin(3), at(60)).await,
        Err(StoreError::NotFound)
    );
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_api_key {
    ($each:path) => {
        $each! { api_key {
            a_key_comes_back_whole,
            an_ended_key_is_still_found,
            an_unknown_secret_is_none,
            keys_are_listed_newest_first_and_revoked_ones_last,
            a_list_of_keys_is_capped,
            a_use_is_noted_and_never_moved_back,
            a_use_of_an_unknown_key_is_not_an_error,
            a_live_key_is_revoked,
            a_revocation_that_is_rolled_back_never_happened,
            a_revoked_key_has_ended_already,
            an_expired_key_has_ended_already,
            the_last_admin_key_stays,
            a_live_admin_key_lets_another_go,
            ended_admin_keys_do_not_count,
            admin_keys_of_other_tenants_do_not_count,
            weaker_keys_do_not_count_and_can_always_go,
            two_admin_keys_cannot_go_together,
            an_unknown_key_cannot_be_revoked,
        } }
    };
}
