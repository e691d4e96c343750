//! The origin of a request in the audit trail.

use crate::support::{CUSTOMERS, Key, TestApi};
use axum::body::Body;
use axum::extract::ConnectInfo;
use customer_domain::Origin;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request};
use std::net::SocketAddr;
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

#[test]
fn an_origin_is_shown_to_nobody_who_only_looks() {
    let origin = Origin {
        ip: "198.51.100.9".parse().ok(),
        user_agent: Some("Navy/1.0".to_owned()),
    };
    assert_eq!(format!("{origin:?} {origin:#?}"), "Origin(…) Origin(…)");
}
