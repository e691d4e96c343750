//! Text, secret or not, and the kinds of text that have a canonical spelling.

use customer_domain::address::Country;
use customer_domain::preference;
use secrecy::{ExposeSecret as _, SecretString};
use tracing_subscriber::filter::LevelFilter;

use super::{Kind, Secrecy, one_line};

/// Text that is kept in its canonical spelling.
#[derive(Debug)]
pub(in crate::config) struct Text {
    pub(super) canonical: fn(&str) -> Option<String>,
    pub(super) accepts: &'static str,
}

impl Kind for Text {
    type Value = String;

    fn parse(&self, line: &str) -> Option<String> {
        (self.canonical)(line)
    }

    fn format(&self, value: &String) -> String {
        value.clone()
    }

    fn accepts(&self) -> String {
        self.accepts.to_owned()
    }
}

/// One line.
pub(in crate::config) const TEXT: Text = Text {
    canonical: |line| Some(line.to_owned()),
    accepts: "one line of text",
};

/// Lower-case letters, digits, `-` and `_`.
pub(in crate::config) const SLUG: Text = Text {
    canonical: |line| is_slug(line).then(|| line.to_owned()),
    accepts: "a name of at most 64 lower-case letters, digits, - and _ that begins with a letter or digit",
};

pub(in crate::config) const CURRENCY: Text = Text {
    canonical: |line| preference::currency(line).ok(),
    accepts: "the code of a currency (ISO 4217, three letters)",
};

pub(in crate::config) const COUNTRY: Text = Text {
    canonical: |line| Some(Country::parse(line).ok()?.code().to_owned()),
    accepts: "the code of a country (ISO 3166-1, two letters)",
};

pub(in crate::config) const LOG_FILTER: Text = Text {
    canonical: |line| log_level(line).ok(),
    accepts: "a level (off, error, warn, info, debug, trace), or levels by module such as info,sqlx=warn",
};

/// One line that is never shown; leading and trailing spaces are part of it.
#[derive(Debug)]
pub(in crate::config) struct Secret;

impl Kind for Secret {
    type Value = SecretString;

    fn parse(&self, line: &str) -> Option<SecretString> {
        Some(line.into())
    }

    fn format(&self, value: &SecretString) -> String {
        value.expose_secret().to_owned()
    }

    fn accepts(&self) -> String {
        "one line of text".to_owned()
    }

    fn line<'t>(&self, text: &'t str) -> Option<&'t str> {
        one_line(text)
    }

    fn secrecy(&self) -> Secrecy {
        Secrecy::Whole
    }
}

fn is_slug(text: &str) -> bool {
    let small = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    text.len() <= 64
        && text.bytes().next().is_some_and(small)
        && text.bytes().all(|b| small(b) || b == b'-' || b == b'_')
}

/// Returns the canonical spelling of a log filter, or its invalid directives.
pub(crate) fn log_level(text: &str) -> Result<String, Vec<String>> {
    let bad = bad_directives(text.trim());
    if bad.is_empty() {
        return Ok(text.trim().to_ascii_lowercase());
    }
    Err(bad.into_iter().map(str::to_owned).collect())
}

/// Returns the invalid directives of a log filter, as they are written. Stricter than the filter's own parser, which
/// takes a misspelt level for the name of a module.
fn bad_directives(text: &str) -> Vec<&str> {
    let is_level = |text: &str| {
        text.parse::<LevelFilter>().is_ok() && !text.bytes().all(|b| b.is_ascii_digit())
    };
    let is_module = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
    };
    let is_directive = |part: &&str| match part.split_once('=') {
        Some((module, level)) => is_module(module) && is_level(level),
        None => is_level(part),
    };
    text.split(',').filter(|part| !is_directive(part)).collect()
}
