//! What the value of a setting may be.
//!
//! Every layer gives text. A kind turns it into the one canonical spelling of its value, or says what it would take.

mod address;
mod duration;
mod group;
mod keys;
mod words;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use customer_domain::address::Country;
use customer_domain::preference;

pub(crate) use address::masked;
pub(super) use address::{MASK, PostgresUrl, passwords, percent_decoded};
pub(super) use group::decode_group;
pub(super) use keys::{KEY_LENGTH, decode_key, decode_master_keys};
pub(crate) use words::log_level;

pub(super) const MILLISECOND: Duration = Duration::from_millis(1);
pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_mins(1);
pub(super) const HOUR: Duration = Duration::from_hours(1);
pub(super) const DAY: Duration = Duration::from_hours(24);

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// One line.
    Text,
    /// One line that is never shown.
    Secret,
    /// [`KEY_LENGTH`] secret bytes in base64.
    Key,
    /// Such keys with names, the newest first: `name=key` pairs, separated by commas or line feeds.
    MasterKeys,
    Bool,
    Integer {
        min: u64,
        max: u64,
    },
    Duration {
        min: Duration,
        max: Duration,
    },
    /// A duration whose documents write a plain number of seconds, which is taken beside the other forms.
    Seconds {
        min: Duration,
        max: Duration,
    },
    /// An IP address.
    Address,
    /// Addresses that begin alike: `10.0.0.0/8`; a single one is `10.0.0.1/32`.
    Network,
    /// `host:port`.
    Endpoint,
    PostgresUrl,
    /// A URL of one of these schemes that names a host.
    Url(&'static [&'static str]),
    /// An HTTP URL without user, query and fragment.
    HttpUrl,
    /// An exact web origin.
    Origin,
    OneOf(&'static [&'static str]),
    /// Lower-case letters, digits, `-` and `_`.
    Slug,
    Currency,
    Country,
    /// Values of one kind, separated by commas.
    List(&'static Kind),
    /// `host=slug` pairs, separated by commas.
    HostMap,
    /// Customer groups: `id=name` pairs, separated by commas; an id alone is its own name.
    Groups,
    LogFilter,
}

impl Kind {
    pub(super) const PORT: Self = Self::Integer {
        min: 0,
        max: 65_535,
    };
    pub(super) const COUNT: Self = Self::Integer {
        min: 1,
        max: 1_000_000,
    };

    /// The canonical spelling of `text`, or `None` if the kind does not take it.
    pub(super) fn canonical(self, text: &str) -> Option<String> {
        let text = if matches!(self, Self::Secret) {
            text
        } else {
            text.trim()
        };
        let is_break = |c| matches!((self, c), (Self::MasterKeys, '\r' | '\n'));
        if text.is_empty() || text.chars().any(|c| c.is_control() && !is_break(c)) {
            return None;
        }
        match self {
            Self::Text | Self::Secret => Some(text.to_owned()),
            Self::Key => keys::canonical_key(text),
            Self::MasterKeys => keys::canonical_master_keys(text),
            Self::Bool => words::boolean(text).map(str::to_owned),
            Self::Integer { min, max } => text
                .parse()
                .ok()
                .filter(|n| (min..=max).contains(n))
                .map(|n: u64| n.to_string()),
            Self::Duration { min, max } => canonical_duration(text, min, max, false),
            Self::Seconds { min, max } => canonical_duration(text, min, max, true),
            Self::Address => text.parse().ok().map(|address: IpAddr| address.to_string()),
            Self::Network => address::network(text),
            Self::Endpoint => address::endpoint(text),
            Self::PostgresUrl => PostgresUrl::parse(text).map(|_| text.to_owned()),
            Self::Url(schemes) => {
                let url = address::parse(text, schemes)?;
                url.host_str()
                    .filter(|host| !host.is_empty())
                    .map(|_| text.to_owned())
            }
            Self::HttpUrl => address::plain_http(text),
            Self::Origin => address::origin(text),
            Self::OneOf(words) => {
                let lower = text.to_ascii_lowercase();
                words.contains(&lower.as_str()).then_some(lower)
            }
            Self::Slug => words::is_slug(text).then(|| text.to_owned()),
            Self::Currency => preference::currency(text).ok(),
            Self::Country => Country::parse(text)
                .ok()
                .map(|country| country.code().to_owned()),
            Self::List(item) => canonical_list(text, *item),
            Self::HostMap => canonical_host_map(text),
            Self::Groups => group::canonical_groups(text),
            Self::LogFilter => log_level(text).ok(),
        }
    }

