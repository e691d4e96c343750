//! The kinds of values that settings have.
//!
//! Every layer gives text. A kind reads a value from it, and writes each value in one canonical spelling.

mod duration;
mod groups;
mod keys;
mod list;
mod network;
mod number;
mod text;
mod url;
mod word;

use std::fmt::Debug;

pub(super) use duration::{DAY, HOUR, MILLISECOND, MINUTE, SECOND, Span, duration, seconds};
pub(super) use groups::Groups;
pub(super) use keys::{KEY_LENGTH, Key, MasterKeys};
pub(super) use list::List;
pub(super) use network::{ENDPOINT, HostMap, IpAddress, Network};
pub(super) use number::{COUNT, FIXED_PORT, PORT, integer};
pub(crate) use text::log_level;
pub(super) use text::{COUNTRY, CURRENCY, LOG_FILTER, SLUG, Secret, TEXT};
pub(crate) use url::masked;
pub(super) use url::{
    DatabaseUrl, HTTP_URL, ORIGIN, PostgresUrl, ServerUrl, passwords, percent_decoded,
};
pub(super) use word::{Bool, OneOf};

/// Replaces a secret wherever one would be shown.
const MASK: &str = "***";

/// How the values of a setting are read from text and written as text.
pub(super) trait Kind: Debug + Sync {
    type Value;

    /// Parses a value from a line, which is not empty and has no space around it.
    fn parse(&self, line: &str) -> Option<Self::Value>;

    /// Writes a value in its canonical spelling, which [`parse`](Self::parse) reads back.
    fn format(&self, value: &Self::Value) -> String;

    /// Describes what the kind accepts; completes the phrase "give …".
    fn accepts(&self) -> String;

    /// Returns the part of `text` that is parsed; `None` if the kind rejects the text.
    fn line<'t>(&self, text: &'t str) -> Option<&'t str> {
        one_line(text.trim())
    }

    /// Returns which part of a value is never shown.
    fn secrecy(&self) -> Secrecy {
        Secrecy::Public
    }

    /// Returns which YAML a value may be written as.
    fn shape(&self) -> Shape {
        Shape::Scalar
    }

    /// Returns the parts of a canonical text that the checks for production look at.
    fn contents(&self, _canonical: &str) -> Contents {
        Contents::Plain
    }

    /// Reads a value as any layer may write it; `None` if the kind rejects the text.
    fn read(&self, text: &str) -> Option<Self::Value> {
        self.parse(self.line(text)?)
    }
}

/// A [`Kind`] whose type of values is erased, for tables of settings.
pub(super) trait AnyKind: Debug + Sync {
    /// Returns the canonical spelling of `text`; `None` if the kind rejects it.
    fn canonical(&self, text: &str) -> Option<String>;
    fn accepts(&self) -> String;
    fn secrecy(&self) -> Secrecy;
    fn shape(&self) -> Shape;
    fn contents(&self, canonical: &str) -> Contents;
}

impl<K: Kind> AnyKind for K {
    fn canonical(&self, text: &str) -> Option<String> {
        self.read(text).map(|value| self.format(&value))
    }

    fn accepts(&self) -> String {
        Kind::accepts(self)
    }

    fn secrecy(&self) -> Secrecy {
        Kind::secrecy(self)
    }

    fn shape(&self) -> Shape {
        Kind::shape(self)
    }

    fn contents(&self, canonical: &str) -> Contents {
        Kind::contents(self, canonical)
    }
}

impl dyn AnyKind + '_ {
    /// Returns whether a value contains a secret, so that not even a rejected one is shown.
    pub(super) fn is_secret(&self) -> bool {
        self.secrecy() != Secrecy::Public
    }

    /// Formats a value for display: secrets are masked, a URL keeps all but its passwords.
    pub(super) fn display(&self, canonical: &str) -> String {
        match self.secrecy() {
            Secrecy::Public => canonical.to_owned(),
            Secrecy::Passwords => masked(canonical),
            Secrecy::Whole => MASK.to_owned(),
        }
    }
}

/// Which part of a value is never shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrecy {
    Public,
    /// The passwords of a URL.
    Passwords,
    Whole,
}

/// Which YAML a value may be written as, in addition to a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Scalar,
    Sequence,
    Mapping,
    SequenceOrMapping,
}

/// What the checks for production look at in a value, in addition to its text.
pub(super) enum Contents {
    Plain,
    Keys(Vec<[u8; KEY_LENGTH]>),
    PostgresUrl(PostgresUrl),
}

