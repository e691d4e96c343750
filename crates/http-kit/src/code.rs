//! Error codes: the type, and the codes that every service has.

use http::StatusCode;

/// The properties of an error code.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// The name on the wire, such as `ROUTE_NOT_FOUND`.
    pub name: &'static str,
    /// The name of the page that explains the code, such as `route-not-found`.
    pub page: &'static str,
    /// The HTTP status of replies with the code.
    pub status: StatusCode,
    /// One sentence that is the same for every occurrence.
    pub title: &'static str,
    /// Whether the same request, sent again later, may succeed.
    pub retryable: bool,
}

/// An error code as clients see it: a row of the service's closed list.
///
/// The constants are the codes that this crate itself replies with, so every service's list includes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Code(&'static Row);

impl Code {
    /// Creates a code from its row.
    pub const fn new(row: &'static Row) -> Self {
        Self(row)
    }

    /// Returns the properties of the code.
    pub const fn row(self) -> &'static Row {
        self.0
    }

    /// Returns the code's name on the wire.
    pub const fn as_str(self) -> &'static str {
        self.0.name
    }

    /// Returns the HTTP status of replies with the code.
    pub const fn status(self) -> StatusCode {
        self.0.status
    }

    /// Returns the general code for a status that a library replied with, such as the router's 404.
    pub fn from_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::UNAUTHENTICATED,
            StatusCode::FORBIDDEN => Self::PERMISSION_DENIED,
            StatusCode::NOT_FOUND => Self::ROUTE_NOT_FOUND,
            StatusCode::METHOD_NOT_ALLOWED => Self::METHOD_NOT_ALLOWED,
            StatusCode::REQUEST_TIMEOUT => Self::REQUEST_TIMEOUT,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BODY_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::TOO_MANY_REQUESTS => Self::RATE_LIMITED,
            StatusCode::URI_TOO_LONG | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
                Self::HEADERS_TOO_LARGE
            }
            StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Self::UNAVAILABLE,
            status if status.is_server_error() => Self::INTERNAL,
            _ => Self::VALIDATION_FAILED,
        }
    }
}

macro_rules! codes {
    ($($name:ident $page:literal $status:ident $retry:ident $title:literal;)+) => {
        impl Code {
            /// The codes that this crate itself replies with.
            pub const BUILT_IN: &'static [Self] = &[$(Self::$name),+];
            $(
                #[doc = $title]
                pub const $name: Self = Self(&Row {
                    name: stringify!($name),
                    page: $page,
                    status: StatusCode::$status,
                    title: $title,
                    retryable: codes!(@$retry),
                });
            )+
        }
    };
    (@retry) => { true };
    (@once) => { false };
}

codes! {
    VALIDATION_FAILED "validation-failed" BAD_REQUEST once "The request is not valid";
    INVALID_CURSOR "invalid-cursor" BAD_REQUEST once "The cursor is not valid";
    MALFORMED_BODY "malformed-body" BAD_REQUEST once "The body is not well-formed";
    UNAUTHENTICATED "unauthenticated" UNAUTHORIZED once "Authentication is required";
    PERMISSION_DENIED "permission-denied" FORBIDDEN once "The caller may not do this";
    ROUTE_NOT_FOUND "route-not-found" NOT_FOUND once "There is no such route";
    METHOD_NOT_ALLOWED "method-not-allowed" METHOD_NOT_ALLOWED once "The route does not have this method";
    REQUEST_TIMEOUT "request-timeout" REQUEST_TIMEOUT retry "The request took too long to arrive";
    BODY_TOO_LARGE "body-too-large" PAYLOAD_TOO_LARGE once "The body is too large";
    UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE once "The body is not JSON";
    RATE_LIMITED "rate-limited" TOO_MANY_REQUESTS retry "Too many requests";
    HEADERS_TOO_LARGE "headers-too-large" REQUEST_HEADER_FIELDS_TOO_LARGE once "The request line and headers are too large";
    INTERNAL "internal" INTERNAL_SERVER_ERROR once "The service failed";
    UNAVAILABLE "unavailable" SERVICE_UNAVAILABLE retry "The service cannot answer at the moment";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_status_of_a_library_has_a_code_of_its_class() {
        for status in 400..600 {
            let status = StatusCode::from_u16(status).unwrap();
            let code = Code::from_status(status);
            assert_eq!(
                code.status().is_server_error(),
                status.is_server_error(),
                "{status}"
            );
        }
    }
}
