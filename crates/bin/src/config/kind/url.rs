//! URLs, and which of their parts are secret.

use std::net::IpAddr;

use http_kit::headers::CorsOrigins;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::text::Text;
use super::{Contents, Kind, MASK, Secrecy};

const SSL_MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

/// The URL of a PostgreSQL database.
#[derive(Debug)]
pub(in crate::config) struct DatabaseUrl;

impl Kind for DatabaseUrl {
    type Value = SecretString;

    fn parse(&self, line: &str) -> Option<SecretString> {
        PostgresUrl::parse(line).map(|_| line.into())
    }

    fn format(&self, value: &SecretString) -> String {
        value.expose_secret().to_owned()
    }

    fn accepts(&self) -> String {
        "a URL such as postgres://user@host:5432/database?sslmode=verify-full".to_owned()
    }

    fn secrecy(&self) -> Secrecy {
        Secrecy::Passwords
    }

    fn contents(&self, canonical: &str) -> Contents {
        PostgresUrl::parse(canonical).map_or(Contents::Plain, Contents::PostgresUrl)
    }
}

/// A URL with a host and one of these schemes.
#[derive(Debug)]
pub(in crate::config) struct ServerUrl(pub(in crate::config) &'static [&'static str]);

impl Kind for ServerUrl {
    type Value = SecretString;

    fn parse(&self, line: &str) -> Option<SecretString> {
        let url = parse(line, self.0)?;
        let host = url.host_str().filter(|host| !host.is_empty());
        host.map(|_| line.into())
    }

    fn format(&self, value: &SecretString) -> String {
        value.expose_secret().to_owned()
    }

    fn accepts(&self) -> String {
        format!("a URL such as {}://host", self.0.join("://host or "))
    }

    fn secrecy(&self) -> Secrecy {
        Secrecy::Passwords
    }
}

/// An HTTP URL without user, query and fragment.
pub(in crate::config) const HTTP_URL: Text = Text {
    canonical: plain_http,
    accepts: "an http or https URL without user, query and fragment",
};

/// An exact web origin.
pub(in crate::config) const ORIGIN: Text = Text {
    canonical: origin,
    accepts: "an origin such as https://shop.example.com",
};

/// A PostgreSQL URL, taken apart to see whether its connection may be in clear text.
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

    /// Returns every host the URL names: its own, and those of the parameters that override it.
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

/// Parses a URL with one of `schemes`; the host may be missing.
fn parse(text: &str, schemes: &[&str]) -> Option<Url> {
    Url::parse(text)
        .ok()
        .filter(|url| schemes.contains(&url.scheme()))
}

/// Returns the URL without a trailing slash; `None` if it has more than scheme, host, port and
/// path.
fn plain_http(text: &str) -> Option<String> {
    let url = parse(text, &["http", "https"])?;
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    plain.then(|| url.as_str().trim_end_matches('/').to_owned())
}

/// Returns the origin exactly as browsers send it; `None` if CORS cannot allow it.
fn origin(text: &str) -> Option<String> {
    let url = plain_http(text).and_then(|text| Url::parse(&text).ok())?;
    let origin = url.origin().ascii_serialization();
    (url.path() == "/" && CorsOrigins::new([&origin]).is_ok()).then_some(origin)
}

/// Returns the passwords of a URL, decoded: that of its authority and those among its parameters.
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

/// Replaces every password of a URL by the mask; masks the whole text if it is not a URL.
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
    // A query string is decoded by the same rule, except for the plus sign.
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
    fn passwords_are_decoded() {
        assert_eq!(
            passwords("postgres://u:p%61ss@db/c?password=a+b"),
            ["pass", "a b"]
        );
        assert_eq!(percent_decoded("a+b%2Fc"), "a+b/c");
    }
}
