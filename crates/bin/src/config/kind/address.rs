//! URLs, origins and host names.

use std::net::IpAddr;

use customer_http::http::headers::CorsOrigins;
use ipnet::{IpNet, Ipv4Net};
use url::Url;

/// What stands for a secret wherever one would be shown.
pub(in crate::config) const MASK: &str = "***";

const SSL_MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

/// The parts of a PostgreSQL URL that decide whether its connection may be in clear text.
pub(in crate::config) struct PostgresUrl(Url);

impl PostgresUrl {
    pub(in crate::config) fn parse(text: &str) -> Option<Self> {
        let url = Self(parse(text, &["postgres", "postgresql"])?);
        let named = |key| url.parameters(key).next().is_some();
        let database = url.0.path().trim_start_matches('/');
        let ssl_modes_known = url
            .ssl_modes()
            .all(|mode| SSL_MODES.contains(&mode.as_str()));
        let complete = !url.hosts().is_empty() && (!database.is_empty() || named("dbname"));
        (complete && ssl_modes_known).then_some(url)
    }

    /// Every host the URL names: its own, and those of the parameters that override it.
    fn hosts(&self) -> Vec<String> {
        let own = self
            .0
            .host_str()
            .filter(|host| !host.is_empty())
            .map(percent_decoded);
        own.into_iter()
            .chain(self.parameters("host"))
            .chain(self.parameters("hostaddr"))
            .collect()
    }

    pub(in crate::config) fn is_local(&self) -> bool {
        self.hosts().iter().all(|host| {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            host.starts_with('/')
                || bare.eq_ignore_ascii_case("localhost")
                || bare
                    .parse::<IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        })
    }

    pub(in crate::config) fn ssl_modes(&self) -> impl Iterator<Item = String> {
        let (one, other) = (self.parameters("sslmode"), self.parameters("ssl-mode"));
        one.chain(other).map(|mode| mode.to_ascii_lowercase())
    }

    fn parameters(&self, key: &'static str) -> impl Iterator<Item = String> {
        self.0
            .query_pairs()
            .filter(move |(name, _)| *name == key)
            .map(|(_, value)| value.into_owned())
    }
}

/// A URL of one of `schemes`; the host may be missing.
pub(super) fn parse(text: &str, schemes: &[&str]) -> Option<Url> {
    Url::parse(text)
        .ok()
        .filter(|url| schemes.contains(&url.scheme()))
}

/// The URL without a slash at its end, if it has nothing beside scheme, host, port and path.
pub(super) fn plain_http(text: &str) -> Option<String> {
    let url = parse(text, &["http", "https"])?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then(|| url.as_str().trim_end_matches('/').to_owned())
}

/// The origin exactly as browsers send it, if it is one that can be admitted.
pub(super) fn origin(text: &str) -> Option<String> {
    let url = plain_http(text).and_then(|text| Url::parse(&text).ok())?;
    let origin = url.origin().ascii_serialization();
    (url.path() == "/" && CorsOrigins::new([&origin]).is_ok()).then_some(origin)
}

/// A network in its canonical spelling, or the one of a single address. What is mapped into IPv6
/// is IPv4, as it is of peers.
pub(super) fn network(text: &str) -> Option<String> {
    let single = || {
        text.parse()
            .ok()
            .map(|address: IpAddr| IpNet::from(address))
    };
    let network: IpNet = text.parse().ok().or_else(single)?;
    Some(unmapped(network.trunc()).to_string())
}

fn unmapped(network: IpNet) -> IpNet {
    let IpNet::V6(mapped) = network else {
        return network;
    };
    let address = mapped.addr().to_ipv4_mapped();
    let prefix = mapped.prefix_len().checked_sub(96);
    let as_v4 = address.zip(prefix);
    let as_v4 = as_v4.and_then(|(address, prefix)| Ipv4Net::new(address, prefix).ok());
    as_v4.map_or(network, IpNet::V4)
}

/// `host:port`.
pub(super) fn endpoint(text: &str) -> Option<String> {
    let (host, port) = text.rsplit_once(':')?;
    let known = host_name(host).is_some() && port.parse::<u16>().is_ok_and(|port| port > 0);
    known.then(|| text.to_ascii_lowercase())
}

pub(super) fn host_name(text: &str) -> Option<String> {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    text.split('.')
        .all(label)
        .then(|| text.to_ascii_lowercase())
}

/// The passwords of a URL, decoded: that of its authority and those among its parameters.
pub(in crate::config) fn passwords(text: &str) -> Vec<String> {
    let Ok(url) = Url::parse(text) else {
        return Vec::new();
    };
    let in_query = url.query_pairs().filter(|(key, _)| holds_secret(key));
    let in_query = in_query
        .map(|(_, value)| value.into_owned())
        .collect::<Vec<_>>();
    url.password()
        .map(percent_decoded)
        .into_iter()
        .chain(in_query)
        .collect()
}

