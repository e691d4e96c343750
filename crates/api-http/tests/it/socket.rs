//! The server on a real socket: heads, framing, slowness, drain.

use std::time::{Duration, Instant};

use customer_http::http::server::{Patience, serve_with};
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
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let patience = Patience {
            head: Duration::from_millis(150),
            idle: Duration::from_millis(600),
            linger: Duration::from_millis(500),
        };
        let serving = serve_with(
            listener,
            app(),
            shutdown.clone(),
            Duration::from_millis(700),
            patience,
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

    /// Sends all and reads until the server closes.
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

/// One reply whose body is JSON or text of known length, on a connection that stays.
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
async fn requests_share_a_connection_until_it_idles() {
    let server = Server::start().await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream
            .write_all(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        assert!(read_reply(&mut stream).await.ends_with("alive"));
        // Longer than a head may take, shorter than a connection may idle.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let waited = Instant::now();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0);
    assert!(waited.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_head_that_trickles_is_cut_and_others_are_served() {
    let server = Server::start().await;
    let mut slow = server.connect().await;
    let mut silent = server.connect().await;
    slow.write_all(b"GET /health/live HTTP/1.1\r\nx-slow: ")
        .await
        .unwrap();
    let (mut replied, mut slow) = slow.split();
    let trickle = async {
        while slow.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let told = async {
        let mut reply = Vec::new();
        replied.read_to_end(&mut reply).await.expect("a reply");
        let reply = String::from_utf8(reply).expect("a reply in UTF-8");
        assert_problem(&reply, 408, "REQUEST_TIMEOUT");
    };
    let others = async {
        let reply = server
            .exchange("GET /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await;
        assert!(reply.ends_with("alive"));
        assert_eq!(silent.read(&mut [0; 16]).await.unwrap_or(0), 0);
    };
    let all = async { tokio::join!(trickle, told, others) };
    tokio::time::timeout(Duration::from_secs(5), all)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_body_that_trickles_is_answered_408() {
    let server = Server::start().await;
    let head = "POST /v1/customers HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    assert_problem(&server.exchange(head).await, 408, "REQUEST_TIMEOUT");
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
async fn two_lengths_are_refused_on_any_request_of_a_connection() {
    let server = Server::start().await;
    let smuggled = "POST /v1/customers HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_problem(&server.exchange(smuggled).await, 400, "MALFORMED_BODY");
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert!(read_reply(&mut stream).await.ends_with("alive"));
    stream.write_all(smuggled.as_bytes()).await.unwrap();
    assert_problem(&read_all(&mut stream).await, 400, "MALFORMED_BODY");
}

#[tokio::test]
async fn two_lengths_are_refused_behind_any_other_request() {
    let server = Server::start().await;
    let smuggled = "POST /v1/customers HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    let after = "GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n";
    for first in [
        "GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n",
        // Bodies that nobody reads, which look like heads.
        "GET /health/live HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nGET /\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n9\r\nGET /\r\n\r\n\r\n0\r\n\r\n",
    ] {
        let replies = server.exchange(format!("{first}{smuggled}{after}")).await;
        let (one, other) = replies.split_once("alive").expect(&replies);
        assert!(one.starts_with("HTTP/1.1 200 "), "{replies}");
        assert_problem(other, 400, "MALFORMED_BODY");
        assert!(other.contains("\r\nconnection: close\r\n"), "{replies}");
    }
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
async fn a_head_that_is_begun_behind_a_request_has_its_deadline_too() {
    let server = Server::start().await;
    let request = "GET /health/live HTTP/1.1\r\nhost: a\r\n\r\nGET /health/live HTTP/1.1\r\nx: ";
    let began = Instant::now();
    let replies = server.exchange(request).await;
    assert!(
        began.elapsed() < Duration::from_millis(550),
        "that is idleness"
    );
    let (_, other) = replies.split_once("alive").expect(&replies);
    assert_problem(other, 408, "REQUEST_TIMEOUT");
}

#[tokio::test]
async fn heads_that_cannot_be_read_are_problems_too() {
    let server = Server::start().await;
    for (request, status, code) in [
        ("NONSENSE\r\n\r\n".to_owned(), 400, "VALIDATION_FAILED"),
        (
            "GET / HTTP/9.9\r\n\r\n".to_owned(),
            400,
            "VALIDATION_FAILED",
        ),
        (
            "POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n".to_owned(),
            400,
            "VALIDATION_FAILED",
        ),
        (
            "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n".to_owned(),
            400,
            "VALIDATION_FAILED",
        ),
        (
            "POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n".to_owned(),
            400,
            "VALIDATION_FAILED",
        ),
        (
            format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(70 * 1024)),
            431,
            "HEADERS_TOO_LARGE",
        ),
        (
            format!("GET /{} HTTP/1.1\r\n\r\n", "y".repeat(70 * 1024)),
            431,
            "HEADERS_TOO_LARGE",
        ),
        (
            format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(200)),
            431,
            "HEADERS_TOO_LARGE",
        ),
        (
            format!(
                "GET / HTTP/1.1\r\nconnection: close\r\nx: {}\r\n\r\n",
                "y".repeat(17 * 1024)
            ),
            431,
            "HEADERS_TOO_LARGE",
        ),
    ] {
        assert_problem(&server.exchange(&request).await, status, code);
    }
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
