//! Limits on the size, the duration and the number of requests.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::code::Code;
use crate::problem::{HttpResult, Problem};

/// Limits of one listener.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest body, in bytes.
    pub body_bytes: usize,
    /// Time from beginning to read a body to its last byte.
    pub body_deadline: Duration,
    /// Time from routing a request to the head of its reply.
    pub request_deadline: Duration,
    /// Largest request line and headers together, in bytes.
    pub header_bytes: usize,
    /// Maximum number of requests in flight.
    pub in_flight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            body_deadline: Duration::from_secs(10),
            request_deadline: Duration::from_secs(30),
            header_bytes: 16 * 1024,
            in_flight: 1000,
        }
    }
}

impl Limits {
    /// Succeeds if the request line and headers together are within the limit.
    pub fn check_headers<B>(&self, request: &Request<B>) -> HttpResult<()> {
        // As on the wire: "METHOD uri HTTP/1.1\r\n" and ": \r\n" around each header.
        let uri = request
            .uri()
            .path_and_query()
            .map_or(0, |uri| uri.as_str().len());
        let line = request.method().as_str().len() + uri + " HTTP/1.1\r\n".len() + 1;
        let headers: usize = request
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
            .sum();
        if line + headers <= self.header_bytes {
            return Ok(());
        }
        let detail = format!(
            "request line and headers must be at most {} bytes together",
            self.header_bytes
        );
        Err(Problem::new(Code::HEADERS_TOO_LARGE).detail(detail))
    }

    /// Reads a whole body. A body whose `Content-Length` exceeds the limit is not read at all.
    ///
    /// # Errors
    /// `BODY_TOO_LARGE`, `REQUEST_TIMEOUT`, or `MALFORMED_BODY` if the connection or the framing breaks.
    pub async fn read_body(&self, headers: &HeaderMap, body: Body) -> HttpResult<Bytes> {
        if content_length(headers).is_some_and(|length| length > self.body_bytes) {
            return Err(self.too_large());
        }
        tokio::time::timeout(self.body_deadline, self.collect(body))
            .await
            .unwrap_or_else(|_| {
                let detail = format!(
                    "the whole body must arrive within {} s",
                    self.body_deadline.as_secs_f64()
                );
                Err(Problem::new(Code::REQUEST_TIMEOUT).detail(detail))
            })
    }

    async fn collect(&self, mut body: Body) -> HttpResult<Bytes> {
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| {
                Problem::new(Code::MALFORMED_BODY)
                    .detail("the body broke off or is not framed as its headers say")
            })?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if bytes.len() + data.len() > self.body_bytes {
                return Err(self.too_large());
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes.freeze())
    }

    fn too_large(&self) -> Problem {
        Problem::new(Code::BODY_TOO_LARGE).detail(format!(
            "the body must be at most {} bytes",
            self.body_bytes
        ))
    }
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Counts the requests in flight and immediately rejects those beyond the limit.
#[derive(Debug, Clone)]
pub struct InFlight {
    places: Arc<Semaphore>,
    always_served: &'static [&'static str],
}

impl InFlight {
    /// Admits `max` requests, and any number of requests to the paths in `always_served`.
    pub fn new(max: usize, always_served: &'static [&'static str]) -> Self {
        Self {
            places: Arc::new(Semaphore::new(max.min(Semaphore::MAX_PERMITS))),
            always_served,
        }
    }

    /// Takes a place, which is free again when the permit is dropped; `None` for a path that is always served.
    pub fn enter(&self, path: &str) -> HttpResult<Option<OwnedSemaphorePermit>> {
        if self.always_served.contains(&path) {
            return Ok(None);
        }
        Arc::clone(&self.places)
            .try_acquire_owned()
            .map(Some)
            .map_err(|_| {
                Problem::new(Code::UNAVAILABLE)
                    .detail("the service is answering as many requests as it can")
                    .retry_after(1)
            })
    }
}

/// Succeeds if the headers declare a JSON body: `application/json` or `application/…+json`, in UTF-8, not compressed.
pub fn require_json(headers: &HeaderMap) -> HttpResult<()> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let is_json = types.next().is_some_and(is_json) && types.next().is_none();
    let is_plain = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if is_json && is_plain {
        return Ok(());
    }
    let detail = "the body must be sent with Content-Type application/json, in UTF-8, without Content-Encoding";
    Err(Problem::new(Code::UNSUPPORTED_MEDIA_TYPE).detail(detail))
}

