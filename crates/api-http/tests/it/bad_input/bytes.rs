//! Bodies that are not JSON, too large, or declared as another media type.

use super::with_bodies;
use crate::support::World;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use serde_json::json;
use std::convert::Infallible;

#[tokio::test]
async fn what_is_no_json_text_is_malformed() {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let deep_object = "{\"metadata\":".repeat(10_000) + "1" + &"}".repeat(10_000);
    let texts: [&[u8]; 19] = [
        b"{",
        b"}",
        b"{\"email\"}",
        b"{\"email\":}",
        b"{\"email\":\"a@example.com\",}",
        b"{'email':'a@example.com'}",
        b"{\"email\":\"a@example.com\"} {}",
        b"{\"email\":1e400}",
        b"{\"metadata\":{\"n\":-1e999}}",
        b"{\"email\":01}",
        b"{\"email\":NaN}",
        b"{\"email\":\"\\ud800\"}",
        b"{\"email\":\"\\udc00\\ud800\"}",
        b"{\"\\udfff\":1}",
        b"{\"email\":\"\xff\"}",
        b"{\"email\":\"\xed\xa0\x80\"}",
        b"\xef\xbb\xbf{}",
        deep.as_bytes(),
        deep_object.as_bytes(),
    ];
    for (case, _) in with_bodies() {
        let world = World::new().await;
        for text in texts {
            let shown = String::from_utf8_lossy(&text[..text.len().min(40)]);
            let reply = world.sent(case, text.to_vec()).await;
            let expected = (400, "MALFORMED_BODY".to_owned());
            assert_eq!(reply.failure(), expected, "{} {shown}", case.operation);
        }
        for text in ["[]", "null", "\"a\"", "7", "true"] {
            let reply = world.sent(case, text).await;
            let expected = [(String::new(), "INVALID_TYPE".to_owned())];
            assert_eq!(reply.faults(), expected, "{} {text}", case.operation);
        }
    }
}

#[tokio::test]
async fn a_body_may_be_missing_only_where_the_document_says_so() {
    for (case, _) in with_bodies() {
        let world = World::new().await;
        let reply = world.sent(case, "").await;
        if case.operation().body_is_optional() {
            assert_eq!(reply.status, 200, "{}", case.operation);
        } else {
            let expected = (400, "MALFORMED_BODY".to_owned());
            assert_eq!(reply.failure(), expected, "{}", case.operation);
        }
    }
}

#[tokio::test]
async fn a_key_given_twice_must_have_one_value() {
    for (case, _) in with_bodies() {
        let world = World::new().await;
        let sample = case.body.expect("a sample")(&world);
        let (name, value) = sample.as_object().unwrap().iter().next().unwrap();
        let rest = &sample.to_string()[1..];
        let twice = format!("{{{}:false,{rest}", json!(name));
        let reply = world.sent(case, twice).await;
        let expected = (format!("/{name}"), "DUPLICATE_KEY".to_owned());
        assert!(
            reply.faults().contains(&expected),
            "{}: {reply}",
            case.operation
        );
        let same = format!("{{{}:{value},{rest}", json!(name));
        assert_eq!(
            world.sent(case, same).await.status,
            case.status,
            "{}",
            case.operation
        );
    }
}

#[tokio::test]
async fn ten_megabytes_are_too_many_announced_or_not() {
    for (case, _) in with_bodies() {
        let world = World::new().await;
        let large = format!("{{\"metadata\":\"{}\"}}", "x".repeat(10 * 1024 * 1024));
        let chunks = (0..160).map(|_| Ok::<_, Infallible>(Bytes::from(vec![b' '; 64 * 1024])));
        for body in [Body::from(large), Body::from_stream(stream::iter(chunks))] {
            let reply = world.sent(case, body).await;
            let expected = (413, "BODY_TOO_LARGE".to_owned());
            assert_eq!(reply.failure(), expected, "{}", case.operation);
        }
    }
}

#[tokio::test]
async fn what_is_not_said_to_be_json_is_not_read() {
    for (case, _) in with_bodies() {
        let world = World::new().await;
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=utf-16",
        ] {
            let call = case
                .call(&world)
                .key(case.needs.weakest())
                .content_type(kind);
            let expected = (415, "UNSUPPORTED_MEDIA_TYPE".to_owned());
            assert_eq!(
                world.refused(call).await.failure(),
                expected,
                "{} {kind}",
                case.operation
            );
        }
        let call = case
            .call(&world)
            .key(case.needs.weakest())
            .header("content-encoding", "gzip");
        assert_eq!(world.refused(call).await.status, 415, "{}", case.operation);
    }
}
