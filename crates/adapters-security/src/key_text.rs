//! Keys of 32 bytes as people write them: base64.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_PAD_INDIFFERENT, URL_SAFE_PAD_INDIFFERENT};
use thiserror::Error;
use zeroize::Zeroizing;

/// Bytes of a key.
pub(crate) const KEY: usize = 32;

/// Why a text is no key, to follow what it should have been. It never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum KeyFault {
    /// Neither the standard nor the URL-safe alphabet.
    #[error("is not base64")]
    NotBase64,
    /// The number of bytes it has.
    #[error("has {0} bytes")]
    Length(usize),
    /// One byte repeated, such as all zero: a placeholder.
    #[error("is one byte repeated, which anyone can guess")]
    Placeholder,
}

/// Reads base64 in the standard or the URL-safe alphabet, with or without padding. White space
/// around it does not count.
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

/// Refuses one byte repeated.
pub(crate) fn refuse_placeholder(key: &[u8; KEY]) -> Result<(), KeyFault> {
    if key.iter().all(|byte| *byte == key[0]) {
        return Err(KeyFault::Placeholder);
    }
    Ok(())
}
