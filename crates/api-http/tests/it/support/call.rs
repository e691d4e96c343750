//! A request, put together.

use super::Key;
use axum::body::Body;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request};
use serde_json::Value;

/// A request to be sent.
pub(crate) struct Call {
    pub(super) method: Method,
    pub(super) target: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Body,
}

impl Call {
    pub(crate) fn new(method: Method, target: impl Into<String>) -> Self {
        Self {
            method,
            target: target.into(),
            headers: Vec::new(),
            body: Body::empty(),
        }
    }

    pub(crate) fn post(target: impl Into<String>) -> Self {
        Self::new(Method::POST, target)
    }

    pub(crate) fn put(target: impl Into<String>) -> Self {
        Self::new(Method::PUT, target)
    }

    pub(crate) fn delete(target: impl Into<String>) -> Self {
        Self::new(Method::DELETE, target)
    }

    pub(crate) fn key(self, key: Key) -> Self {
        self.header("authorization", &format!("Bearer {}", key.secret()))
    }

    /// As a customer with this token.
    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a header value");
        self.headers.push((HeaderName::from_static(name), value));
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.bytes(body.to_string())
    }

    /// Any bytes, said to be JSON.
    pub(crate) fn bytes(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self.header("content-type", "application/json")
    }

    /// Says otherwise what the body is.
    pub(crate) fn content_type(mut self, kind: &str) -> Self {
        self.headers.retain(|(name, _)| *name != CONTENT_TYPE);
        self.header("content-type", kind)
    }

    pub(super) fn request(self) -> Request<Body> {
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.target.parse().expect("a request target");
        let host = HeaderValue::from_static("a");
        request.headers_mut().insert(HOST, host);
        for (name, value) in self.headers {
            request.headers_mut().append(name, value);
        }
        request
    }
}
