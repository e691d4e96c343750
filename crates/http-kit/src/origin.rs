//! The origin of a request: the client's address, as trusted proxies report it, and its user agent.

use http::header::{FORWARDED, USER_AGENT};
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Maximum number of characters kept of a user agent.
pub const MAX_USER_AGENT: usize = 512;

/// The origin of a request, in the extensions of every request. It is personal data and has no `Debug`, so that it is
/// not logged by mistake.
#[derive(Clone, Default)]
pub struct Origin {
    /// The client's address, as trusted proxies report it; `None` if the peer is unknown.
    pub ip: Option<IpAddr>,
    /// The user agent that the client sends, cut to [`MAX_USER_AGENT`] characters.
    pub user_agent: Option<String>,
}

/// The proxies whose forwarding headers are trusted. Any other peer could forge them.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// Trusts the proxies in these networks.
    pub fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self(networks.into_iter().collect())
    }

    fn has(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Returns the origin of a request that arrived on a connection from `peer`.
    pub(crate) fn origin(&self, peer: Option<SocketAddr>, headers: &HeaderMap) -> Origin {
        let peer = peer.map(|peer| peer.ip().to_canonical());
        Origin {
            ip: peer.map(|peer| self.client(peer, headers)),
            user_agent: user_agent(headers),
        }
    }

    /// Returns the first address, on the way from this service to the client, that is not a trusted proxy's. The way
    /// ends at an entry that is not an address: no trusted proxy reported what is behind it.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut nearest = peer;
        let mut forwarded = forwarded_addresses(headers).into_iter().rev();
        while self.has(nearest)
            && let Some(Some(next)) = forwarded.next()
        {
            nearest = next;
        }
        nearest
    }
}

/// Returns the addresses that proxies added, the nearest last; `None` for an entry that is not an address. `Forwarded`
/// is read if there is no `X-Forwarded-For`.
fn forwarded_addresses(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let values = |name: HeaderName| {
        let values = headers.get_all(name).iter();
        let texts = values.map(|value| value.to_str().unwrap_or_default());
        texts.collect::<Vec<_>>().join(",")
    };
    if headers.contains_key(X_FORWARDED_FOR) {
        let values = values(X_FORWARDED_FOR);
        return values.split(',').map(address).collect();
    }
    if !headers.contains_key(FORWARDED) {
        return Vec::new();
    }
    let hops = values(FORWARDED);
    let named = hops.split(',').map(|hop| {
        let mut pairs = hop.split(';').filter_map(|pair| pair.split_once('='));
        let named = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
        named.and_then(|(_, node)| address(node))
    });
    named.collect()
}

/// Parses an address with or without a port. IPv6 with a port is in brackets, in `Forwarded` quoted.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    let address = bare.unwrap_or(text).parse().ok().or_else(with_port);
    address.map(|address| address.to_canonical())
}

/// Returns the user agent on one line and with a bounded length; `None` if it is missing or blank.
fn user_agent(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(USER_AGENT)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let text: String = text
        .trim()
        .chars()
        .map(plain)
        .take(MAX_USER_AGENT)
        .collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn seen(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let trusted = ["10.0.0.0/8", "2001:db8:1::/48", "127.0.0.1/32"];
        let proxies = TrustedProxies::new(trusted.map(|network| network.parse().unwrap()));
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).unwrap();
            sent.append(HeaderName::from_static(name), value);
        }
        let peer = SocketAddr::new(peer.parse().unwrap(), 4711);
        proxies.origin(Some(peer), &sent).ip.unwrap().to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let forged = [("x-forwarded-for", "198.51.100.9")];
        for (peer, expected) in [
            ("203.0.113.5", "203.0.113.5"),
            ("10.1.2.3", "198.51.100.9"),
            ("::ffff:10.1.2.3", "198.51.100.9"),
            ("2001:db8:1::7", "198.51.100.9"),
            ("2001:db8:2::7", "2001:db8:2::7"),
        ] {
            assert_eq!(seen(peer, &forged), expected, "{peer}");
        }
    }

    #[test]
    fn the_way_ends_at_the_first_who_is_not_trusted() {
        for (value, expected) in [
            ("198.51.100.9, 203.0.113.5, 10.9.9.9", "203.0.113.5"),
            ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
            ("198.51.100.9:8080", "198.51.100.9"),
            ("[2001:db8::9]:8080", "2001:db8::9"),
            ("2001:db8::9", "2001:db8::9"),
            ("::ffff:198.51.100.9", "198.51.100.9"),
            ("198.51.100.9, unknown, 10.3.3.3", "10.3.3.3"),
            ("unknown", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(
                seen("10.0.0.1", &[("x-forwarded-for", value)]),
                expected,
                "{value}"
            );
        }
        let twice = [
            ("x-forwarded-for", "198.51.100.9"),
            ("x-forwarded-for", "10.4.4.4"),
        ];
        assert_eq!(seen("10.0.0.1", &twice), "198.51.100.9");
    }

    #[test]
    fn the_standard_header_counts_where_the_usual_one_is_missing() {
        let standard = [(
            "forwarded",
            r#"for=192.0.2.60;proto=http, For="[2001:db8:9::17]:47""#,
        )];
        assert_eq!(seen("10.0.0.1", &standard), "2001:db8:9::17");
        let both = [standard[0], ("x-forwarded-for", "198.51.100.9")];
        assert_eq!(seen("10.0.0.1", &both), "198.51.100.9");
    }

    #[test]
    fn an_agent_is_one_line_of_bounded_length() {
        let sent = |bytes: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(USER_AGENT, HeaderValue::from_bytes(bytes).unwrap());
            user_agent(&headers)
        };
        assert_eq!(sent(b" curl/8 ").as_deref(), Some("curl/8"));
        assert_eq!(sent(b"a\tb").as_deref(), Some("a\u{fffd}b"));
        assert_eq!(sent(b"caf\xe9").as_deref(), Some("caf\u{fffd}"));
        assert_eq!(sent(b" "), None);
        assert_eq!(
            sent(&[b'x'; 2000]).map(|agent| agent.len()),
            Some(MAX_USER_AGENT)
        );
        assert_eq!(user_agent(&HeaderMap::new()), None);
    }
}
