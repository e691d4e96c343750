//! Keys in base64, alone or with names.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD_INDIFFERENT};
use customer_security::MasterKeys;

/// The length of a key in bytes.
pub(in super::super) const KEY_LENGTH: usize = 32;

/// The bytes of a key; both base64 alphabets are read, with padding or without.
pub(in super::super) fn decode_key(text: &str) -> Option<[u8; KEY_LENGTH]> {
    let standard = text.replace('-', "+").replace('_', "/");
    STANDARD_NO_PAD_INDIFFERENT
        .decode(standard)
        .ok()?
        .try_into()
        .ok()
}

pub(super) fn canonical_key(text: &str) -> Option<String> {
    decode_key(text).map(|key| STANDARD.encode(key))
}

/// The one spelling of master keys: `name=key` pairs in their order, with commas between them. What the key store
/// does not take is not taken here.
pub(super) fn canonical_master_keys(text: &str) -> Option<String> {
    MasterKeys::from_text(text).ok()?;
    let pairs = pairs(text).map(|(name, key)| Some(format!("{name}={}", canonical_key(key)?)));
    Some(pairs.collect::<Option<Vec<_>>>()?.join(","))
}

/// The bytes of every master key.
pub(in super::super) fn decode_master_keys(text: &str) -> Vec<[u8; KEY_LENGTH]> {
    pairs(text).filter_map(|(_, key)| decode_key(key)).collect()
}

fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = text.split([',', '\n']);
    pairs
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, key)| (name.trim(), key.trim()))
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

    #[test]
    fn master_keys_have_one_spelling_and_keep_their_order() {
        let bare = KEY.trim_end_matches('=');
        let canonical = format!("b={KEY},a={KEY}");
        for given in [
            canonical.clone(),
            format!("b={KEY}\na={KEY}\n"),
            format!(" b={bare}\r\n\r\n a = {bare}\r\n"),
        ] {
            let taken = Kind::MasterKeys.canonical(&given);
            assert_eq!(taken.as_deref(), Some(canonical.as_str()), "{given:?}");
        }
        assert_eq!(
            decode_master_keys(&canonical),
            [decode_key(KEY).unwrap(); 2]
        );
    }

    #[test]
    fn master_keys_that_no_key_store_takes_are_refused() {
        for given in [
            String::new(),
            KEY.to_owned(),
            format!("Upper={KEY}"),
            format!("a={KEY}\tb={KEY}"),
            format!("a={KEY},a={KEY}"),
            "a=c2hvcnQ=".to_owned(),
            format!("a={}", STANDARD.encode([7; KEY_LENGTH])),
        ] {
            assert_eq!(Kind::MasterKeys.canonical(&given), None, "{given:?}");
        }
    }
}
