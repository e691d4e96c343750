//! Failures as RFC 9457 problem documents.
//!
//! A [`Problem`] becomes a response without a body, with the problem in its extensions, because the request's path and
//! trace id are not known where it is created. [`finish`], called once around all routes, writes the document, and
//! replaces error replies from elsewhere (such as the router's 404 and 405) with documents too.

mod document;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

pub use self::document::ProblemDocument;
use crate::code::Code;
use crate::context::RequestContext;
use crate::fault::{Fault, FaultCode};

/// The media type of problem documents.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The path below which the service serves the page of each code.
pub const PAGES: &str = "/docs/problems";

/// Faults beyond this number are counted but not listed, so that a small hostile body cannot cause a huge reply.
pub(crate) const MAX_FAULTS_LISTED: usize = 100;

/// A result whose error is sent to the client as it is.
pub type HttpResult<T> = Result<T, Problem>;

/// A failure to be sent to the client.
#[derive(Debug, Clone)]
#[must_use = "a problem does nothing until it is returned"]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    code: Code,
    detail: String,
    faults: Vec<Fault>,
    members: Map<String, Value>,
    retry_after: Option<u32>,
    headers: HeaderMap,
}

impl Problem {
    /// Creates a problem whose detail is the code's title unless [`Self::detail`] replaces it.
    pub fn new(code: impl Into<Code>) -> Self {
        let code = code.into();
        Self(Box::new(Inner {
            code,
            detail: code.row().title.to_owned(),
            faults: Vec::new(),
            members: Map::new(),
            retry_after: None,
            headers: HeaderMap::new(),
        }))
    }

    /// Creates the problem that reports the faults of a request. Its code is that of a single [`FaultCode::Problem`],
    /// else `VALIDATION_FAILED`.
    pub fn from_faults(faults: Vec<Fault>) -> Self {
        let (code, detail) = match faults.as_slice() {
            [] => (
                Code::VALIDATION_FAILED,
                Code::VALIDATION_FAILED.row().title.to_owned(),
            ),
            [only] => (
                match only.code {
                    FaultCode::Problem(code) => code,
                    FaultCode::Item(_) => Code::VALIDATION_FAILED,
                },
                if only.pointer.is_empty() {
                    only.detail.clone()
                } else {
                    format!("{}: {}", only.pointer, only.detail)
                },
            ),
            several => (
                Code::VALIDATION_FAILED,
                format!(
                    "{} things are wrong with the request, see errors",
                    several.len()
                ),
            ),
        };
        let mut problem = Self::new(code).detail(detail);
        problem.0.faults = faults;
        problem
    }

    /// Sets what happened this time: no SQL, no file path, no type name, no personal data.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// Adds an entry to `errors`.
    pub fn fault(mut self, fault: Fault) -> Self {
        self.0.faults.push(fault);
        self
    }

    /// Adds an extension member to the document, such as `customerId` or `currentVersion`.
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// Sets `Retry-After`, in seconds.
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Sets a response header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Returns the problem's error code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Returns the faults of the request.
    pub fn faults(&self) -> &[Fault] {
        &self.0.faults
    }

    fn into_document(self, context: Option<&RequestContext>) -> ProblemDocument {
        let Inner {
            code,
            detail,
            mut faults,
            members,
            ..
        } = *self.0;
        let unlisted = faults.len().saturating_sub(MAX_FAULTS_LISTED);
        faults.truncate(MAX_FAULTS_LISTED);
        let detail = match unlisted {
            0 => detail,
            more => format!("{detail} ({more} more are not listed)"),
        };
        ProblemDocument {
            kind: format!("{PAGES}/{}", code.row().page),
            title: code.row().title.to_owned(),
            status: code.status().as_u16(),
            detail,
            instance: context.map(|context| context.path.to_string()),
            success: false,
            code: code.as_str().to_owned(),
            errors: faults,
            trace_id: context.map(|context| context.trace_id.to_string()),
            retryable: code.row().retryable,
            members,
        }
    }

    /// Returns the response headers: RFC 9110 requires a challenge with 401, and clients need to know how long to wait
    /// after 429 and 503.
    fn response_headers(&self) -> HeaderMap {
        let mut headers = self.0.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        let code = self.0.code;
        let status = code.status();
        if status == StatusCode::UNAUTHORIZED && !headers.contains_key(WWW_AUTHENTICATE) {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let waits = matches!(
            status,
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
        );
        if let Some(seconds) = self.0.retry_after.or(waits.then_some(1)) {
            headers
                .entry(RETRY_AFTER)
                .or_insert(HeaderValue::from(seconds));
        }
        headers
    }

    /// Returns the document as JSON. Only a request whose head could not be read has no context; `instance` and
    /// `traceId` are then left out.
    pub(crate) fn into_json(self, context: Option<&RequestContext>) -> Vec<u8> {
        // Strings and plain structs always serialise; without a body the reply would still carry the status.
        serde_json::to_vec(&self.into_document(context)).unwrap_or_default()
    }

    fn render(self, context: &RequestContext) -> Response {
        let code = self.0.code;
        let headers = self.response_headers();
        let body = self.into_json(Some(context));
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = code.status();
        *response.headers_mut() = headers;
        response.extensions_mut().insert(code);
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::from_faults(vec![fault])
    }
}

impl From<Vec<Fault>> for Problem {
    fn from(faults: Vec<Fault>) -> Self {
        Self::from_faults(faults)
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

/// Writes the document of a failed response; other responses pass unchanged. The code stays in the response's
/// extensions, where the observer finds it.
pub fn finish(mut response: Response, context: &RequestContext) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return problem.render(context);
    }
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let mut problem = Problem::new(Code::from_status(status));
    for name in [ALLOW, RETRY_AFTER, WWW_AUTHENTICATE] {
        if let Some(value) = response.headers_mut().remove(&name) {
            problem = problem.header(name, value);
        }
    }
    problem.render(context)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use serde_json::json;

