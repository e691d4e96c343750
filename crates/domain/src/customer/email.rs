//! E-mail addresses, parsed in the same way for registration, login, import and changes.

use crate::support::hidden::hidden;
use crate::{InvalidValue, ValueFault};

/// The maximum length of an address, in characters (DOM-03).
pub const MAX_EMAIL: usize = 255;
/// The maximum length of the local part, in octets (RFC 5321).
const MAX_LOCAL: usize = 64;
/// The maximum length of a host name, in octets.
const MAX_HOST: usize = 253;

/// An e-mail address, as it was typed (mail is sent there) and in a normalised form for comparison.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    typed: String,
    key: String,
}

hidden!(Email);

impl Email {
    /// Parses an address: an ASCII local part (a dot-atom) and a host name of at least two labels,
    /// in any script, with or without a trailing dot. Surrounding white space is trimmed.
    ///
    /// # Errors
    /// [`ValueFault::Email`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let fault = |detail: &str| InvalidValue::new(ValueFault::Email, detail);
        let typed = text.trim();
        if typed.chars().count() > MAX_EMAIL {
            return Err(fault("an e-mail address has at most 255 characters"));
        }
        let Some((local, host)) = typed.rsplit_once('@') else {
            return Err(fault(
                "an e-mail address such as name@example.com is accepted",
            ));
        };
        if !is_dot_atom(local) {
            return Err(fault(
                "the part before the @ has 1 to 64 ASCII letters, digits and !#$%&'*+-/=?^_`{|}~, and single dots between them",
            ));
        }
        let Some(host) = host_name(host) else {
            return Err(fault(
                "the part after the @ is a host name such as example.com",
            ));
        };
        let key = format!("{}@{host}", local.to_ascii_lowercase());
        if key.len() > MAX_EMAIL {
            return Err(fault("an e-mail address has at most 255 characters"));
        }
        Ok(Self {
            typed: typed.to_owned(),
            key,
        })
    }

    /// Restores an address from the store, with the key that was computed when it was written.
    /// Checks nothing, because stricter rules apply to new addresses only. Not for input.
    pub fn from_store(typed: String, key: String) -> Self {
        Self { typed, key }
    }

    /// Returns the address as it was typed, to show it or to send mail to it.
    pub fn as_typed(&self) -> &str {
        &self.typed
    }

    /// Returns the comparison key: the address in lower case, its host as A-labels without a
    /// trailing dot. Dots and plus signs in the local part are significant.
    pub fn key(&self) -> &str {
        &self.key
    }
}

fn is_dot_atom(local: &str) -> bool {
    let atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    (1..=MAX_LOCAL).contains(&local.len())
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(atext))
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
        ] {
            assert_eq!(
                Email::parse(text).map(|e| e.key().to_owned()),
                Ok(key.to_owned()),
                "{text}"
            );
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
            "a@b..co",
            "a@-b.co",
            "a@b-.co",
            "a@b_c.co",
            "a@1.2.3.4",
            "a@[127.0.0.1]",
            "a@b.c",
            "ü@example.com",
            "mıke@example.com",
            "a@b@c.co",
            "\"a b\"@c.co",
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
