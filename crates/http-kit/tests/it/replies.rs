//! What all replies have in common.

use axum::body::Body;
use http::Request;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, ORIGIN, VARY};
use serde_json::json;

use crate::sample::{app, get_request, send};

const CUSTOMERS: &str = "/api/v1/customers";

#[tokio::test]
async fn every_reply_has_the_security_headers_and_a_correlation_id() {
    let app = app();
    for path in [
        "/health/live",
        CUSTOMERS,
        "/nowhere",
        "/panic",
        "/slow",
        "/taken",
        "/raw-error",
    ] {
        let request = Request::get(path)
            .header("x-correlation-id", "order-7")
            .body(Body::empty())
            .unwrap();
        let headers = send(&app, request).await.headers;
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY");
        assert_eq!(headers["x-xss-protection"], "1; mode=block");
        assert_eq!(
            headers["strict-transport-security"],
            "max-age=31536000; includeSubDomains"
        );
        assert_eq!(
            headers["content-security-policy"],
            "default-src 'self'; frame-ancestors 'none'"
        );
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-correlation-id"], "order-7");
        assert_eq!(headers[VARY], "Origin");
    }
}

#[tokio::test]
async fn ids_of_the_caller_are_kept_and_others_made() {
    let app = app();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request =
        Request::get("/taken").header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let reply = send(&app, request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.json()["traceId"], trace);
    let reply = send(&app, get_request("/taken")).await;
    assert_ne!(reply.json()["traceId"], trace);
    assert_eq!(reply.headers["x-correlation-id"].len(), 36);
    let request = Request::get("/taken")
        .header("x-correlation-id", "two words")
        .body(Body::empty())
        .unwrap();
    assert_ne!(
        send(&app, request).await.headers["x-correlation-id"],
        "two words"
    );
}

#[tokio::test]
async fn scripts_of_listed_origins_may_read_replies_and_no_others() {
    let app = app();
    let read = async |origin: &str| {
        let request = Request::get("/nowhere")
            .header(ORIGIN, origin)
            .body(Body::empty())
            .unwrap();
        send(&app, request)
            .await
            .headers
            .get(ACCESS_CONTROL_ALLOW_ORIGIN)
            .cloned()
    };
    assert_eq!(
        read("https://shop.example").await.unwrap(),
        "https://shop.example"
    );
    for origin in [
        "null",
        "https://shop.example.evil.test",
        "https://evilshop.example",
        "http://shop.example",
    ] {
        assert_eq!(read(origin).await, None, "{origin}");
    }
    let preflight = async |origin: &str| {
        let request = Request::options(CUSTOMERS)
            .header(ORIGIN, origin)
            .header("access-control-request-method", "PUT")
            .body(Body::empty())
            .unwrap();
        send(&app, request).await
    };
    let granted = preflight("https://shop.example").await;
    assert_eq!((granted.status, granted.body.as_str()), (204, ""));
    assert_eq!(
        granted.headers[ACCESS_CONTROL_ALLOW_ORIGIN],
        "https://shop.example"
    );
    assert_eq!(granted.headers["x-content-type-options"], "nosniff");
    let refused = preflight("https://evil.example").await;
    assert_eq!(refused.code(), "METHOD_NOT_ALLOWED");
    assert!(!refused.headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
}

#[tokio::test]
async fn a_whole_problem_is_as_documented() {
    let request = Request::post("/v1/customers")
        .header(CONTENT_TYPE, "application/json")
        .header(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        );
    let reply = send(
        &app(),
        request
            .body(Body::from(r#"{"emial":"a@b.example"}"#))
            .unwrap(),
    )
    .await;
    let expected = json!({
        "type": "/docs/problems/validation-failed",
        "title": "The request is not valid",
        "status": 400,
        "detail": "2 things are wrong with the request, see errors",
        "instance": "/v1/customers",
        "success": false,
        "code": "VALIDATION_FAILED",
        "errors": [
            {"pointer": "/email", "code": "REQUIRED", "detail": "is required"},
            {"pointer": "/emial", "code": "UNKNOWN_FIELD", "detail": "is not a member of this request; did you mean email?"},
        ],
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        "retryable": false,
    });
    assert_eq!(reply.json(), expected);
}
