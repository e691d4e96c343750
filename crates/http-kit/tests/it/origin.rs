//! The origin of a request over a real socket, as a handler sees it.

use std::time::Duration;

use axum::routing::get;
use axum::{Extension, Router};
use http_kit::origin::{Origin, TrustedProxies};
use http_kit::server::serve;
use http_kit::stack::{HttpSettings, wrap};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::sample;

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
    let tell = async |Extension(origin): Extension<Origin>| {
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
async fn a_way_that_no_head_has_room_for_is_refused() {
    let headers = format!("x-forwarded-for: {}10.2.0.1\r\n", "10.2.0.1,".repeat(2_000));
    let reply = told_over_a_socket(&["127.0.0.0/8"], &headers).await;
    assert!(reply.contains("HEADERS_TOO_LARGE"), "{reply}");
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
