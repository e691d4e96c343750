//! Whether a process has the secrets of its database.

use async_trait::async_trait;
use customer_app::privacy::{Compared, Secrets, SecretsError, SecretsHealth, SecretsLeases};
use customer_domain::job::{Acquisition, JobLeases as _, JobName};
use customer_domain::mocks::{MockJobLeases, MockStoreHealth};
use customer_domain::privacy::{
    DataKey, Installation, KeyStore, KeyStoreError, KnownSecrets, SampleKey, WrappedKey,
};
use customer_domain::{DigestPurpose, KeyId, KeyedDigest, StoreError, StoreHealth as _, TenantId};
use customer_testkit::builders::{seeded_id, tenant};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// An installation in memory.
#[derive(Default)]
struct Stored(Mutex<KnownSecrets>);

#[async_trait]
impl Installation for Stored {
    async fn known_secrets(&self) -> Result<KnownSecrets, StoreError> {
        Ok(self.0.lock().unwrap().clone())
    }

    async fn introduce_root(&self, digest: [u8; 32]) -> Result<(), StoreError> {
        self.0.lock().unwrap().root.get_or_insert(digest);
        Ok(())
    }

    async fn replace_root(&self, digest: [u8; 32]) -> Result<(), StoreError> {
        self.0.lock().unwrap().root = Some(digest);
        Ok(())
    }

    async fn keys_in_use(&self) -> Result<Vec<SampleKey>, StoreError> {
        Ok(self.0.lock().unwrap().samples.clone())
    }

    async fn give_up(&self, tenant: TenantId, key: KeyId) -> Result<(), StoreError> {
        let mut stored = self.0.lock().unwrap();
        stored
            .samples
            .retain(|sample| (sample.tenant, sample.id) != (tenant, key));
        Ok(())
    }
}

/// Digests of a root secret that is a number.
struct Root(u8);

impl KeyedDigest for Root {
    fn digest(&self, _: DigestPurpose, _: &[u8]) -> [u8; 32] {
        [self.0; 32]
    }
}

/// Master keys: names with a number, and how often one unwrapped a key.
struct Masters(Vec<(&'static str, u8)>, AtomicUsize);

#[async_trait]
impl KeyStore for Masters {
    async fn wrap(&self, _: TenantId, _: &DataKey) -> Result<WrappedKey, KeyStoreError> {
        unreachable!("comparing wraps nothing")
    }

    async fn unwrap(
        &self,
        _: TenantId,
        id: KeyId,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, KeyStoreError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        let own = self.0.iter().find(|(name, _)| *name == wrapped.master);
        match own {
            None => Err(KeyStoreError::UnknownMaster(wrapped.master.clone())),
            Some((_, number)) if wrapped.bytes == [*number] => Ok(DataKey::new(id, |_| {})),
            Some(_) => Err(KeyStoreError::Refused),
        }
    }
}

fn secrets(stored: &Arc<Stored>, root: u8, masters: &[(&'static str, u8)]) -> Secrets {
    Secrets {
        installation: Arc::<Stored>::clone(stored),
        digests: Arc::new(Root(root)),
        key_store: Arc::new(Masters(masters.to_vec(), AtomicUsize::new(0))),
        compared: Compared::default(),
    }
}

fn sample(master: &str, number: u8) -> SampleKey {
    SampleKey {
        tenant: tenant().id,
        id: KeyId(seeded_id(number.into())),
        wrapped: WrappedKey {
            master: master.to_owned(),
            bytes: vec![number],
        },
    }
}

/// Returns an installation of root secret 1, whose keys are wrapped with the masters `old` and
/// `new`, which are 1 and 2.
async fn written() -> Arc<Stored> {
    let stored = Arc::new(Stored::default());
    let first = secrets(&stored, 1, &[("old", 1)]);
    first.agree().await.expect("nothing to disagree with");
    let samples = [sample("new", 2), sample("old", 1)];
    stored.0.lock().unwrap().samples = samples.into();
    stored
}

#[tokio::test]
async fn a_process_agrees_with_its_secrets_alone() {
    let stored = written().await;
    for (root, masters, expected) in [
        (1, &[("new", 2), ("old", 1), ("next", 3)][..], Ok(())),
        (2, &[("new", 2), ("old", 1)], Err(SecretsError::OtherRoot)),
        (
            1,
            &[("new", 2)],
            Err(SecretsError::NoMaster("old".to_owned())),
        ),
        (
            1,
            &[("new", 9), ("old", 1)],
            Err(SecretsError::OtherMaster("new".to_owned())),
        ),
    ] {
        let own = secrets(&stored, root, masters);
        assert_eq!(own.agree().await, expected);
        assert_eq!(own.compare().await, expected, "and later too");
        assert_eq!(stored.0.lock().unwrap().root, Some([1; 32]));
    }
}

#[tokio::test]
async fn who_adopts_goes_on_with_its_own_and_the_others_are_unready() {
    let stored = written().await;
    let others = secrets(&stored, 1, &[("new", 2), ("old", 1)]);
    others.agree().await.expect("theirs");
    let own = secrets(&stored, 2, &[("new", 9)]);
    own.adopt().await.expect("adopted");
    assert_eq!(own.compare().await, Ok(()));
    assert_eq!(others.compare().await, Err(SecretsError::OtherRoot));
    // What another process wraps later with keys that nobody has given up.
    stored.0.lock().unwrap().samples.push(sample("third", 3));
    let missing = SecretsError::NoMaster("third".to_owned());
    assert_eq!(own.compare().await, Err(missing));
}

#[tokio::test]
async fn a_key_is_opened_once() {
    let stored = written().await;
    let key_store = Arc::new(Masters(vec![("new", 2), ("old", 1)], AtomicUsize::new(0)));
    let own = Secrets {
        key_store: Arc::<Masters>::clone(&key_store),
        ..secrets(&stored, 1, &[])
    };
    for _ in 0..3 {
        own.agree().await.expect("the right ones");
    }
    assert_eq!(key_store.1.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_store_with_other_secrets_is_not_healthy_and_not_gone() {
    let stored = written().await;
    let health = |root| {
        let mut store = MockStoreHealth::new();
        store.expect_ping().returning(|| Ok(()));
        SecretsHealth {
            store: Arc::new(store),
            secrets: secrets(&stored, root, &[("new", 2), ("old", 1)]),
        }
    };
    assert_eq!(health(1).ping().await, Ok(()));
    assert_eq!(health(2).ping().await, Err(StoreError::Keys));
    let mut gone = health(1);
    let mut store = MockStoreHealth::new();
    let away = || Err(StoreError::Unavailable("away".to_owned()));
    store.expect_ping().returning(away);
    gone.store = Arc::new(store);
    assert_eq!(gone.ping().await, away());
}

#[tokio::test]
async fn a_process_with_other_secrets_gets_no_job() {
    let stored = written().await;
    let minute = Duration::from_mins(1);
    let leases = |root, times| {
        let mut leases = MockJobLeases::new();
        let held = Acquisition::Held { free_in: minute };
        leases.expect_acquire().times(times).return_const(Ok(held));
        SecretsLeases {
            leases: Arc::new(leases),
            secrets: secrets(&stored, root, &[("new", 2), ("old", 1)]),
        }
    };
    let acquired = async |leases: SecretsLeases| {
        let holder = seeded_id(1);
        leases.acquire(JobName("sample"), holder, minute).await
    };
    let held = Acquisition::Held { free_in: minute };
    assert_eq!(acquired(leases(1, 1)).await, Ok(held));
    assert_eq!(acquired(leases(2, 0)).await, Err(StoreError::Keys));
}