    use super::*;
    use crate::code::Row;
    use crate::fault;

    const EMAIL_ALREADY_EXISTS: Code = Code::new(&Row {
        name: "EMAIL_ALREADY_EXISTS",
        page: "email-already-exists",
        status: StatusCode::CONFLICT,
        title: "The e-mail address belongs to another customer",
        retryable: false,
    });
    const INVALID_EMAIL_FORMAT: Code = Code::new(&Row {
        name: "INVALID_EMAIL_FORMAT",
        page: "invalid-email-format",
        status: StatusCode::BAD_REQUEST,
        title: "The e-mail address is not valid",
        retryable: false,
    });

    fn context() -> RequestContext {
        RequestContext {
            correlation_id: "c-1".into(),
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
            path: "/api/v1/customers".into(),
        }
    }

    async fn document(response: Response) -> Value {
        let body = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    }

    #[tokio::test]
    async fn a_problem_is_written_with_path_and_trace_id() {
        let problem = Problem::new(EMAIL_ALREADY_EXISTS).member("customerId", "abc");
        let response = finish(problem.into_response(), &context());
        assert_eq!(response.status(), StatusCode::CONFLICT);
        assert_eq!(response.headers()[CONTENT_TYPE], PROBLEM_JSON);
        assert_eq!(
            response.extensions().get::<Code>(),
            Some(&EMAIL_ALREADY_EXISTS)
        );
        let expected = json!({
            "type": "/docs/problems/email-already-exists",
            "title": "The e-mail address belongs to another customer",
            "status": 409,
            "detail": "The e-mail address belongs to another customer",
            "instance": "/api/v1/customers",
            "success": false,
            "code": "EMAIL_ALREADY_EXISTS",
            "errors": [],
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
            "retryable": false,
            "customerId": "abc",
        });
        assert_eq!(document(response).await, expected);
    }

    #[test]
    fn faults_decide_the_code() {
        let email = Fault::new("/email", INVALID_EMAIL_FORMAT, "must be an e-mail address");
        let long = Fault::new("/phone", fault::TOO_LONG, "must have at most 20 characters");
        let cases = [
            (vec![email.clone()], INVALID_EMAIL_FORMAT),
            (vec![long.clone()], Code::VALIDATION_FAILED),
            (vec![email, long], Code::VALIDATION_FAILED),
            (vec![], Code::VALIDATION_FAILED),
        ];
        for (faults, code) in cases {
            let problem = Problem::from_faults(faults.clone());
            assert_eq!(problem.code(), code);
            assert_eq!(problem.faults(), faults);
        }
    }

    #[test]
    fn a_flood_of_faults_is_cut() {
        let faults = (0..250)
            .map(|n| Fault::new(format!("/{n}"), fault::UNKNOWN_FIELD, "no"))
            .collect();
        let document: Value =
            serde_json::from_slice(&Problem::from_faults(faults).into_json(None)).unwrap();
        assert_eq!(document["errors"].as_array().unwrap().len(), 100);
        assert!(document["detail"].as_str().unwrap().contains("150 more"));
        assert_eq!(document.get("instance"), None);
    }

    #[test]
    fn a_401_challenges_and_a_wait_is_named() {
        let headers = |problem: Problem| {
            finish(problem.into_response(), &context())
                .headers()
                .clone()
        };
        assert_eq!(
            headers(Code::UNAUTHENTICATED.into())[WWW_AUTHENTICATE],
            "Bearer"
        );
        assert_eq!(headers(Code::UNAVAILABLE.into())[RETRY_AFTER], "1");
        assert_eq!(
            headers(Problem::new(Code::RATE_LIMITED).retry_after(17))[RETRY_AFTER],
            "17"
        );
        assert!(!headers(Code::INTERNAL.into()).contains_key(RETRY_AFTER));
    }

    #[tokio::test]
    async fn an_error_of_another_origin_loses_its_body_and_keeps_what_clients_need() {
        let mut foreign = (StatusCode::METHOD_NOT_ALLOWED, "secret text").into_response();
        foreign
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET,HEAD"));
        let response = finish(foreign, &context());
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[ALLOW], "GET,HEAD");
        assert_eq!(document(response).await["code"], "METHOD_NOT_ALLOWED");
    }

    #[tokio::test]
    async fn a_success_passes_unchanged() {
        let response = finish((StatusCode::ACCEPTED, "text").into_response(), &context());
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        assert_eq!(
            response.into_body().collect().await.unwrap().to_bytes(),
            "text"
        );
    }
}