    /// What the kind takes, to follow "give".
    pub(super) fn accepts(self) -> String {
        let duration = |min, max, form: &str| {
            format!(
                "{form}, from {} to {}",
                duration::format(min),
                duration::format(max)
            )
        };
        match self {
            Self::Text | Self::Secret => "one line of text".to_owned(),
            Self::Key => format!("{KEY_LENGTH} bytes in base64, as `openssl rand -base64 {KEY_LENGTH}` writes them"),
            Self::MasterKeys => format!("name=key pairs, separated by commas or line feeds, the newest first; each name once, of at most 32 lower-case letters, digits and -; each key {KEY_LENGTH} random bytes in base64"),
            Self::Bool => "true or false".to_owned(),
            Self::Integer { min, max } => format!("an integer from {min} to {max}"),
            Self::Duration { min, max } => duration(min, max, "a duration such as 250ms, 30s, 5m or 24h"),
            Self::Seconds { min, max } => {
                duration(min, max, "seconds, or a duration such as 30s, 5m or 24h")
            }
            Self::Address => "an IP address".to_owned(),
            Self::Network => "an IP address, or a network such as 10.0.0.0/8".to_owned(),
            Self::Endpoint => "host:port".to_owned(),
            Self::PostgresUrl => {
                "a URL such as postgres://user@host:5432/database?sslmode=verify-full".to_owned()
            }
            Self::Url(schemes) => format!("a URL such as {}://host", schemes.join("://host or ")),
            Self::HttpUrl => "an http or https URL without user, query and fragment".to_owned(),
            Self::Origin => "an origin such as https://shop.example.com".to_owned(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::Slug => {
                "a name of at most 64 lower-case letters, digits, - and _ that begins with a letter or digit".to_owned()
            }
            Self::Currency => "the code of a currency (ISO 4217, three letters)".to_owned(),
            Self::Country => "the code of a country (ISO 3166-1, two letters)".to_owned(),
            Self::List(item) => format!("a list, separated by commas and without repetition, of: {}", item.accepts()),
            Self::HostMap => "host=tenant pairs, separated by commas, each host once".to_owned(),
            Self::Groups => "id=Name pairs such as general=General,wholesale=Wholesale, separated by commas, each id once".to_owned(),
            Self::LogFilter => {
                "a level (off, error, warn, info, debug, trace), or levels by module such as info,sqlx=warn".to_owned()
            }
        }
    }

    /// Whether nothing of the value, not even a wrong one, may be shown.
    pub(super) fn is_secret(self) -> bool {
        matches!(
            self,
            Self::Secret | Self::Key | Self::MasterKeys | Self::PostgresUrl | Self::Url(_)
        )
    }

    /// The value for people: secrets are masked, a URL keeps all but its passwords.
    pub(super) fn shown(self, text: &str) -> String {
        if matches!(self, Self::PostgresUrl | Self::Url(_)) {
            masked(text)
        } else if self.is_secret() {
            MASK.to_owned()
        } else {
            text.to_owned()
        }
    }
}

/// The duration that a canonical text stands for.
pub(super) fn decode_duration(text: &str) -> Option<Duration> {
    duration::parse(text, false)
}

fn canonical_duration(
    text: &str,
    min: Duration,
    max: Duration,
    plain_seconds: bool,
) -> Option<String> {
    let duration = duration::parse(text, plain_seconds)?;
    (min..=max)
        .contains(&duration)
        .then(|| duration::format(duration))
}

fn canonical_list(text: &str, item: Kind) -> Option<String> {
    let mut items = Vec::new();
    for part in text.split(',') {
        let part = item.canonical(part)?;
        if items.contains(&part) {
            return None;
        }
        items.push(part);
    }
    Some(items.join(","))
}

fn canonical_host_map(text: &str) -> Option<String> {
    let mut pairs = BTreeMap::new();
    for pair in text.split(',') {
        let (host, slug) = pair.split_once('=')?;
        let slug = Kind::Slug.canonical(slug)?;
        if pairs
            .insert(address::host_name(host.trim())?, slug)
            .is_some()
        {
            return None;
        }
    }
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(host, slug)| format!("{host}={slug}"))
        .collect();
    Some(pairs.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

    #[test]
    fn takes_each_spelling_of_a_value_to_one() {
        let list = Kind::List(&Kind::Slug);
        for (kind, given, canonical) in [
            (Kind::Text, " a b ", "a b"),
            (Kind::Secret, " a b ", " a b "),
            (Kind::Key, KEY, KEY),
            (Kind::Key, KEY.trim_end_matches('='), KEY),
            (Kind::Bool, "Yes", "true"),
            (Kind::Bool, "0", "false"),
            (Kind::PORT, "08003", "8003"),
            (
                Kind::Duration {
                    min: SECOND,
                    max: DAY,
                },
                "60s",
                "1m",
            ),
            (
                Kind::Seconds {
                    min: SECOND,
                    max: DAY,
                },
                "1800",
                "30m",
            ),
            (Kind::Address, "0.0.0.0", "0.0.0.0"),
            (Kind::Network, "10.1.2.3/8", "10.0.0.0/8"),
            (Kind::Network, "::1", "::1/128"),
            (Kind::Endpoint, "auth-service:9001", "auth-service:9001"),
            (Kind::Url(&["redis"]), "redis://h:6379", "redis://h:6379"),
            (
                Kind::HttpUrl,
                "http://order-service:8004/",
                "http://order-service:8004",
            ),
            (
                Kind::OneOf(&["individual", "business"]),
                "INDIVIDUAL",
                "individual",
            ),
            (Kind::Currency, "eur", "EUR"),
            (Kind::Country, "de", "DE"),
            (list, "retail, vip", "retail,vip"),
            (
                Kind::HostMap,
                "B.example=two, a.example=one",
                "a.example=one,b.example=two",
            ),
            (Kind::LogFilter, "INFO,sqlx=warn", "info,sqlx=warn"),
            (
                Kind::Groups,
                "B, a = All of them,c=c",
                "a=All of them,b=B,c",
            ),
        ] {
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
        let list = Kind::List(&Kind::Slug);
        for (kind, given) in [
            (Kind::Text, "two\nlines"),
            (Kind::Key, "c2hvcnQ="),
            (Kind::Key, "not base64 at all"),
            (Kind::Bool, "maybe"),
            (Kind::PORT, "65536"),
            (Kind::PORT, "-1"),
            (Kind::COUNT, "0"),
            (
                Kind::Duration {
                    min: SECOND,
                    max: DAY,
                },
                "60",
            ),
            (
                Kind::Duration {
                    min: SECOND,
                    max: DAY,
                },
                "2d",
            ),
            (Kind::Address, "localhost"),
            (Kind::Network, "10.0.0.0/33"),
            (Kind::Endpoint, "redis"),
            (Kind::Endpoint, "redis:0"),
            (Kind::Url(&["redis"]), "http://h"),
            (Kind::Url(&["redis"]), "redis://"),
            (Kind::HttpUrl, "https://user@host"),
            (Kind::OneOf(&["json", "text"]), "xml"),
            (Kind::Slug, "Tenant"),
            (Kind::Slug, "-a"),
            (Kind::Currency, "EURO"),
            (Kind::Currency, "XXX"),
            (Kind::Groups, "a=A,a=B"),
            (Kind::Groups, "a="),
            (Kind::Groups, "segments"),
            (Kind::Groups, "a b=C"),
            (Kind::Country, "1A"),
            (Kind::Country, "ZZ"),
            (list, "a,,b"),
            (list, "a,a"),
            (Kind::HostMap, "a.example"),
            (Kind::HostMap, "a.example=one,A.example=two"),
            (Kind::LogFilter, "inof"),
            (Kind::LogFilter, "3"),
            (Kind::LogFilter, "sqlx=loud"),
        ] {
            assert_eq!(kind.canonical(given), None, "{kind:?} {given:?}");
            assert_eq!(kind.canonical(""), None, "{kind:?} takes an empty text");
            assert!(!kind.accepts().is_empty());
        }
    }

    #[test]
    fn secrets_are_never_shown() {
        assert_eq!(Kind::Secret.shown("hunter2"), MASK);
        assert_eq!(Kind::Key.shown(KEY), MASK);
        assert_eq!(Kind::MasterKeys.shown("a=b"), MASK);
        assert_eq!(
            Kind::PostgresUrl.shown("postgres://u:hunter2@h/d"),
            "postgres://u:***@h/d"
        );
        assert_eq!(Kind::Text.shown("plain"), "plain");
    }
}
