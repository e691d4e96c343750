//! Successful replies, stored as bytes.

use axum::body::Body;
use axum::response::Response;
use customer_app::idempotency::Outcome;
use customer_domain::idempotency::StoredReply;
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use http_kit::etag::etag;
use http_kit::idempotency::IDEMPOTENT_REPLAYED;
use serde::Serialize;

/// The capacity for the representation of a customer, which saves reallocations.
const DEFAULT_BODY_CAPACITY: usize = 2048;

/// Returns a reply with a JSON body.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> StoredReply {
    let mut bytes = Vec::with_capacity(DEFAULT_BODY_CAPACITY);
    // These bodies can always be serialised, and writing to a `Vec` does not fail.
    let written = serde_json::to_writer(&mut bytes, body);
    StoredReply {
        status: status.as_u16(),
        location: None,
        etag: None,
        body: written.map_or_else(|_| Vec::new(), |()| bytes),
    }
}

/// Adds headers that clients need for their next request.
pub(crate) trait ReplyExt {
    /// Sets `ETag` to the edit token of the record.
    fn version(self, version: i64) -> Self;
    /// Sets `ETag` to a weak tag that also changes with the records that the reply includes. It is no
    /// edit token.
    fn weak_version(self, version: i64, sequence: i64) -> Self;
    /// Sets `Location` to the path of the new record.
    fn location(self, path: String) -> Self;
    /// Converts the stored reply into a response.
    fn send(self) -> Response;
}

impl ReplyExt for StoredReply {
    fn version(mut self, version: i64) -> Self {
        self.etag = etag(version).to_str().ok().map(str::to_owned);
        self
    }

    fn weak_version(mut self, version: i64, sequence: i64) -> Self {
        self.etag = Some(format!("W/\"{version}-{sequence}\""));
        self
    }

    fn location(mut self, path: String) -> Self {
        self.location = Some(path);
        self
    }

    fn send(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or_default();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let optional = [(ETAG, self.etag), (LOCATION, self.location)];
        for (name, value) in optional {
            if let Some(value) = value.and_then(|text| HeaderValue::try_from(text).ok()) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// Returns the response to an idempotent request: a new one, or the one that was stored the first
/// time.
pub(crate) fn once<T>(outcome: Outcome<T>, render: impl Fn(&T) -> StoredReply) -> Response {
    match outcome {
        Outcome::Done(result) => render(&result).send(),
        Outcome::Replayed(stored) => {
            let mut response = stored.send();
            let yes = HeaderValue::from_static("true");
            response.headers_mut().insert(IDEMPOTENT_REPLAYED, yes);
            response
        }
    }
}