fn one_line(text: &str) -> Option<&str> {
    (!text.is_empty() && !text.contains(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

    #[test]
    fn takes_each_spelling_of_a_value_to_one() {
        let list = List(SLUG);
        let cases: &[(&dyn AnyKind, _, _)] = &[
            (&TEXT, " a b ", "a b"),
            (&Secret, " a b ", " a b "),
            (&Key, KEY, KEY),
            (&Key, KEY.trim_end_matches('='), KEY),
            (&Bool, "Yes", "true"),
            (&Bool, "0", "false"),
            (&PORT, "08003", "8003"),
            (&duration(SECOND, DAY), "60s", "1m"),
            (&seconds(SECOND, DAY), "1800", "30m"),
            (&IpAddress, "0.0.0.0", "0.0.0.0"),
            (&Network, "10.1.2.3/8", "10.0.0.0/8"),
            (&Network, "::1", "::1/128"),
            (&ENDPOINT, "auth-service:9001", "auth-service:9001"),
            (&ServerUrl(&["redis"]), "redis://h:6379", "redis://h:6379"),
            (
                &HTTP_URL,
                "http://order-service:8004/",
                "http://order-service:8004",
            ),
            (
                &OneOf(&["individual", "business"], |word| word),
                "INDIVIDUAL",
                "individual",
            ),
            (&CURRENCY, "eur", "EUR"),
            (&COUNTRY, "de", "DE"),
            (&list, "retail, vip", "retail,vip"),
            (
                &HostMap,
                "B.example=two, a.example=one",
                "a.example=one,b.example=two",
            ),
            (&LOG_FILTER, "INFO,sqlx=warn", "info,sqlx=warn"),
            (&Groups, "B, a = All of them,c=c", "a=All of them,b=B,c"),
        ];
        for &(kind, given, canonical) in cases {
            assert_eq!(
                kind.canonical(given).as_deref(),
                Some(canonical),
                "{kind:?} {given:?}"
            );
            assert_eq!(
                kind.canonical(canonical).as_deref(),
                Some(canonical),
                "{kind:?} is stable"
            );
        }
    }

    #[test]
    fn refuses_what_it_does_not_take() {
        let list = List(SLUG);
        let cases: &[(&dyn AnyKind, _)] = &[
            (&TEXT, "two\nlines"),
            (&Key, "c2hvcnQ="),
            (&Key, "not base64 at all"),
            (&Bool, "maybe"),
            (&PORT, "65536"),
            (&PORT, "-1"),
            (&COUNT, "0"),
            (&duration(SECOND, DAY), "60"),
            (&duration(SECOND, DAY), "2d"),
            (&IpAddress, "localhost"),
            (&Network, "10.0.0.0/33"),
            (&ENDPOINT, "redis"),
            (&ENDPOINT, "redis:0"),
            (&ServerUrl(&["redis"]), "http://h"),
            (&ServerUrl(&["redis"]), "redis://"),
            (&HTTP_URL, "https://user@host"),
            (&OneOf(&["json", "text"], |word| word), "xml"),
            (&SLUG, "Tenant"),
            (&SLUG, "-a"),
            (&CURRENCY, "EURO"),
            (&CURRENCY, "XXX"),
            (&Groups, "a=A,a=B"),
            (&Groups, "a="),
            (&Groups, "segments"),
            (&Groups, "a b=C"),
            (&COUNTRY, "1A"),
            (&COUNTRY, "ZZ"),
            (&list, "a,,b"),
            (&list, "a,a"),
            (&HostMap, "a.example"),
            (&HostMap, "a.example=one,A.example=two"),
            (&LOG_FILTER, "inof"),
            (&LOG_FILTER, "3"),
            (&LOG_FILTER, "sqlx=loud"),
        ];
        for &(kind, given) in cases {
            assert_eq!(kind.canonical(given), None, "{kind:?} {given:?}");
            assert_eq!(kind.canonical(""), None, "{kind:?} takes an empty text");
            assert!(!kind.accepts().is_empty());
        }
    }

    #[test]
    fn secrets_are_never_shown() {
        let shown = |kind: &dyn AnyKind, text| kind.display(text);
        assert_eq!(shown(&Secret, "hunter2"), MASK);
        assert_eq!(shown(&Key, KEY), MASK);
        assert_eq!(shown(&MasterKeys, "a=b"), MASK);
        assert_eq!(
            shown(&DatabaseUrl, "postgres://u:hunter2@h/d"),
            "postgres://u:***@h/d"
        );
        assert_eq!(shown(&TEXT, "plain"), "plain");
    }
}
