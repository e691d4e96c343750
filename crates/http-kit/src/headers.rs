//! Headers that every reply carries, and CORS.

use std::collections::HashSet;

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ORIGIN, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS, X_XSS_PROTECTION,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};

const POLICY: &str = "default-src 'self'; frame-ancestors 'none'";
/// For the documentation pages, which use inline styles and embed small images.
const DOCS_POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";

/// The security headers of every reply. `X-XSS-Protection` is obsolete, but the requirements ask for it.
pub(crate) const SECURITY: [(HeaderName, &str); 6] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (X_XSS_PROTECTION, "1; mode=block"),
    (
        STRICT_TRANSPORT_SECURITY,
        "max-age=31536000; includeSubDomains",
    ),
    (REFERRER_POLICY, "no-referrer"),
    (CONTENT_SECURITY_POLICY, POLICY),
];

/// Sets the security headers of a reply, and `Cache-Control: no-store` unless the route has set another value or the
/// reply is documentation, which contains no personal data.
pub fn secure(headers: &mut HeaderMap, path: &str) {
    for (name, value) in SECURITY {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let is_page = path == "/docs" || path.starts_with("/docs/");
    if is_page {
        headers.insert(
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(DOCS_POLICY),
        );
    }
    if !is_page && !path.starts_with("/api-docs/") {
        headers
            .entry(CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }
}

/// The origins whose scripts may read replies. They are compared exactly.
#[derive(Debug, Clone, Default)]
pub struct CorsOrigins(HashSet<String>);

impl CorsOrigins {
    /// Validates a list of origins such as `https://shop.example`.
    ///
    /// # Errors
    /// A message that names the invalid entry. `*` and `null` are invalid: they would admit everyone.
    pub fn new<I: IntoIterator<Item: Into<String>>>(origins: I) -> Result<Self, String> {
        let origins = origins.into_iter().map(Into::into);
        origins
            .map(|origin| checked(&origin).map(|()| origin))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn admitted<'r, B>(&self, request: &'r Request<B>) -> Option<&'r HeaderValue> {
        let origin = request.headers().get(ORIGIN)?;
        self.0.contains(origin.to_str().ok()?).then_some(origin)
    }

    /// Returns the reply to a preflight from an admitted origin; `None` for any other request, which continues to its
    /// route.
    pub fn preflight<B>(&self, request: &Request<B>) -> Option<Response> {
        let asks = request.method() == Method::OPTIONS
            && request
                .headers()
                .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !asks || self.admitted(request).is_none() {
            return None;
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        for (name, value) in [
            (
                ACCESS_CONTROL_ALLOW_METHODS,
                "GET, POST, PUT, PATCH, DELETE",
            ),
            (
                ACCESS_CONTROL_ALLOW_HEADERS,
                "Authorization, Content-Type, If-Match, Idempotency-Key, X-API-Key, X-Correlation-Id, traceparent",
            ),
            (ACCESS_CONTROL_MAX_AGE, "600"),
        ] {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        Some(response)
    }

    /// Returns what [`CorsGrant::apply`] needs to set the CORS headers of the reply to this request.
    pub fn grant<B>(&self, request: &Request<B>) -> CorsGrant {
        CorsGrant {
            listed: !self.0.is_empty(),
            origin: self.admitted(request).cloned(),
        }
    }
}

fn checked(origin: &str) -> Result<(), String> {
    let host = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    let sound = host.is_some_and(|host| {
        !host.is_empty()
            && host.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.:[]".contains(&byte)
            })
    });
    if sound {
        return Ok(());
    }
    Err(format!(
        "`{origin}` is no origin: expected scheme and host in lower case, such as https://shop.example"
    ))
}

/// The origin that may read the reply to a request.
#[derive(Debug)]
pub struct CorsGrant {
    listed: bool,
    origin: Option<HeaderValue>,
}

impl CorsGrant {
    /// Sets the CORS headers of the reply. It varies by origin whenever the list of admitted origins is not empty.
    pub fn apply(self, headers: &mut HeaderMap) {
        if self.listed {
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = self.origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(
                ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(
                    "ETag, Idempotent-Replayed, Location, Retry-After, WWW-Authenticate, X-Correlation-Id, \
                     X-Next-Updated-After",
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(origin: &str) -> Request<()> {
        Request::get("/").header(ORIGIN, origin).body(()).unwrap()
    }

    #[test]
    fn every_reply_is_secured_and_not_stored() {
        let mut headers = HeaderMap::new();
        secure(&mut headers, "/api/v1/customers");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[X_FRAME_OPTIONS], "DENY");
        assert_eq!(headers[X_XSS_PROTECTION], "1; mode=block");
        assert_eq!(
            headers[STRICT_TRANSPORT_SECURITY],
            "max-age=31536000; includeSubDomains"
        );
        assert_eq!(
            headers[CONTENT_SECURITY_POLICY],
            "default-src 'self'; frame-ancestors 'none'"
        );
        assert_eq!(headers[CACHE_CONTROL], "no-store");
    }

    #[test]
    fn documentation_may_be_stored_and_styled() {
        for path in ["/docs", "/docs/index.html"] {
            let mut headers = HeaderMap::new();
            secure(&mut headers, path);
            assert_eq!(headers[CONTENT_SECURITY_POLICY], DOCS_POLICY);
            assert!(!headers.contains_key(CACHE_CONTROL));
        }
        let mut headers = HeaderMap::new();
        secure(&mut headers, "/docsearch");
        assert_eq!(headers[CONTENT_SECURITY_POLICY], POLICY);
    }

    #[test]
    fn a_route_may_decide_what_is_cached() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
        secure(&mut headers, "/.well-known/jwks.json");
        assert_eq!(headers[CACHE_CONTROL], "max-age=60");
    }

    #[test]
    fn only_listed_origins_are_granted() {
        let origins = CorsOrigins::new(["https://shop.example"]).unwrap();
        let granted = |origin: &str| {
            let mut headers = HeaderMap::new();
            origins.grant(&from(origin)).apply(&mut headers);
            assert_eq!(headers[VARY], "Origin");
            headers.get(ACCESS_CONTROL_ALLOW_ORIGIN).cloned()
        };
        assert_eq!(
            granted("https://shop.example").unwrap(),
            "https://shop.example"
        );
        for trick in [
            "null",
            "https://shop.example.evil.test",
            "https://evil-shop.example",
            "http://shop.example",
            "https://shop.example:8443",
            "https://SHOP.example",
            "https://shop.example/",
        ] {
            assert_eq!(granted(trick), None, "{trick}");
        }
    }

    #[test]
    fn a_preflight_is_answered_for_listed_origins_only() {
        let origins = CorsOrigins::new(["https://shop.example"]).unwrap();
        let ask = |method: Method, origin: &str, wanted: bool| {
            let mut request = Request::builder().method(method).header(ORIGIN, origin);
            if wanted {
                request = request.header(ACCESS_CONTROL_REQUEST_METHOD, "PUT");
            }
            origins
                .preflight(&request.body(()).unwrap())
                .map(|response| response.status())
        };
        assert_eq!(
            ask(Method::OPTIONS, "https://shop.example", true),
            Some(StatusCode::NO_CONTENT)
        );
        assert_eq!(ask(Method::OPTIONS, "https://evil.example", true), None);
        assert_eq!(ask(Method::OPTIONS, "https://shop.example", false), None);
        assert_eq!(ask(Method::GET, "https://shop.example", true), None);
    }

    #[test]
    fn a_list_holds_origins_only() {
        let origins = [
            "http://localhost:3000",
            "https://[::1]:8443",
            "http://my_host",
        ];
        assert!(CorsOrigins::new(origins).is_ok());
        for wrong in [
            "*",
            "null",
            "shop.example",
            "https://",
            "https://*.example",
            "https://Shop.example",
            "https://shop.example/x",
        ] {
            assert!(CorsOrigins::new([wrong]).unwrap_err().contains(wrong));
        }
    }
}
