//! Replies that succeeded, made and kept as bytes.

use axum::body::Body;
use axum::response::Response;
use customer_app::idempotency::Outcome;
use customer_domain::idempotency::StoredReply;
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderValue, StatusCode};
use http_kit::etag::etag;
use http_kit::idempotency::IDEMPOTENT_REPLAYED;
use serde::Serialize;

/// Room for one customer, so that its reply is not moved while it grows.
const DEFAULT_BODY_CAPACITY: usize = 2048;

/// A reply with a JSON body.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> StoredReply {
    let mut bytes = Vec::with_capacity(DEFAULT_BODY_CAPACITY);
    // What these bodies are made of can always be written; a Vec takes it all.
    let written = serde_json::to_writer(&mut bytes, body);
    StoredReply {
        status: status.as_u16(),
        location: None,
        etag: None,
        body: written.map_or_else(|_| Vec::new(), |()| bytes),
    }
}

/// Adds to a reply what clients need for their next step.
pub(crate) trait ReplyExt {
    /// The edit token of the record.
    fn version(self, version: i64) -> Self;
    /// Where the new record lies.
    fn location(self, path: String) -> Self;
    /// The reply itself.
    fn send(self) -> Response;
}

impl ReplyExt for StoredReply {
    fn version(mut self, version: i64) -> Self {
        self.etag = etag(version).to_str().ok().map(str::to_owned);
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

/// The reply to something that is done once: made now, or as it was stored the first time.
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
