//! The key store for production: master keys from the configuration.

use super::master::Master;
use crate::key_text::{self, KeyFault};
use async_trait::async_trait;
use customer_domain::privacy::{DataKey, KeyStore, KeyStoreError, WrappedKey};
use customer_domain::{KeyId, TenantId};
use std::iter;
use thiserror::Error;

/// Maximum length of a name, in characters.
const MAX_NAME: usize = 32;

const WANTED: &str = "they must be name=key pairs, separated by commas or line feeds, the newest first; \
     a name is 1 to 32 lower-case letters, digits and -, and is given once; \
     a key is 32 random bytes in base64, as `openssl rand -base64 32` prints";

/// Master keys by name. The newest wraps keys; the older ones only unwrap keys that were wrapped
/// earlier.
#[derive(Debug)]
pub struct MasterKeys {
    newest: Master,
    older: Vec<Master>,
}

/// The reason why a text is not a list of master keys. It reports every fault with the number of
/// its key, and contains nothing of the text: in the position of a name there may be a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the master keys are invalid: {0}; {WANTED}")]
pub struct MasterKeysError(String);

/// A fault of one pair; its message follows the number of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
enum PairFault {
    #[error("is no pair of a name and a key")]
    NoPair,
    #[error("has no name that is accepted")]
    Name,
    #[error("has the name of one before it")]
    Repeated,
    #[error(transparent)]
    Key(KeyFault),
}

impl MasterKeys {
    /// Parses `name=key` pairs, separated by commas or line feeds, the newest first; keys are in
    /// base64 like the root secret. Surrounding white space and empty lines are ignored.
    ///
    /// # Errors
    /// [`MasterKeysError`], with every fault.
    pub fn from_text(text: &str) -> Result<Self, MasterKeysError> {
        let pairs = text.split([',', '\n']).map(str::trim);
        let pairs = pairs.filter(|pair| !pair.is_empty());
        let (mut masters, mut faults) = (Vec::new(), Vec::new());
        for (number, pair) in (1..).zip(pairs) {
            match read(pair, &masters) {
                Ok(master) => masters.push(master),
                Err(fault) => faults.push(format!("key {number} {fault}")),
            }
        }
        let mut masters = masters.into_iter();
        match (masters.next(), faults.as_slice()) {
            (Some(newest), []) => Ok(Self {
                newest,
                older: masters.collect(),
            }),
            (None, []) => Err(MasterKeysError("there is none".to_owned())),
            (_, faults) => Err(MasterKeysError(faults.join("; "))),
        }
    }
}

fn read(pair: &str, before: &[Master]) -> Result<Master, PairFault> {
    let (name, key) = pair.split_once('=').ok_or(PairFault::NoPair)?;
    let name = name.trim_end();
    if !is_name(name) {
        return Err(PairFault::Name);
    }
    if before.iter().any(|master| master.name == name) {
        return Err(PairFault::Repeated);
    }
    let bytes = key_text::decode(key).map_err(PairFault::Key)?;
    Ok(Master::new(name, |key| key.copy_from_slice(&*bytes)))
}

fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[async_trait]
impl KeyStore for MasterKeys {
    async fn wrap(&self, tenant: TenantId, key: &DataKey) -> Result<WrappedKey, KeyStoreError> {
        Ok(self.newest.wrap(tenant, key))
    }

    async fn unwrap(
        &self,
        tenant: TenantId,
        id: KeyId,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, KeyStoreError> {
        let masters = iter::once(&self.newest).chain(&self.older);
        Master::unwrap(masters, tenant, id, wrapped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    fn key(first: u8) -> [u8; 32] {
        std::array::from_fn(|n| first.wrapping_add(u8::try_from(n).unwrap()))
    }

    fn pair(name: &str, first: u8) -> String {
        format!("{name}={}", STANDARD.encode(key(first)))
    }

    fn names(text: &str) -> Vec<String> {
        let keys = MasterKeys::from_text(text).unwrap();
        let masters = iter::once(keys.newest).chain(keys.older);
        masters.map(|master| master.name).collect()
    }

    fn refusal(text: &str) -> String {
        let refusal = MasterKeys::from_text(text).unwrap_err().to_string();
        assert!(refusal.ends_with(WANTED), "{refusal}");
        refusal
    }

    #[test]
    fn commas_and_line_feeds_separate_and_the_first_is_the_newest() {
        let (new, old) = (pair("2026-11", 1), pair("2025-03", 2));
        for text in [
            format!("{new},{old}"),
            format!("{new}\n{old}\n"),
            format!("\r\n {new} ,\r\n\r\n {old}\r\n"),
        ] {
            assert_eq!(names(&text), ["2026-11", "2025-03"], "{text:?}");
        }
        assert_eq!(names(&old), ["2025-03"]);
    }

    #[test]
    fn keys_are_read_in_each_spelling_of_base64() {
        let with = |text: String| MasterKeys::from_text(&text).is_ok();
        let bytes = key(240);
        assert!(with(format!("a = {}", STANDARD.encode(bytes))));
        assert!(with(format!("a={}", URL_SAFE_NO_PAD.encode(bytes))));
    }

    #[test]
    fn every_fault_is_named_with_the_number_of_its_key() {
        let text = [
            "a",
            "=b",
            &pair("Upper", 1),
            &pair("under_score", 1),
            &pair(&"x".repeat(33), 1),
            &pair("good", 1),
            &pair("good", 2),
            "c=not base64",
            "d=c2hvcnQ=",
            &format!("e={}", STANDARD.encode([7; 32])),
        ]
        .join(",");
        let refusal = refusal(&text);
        for fault in [
            "key 1 is no pair of a name and a key",
            "key 2 has no name",
            "key 3 has no name",
            "key 4 has no name",
            "key 5 has no name",
            "key 7 has the name of one before it",
            "key 8 is not base64",
            "key 9 has 5 bytes",
            "key 10 is one byte repeated",
        ] {
            assert!(refusal.contains(fault), "{fault} in {refusal}");
        }
        assert!(!refusal.contains("key 6"), "{refusal}");
    }

    #[test]
    fn a_text_without_keys_is_refused() {
        for text in ["", " \n", ",,"] {
            assert!(refusal(text).contains("there is none"), "{text:?}");
        }
    }

    #[test]
    fn no_key_shows_wherever_it_stands() {
        let bare = STANDARD.encode(key(1));
        let unpadded = bare.trim_end_matches('=');
        for text in [
            bare.clone(),
            unpadded.to_owned(),
            format!("{bare}=a"),
            format!("a={bare}{bare}"),
            format!("A={bare}"),
            format!("a={unpadded}!"),
        ] {
            let refusal = refusal(&text);
            assert!(!refusal.contains(&unpadded[..8]), "{refusal}");
        }
        let keys = MasterKeys::from_text(&pair("shown", 1)).unwrap();
        let shown = format!("{keys:?}");
        assert!(
            shown.contains("shown") && !shown.contains(unpadded),
            "{shown}"
        );
        assert!(!shown.contains("1, 2, 3"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z0-9=,\n/+ -]{0,100}|.*") {
            prop_assert!(MasterKeys::from_text(&text).is_err() || text.len() >= 45);
        }
    }
}
