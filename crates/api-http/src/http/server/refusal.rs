//! hyper answers a head that it cannot read by itself, with a bare status. This makes a problem document of it.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::http::code::Code;
use crate::http::headers::SECURITY;
use crate::http::problem::{PROBLEM_JSON, Problem};

/// hyper's own replies are a status line and three short headers.
const LONGEST_BARE_REPLY: usize = 256;

/// The reply to write instead of `bytes`, if they are a bare refusal of hyper's. Ours are told apart by the security
/// headers that every one of them has.
pub(super) fn document_for(bytes: &[u8]) -> Option<Bytes> {
    let is_bare = bytes.len() <= LONGEST_BARE_REPLY
        && bytes.ends_with(b"\r\n\r\n")
        && !bytes
            .windows(7)
            .any(|window| window.eq_ignore_ascii_case(b"nosniff"));
    let status = bytes
        .strip_prefix(b"HTTP/1.1 4")
        .filter(|_| is_bare)?
        .get(..2)?;
    let status = StatusCode::from_bytes(&[b'4', *status.first()?, *status.get(1)?]).ok()?;
    Some(refusal(status))
}

/// The reply to a head that did not come to its end in time.
pub(super) fn slow_head(patience: Duration) -> Bytes {
    let detail = format!(
        "request line and headers must arrive within {} s",
        patience.as_secs_f64()
    );
    reply(Code::RequestTimeout, &detail)
}

fn refusal(status: StatusCode) -> Bytes {
    let code = Code::from_status(status);
    if code == Code::HeadersTooLarge {
        reply(code, code.title())
    } else {
        reply(code, "the request is not well-formed HTTP/1.1")
    }
}

fn reply(code: Code, detail: &str) -> Bytes {
    let body = Problem::new(code).detail(detail).into_json(None);
    let mut reply = BytesMut::new();
    reply.put_slice(format!("HTTP/1.1 {}\r\n", code.status()).as_bytes());
    let own = [(CONTENT_TYPE, PROBLEM_JSON), (CACHE_CONTROL, "no-store")];
    for (name, value) in own.into_iter().chain(SECURITY) {
        reply.put_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    reply.put_slice(
        format!(
            "content-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        )
        .as_bytes(),
    );
    reply.put_slice(&body);
    reply.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_refusal_becomes_a_document_with_every_header() {
        for (bare, status, code) in [
            ("400 Bad Request", "400 Bad Request", "VALIDATION_FAILED"),
            (
                "414 URI Too Long",
                "431 Request Header Fields Too Large",
                "HEADERS_TOO_LARGE",
            ),
            (
                "431 Request Header Fields Too Large",
                "431 Request Header Fields Too Large",
                "HEADERS_TOO_LARGE",
            ),
        ] {
            let bare = format!("HTTP/1.1 {bare}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            let reply = document_for(bare.as_bytes()).unwrap();
            let reply = std::str::from_utf8(&reply).unwrap();
            let (head, body) = reply.split_once("\r\n\r\n").unwrap();
            assert!(
                head.starts_with(&format!("HTTP/1.1 {status}\r\n")),
                "{head}"
            );
            assert!(head.contains("x-content-type-options: nosniff\r\n"));
            assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
            let document: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(document["code"], code);
        }
    }

    #[test]
    fn our_own_replies_pass() {
        for reply in [
            "HTTP/1.1 404 Not Found\r\nx-content-type-options: nosniff\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "{\"text\":\"HTTP/1.1 400 Bad Request\"}",
            "",
        ] {
            assert_eq!(document_for(reply.as_bytes()), None, "{reply}");
        }
    }
}
