//! The server on a real socket: limits, the order of replies, and shutdown.

mod deadlines;
mod framing;

use std::time::{Duration, Instant};

use axum::Router;
use http_kit::server::{Timeouts, serve_with};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::sample::app;

struct Server {
    address: std::net::SocketAddr,
    shutdown: CancellationToken,
    ended: JoinHandle<std::io::Result<()>>,
}

impl Server {
    async fn start() -> Self {
        Self::start_with(app()).await
    }

    async fn start_with(app: Router) -> Self {
        Self::lingering(app, Duration::from_millis(500)).await
    }

    /// Starts a server that reads for `linger` what a client still sends after the last reply.
    async fn lingering(app: Router, linger: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let timeouts = Timeouts {
            head: Duration::from_millis(150),
            idle: Duration::from_millis(600),
            linger,
        };
        let serving = serve_with(
            listener,
            app,
            shutdown.clone(),
            Duration::from_millis(700),
            timeouts,
        );
        let ended = TaskTracker::new().spawn(serving);
        Self {
            address,
            shutdown,
            ended,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address)
            .await
            .expect("a connection")
    }

    /// Sends a request and reads until the server closes the connection.
    async fn exchange(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        stream
            .write_all(request.as_ref())
            .await
            .expect("a request sent");
        read_all(&mut stream).await
    }
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    stream
        .read_to_end(&mut bytes)
        .await
        .expect("a reply that ends");
    String::from_utf8(bytes).expect("a reply in UTF-8")
}

/// Reads one reply with a body of known length from a connection that stays open.
async fn read_reply(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.expect("a reply");
        assert_ne!(count, 0, "closed before the reply was whole");
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().expect("a length"));
        if body.len() >= length {
            return text.into_owned();
        }
    }
}

fn assert_problem(reply: &str, status: u16, code: &str) {
    assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    assert!(
        head.contains("content-type: application/problem+json"),
        "{reply}"
    );
    assert!(
        head.contains("strict-transport-security: max-age=31536000; includeSubDomains"),
        "{reply}"
    );
    let document: Value = serde_json::from_str(body).expect("one document");
    assert_eq!(document["code"], code);
}

#[tokio::test]
async fn a_large_body_sees_its_413() {
    let server = Server::start().await;
    let head = "POST /v1/customers HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 10485760\r\n\r\n";
    let mut request = head.as_bytes().to_vec();
    request.resize(request.len() + 10_485_760, b' ');
    assert_problem(&server.exchange(request).await, 413, "BODY_TOO_LARGE");
}

#[tokio::test]
async fn an_announced_body_is_refused_without_being_asked_for() {
    let server = Server::start().await;
    let mut stream = server.connect().await;
    let head = "POST /v1/customers HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: 10485760\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    assert_problem(&read_reply(&mut stream).await, 413, "BODY_TOO_LARGE");
}

#[tokio::test]
async fn requests_sent_together_are_answered_in_order() {
    let server = Server::start().await;
    let one = "GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n";
    let last = "GET /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let replies = server.exchange(format!("{one}{one}{last}")).await;
    assert_eq!(replies.matches("alive").count(), 3, "{replies}");
}

#[tokio::test]
async fn a_drain_ends_idle_connections_and_lets_a_request_finish() {
    let server = Server::start().await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert!(read_reply(&mut idle).await.ends_with("alive"));
    let mut busy = server.connect().await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.shutdown.cancel();
    assert_eq!(idle.read(&mut [0; 16]).await.unwrap(), 0);
    assert_problem(&read_all(&mut busy).await, 503, "UNAVAILABLE");
    drop((idle, busy));
    assert!(server.ended.await.unwrap().is_ok());
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_client_that_never_finishes_cannot_hold_the_drain() {
    let server = Server::start().await;
    let mut stuck = server.connect().await;
    stuck
        .write_all(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let began = Instant::now();
    server.shutdown.cancel();
    assert!(server.ended.await.unwrap().is_ok());
    assert!(began.elapsed() < Duration::from_secs(3));
}
