//! What all routes have in common, as a client sees it.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{Method, Request};

use crate::sample::{Reply, app, get_request, post_json, send};

const CUSTOMERS: &str = "/api/v1/customers";

async fn created_with(body: impl Into<Body>) -> Reply {
    send(&app(), post_json(CUSTOMERS, body)).await
}

#[tokio::test]
async fn a_sound_body_is_read_in_any_spelling_on_both_bases() {
    for (base, body) in [
        (
            "/api/v1",
            r#"{"email":"a@b.example","profile":{"firstName":"Ann"}}"#,
        ),
        ("/v1", r#"{"email":"a@b.example","first_name":"Ann"}"#),
    ] {
        let reply = send(&app(), post_json(&format!("{base}/customers"), body)).await;
        assert_eq!(
            (reply.status, reply.body.as_str()),
            (201, "a@b.example Ann")
        );
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_text_is_malformed() {
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let deep_object = "{\"a\":".repeat(10_000) + "1" + &"}".repeat(10_000);
    let bodies: [&[u8]; 12] = [
        b"",
        b"{",
        b"{\"email\":}",
        b"{\"email\":\"a\"} x",
        b"{\"email\":1e400}",
        b"{\"email\":\"\\ud800\"}",
        b"{\"email\":\"\\udfff\\ud800\"}",
        b"{\"email\":\"\xff\xfe\"}",
        b"{\"email\":\"line\nbreak\"}",
        b"\xef\xbb\xbf{}",
        deep.as_bytes(),
        deep_object.as_bytes(),
    ];
    for body in bodies {
        let reply = created_with(body.to_vec()).await;
        assert_eq!(
            reply.code(),
            "MALFORMED_BODY",
            "{}",
            String::from_utf8_lossy(body)
        );
        assert_eq!(reply.status, 400);
    }
}

#[tokio::test]
async fn all_faults_come_at_once_and_no_value_comes_back() {
    let body = r#"{"email":5,"email":6,"first_name":"A","profile":{"firstName":"secret-value"},"role":"admin","metadata":{"x":"\u0000"}}"#;
    let reply = created_with(body).await;
    assert_eq!(reply.code(), "VALIDATION_FAILED");
    let mut found: Vec<_> = reply.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| {
            (
                fault["pointer"].as_str().unwrap().to_owned(),
                fault["code"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    found.sort();
    let expected = [
        ("/email", "DUPLICATE_KEY"),
        ("/email", "INVALID_TYPE"),
        ("/metadata/x", "INVALID_VALUE"),
        ("/profile/firstName", "DUPLICATE_KEY"),
        ("/role", "UNKNOWN_FIELD"),
    ];
    assert_eq!(
        found,
        expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()))
    );
    assert!(!reply.body.contains("secret-value") && !reply.body.contains("admin"));
}

#[tokio::test]
async fn a_key_repeated_with_one_value_is_fine() {
    let reply = created_with(r#"{"email":"a","email":"a","firstName":"B","first_name":"B"}"#).await;
    assert_eq!((reply.status, reply.body.as_str()), (201, "a B"));
}

#[tokio::test]
async fn a_flood_of_keys_is_refused_quickly_and_briefly() {
    let keys: Vec<String> = (0..12_000).map(|n| format!("\"k{n}\":{n}")).collect();
    let reply = created_with(format!("{{{}}}", keys.join(","))).await;
    assert_eq!(reply.code(), "VALIDATION_FAILED");
    assert!(reply.body.len() < 40_000);
}

#[tokio::test]
async fn a_large_body_is_refused_announced_or_not() {
    let announced = Request::post(CUSTOMERS)
        .header(CONTENT_TYPE, "application/json")
        .header("content-length", "10485760")
        .body(Body::from_stream(stream::pending::<
            Result<Bytes, std::io::Error>,
        >()))
        .unwrap();
    let chunk = Bytes::from(vec![b' '; 64 * 1024]);
    let chunks = stream::iter((0..160).map(move |_| Ok::<_, std::io::Error>(chunk.clone())));
    for request in [
        announced,
        post_json(CUSTOMERS, Body::from_stream(chunks)),
        post_json(CUSTOMERS, vec![b' '; 10 << 20]),
    ] {
        let reply = send(&app(), request).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (413, "BODY_TOO_LARGE")
        );
    }
}

#[tokio::test]
async fn a_body_that_trickles_is_a_timeout() {
    let trickle = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
    });
    let reply = created_with(Body::from_stream(trickle)).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (408, "REQUEST_TIMEOUT")
    );
    assert_eq!(reply.json()["retryable"], true);
}

#[tokio::test]
async fn a_body_must_say_that_it_is_json() {
    for value in [
        None,
        Some("text/plain"),
        Some("application/json; charset=iso-8859-1"),
        Some("multipart/form-data"),
    ] {
        let mut request = Request::post(CUSTOMERS);
        if let Some(value) = value {
            request = request.header(CONTENT_TYPE, value);
        }
        let reply = send(&app(), request.body(Body::from("{}")).unwrap()).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (415, "UNSUPPORTED_MEDIA_TYPE"),
            "{value:?}"
        );
    }
}

