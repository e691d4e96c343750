//! The `Idempotency-Key` header.

use http::{HeaderMap, HeaderName};

use crate::fault::{self, Fault};

/// Sent by clients that may repeat a request.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Set to `true` on a reply that was stored by an earlier request.
pub const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Maximum length of a key, in characters.
pub const MAX_KEY: usize = 255;

/// Parses the key; `None` if it is absent. Bare and quoted (a structured-field string) are the same
/// key.
///
/// # Errors
/// A fault unless the key is 1–255 visible ASCII characters and sent once.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let mut lines = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    let key = line.to_str().ok().and_then(unquoted);
    match key {
        Some(key) if is_key(&key) && lines.next().is_none() => Ok(Some(key)),
        _ => Err(Fault::new(
            "Idempotency-Key",
            fault::INVALID_VALUE,
            format!(
                "must be sent once and be 1 to {MAX_KEY} visible ASCII characters, bare or in double quotes"
            ),
        )),
    }
}

fn is_key(key: &str) -> bool {
    (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Removes the quotes and escapes of an RFC 8941 string, which escapes only the quote and the
/// backslash.
fn unquoted(text: &str) -> Option<String> {
    let text = text.trim_matches([' ', '\t']);
    let Some(inner) = text.strip_prefix('"') else {
        return Some(text.to_owned());
    };
    let mut characters = inner.strip_suffix('"')?.chars();
    let mut key = String::with_capacity(inner.len());
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => key.push(
                characters
                    .next()
                    .filter(|escaped| matches!(escaped, '"' | '\\'))?,
            ),
            other => key.push(other),
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(lines: &[&str]) -> Result<Option<String>, Fault> {
        let headers = lines
            .iter()
            .map(|line| {
                (
                    IDEMPOTENCY_KEY,
                    HeaderValue::from_bytes(line.as_bytes()).unwrap(),
                )
            })
            .collect();
        idempotency_key(&headers)
    }

    #[test]
    fn bare_and_quoted_keys_are_the_same() {
        assert_eq!(read(&[]), Ok(None));
        for line in ["k-1", "\"k-1\"", " k-1 "] {
            assert_eq!(read(&[line]), Ok(Some("k-1".to_owned())), "{line}");
        }
        assert_eq!(read(&[r#""a\"b\\c""#]), Ok(Some("a\"b\\c".to_owned())));
        let longest = "k".repeat(255);
        assert_eq!(read(&[&longest]), Ok(Some(longest.clone())));
    }

    #[test]
    fn other_keys_are_a_fault() {
        let too_long = "k".repeat(256);
        for line in [
            "", "\"\"", "a b", "\"a b\"", "é", "\"open", "\"", "\"a\"b\"", "\"a\\\"", "\"a\\n\"",
            &too_long,
        ] {
            assert_eq!(
                read(&[line]).unwrap_err().pointer,
                "Idempotency-Key",
                "{line}"
            );
        }
        assert!(read(&["a", "a"]).is_err());
    }
}
