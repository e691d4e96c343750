//! An export over a real socket: slow clients, stuck clients, shutdown.

use super::EXPORT;
use crate::support::{CUSTOMERS, Key, TestApi, default_tenant};
use customer_testkit::builders::{at, customer};
use http_kit::server::{Timeouts, serve_with};
use serde_json::json;
use std::io;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The API on a socket, with an export that is larger than all buffers between client and server.
struct Line {
    stream: TcpStream,
    shutdown: CancellationToken,
    ended: JoinHandle<io::Result<()>>,
}

impl Line {
    async fn open(api: &TestApi) -> Self {
        Self::open_with(api, "HTTP/1.1", "").await
    }

    /// Requests the export in this version of HTTP, and sends `more` after it.
    async fn open_with(api: &TestApi, version: &str, more: &str) -> Self {
        let large = |number: u64| {
            let one = customer().number(number).since(at(0)).with(|one| {
                let text = json!("x".repeat(10_000));
                one.metadata.insert("large".to_owned(), text);
            });
            one.build_new()
        };
        let people = (0..2_000).map(large).collect();
        api.store_customers(&default_tenant(), people).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shutdown = CancellationToken::new();
        let timeouts = Timeouts {
            idle: IDLE,
            ..Timeouts::default()
        };
        let drain = Duration::from_millis(200);
        let serving = serve_with(listener, api.router(), shutdown.clone(), drain, timeouts);
        let ended = TaskTracker::new().spawn(serving);
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .set_recv_buffer_size(16 * 1024)
            .expect("a small buffer");
        let mut stream = socket.connect(address).await.expect("a connection");
        let secret = Key::Admin.secret();
        let request =
            format!("GET {EXPORT} {version}\r\nhost: a\r\nx-api-key: {secret}\r\n\r\n{more}");
        stream
            .write_all(request.as_bytes())
            .await
            .expect("a request");
        Self {
            stream,
            shutdown,
            ended,
        }
    }

    /// Reads the beginning and then nothing, until the server drops the export and frees its only
    /// place.
    async fn until_let_go(&mut self, api: &TestApi) {
        let beginning = self.stream.read_exact(&mut [0; 1_000]).await;
        beginning.expect("a beginning");
        let began = Instant::now();
        while api.get(CUSTOMERS, Key::Read).await.status != 200 {
            assert!(began.elapsed() < Duration::from_secs(20), "it goes on");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Reads until the server closes, pausing every `after` bytes; returns the size and the end.
    async fn read(&mut self, pause: Duration, after: usize) -> (usize, Vec<u8>) {
        let (mut total, mut since_pause, mut end) = (0, 0, Vec::new());
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = self.stream.read(&mut buffer).await {
            (total, since_pause) = (total + count, since_pause + count);
            end.extend_from_slice(&buffer[..count]);
            end.drain(..end.len().saturating_sub(5));
            if since_pause >= after {
                since_pause = 0;
                tokio::time::sleep(pause).await;
            }
        }
        (total, end)
    }
}

/// The time that the server waits for a client that reads nothing.
const IDLE: Duration = Duration::from_millis(1_500);
/// The pause of a slow client, a dozen times: well below `IDLE`, so that a busy machine may add to
/// it.
const PAUSE: Duration = Duration::from_millis(200);
/// The end of a complete chunked body.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_has_its_time_as_long_as_it_takes_something() {
    let api = TestApi::new().await;
    let mut line = Line::open(&api).await;
    // Longer in total than a connection may idle, but never at a stretch.
    let began = Instant::now();
    let (total, end) = line.read(PAUSE, 2_000_000).await;
    assert!(began.elapsed() > IDLE);
    assert!(total > 20_000_000 && end == LAST_CHUNK, "{total}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_nothing_is_cut_and_sees_that_it_has_not_all() {
    let api = TestApi::with_places(1).await;
    let mut line = Line::open(&api).await;
    line.until_let_go(&api).await;
    let (total, end) = line.read(Duration::ZERO, usize::MAX).await;
    assert!(total < 20_000_000 && end != LAST_CHUNK, "{total}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_more_and_takes_nothing_is_cut_as_well() {
    let request = "GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n";
    for more in ["G", request] {
        let api = TestApi::with_places(1).await;
        let mut line = Line::open_with(&api, "HTTP/1.1", more).await;
        line.until_let_go(&api).await;
        let (total, end) = line.read(Duration::ZERO, usize::MAX).await;
        assert!(total < 20_000_000 && end != LAST_CHUNK, "{more:?}: {total}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_that_sends_more_has_its_time() {
    let api = TestApi::new().await;
    let more = "GET /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let mut line = Line::open_with(&api, "HTTP/1.1", more).await;
    let (total, end) = line.read(PAUSE, 2_000_000).await;
    assert!(total > 20_000_000 && end.ends_with(b"}"), "{total}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_whose_end_nobody_would_see_is_refused() {
    let api = TestApi::new().await;
    let mut line = Line::open_with(&api, "HTTP/1.0", "").await;
    let mut reply = String::new();
    line.stream
        .read_to_string(&mut reply)
        .await
        .expect("a reply that ends");
    assert!(reply.starts_with("HTTP/1.0 400 "), "{reply}");
    assert!(reply.contains("VALIDATION_FAILED") && reply.contains("HTTP/1.1"));
    assert_eq!(api.store.audit(), [], "nothing was exported");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_waits_for_an_export_no_longer_than_its_drain() {
    let api = TestApi::new().await;
    let mut line = Line::open(&api).await;
    line.stream
        .read_exact(&mut [0; 1_000])
        .await
        .expect("a beginning");
    let began = Instant::now();
    line.shutdown.cancel();
    let ended = (&mut line.ended).await.expect("a server");
    assert!(ended.is_ok() && began.elapsed() < Duration::from_secs(2));
    let (total, end) = line.read(Duration::ZERO, usize::MAX).await;
    assert!(total < 20_000_000 && end != LAST_CHUNK, "{total}");
}
