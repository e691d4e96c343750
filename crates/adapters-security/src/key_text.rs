//! Parses keys of 32 bytes that are written in base64.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_PAD_INDIFFERENT, URL_SAFE_PAD_INDIFFERENT};
use thiserror::Error;
use zeroize::Zeroizing;

/// Length of a key, in bytes.
pub(crate) const KEY: usize = 32;

/// The reason why a text is not a key; its message follows the name of the key. It never contains
/// the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum KeyFault {
    /// The text is in neither the standard nor the URL-safe alphabet.
    #[error("is not base64")]
    NotBase64,
    /// The text decodes to this number of bytes.
    #[error("has {0} bytes")]
    Length(usize),
    /// A single byte is repeated, such as zero: a placeholder.
    #[error("is one byte repeated, which anyone can guess")]
    Placeholder,
}

/// Parses base64 in the standard or the URL-safe alphabet, with or without padding. Surrounding
/// white space is ignored.
pub(crate) fn decode(text: &str) -> Result<Zeroizing<[u8; KEY]>, KeyFault> {
    let text = text.trim();
    let engine = if text.contains(['-', '_']) {
        URL_SAFE_PAD_INDIFFERENT
    } else {
        STANDARD_PAD_INDIFFERENT
    };
    let bytes = engine
        .decode(text)
        .map(Zeroizing::new)
        .map_err(|_| KeyFault::NotBase64)?;
    if bytes.len() != KEY {
        return Err(KeyFault::Length(bytes.len()));
    }
    let mut key = Zeroizing::new([0; KEY]);
    key.copy_from_slice(&bytes);
    refuse_placeholder(&key)?;
    Ok(key)
}

/// Rejects a key that repeats a single byte.
pub(crate) fn refuse_placeholder(key: &[u8; KEY]) -> Result<(), KeyFault> {
    if key.iter().all(|byte| *byte == key[0]) {
        return Err(KeyFault::Placeholder);
    }
    Ok(())
}
