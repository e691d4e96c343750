//! The end of a request, and input that is not a request.

use super::*;

const HEALTH: &str = "GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n";

/// Asserts that hyper itself replied to something that is not a request: with a status and nothing
/// else.
#[track_caller]
fn assert_bare(reply: &str, status: u16) {
    assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
    assert!(reply.contains("\r\nconnection: close\r\n"), "{reply}");
    assert!(reply.ends_with("\r\n\r\n"), "{reply}");
    assert_eq!(reply.matches("HTTP/1.1").count(), 1, "{reply}");
}

fn create(headers: &str, body: &str) -> String {
    format!(
        "POST /v1/customers HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{headers}\r\n\r\n{body}"
    )
}

/// RFC 9112, 6.1: the length is ignored in this case, and the connection is closed after the reply.
#[tokio::test]
async fn transfer_encoding_overrides_a_length_and_ends_the_connection() {
    let server = Server::start().await;
    let chunked = "17\r\n{\"email\":\"a@example.c\"}\r\n0\r\n\r\n";
    for headers in [
        "content-length: 4\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 4",
        "transfer-encoding: chunked\r\ncontent-length: x",
    ] {
        let both = create(headers, chunked);
        for first in [
            "",
            HEALTH,
            // Bodies that are not read by a handler, and look like heads.
            "GET /health/live HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nGET /\r\n\r\n",
            "GET /health/live HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n9\r\nGET /\r\n\r\n\r\n0\r\n\r\n",
        ] {
            let replies = server.exchange(format!("{first}{both}{HEALTH}")).await;
            let answered = replies.rsplit("HTTP/1.1 ").next().expect("a reply");
            assert!(answered.starts_with("201 "), "{replies}");
            assert!(answered.contains("\r\nconnection: close\r\n"), "{replies}");
            assert!(answered.ends_with("\r\n\r\na@example.c "), "{replies}");
            let before = usize::from(!first.is_empty());
            assert_eq!(replies.matches("alive").count(), before, "{replies}");
        }
    }
}

#[tokio::test]
async fn one_length_said_twice_is_one_and_two_are_refused() {
    let server = Server::start().await;
    let body = r#"{"email":"a@example.c"}"#;
    let twice = create("content-length: 23\r\ncontent-length: 23", body);
    let mut stream = server.connect().await;
    stream.write_all(twice.as_bytes()).await.unwrap();
    let reply = read_reply(&mut stream).await;
    assert!(reply.starts_with("HTTP/1.1 201 "), "{reply}");
    stream.write_all(HEALTH.as_bytes()).await.unwrap();
    assert!(read_reply(&mut stream).await.ends_with("alive"));
    for lengths in [
        "content-length: 23\r\ncontent-length: 22",
        "content-length: 23, 22",
    ] {
        let replies = server.exchange(create(lengths, body) + HEALTH).await;
        assert_bare(&replies, 400);
    }
}

#[tokio::test]
async fn bare_line_feeds_end_the_lines_of_a_head() {
    let server = Server::start().await;
    let request = HEALTH.replace("\r\n", "\n");
    let last = "GET /health/live HTTP/1.1\nhost: a\nconnection: close\n\n";
    let replies = server.exchange(format!("{request}{last}")).await;
    assert_eq!(replies.matches("alive").count(), 2, "{replies}");
}

#[tokio::test]
async fn a_header_line_that_goes_on_in_the_next_is_refused() {
    let server = Server::start().await;
    for folded in [
        "GET /health/live HTTP/1.1\r\nhost: a\r\nx: y\r\n z\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nhost: a\r\nx: y\r\n\tz\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nhost:\r\n a\r\n\r\n",
    ] {
        assert_bare(&server.exchange(format!("{folded}{HEALTH}")).await, 400);
    }
}

#[tokio::test]
async fn a_request_says_once_for_which_host_it_is() {
    let server = Server::start().await;
    for hosts in ["", "host: a\r\nhost: b\r\n", "host: a\r\nHost: a\r\n"] {
        for target in ["/health/live", "/nowhere", "http://a/health/live"] {
            let request = format!("GET {target} HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
            assert_problem(&server.exchange(request).await, 400, "VALIDATION_FAILED");
        }
    }
    let old = server.exchange("GET /health/live HTTP/1.0\r\n\r\n").await;
    assert!(old.starts_with("HTTP/1.0 200 "), "{old}");
    let old = server
        .exchange("GET /health/live HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n")
        .await;
    assert!(old.starts_with("HTTP/1.0 400 "), "{old}");
}

#[tokio::test]
async fn what_cannot_be_read_as_a_request_is_refused_and_the_connection_closed() {
    let server = Server::start().await;
    for (request, status) in [
        ("NONSENSE\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), 400),
        (create("content-length: x", ""), 400),
        (create("transfer-encoding: gzip", ""), 400),
        (create(&format!("x: {}", "y".repeat(70 * 1024)), ""), 431),
        (create(&"a: b\r\n".repeat(200), ""), 431),
        (
            format!("GET /{} HTTP/1.1\r\n\r\n", "y".repeat(70 * 1024)),
            431,
        ),
    ] {
        assert_bare(&server.exchange(request + HEALTH).await, status);
    }
}

#[tokio::test]
async fn a_head_that_can_be_read_and_is_too_large_is_a_problem() {
    let server = Server::start().await;
    let request = format!(
        "GET / HTTP/1.1\r\nconnection: close\r\nx: {}\r\n\r\n",
        "y".repeat(17 * 1024)
    );
    assert_problem(&server.exchange(&request).await, 431, "HEADERS_TOO_LARGE");
}
