//! IP addresses, networks and host names.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use super::text::Text;
use super::{Kind, SLUG, Shape};

#[derive(Debug)]
pub(in crate::config) struct IpAddress;

impl Kind for IpAddress {
    type Value = IpAddr;

    fn parse(&self, line: &str) -> Option<IpAddr> {
        line.parse().ok()
    }

    fn format(&self, value: &IpAddr) -> String {
        value.to_string()
    }

    fn accepts(&self) -> String {
        "an IP address".to_owned()
    }
}

/// A network such as `10.0.0.0/8`; a single address is read as `10.0.0.1/32`. IPv4-mapped IPv6 networks become IPv4,
/// as the addresses of peers do.
#[derive(Debug)]
pub(in crate::config) struct Network;

impl Kind for Network {
    type Value = IpNet;

    fn parse(&self, line: &str) -> Option<IpNet> {
        let single = || Some(IpNet::from(line.parse::<IpAddr>().ok()?));
        let network = line.parse().ok().or_else(single)?;
        Some(unmapped(network.trunc()))
    }

    fn format(&self, value: &IpNet) -> String {
        value.to_string()
    }

    fn accepts(&self) -> String {
        "an IP address, or a network such as 10.0.0.0/8".to_owned()
    }
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
pub(in crate::config) const ENDPOINT: Text = Text {
    canonical: endpoint,
    accepts: "host:port",
};

/// `host=slug` pairs, separated by commas.
#[derive(Debug)]
pub(in crate::config) struct HostMap;

impl Kind for HostMap {
    type Value = BTreeMap<String, String>;

    fn parse(&self, line: &str) -> Option<Self::Value> {
        let mut pairs = BTreeMap::new();
        for pair in line.split(',') {
            let (host, slug) = pair.split_once('=')?;
            let host = host_name(host.trim())?;
            if pairs.insert(host, SLUG.read(slug)?).is_some() {
                return None;
            }
        }
        Some(pairs)
    }

    fn format(&self, pairs: &Self::Value) -> String {
        let pairs = pairs.iter().map(|(host, slug)| format!("{host}={slug}"));
        pairs.collect::<Vec<_>>().join(",")
    }

    fn accepts(&self) -> String {
        "host=tenant pairs, separated by commas, each host once".to_owned()
    }

    fn shape(&self) -> Shape {
        Shape::Mapping
    }
}

fn endpoint(text: &str) -> Option<String> {
    let (host, port) = text.rsplit_once(':')?;
    let known = host_name(host).is_some() && port.parse::<u16>().is_ok_and(|port| port > 0);
    known.then(|| text.to_ascii_lowercase())
}

fn host_name(text: &str) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::super::AnyKind;
    use super::*;

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
            assert_eq!(Network.canonical(text).as_deref(), expected, "{text}");
        }
    }
}
