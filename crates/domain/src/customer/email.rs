//! E-mail addresses, parsed in the same way for registration, login, import and changes.

use crate::support::hidden::hidden;
use crate::{InvalidValue, ValueFault, text};
use unicode_normalization::UnicodeNormalization;

/// The maximum length of an address, in characters (DOM-03).
pub const MAX_EMAIL: usize = 255;
/// The maximum length of the local part, in octets (RFC 5321).
const MAX_LOCAL: usize = 64;
/// The maximum length of a host name, in octets.
const MAX_HOST: usize = 253;
/// The hosts of the Japanese carriers that gave out addresses with dots in any place until 2009.
/// They are still in use.
const DOTS_ANYWHERE: [&str; 2] = ["docomo.ne.jp", "ezweb.ne.jp"];

/// An e-mail address, as it was typed (mail is sent there) and in a normalised form for comparison.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    typed: String,
    key: String,
}

hidden!(Email);

impl Email {
    /// Parses an address as RFC 6531 allows it: a local part in any script, with single dots or in
    /// quotation marks, and a host name of at least two labels, in any script, with or without a
    /// trailing dot. White space and invisible characters around it and in the host are dropped.
    ///
    /// # Errors
    /// [`ValueFault::Email`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let fault = |detail: &str| InvalidValue::new(ValueFault::Email, detail);
        let typed = text.trim_matches(|c: char| c.is_whitespace() || text::is_invisible(c));
        let Some((local, host)) = typed.rsplit_once('@') else {
            return Err(fault(
                "an e-mail address such as name@example.com is accepted",
            ));
        };
        let shown: String = host.chars().filter(|c| is_shown(*c)).collect();
        let typed = format!("{local}@{shown}");
        if typed.chars().count() > MAX_EMAIL {
            return Err(fault("an e-mail address has at most 255 characters"));
        }
        let Some(host) = host_name(&shown) else {
            return Err(fault(
                "the part after the @ is a host name such as example.com",
            ));
        };
        let has_dots_anywhere = DOTS_ANYWHERE.contains(&&*host);
        let Some(local) = local_key(local, has_dots_anywhere) else {
            return Err(fault(
                "the part before the @ has at most 64 bytes: letters, digits, !#$%&'*+-/=?^_`{|}~ and single dots \
                 between them, or anything in quotation marks",
            ));
        };
        let key = format!("{local}@{host}");
        if key.chars().count() > MAX_EMAIL {
            return Err(fault("an e-mail address has at most 255 characters"));
        }
        Ok(Self { typed, key })
    }

    /// Restores an address from the store, with the key that was computed when it was written.
    /// Checks nothing, because stricter rules apply to new addresses only. Not for input.
    pub fn from_store(typed: String, key: String) -> Self {
        Self { typed, key }
    }

    /// Returns the address as it was typed, with the key of today's rules. An address that they would
    /// refuse keeps its key.
    #[must_use]
    pub fn renewed(&self) -> Self {
        let parsed = Self::parse(&self.typed);
        Self {
            typed: self.typed.clone(),
            key: parsed.map_or_else(|_| self.key.clone(), |parsed| parsed.key),
        }
    }

    /// Returns the address as it was typed, to show it or to send mail to it.
    pub fn as_typed(&self) -> &str {
        &self.typed
    }

    /// Returns the comparison key: the local part composed (NFC) and in lower case, the host as
    /// A-labels without a trailing dot. Dots and plus signs in the local part are significant, and
    /// so is every letter that only looks like another: `ß` is not `ss`, nor `ı` an `i`.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Returns whether a character of a host name is kept. Joiners tell names apart in some scripts: the
/// rules of IDNA say where they may stand.
fn is_shown(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}') || !text::is_invisible(c)
}

/// Returns the local part in the form in which it is compared; `None` if it is none.
fn local_key(local: &str, has_dots_anywhere: bool) -> Option<String> {
    // Such as the sign for kelvin, which is composed to a K, but no mail server takes for one.
    if local
        .chars()
        .any(|c| !c.is_ascii() && c.nfc().any(|c| c.is_ascii()))
    {
        return None;
    }
    let composed: String = local.nfc().collect();
    let quoted = composed
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let (content, is_quoted) = match quoted {
        Some(content) => (unescaped(content)?, true),
        None => (composed, false),
    };
    let is_word = |content: &str| content.chars().all(|c| c == '.' || is_atext(c));
    let key = if is_dot_atom(&content) || has_dots_anywhere && is_word(&content) {
        // Quotation marks that are not needed mean nothing.
        content
    } else if is_quoted {
        let escaped = content.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{escaped}\"")
    } else {
        return None;
    };
    (1..=MAX_LOCAL)
        .contains(&key.len())
        .then(|| key.to_lowercase())
}

fn is_dot_atom(local: &str) -> bool {
    let is_atom = |atom: &str| !atom.is_empty() && atom.chars().all(is_atext);
    local.split('.').all(is_atom)
}

fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_foreign(c)
}

/// Returns whether a character beyond ASCII is one that people see and type.
fn is_foreign(c: char) -> bool {
    !(c.is_ascii() || c.is_control() || c.is_whitespace() || text::is_invisible(c))
}

/// Returns the content of a quoted local part; `None` if it has characters that may not be quoted.
fn unescaped(content: &str) -> Option<String> {
    let mut unescaped = String::with_capacity(content.len());
    let mut characters = content.chars();
    while let Some(c) = characters.next() {
        let c = match c {
            '\\' => characters.next()?,
            '"' => return None,
            other => other,
        };
        if !(c == ' ' || c.is_ascii_graphic() || is_foreign(c)) {
            return None;
        }
        unescaped.push(c);
    }
    Some(unescaped)
}