fn is_json(value: &HeaderValue) -> bool {
    let Ok(text) = value.to_str() else {
        return false;
    };
    let mut parts = text.split(';').map(|part| part.trim().to_ascii_lowercase());
    let essence = parts.next().unwrap_or_default();
    let subtype = essence.strip_prefix("application/").unwrap_or_default();
    let is_json = subtype == "json"
        || subtype
            .strip_suffix("+json")
            .is_some_and(|prefix| !prefix.is_empty());
    is_json
        && parts.all(|parameter| match parameter.split_once('=') {
            Some(("charset", charset)) => matches!(charset.trim_matches('"'), "utf-8" | "utf8"),
            Some(_) => true,
            None => parameter.is_empty(),
        })
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    fn tight() -> Limits {
        Limits {
            body_bytes: 8,
            body_deadline: Duration::from_millis(20),
            header_bytes: 100,
            ..Limits::default()
        }
    }

    async fn read(headers: &[(&str, &str)], body: Body) -> Result<Bytes, Code> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect();
        tight()
            .read_body(&headers, body)
            .await
            .map_err(|problem| problem.code())
    }

    #[tokio::test]
    async fn a_body_within_the_limit_is_read_whole() {
        assert_eq!(read(&[], Body::from("12345678")).await.unwrap(), "12345678");
    }

    #[tokio::test]
    async fn a_body_beyond_the_limit_is_refused_announced_or_not() {
        assert_eq!(
            read(&[("content-length", "9")], Body::from("1")).await,
            Err(Code::BODY_TOO_LARGE)
        );
        let chunks = stream::iter(["12345", "6789"].map(Ok::<_, std::io::Error>));
        assert_eq!(
            read(&[], Body::from_stream(chunks)).await,
            Err(Code::BODY_TOO_LARGE)
        );
    }

    #[tokio::test]
    async fn a_body_that_does_not_arrive_is_a_timeout() {
        let never = stream::pending::<Result<Bytes, std::io::Error>>();
        assert_eq!(
            read(&[], Body::from_stream(never)).await,
            Err(Code::REQUEST_TIMEOUT)
        );
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_malformed() {
        let broken = stream::iter([Ok("1"), Err(std::io::Error::other("reset"))]);
        assert_eq!(
            read(&[], Body::from_stream(broken)).await,
            Err(Code::MALFORMED_BODY)
        );
    }

    #[test]
    fn request_line_and_headers_count_together() {
        let request = |value: usize| {
            Request::get("/abc")
                .header("x-test", "v".repeat(value))
                .body(())
                .unwrap()
        };
        // "GET /abc HTTP/1.1\r\n" is 19 bytes, "x-test: \r\n" is 10.
        assert!(tight().check_headers(&request(71)).is_ok());
        assert_eq!(
            tight().check_headers(&request(72)).unwrap_err().code(),
            Code::HEADERS_TOO_LARGE
        );
    }

    #[test]
    fn places_are_limited_freed_and_never_taken_by_health() {
        const WATCHED: &[&str] = &["/health", "/health/live", "/ready", "/metrics"];
        let places = InFlight::new(1, WATCHED);
        let taken = places.enter("/api/v1/customers").unwrap();
        assert_eq!(
            places.enter("/api/v1/customers").unwrap_err().code(),
            Code::UNAVAILABLE
        );
        for path in WATCHED {
            assert!(places.enter(path).unwrap().is_none(), "{path}");
        }
        assert!(places.enter("/healthy").is_err());
        drop(taken);
        assert!(places.enter("/api/v1/customers").is_ok());
    }

    #[test]
    fn json_is_named_in_several_ways() {
        for (value, accepted) in [
            ("application/json", true),
            ("Application/JSON; Charset=UTF-8", true),
            ("application/json; charset=\"utf-8\"", true),
            ("application/json;", true),
            ("application/merge-patch+json", true),
            ("application/json; profile=x", true),
            ("application/json; charset=latin1", false),
            ("application/+json", false),
            ("application/jsonp", false),
            ("application/x-www-form-urlencoded", false),
            ("text/json", false),
            ("text/plain", false),
            ("json", false),
            ("", false),
        ] {
            let headers = [(CONTENT_TYPE, HeaderValue::from_static(value))]
                .into_iter()
                .collect();
            assert_eq!(require_json(&headers).is_ok(), accepted, "{value}");
        }
    }

    #[test]
    fn a_missing_or_repeated_type_and_a_compressed_body_are_refused() {
        let json = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let gzip = (CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        for headers in [vec![], vec![json.clone(), json.clone()], vec![json, gzip]] {
            let headers: HeaderMap =
                headers
                    .into_iter()
                    .fold(HeaderMap::new(), |mut map, (name, value)| {
                        map.append(name, value);
                        map
                    });
            assert_eq!(
                require_json(&headers).unwrap_err().code(),
                Code::UNSUPPORTED_MEDIA_TYPE
            );
        }
    }
}
