//! Keys in base64, with or without names.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD_INDIFFERENT};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};

use super::{Contents, Kind, Secrecy};

/// The length of a key in bytes.
pub(in crate::config) const KEY_LENGTH: usize = 32;

/// [`KEY_LENGTH`] secret bytes in base64.
#[derive(Debug)]
pub(in crate::config) struct Key;

impl Kind for Key {
    type Value = SecretBox<[u8; KEY_LENGTH]>;

    fn parse(&self, line: &str) -> Option<Self::Value> {
        decode_key(line).map(|key| SecretBox::new(Box::new(key)))
    }

    fn format(&self, value: &Self::Value) -> String {
        STANDARD.encode(value.expose_secret())
    }

    fn accepts(&self) -> String {
        format!("{KEY_LENGTH} bytes in base64, as `openssl rand -base64 {KEY_LENGTH}` writes them")
    }

    fn secrecy(&self) -> Secrecy {
        Secrecy::Whole
    }

    fn contents(&self, canonical: &str) -> Contents {
        Contents::Keys(decode_key(canonical).into_iter().collect())
    }
}

/// Named keys of that kind, the newest first: `name=key` pairs, separated by commas or line feeds.
#[derive(Debug)]
pub(in crate::config) struct MasterKeys;

impl Kind for MasterKeys {
    type Value = SecretString;

    fn parse(&self, text: &str) -> Option<SecretString> {
        canonical_master_keys(text).map(SecretString::from)
    }

    fn format(&self, value: &SecretString) -> String {
        value.expose_secret().to_owned()
    }

    fn accepts(&self) -> String {
        format!(
            "name=key pairs, separated by commas or line feeds, the newest first; each name once, of at most 32 \
             lower-case letters, digits and -; each key {KEY_LENGTH} random bytes in base64"
        )
    }

    fn line<'t>(&self, text: &'t str) -> Option<&'t str> {
        let is_refused = |c: char| c.is_control() && !matches!(c, '\r' | '\n');
        let text = text.trim();
        (!text.is_empty() && !text.contains(is_refused)).then_some(text)
    }

    fn secrecy(&self) -> Secrecy {
        Secrecy::Whole
    }

    fn contents(&self, canonical: &str) -> Contents {
        Contents::Keys(decode_master_keys(canonical))
    }
}

/// Decodes a key; accepts both base64 alphabets, with padding or without.
fn decode_key(text: &str) -> Option<[u8; KEY_LENGTH]> {
    let standard = text.replace('-', "+").replace('_', "/");
    STANDARD_NO_PAD_INDIFFERENT
        .decode(standard)
        .ok()?
        .try_into()
        .ok()
}

/// Writes master keys in their canonical spelling: `name=key` pairs in their order, separated by commas. `None` if
/// the key store would reject them.
fn canonical_master_keys(text: &str) -> Option<String> {
    customer_security::MasterKeys::from_text(text).ok()?;
    let pair = |(name, key)| Some(format!("{name}={}", STANDARD.encode(decode_key(key)?)));
    let pairs = pairs(text).map(pair);
    Some(pairs.collect::<Option<Vec<_>>>()?.join(","))
}

/// Returns the bytes of every master key; skips malformed pairs.
fn decode_master_keys(text: &str) -> Vec<[u8; KEY_LENGTH]> {
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
    use super::super::AnyKind;
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
            let taken = MasterKeys.canonical(&given);
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
            assert_eq!(MasterKeys.canonical(&given), None, "{given:?}");
        }
    }
}
