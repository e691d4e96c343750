//! Opaque cursors: the position where a page ended, signed so that clients cannot forge one.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::code::Code;
use crate::problem::{HttpResult, Problem};

/// Computes the MAC of a cursor's payload, under a key that is used for nothing else.
pub type Mac = Arc<dyn Fn(&[u8]) -> [u8; 32] + Send + Sync>;

/// Length of the truncated MAC: 128 bits cannot be guessed either, and keep cursors short.
const TAG_BYTES: usize = 16;
/// Longer than any genuine cursor; bounds the work that a forged one can cause.
const MAX_TEXT: usize = 4096;

/// Signs payloads as cursors, and verifies them. The payload is signed but not encrypted.
#[derive(Clone)]
pub struct Cursors {
    mac: Mac,
}

impl fmt::Debug for Cursors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Cursors")
    }
}

impl Cursors {
    /// Creates a codec whose cursors are signed with `mac`.
    pub fn new(mac: Mac) -> Self {
        Self { mac }
    }

    /// Returns the cursor of a payload, in base64url without padding.
    pub fn seal(&self, payload: &[u8]) -> String {
        let mut bytes = payload.to_vec();
        bytes.extend((self.mac)(payload).iter().take(TAG_BYTES));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Returns the payload of a cursor.
    ///
    /// # Errors
    /// `INVALID_CURSOR` unless the cursor was returned by [`Cursors::seal`] under the same key.
    pub fn open(&self, cursor: &str) -> HttpResult<Vec<u8>> {
        self.opened(cursor).ok_or_else(|| {
            Problem::new(Code::INVALID_CURSOR).detail("the cursor is not one that this service gave for this list: begin again without it")
        })
    }

    fn opened(&self, cursor: &str) -> Option<Vec<u8>> {
        if cursor.len() > MAX_TEXT {
            return None;
        }
        let mut bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let tag = bytes.split_off(bytes.len().checked_sub(TAG_BYTES)?);
        let expected = (self.mac)(&bytes);
        let genuine: bool = tag.ct_eq(expected.get(..TAG_BYTES)?).into();
        genuine.then_some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A toy MAC: the codec only needs a function of all bytes.
    fn cursors(key: u8) -> Cursors {
        Cursors::new(Arc::new(move |payload| {
            let mut tag = [key; 32];
            for (index, byte) in payload.iter().enumerate() {
                tag[index % 16] = tag[index % 16].rotate_left(3) ^ byte;
            }
            tag
        }))
    }

    #[test]
    fn what_is_no_cursor_is_an_invalid_cursor() {
        let padded = format!("{}=", cursors(1).seal(b"a"));
        let long = "A".repeat(MAX_TEXT + 1);
        for text in ["", "a", "!!!!", "AAAA", "é", &padded, &long] {
            assert_eq!(
                cursors(1).open(text).unwrap_err().code(),
                Code::INVALID_CURSOR,
                "{text}"
            );
        }
    }

    #[test]
    fn a_cursor_of_another_key_is_refused() {
        assert!(cursors(2).open(&cursors(1).seal(b"payload")).is_err());
    }

    proptest! {
        #[test]
        fn what_was_sealed_opens(payload in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(cursors(1).open(&cursors(1).seal(&payload)).unwrap(), payload);
        }

        #[test]
        fn one_changed_bit_is_seen(payload in prop::collection::vec(any::<u8>(), 1..16), at in 0_usize..16, bit in 0_u8..8) {
            let mut bytes = URL_SAFE_NO_PAD.decode(cursors(1).seal(&payload)).unwrap();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert!(cursors(1).open(&URL_SAFE_NO_PAD.encode(bytes)).is_err());
        }
    }
}
