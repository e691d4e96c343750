use super::super::{MasterKeys, RootKeyStore};
use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use customer_domain::privacy::{KeyStore, KeyStoreError, WrappedKey};

const OTHER_TENANT: TenantId = TenantId(Uuid::from_u128(8));

/// Creates a key store from names and the first byte of each key.
fn master_keys(named: &[(&str, u8)]) -> MasterKeys {
    let pair = |(name, first): &(&str, u8)| format!("{name}={}", STANDARD.encode(counting(*first)));
    let pairs: Vec<_> = named.iter().map(pair).collect();
    MasterKeys::from_text(&pairs.join(",")).unwrap()
}

/// Returns every key store with the name of the master key that it wraps under.
fn stores() -> [(Box<dyn KeyStore>, &'static str); 3] {
    [
        (Box::new(RootKeyStore::new(&root())), "root"),
        (Box::new(master_keys(&[("first", 1)])), "first"),
        (
            Box::new(master_keys(&[("second", 2), ("first", 1)])),
            "second",
        ),
    ]
}

async fn refusal(store: &dyn KeyStore, tenant: TenantId, id: KeyId, key: &WrappedKey) -> String {
    let refused = store.unwrap(tenant, id, key).await;
    refused.expect_err("it is not refused").to_string()
}

#[tokio::test]
async fn a_wrapped_key_comes_out_as_it_went_in() {
    for (store, name) in stores() {
        let key = new_key();
        let wrapped = store.wrap(TENANT, &key).await.unwrap();
        assert_eq!(wrapped.master, name);
        let out = store.unwrap(TENANT, key.id, &wrapped).await.unwrap();
        assert_eq!((out.id, out.expose()), (key.id, key.expose()), "{name}");
    }
}

#[tokio::test]
async fn a_wrapped_key_does_not_show_the_key_and_differs_each_time() {
    for (store, name) in stores() {
        let key = new_key();
        let one = store.wrap(TENANT, &key).await.unwrap().bytes;
        let other = store.wrap(TENANT, &key).await.unwrap().bytes;
        assert_ne!(one, other, "{name}");
        let shows = one.windows(8).any(|part| part == &key.expose()[..8]);
        assert!(!shows, "{name}");
    }
}

#[tokio::test]
async fn another_tenant_or_another_id_is_refused() {
    let refused = KeyStoreError::Refused.to_string();
    for (store, name) in stores() {
        let wrapped = store.wrap(TENANT, &new_key()).await.unwrap();
        let other = KeyId(Uuid::from_u128(6));
        for (tenant, id) in [(OTHER_TENANT, ID), (TENANT, other)] {
            let refusal = refusal(&*store, tenant, id, &wrapped).await;
            assert_eq!(refusal, refused, "{name}");
        }
    }
}

#[tokio::test]
async fn a_changed_bit_or_length_is_refused() {
    let refused = KeyStoreError::Refused.to_string();
    for (store, name) in stores() {
        let whole = store.wrap(TENANT, &new_key()).await.unwrap();
        let flipped = (0..whole.bytes.len() * 8).map(|bit| {
            let mut bytes = whole.bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        });
        let cut = (0..whole.bytes.len()).map(|length| whole.bytes[..length].to_vec());
        for bytes in flipped.chain(cut) {
            let changed = WrappedKey {
                bytes,
                ..whole.clone()
            };
            let refusal = refusal(&*store, TENANT, ID, &changed).await;
            assert_eq!(refusal, refused, "{name}");
        }
    }
}

#[tokio::test]
async fn an_unknown_master_key_is_named() {
    for (store, _) in stores() {
        let wrapped = store.wrap(TENANT, &new_key()).await.unwrap();
        let unknown = WrappedKey {
            master: "gone".to_owned(),
            ..wrapped
        };
        let refusal = refusal(&*store, TENANT, ID, &unknown).await;
        assert_eq!(
            refusal,
            KeyStoreError::UnknownMaster("gone".to_owned()).to_string()
        );
    }
}

#[tokio::test]
async fn an_older_master_key_still_unwraps_and_the_newest_wraps() {
    let before = master_keys(&[("first", 1)]);
    let key = new_key();
    let old = before.wrap(TENANT, &key).await.unwrap();

    let after = master_keys(&[("second", 2), ("first", 1)]);
    let out = after.unwrap(TENANT, ID, &old).await.unwrap();
    assert_eq!(out.expose(), key.expose());
    let new = after.wrap(TENANT, &key).await.unwrap();
    assert_eq!(
        (old.master.as_str(), new.master.as_str()),
        ("first", "second")
    );

    let alone = master_keys(&[("second", 2)]);
    assert!(alone.unwrap(TENANT, ID, &new).await.is_ok());
    assert_eq!(
        alone.unwrap(TENANT, ID, &old).await.unwrap_err(),
        KeyStoreError::UnknownMaster("first".to_owned())
    );
}

/// The name of the master key is authenticated too, so a renamed master key does not unwrap.
#[tokio::test]
async fn a_master_key_of_another_name_or_of_other_bytes_is_refused() {
    let store = master_keys(&[("first", 1), ("same", 1), ("other", 3)]);
    let wrapped = store.wrap(TENANT, &new_key()).await.unwrap();
    for name in ["same", "other"] {
        let renamed = WrappedKey {
            master: name.to_owned(),
            ..wrapped.clone()
        };
        let refused = store.unwrap(TENANT, ID, &renamed).await.unwrap_err();
        assert_eq!(refused, KeyStoreError::Refused, "{name}");
    }
    let changed = master_keys(&[("first", 2)]);
    let refused = changed.unwrap(TENANT, ID, &wrapped).await.unwrap_err();
    assert_eq!(refused, KeyStoreError::Refused);
}

/// Computed by another implementation. It must never change: the keys of all tenants depend on it.
#[tokio::test]
async fn a_known_wrapped_key_comes_out_of_the_root_secret() {
    let wrapped = [
        "01",
        "00000000000000000000000000000000",
        NONCE,
        "20d9f89dd035ab81016e3954826f478c4e594af1c140e4c52b70e5491836caf0",
        "0eb3da92dd3febfb96fe8d958f15b211",
    ]
    .concat();
    let wrapped = WrappedKey {
        master: "root".to_owned(),
        bytes: bytes(&wrapped),
    };
    let key = RootKeyStore::new(&root())
        .unwrap(TENANT, ID, &wrapped)
        .await;
    assert_eq!(key.unwrap().expose(), known_key().expose());
}