/// The URL with every password replaced; nothing of a text that is no URL.
pub(crate) fn masked(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return MASK.to_owned();
    };
    if url.password().is_some() && url.set_password(Some(MASK)).is_err() {
        return MASK.to_owned();
    }
    if url.query_pairs().any(|(key, _)| holds_secret(&key)) {
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        url.query_pairs_mut().clear().extend_pairs(
            pairs
                .iter()
                .map(|(key, value)| (key, if holds_secret(key) { MASK } else { value })),
        );
    }
    url.to_string()
}

fn holds_secret(parameter: &str) -> bool {
    let parameter = parameter.to_ascii_lowercase();
    ["password", "secret", "token"]
        .iter()
        .any(|word| parameter.contains(word))
}

pub(in crate::config) fn percent_decoded(text: &str) -> String {
    // A query string is decoded by the same rule, but for the plus sign.
    let pair = format!(
        "v={}",
        text.replace('+', "%2B")
            .replace('&', "%26")
            .replace('#', "%23")
    );
    let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
    decoded
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_every_password_and_nothing_else() {
        for (given, shown) in [
            (
                "postgres://u:hunter2@db:5432/c?sslmode=require",
                "postgres://u:***@db:5432/c?sslmode=require",
            ),
            ("postgres://u@db/c", "postgres://u@db/c"),
            (
                "postgres://u@db/c?password=hunter2&user=x",
                "postgres://u@db/c?password=***&user=x",
            ),
            ("redis://:hunter2@cache:6379", "redis://:***@cache:6379"),
            ("hunter2", "***"),
        ] {
            assert_eq!(masked(given), shown);
        }
    }

    #[test]
    fn a_postgres_url_is_local_when_every_host_is() {
        for (text, local) in [
            ("postgres://u@localhost/c", true),
            ("postgres://u@127.0.0.9/c", true),
            ("postgres://u@[::1]:5432/c", true),
            ("postgres:///c?host=/run/postgresql", true),
            ("postgres://%2Frun%2Fpostgresql/c", true),
            ("postgres://u@db/c", false),
            ("postgres://u@localhost/c?host=db.example.com", false),
            ("postgres://u@localhost/c?hostaddr=10.0.0.1", false),
            ("postgres://u@localhost.example.com/c", false),
        ] {
            assert_eq!(
                PostgresUrl::parse(text).unwrap().is_local(),
                local,
                "{text}"
            );
        }
    }

    #[test]
    fn a_postgres_url_names_host_and_database_and_a_known_ssl_mode() {
        for text in [
            "postgres://u@/c",
            "postgres://u@db",
            "mysql://u@db/c",
            "host=db dbname=c",
            "postgres://u@db/c?sslmode=off",
        ] {
            assert!(PostgresUrl::parse(text).is_none(), "{text}");
        }
        assert!(PostgresUrl::parse("postgresql://u@db/?dbname=c").is_some());
    }

    #[test]
    fn an_origin_is_exact() {
        assert_eq!(
            origin("https://Shop.example.com:443/").as_deref(),
            Some("https://shop.example.com")
        );
        assert_eq!(
            origin("http://localhost:3000").as_deref(),
            Some("http://localhost:3000")
        );
        assert_eq!(
            origin("http://my_host:3000").as_deref(),
            Some("http://my_host:3000")
        );
        for text in [
            "*",
            "null",
            "shop.example.com",
            "https://shop.example.com/cart",
            "https://a@b",
            "ftp://b",
            "https://a!b",
        ] {
            assert_eq!(origin(text), None, "{text}");
        }
    }

    #[test]
    fn a_network_is_spelt_by_its_first_address_and_of_version_4_where_it_is_mapped() {
        for (text, expected) in [
            ("10.1.2.3/8", Some("10.0.0.0/8")),
            ("192.0.2.7", Some("192.0.2.7/32")),
            ("2001:DB8::7/32", Some("2001:db8::/32")),
            ("::ffff:10.0.0.1", Some("10.0.0.1/32")),
            ("::ffff:10.0.0.1/104", Some("10.0.0.0/8")),
            ("::/0", Some("::/0")),
            ("10.0.0/8", None),
            ("10.0.0.0/33", None),
            ("proxy.example.com", None),
        ] {
            assert_eq!(network(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn passwords_are_decoded() {
        assert_eq!(
            passwords("postgres://u:p%61ss@db/c?password=a+b"),
            ["pass", "a b"]
        );
        assert_eq!(percent_decoded("a+b%2Fc"), "a+b/c");
    }
}