#[tokio::test]
async fn an_optional_body_may_be_absent_but_not_broken() {
    let uri = "/api/v1/customers/me/suspend";
    let absent = send(&app(), Request::post(uri).body(Body::empty()).unwrap()).await;
    assert_eq!((absent.status, absent.body.as_str()), (200, ""));
    let given = send(&app(), post_json(uri, r#"{"reason":"fraud"}"#)).await;
    assert_eq!((given.status, given.body.as_str()), (200, "fraud"));
    assert_eq!(
        send(&app(), post_json(uri, "{")).await.code(),
        "MALFORMED_BODY"
    );
    assert_eq!(
        send(&app(), post_json(uri, "[]")).await.json()["errors"][0]["pointer"],
        ""
    );
}

#[tokio::test]
async fn query_parameters_are_strict() {
    let list = async |query: &str| send(&app(), get_request(&format!("{CUSTOMERS}?{query}"))).await;
    assert_eq!(
        list("page=2&pageSize=50&tenant_id=default").await.body,
        "Some(2) Some(50)"
    );
    let reply = list("page=0&page_size=101&serach=x&page_size=7&q=%zz").await;
    assert_eq!(reply.code(), "VALIDATION_FAILED");
    let document = reply.json();
    let pointers: Vec<_> = document["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| &fault["pointer"])
        .collect();
    assert_eq!(
        pointers,
        ["?page_size", "?q", "?page", "?page_size", "?serach"]
    );
}

#[tokio::test]
async fn a_bad_path_segment_is_its_own_problem() {
    let read = async |id: &str| send(&app(), get_request(&format!("{CUSTOMERS}/{id}"))).await;
    let id = "0190f1b2-7c3a-7d2e-9b1a-3f6c2d4e5a60";
    assert!(read(&format!("cust_{id}")).await.body.starts_with(id));
    let reply = read("42x").await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (400, "INVALID_CUSTOMER_ID")
    );
    assert_eq!(reply.json()["errors"][0]["pointer"], "{customerId}");
    for undecodable in ["%ff", "a%00b"] {
        assert_eq!(
            read(undecodable).await.code(),
            "VALIDATION_FAILED",
            "{undecodable}"
        );
    }
}

#[tokio::test]
async fn an_unknown_route_and_a_wrong_method_are_problems() {
    for path in [
        "/",
        "/api/v1/custmers",
        "/api/v1/customers/",
        "/v1",
        "/api/v2/customers",
        "//api/v1/customers",
    ] {
        let reply = send(&app(), get_request(path)).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (404, "ROUTE_NOT_FOUND"),
            "{path}"
        );
    }
    for method in [
        Method::DELETE,
        Method::TRACE,
        Method::OPTIONS,
        Method::from_bytes(b"BREW").unwrap(),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(CUSTOMERS)
            .body(Body::empty())
            .unwrap();
        let reply = send(&app(), request).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (405, "METHOD_NOT_ALLOWED")
        );
        let allowed = reply.headers[ALLOW].to_str().unwrap();
        assert!(
            allowed.contains("GET") && allowed.contains("POST"),
            "{allowed}"
        );
    }
}

#[tokio::test]
async fn a_panic_is_one_500_without_its_text() {
    let app = app();
    for path in ["/panic", "/panic-late", "/raw-error"] {
        let reply = send(&app, get_request(path)).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (500, "INTERNAL"),
            "{path}"
        );
        assert!(!reply.body.contains("secret"), "{path}");
    }
    assert_eq!(send(&app, get_request("/health/live")).await.body, "alive");
}

#[tokio::test]
async fn a_problem_keeps_its_own_members() {
    let reply = send(&app(), get_request("/taken")).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (409, "EMAIL_ALREADY_EXISTS")
    );
    assert_eq!(reply.json()["customerId"], "c-1");
    assert_eq!(reply.json()["instance"], "/taken");
}

#[tokio::test]
async fn a_request_beyond_its_deadline_is_unavailable() {
    let reply = send(&app(), get_request("/slow")).await;
    assert_eq!((reply.status, reply.code().as_str()), (503, "UNAVAILABLE"));
    assert_eq!(reply.headers[RETRY_AFTER], "1");
}

#[tokio::test]
async fn requests_beyond_the_limit_are_shed_and_health_is_not() {
    let app = app();
    let first = send(&app, get_request("/slow"));
    let second = send(&app, get_request("/slow"));
    let third = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        (
            send(&app, get_request("/taken")).await,
            send(&app, get_request("/health/live")).await,
        )
    };
    let (_, _, (shed, health)) = tokio::join!(first, second, third);
    assert_eq!((shed.status, shed.code().as_str()), (503, "UNAVAILABLE"));
    assert_eq!(shed.headers[RETRY_AFTER], "1");
    assert_eq!(health.status, 200);
    assert_eq!(send(&app, get_request("/taken")).await.status, 409);
}

#[tokio::test]
async fn large_headers_are_refused() {
    let request = Request::get(CUSTOMERS)
        .header("x-large", "x".repeat(17 * 1024))
        .body(Body::empty())
        .unwrap();
    let reply = send(&app(), request).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (431, "HEADERS_TOO_LARGE")
    );
    let reply = send(
        &app(),
        get_request(&format!("{CUSTOMERS}?q={}", "x".repeat(17 * 1024))),
    )
    .await;
    assert_eq!(reply.code(), "HEADERS_TOO_LARGE");
}
