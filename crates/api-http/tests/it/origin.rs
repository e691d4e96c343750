//! The origin of a request in the audit trail.

use crate::sample;
use crate::support::{CUSTOMERS, Key, TestApi};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::get;
use axum::{Extension, Router};
use customer_domain::Origin;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request};
use http_kit::origin::TrustedProxies;
use http_kit::server::serve;
use http_kit::stack::{HttpSettings, wrap};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// Returns the recorded origin of a change that was requested by this peer with these headers.
async fn on_record(peer: Option<&str>, headers: &[(&'static str, &[u8])]) -> Origin {
    let api = TestApi::new().await;
    let mut request = Request::post(CUSTOMERS)
        .header(HOST, "a")
        .header(AUTHORIZATION, format!("Bearer {}", Key::Write.secret()))
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(r#"{"email": "ada@example.com"}"#))
        .expect("a request");
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value).expect("a header value");
        request.headers_mut().append(*name, value);
    }
    if let Some(peer) = peer {
        let peer: SocketAddr = peer.parse().expect("a peer");
        request.extensions_mut().insert(ConnectInfo(peer));
    }
    let reply = api.router().oneshot(request).await.expect("a reply");
    assert_eq!(reply.status(), 201);
    let entry = api.store.audit().pop().expect("an entry");
    assert_eq!(entry.session_id, None);
    entry.origin
}

async fn ip(peer: &str, forwarded_for: &[&'static str]) -> String {
    let headers: Vec<_> = forwarded_for
        .iter()
        .map(|value| ("x-forwarded-for", value.as_bytes()))
        .collect();
    let origin = on_record(Some(peer), &headers).await;
    origin.ip.expect("an address").to_string()
}

#[tokio::test]
async fn a_peer_that_is_no_trusted_proxy_cannot_say_that_it_is_another() {
    for peer in ["203.0.113.5:1", "[::ffff:203.0.113.5]:1"] {
        assert_eq!(ip(peer, &[]).await, "203.0.113.5");
        assert_eq!(ip(peer, &["198.51.100.9"]).await, "203.0.113.5");
    }
    let forged = [("forwarded", b"for=198.51.100.9".as_slice())];
    let origin = on_record(Some("[2001:db8::5]:1"), &forged).await;
    assert_eq!(origin.ip, "2001:db8::5".parse().ok());
}

#[tokio::test]
async fn behind_trusted_proxies_the_nearest_other_is_the_client() {
    for (told, client) in [
        (vec!["198.51.100.9"], "198.51.100.9"),
        (vec!["192.0.2.1, 198.51.100.9, 10.2.0.1"], "198.51.100.9"),
        (vec!["192.0.2.1", "2001:DB8::9 , 10.2.0.1"], "2001:db8::9"),
        (vec!["::ffff:198.51.100.9"], "198.51.100.9"),
        (vec!["198.51.100.9, garbage, 10.2.0.1"], "10.2.0.1"),
        (vec!["198.51.100.9, "], "10.1.0.1"),
        (vec!["\"; DROP TABLE audit_events; --"], "10.1.0.1"),
        (vec![], "10.1.0.1"),
    ] {
        assert_eq!(ip("10.1.0.1:4711", &told).await, client, "{told:?}");
    }
}

#[tokio::test]
async fn a_long_way_of_trusted_proxies_is_walked_to_its_end() {
    let hops = "10.2.0.1,".repeat(1_700);
    let headers = [("x-forwarded-for", hops.trim_end_matches(',').as_bytes())];
    let origin = on_record(Some("10.1.0.1:1"), &headers).await;
    assert_eq!(origin.ip, "10.2.0.1".parse().ok());
}

#[tokio::test]
async fn a_way_that_no_head_has_room_for_is_refused() {
    let headers = format!("x-forwarded-for: {}10.2.0.1\r\n", "10.2.0.1,".repeat(2_000));
    let reply = told_over_a_socket(&["127.0.0.0/8"], &headers).await;
    assert!(reply.contains("HEADERS_TOO_LARGE"), "{reply}");
}

#[tokio::test]
async fn without_a_peer_nobody_knows_from_where() {
    let forged = [("x-forwarded-for", b"198.51.100.9".as_slice())];
    assert_eq!(on_record(None, &forged).await.ip, None);
}

#[tokio::test]
async fn the_agent_is_kept_as_one_line_of_bounded_length() {
    let long = "x".repeat(2_000);
    for (sent, kept) in [
        (b"Navy/1.0 (COBOL)".as_slice(), Some("Navy/1.0 (COBOL)")),
        (b"caf\xe9\ttab", Some("caf\u{fffd}\u{fffd}tab")),
        ("Böse/1 陳 \u{85}x".as_bytes(), Some("Böse/1 陳 \u{fffd}x")),
        (br#"{"level":"error"}"#, Some(r#"{"level":"error"}"#)),
        (b"  ", None),
        (long.as_bytes(), Some(&long[..512])),
    ] {
        let origin = on_record(Some("203.0.113.5:1"), &[("user-agent", sent)]).await;
        assert_eq!(origin.user_agent.as_deref(), kept);
    }
    assert_eq!(on_record(None, &[]).await.user_agent, None);
}

/// Returns the origin that a handler sees of a request over a real socket, with `trusted` as the
/// networks of trusted proxies.
async fn told_over_a_socket(trusted: &[&str], headers: &str) -> String {
    let networks = trusted
        .iter()
        .map(|network| network.parse().expect("a network"));
    let settings = HttpSettings {
        proxies: TrustedProxies::new(networks),
        ..sample::settings()
    };
    let tell = async |Extension(origin): Extension<http_kit::origin::Origin>| {
        let ip = origin.ip.map(|ip| ip.to_string()).unwrap_or_default();
        format!("{ip} {}", origin.user_agent.unwrap_or_default())
    };
    let router = wrap(Router::new().route("/", get(tell)), settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let shutdown = CancellationToken::new();
    let serving = serve(listener, router, shutdown.clone(), Duration::from_secs(1));
    let serving = TaskTracker::new().spawn(serving);
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.expect("a reply");
    shutdown.cancel();
    serving.await.expect("an end").expect("in order");
    let (_, body) = reply.split_once("\r\n\r\n").expect("a head");
    body.to_owned()
}

#[tokio::test]
async fn a_real_connection_has_its_peer_and_a_real_proxy_is_believed() {
    let headers = "user-agent: Navy/1.0\r\nx-forwarded-for: 198.51.100.9\r\n";
    let told = told_over_a_socket(&[], headers).await;
    assert_eq!(told, "127.0.0.1 Navy/1.0");
    let told = told_over_a_socket(&["127.0.0.0/8"], headers).await;
    assert_eq!(told, "198.51.100.9 Navy/1.0");
    let told = told_over_a_socket(&["10.0.0.0/8", "::1/128"], headers).await;
    assert_eq!(told, "127.0.0.1 Navy/1.0");
}

#[test]
fn an_origin_is_shown_to_nobody_who_only_looks() {
    let origin = Origin {
        ip: "198.51.100.9".parse().ok(),
        user_agent: Some("Navy/1.0".to_owned()),
    };
    assert_eq!(format!("{origin:?} {origin:#?}"), "Origin(…) Origin(…)");
}
