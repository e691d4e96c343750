//! The time for which a client may keep a connection waiting.

use super::*;
use axum::routing::get;

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
        // Longer than the deadline of a head, shorter than that of an idle connection.
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

/// However a client frames its request, only hyper decides where it ends, and the deadlines still
/// apply after it.
#[tokio::test]
async fn trailers_that_end_in_bare_line_feeds_switch_no_deadline_off() {
    let server = Server::start().await;
    let chunked = "POST /nowhere HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: y\n\nGET /fake HTTP/1.1\r\nhost: y\r\n\r\n";
    for (behind, expected) in [("", None), ("GET /health/live HTTP/1.1\r\n", Some(408))] {
        let mut stream = server.connect().await;
        stream.write_all(chunked.as_bytes()).await.unwrap();
        let reply = read_reply(&mut stream).await;
        assert!(reply.starts_with("HTTP/1.1 "), "{reply}");
        stream.write_all(behind.as_bytes()).await.unwrap();
        let closed = tokio::time::timeout(Duration::from_secs(2), read_all(&mut stream));
        let last = closed.await.expect("closed by a deadline");
        match expected {
            Some(status) => assert_problem(&last, status, "REQUEST_TIMEOUT"),
            None => assert_eq!(last, ""),
        }
    }
}

#[tokio::test]
async fn a_connection_idles_behind_a_body_that_nobody_read() {
    let server = Server::start().await;
    let mut stream = server.connect().await;
    for request in [
        "POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}",
        "POST /nowhere HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ] {
        stream.write_all(request.as_bytes()).await.unwrap();
        let reply = read_reply(&mut stream).await;
        assert!(reply.starts_with("HTTP/1.1 404 "), "{reply}");
        // Longer than the deadline of a head, shorter than that of an idle connection.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(read_all(&mut stream).await, "");
}

#[tokio::test]
async fn a_head_that_is_begun_during_a_request_has_its_deadline_from_the_reply() {
    let server = Server::start().await;
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    stream.write_all(b"GET /health/live HTT").await.unwrap();
    let reply = read_reply(&mut stream).await;
    assert!(reply.starts_with("HTTP/1.1 503 "), "{reply}");
    let waited = Instant::now();
    assert_problem(&read_all(&mut stream).await, 408, "REQUEST_TIMEOUT");
    assert!(
        waited.elapsed() < Duration::from_millis(550),
        "that is idleness"
    );
}

#[tokio::test]
async fn a_reply_that_is_not_taken_is_cut_and_no_other_one_put_into_it() {
    let large = Router::new().route("/", get(async || vec![b'x'; 32 * 1024 * 1024]));
    let server = Server::lingering(large, Duration::from_secs(20)).await;
    let mut stream = server.connect().await;
    let request = "GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTT";
    stream.write_all(request.as_bytes()).await.unwrap();
    // Until the deadline of the head has passed, while the server still lingers.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let mut reply = Vec::new();
    assert!(stream.read_to_end(&mut reply).await.is_ok());
    assert!(reply.len() < 32 * 1024 * 1024, "{}", reply.len());
    assert!(reply.ends_with(b"xxxx"));
}

#[tokio::test]
async fn a_client_that_takes_a_reply_slowly_has_its_time_whatever_it_has_begun() {
    let large = Router::new().route("/", get(async || vec![b'x'; 32 * 1024 * 1024]));
    let server = Server::lingering(large, Duration::from_secs(20)).await;
    let mut stream = server.connect().await;
    let request = "GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTT";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut buffer = vec![0; 4 * 1024 * 1024];
    for _ in 0..7 {
        stream.read_exact(&mut buffer).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    let rest = String::from_utf8(rest).unwrap();
    let end = rest.rfind('x').expect("the body") + 1;
    assert!(end >= buffer.len(), "{end}");
    let (_, after) = rest
        .split_once("xHTTP")
        .expect("another reply behind the body");
    assert_problem(&format!("HTTP{after}"), 408, "REQUEST_TIMEOUT");
}