/// Returns the host in its A-label form; `None` unless it consists of at least two labels of
/// letters, digits and inner hyphens, the last of which is not a number.
fn host_name(host: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii_cow(host.as_bytes(), idna::AsciiDenyList::STD3).ok()?;
    let name = ascii.strip_suffix('.').unwrap_or(&ascii);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let (_, last) = name.rsplit_once('.')?;
    let fits = name.len() <= MAX_HOST
        && name.split('.').all(label)
        && last.len() >= 2
        && !last.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_address_have_one_key() {
        for (text, key) in [
            ("john.doe@example.com", "john.doe@example.com"),
            ("  John.Doe@Example.COM ", "john.doe@example.com"),
            ("john.doe@example.com.", "john.doe@example.com"),
            ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
            ("a@bu\u{308}cher.example", "a@xn--bcher-kva.example"),
            ("a@XN--BCHER-KVA.example.", "a@xn--bcher-kva.example"),
            ("a@ｅｘａｍｐｌｅ.com", "a@example.com"),
            ("a@例え。テスト", "a@xn--r8jz45g.xn--zckzah"),
            ("o'brien@x.com", "o'brien@x.com"),
            ("a+b@x.co", "a+b@x.co"),
            ("TËST@example.com", "tëst@example.com"),
            ("te\u{308}st@example.com", "tëst@example.com"),
            ("최상수@example.com", "최상수@example.com"),
            ("ПРИМЕР@example.com", "пример@example.com"),
            ("\"John.Doe\"@example.com", "john.doe@example.com"),
            ("\"A b\"@c.co", "\"a b\"@c.co"),
            ("\"A\\ b\"@c.co", "\"a b\"@c.co"),
            (r#""a\"\\b"@c.co"#, r#""a\"\\b"@c.co"#),
            ("\"a@b\"@c.co", "\"a@b\"@c.co"),
            ("x.@docomo.ne.jp", "x.@docomo.ne.jp"),
            ("\"x.\"@docomo.ne.jp", "x.@docomo.ne.jp"),
            (".A..b@ezweb.ne.jp", ".a..b@ezweb.ne.jp"),
            ("\u{feff}ana@exam\u{200b}ple.com\u{2060}", "ana@example.com"),
            ("ana@ex\u{ad}ample\u{fe0f}.com", "ana@example.com"),
        ] {
            assert_eq!(
                Email::parse(text).map(|e| e.key().to_owned()),
                Ok(key.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn letters_that_look_alike_are_different_addresses() {
        let key = |text: &str| Email::parse(text).unwrap().key().to_owned();
        for (one, other) in [
            ("strasse@example.com", "straße@example.com"),
            ("mike@example.com", "mıke@example.com"),
            ("mike@example.com", "mİke@example.com"),
            ("sam@example.com", "ſam@example.com"),
            ("ada@example.com", "ａda@example.com"),
            ("paypal@example.com", "pаypal@example.com"),
            ("a@strasse.de", "a@straße.de"),
            ("a.b@example.com", "ab@example.com"),
            ("a@نامه\u{200c}ای.com", "a@نامهای.com"),
        ] {
            assert_ne!(key(one), key(other));
        }
    }

    #[test]
    fn what_is_typed_is_kept() {
        assert_eq!(
            Email::parse(" Jane@Bücher.example ").unwrap().as_typed(),
            "Jane@Bücher.example"
        );
    }

    #[test]
    fn an_address_stays_as_typed_and_one_that_would_be_refused_keeps_its_key() {
        let stored = |typed: &str| Email::from_store(typed.to_owned(), "old".to_owned());
        assert_eq!(stored("no address").renewed().key(), "old");
        let renewed = stored(" Ada@Example.com.").renewed();
        assert_eq!(renewed.key(), "ada@example.com");
        assert_eq!(renewed.as_typed(), " Ada@Example.com.");
    }

    #[test]
    fn what_is_stored_is_read_whatever_the_rules_say_now() {
        let email = Email::from_store("Jürgen@localhost".to_owned(), "jürgen@old".to_owned());
        assert_eq!(
            (email.as_typed(), email.key()),
            ("Jürgen@localhost", "jürgen@old")
        );
        assert!(Email::parse(email.as_typed()).is_err());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_host = format!("a@{}.com", "b".repeat(64));
        let long = format!("a@{}com", "bcdefghij.".repeat(26));
        for bad in [
            "",
            "@",
            "a@",
            "@b.co",
            "a",
            "a@b",
            "a b@c.co",
            "a..b@c.co",
            ".a@c.co",
            "a.@c.co",
            "a\u{200b}b@c.co",
            "a\u{a0}b@c.co",
            "mi\u{212a}e@c.co",
            "a@b\u{200d}c.co",
            "\"a\u{200d}\"@c.co",
            "\"a\"b\"@c.co",
            "\"a\\\"@c.co",
            "x.@docomo.com",
            "a@b..co",
            "a@-b.co",
            "a@b-.co",
            "a@b_c.co",
            "a@1.2.3.4",
            "a@[127.0.0.1]",
            "a@b.c",
            "a@b@c.co",
            "a@b.co\u{0}",
            "a\r\n@b.co",
            "a@b.co\nBcc: x@y.z",
            "a@xn--a.example",
            &long_local,
            &long_host,
            &long,
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(text in "[A-Za-z0-9+.]{1,10}@[a-zA-Z0-9ü-]{1,10}\\.[a-z]{2,5}\\.?") {
            if let Ok(email) = Email::parse(&text) {
                let again = Email::parse(email.key()).unwrap();
                prop_assert_eq!(again.key(), email.key());
            }
        }

        #[test]
        fn nothing_makes_it_panic(text in "\\PC{0,60}") {
            prop_assert!(Email::parse(&text).is_ok() || Email::parse(&text).is_err());
        }
    }
}
