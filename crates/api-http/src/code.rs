//! The closed list of error codes.

use http::StatusCode;
use http_kit::code::Row;
use http_kit::fault::FaultCode;
use http_kit::problem::Problem;

/// A row per code: variant, code in replies, page under `docs/problems/`, status, title, and
/// whether the same request may succeed later. The row of a code that `http-kit` defines has only
/// the variant, the name of the kit's constant and the page: the kit's row has the rest. A code
/// without a page does not compile.
macro_rules! codes {
    ($($variant:ident $name:tt $page:literal $($status:ident $retry:ident $title:literal)?;)+) => {
        /// The kind of error, as clients see it. The list is closed: a new code needs a new row and
        /// a new page.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[doc = $title])? $variant),+ }

        impl Code {
            /// Every code, in the order of their statuses.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the properties of the code.
            pub const fn row(self) -> &'static Row {
                match self { $(Self::$variant => codes!(@row $name $page $($status $retry $title)?)),+ }
            }

            /// Returns the text of the code's page, in Markdown.
            pub const fn markdown(self) -> &'static str {
                match self { $(Self::$variant => include_str!(concat!("../../../docs/problems/", $page, ".md"))),+ }
            }
        }
    };
    (@row $kit:ident $page:literal) => { http_kit::code::Code::$kit.row() };
    (@row $name:literal $page:literal $status:ident $retry:ident $title:literal) => {
        &Row {
            name: $name,
            page: $page,
            status: StatusCode::$status,
            title: $title,
            retryable: codes!(@retry $retry),
        }
    };
    (@retry retry) => { true };
    (@retry once) => { false };
}

codes! {
    ValidationFailed VALIDATION_FAILED "validation-failed";
    InvalidEmailFormat "INVALID_EMAIL_FORMAT" "invalid-email-format" BAD_REQUEST once "The e-mail address is not valid";
    WeakPassword "WEAK_PASSWORD" "weak-password" BAD_REQUEST once "The password is too weak";
    AddressLimitExceeded "ADDRESS_LIMIT_EXCEEDED" "address-limit-exceeded" BAD_REQUEST once "The customer has as many addresses as allowed";
    NoteLimitExceeded "NOTE_LIMIT_EXCEEDED" "note-limit-exceeded" BAD_REQUEST once "The customer has as many notes as allowed";
    InvalidCustomerId "INVALID_CUSTOMER_ID" "invalid-customer-id" BAD_REQUEST once "The customer id is not valid";
    InvalidAddressId "INVALID_ADDRESS_ID" "invalid-address-id" BAD_REQUEST once "The address id is not valid";
    InvalidCursor INVALID_CURSOR "invalid-cursor";
    FilterTooBroad "FILTER_TOO_BROAD" "filter-too-broad" BAD_REQUEST once "The filter matches too much to be answered in time";
    ReadOnlyField "READ_ONLY_FIELD" "read-only-field" BAD_REQUEST once "A read-only member was given another value";
    MalformedBody MALFORMED_BODY "malformed-body";
    InvalidToken "INVALID_TOKEN" "invalid-token" BAD_REQUEST once "The token is wrong, used or expired";
    Unauthenticated UNAUTHENTICATED "unauthenticated";
    InvalidCredentials "INVALID_CREDENTIALS" "invalid-credentials" UNAUTHORIZED once "E-mail address or password is wrong";
    TokenExpired "TOKEN_EXPIRED" "token-expired" UNAUTHORIZED once "The access token has expired";
    Invalid2faCode "INVALID_2FA_CODE" "invalid-2fa-code" UNAUTHORIZED once "The code is wrong or was used before";
    PermissionDenied PERMISSION_DENIED "permission-denied";
    StepUpRequired "STEP_UP_REQUIRED" "step-up-required" FORBIDDEN once "A fresh proof of identity is required";
    EmailNotVerified "EMAIL_NOT_VERIFIED" "email-not-verified" FORBIDDEN once "The e-mail address is not verified";
    AccountSuspended "ACCOUNT_SUSPENDED" "account-suspended" FORBIDDEN once "The account is suspended";
    CustomerNotFound "CUSTOMER_NOT_FOUND" "customer-not-found" NOT_FOUND once "There is no such customer";
    AddressNotFound "ADDRESS_NOT_FOUND" "address-not-found" NOT_FOUND once "There is no such address";
    NoteNotFound "NOTE_NOT_FOUND" "note-not-found" NOT_FOUND once "There is no such note";
    TenantNotFound "TENANT_NOT_FOUND" "tenant-not-found" NOT_FOUND once "There is no such tenant";
    ApiKeyNotFound "API_KEY_NOT_FOUND" "api-key-not-found" NOT_FOUND once "There is no such API key";
    GroupNotFound "GROUP_NOT_FOUND" "group-not-found" NOT_FOUND once "There is no such customer group";
    RouteNotFound ROUTE_NOT_FOUND "route-not-found";
    FeatureDisabled "FEATURE_DISABLED" "feature-disabled" NOT_FOUND once "The feature is switched off";
    MethodNotAllowed METHOD_NOT_ALLOWED "method-not-allowed";
    RequestTimeout REQUEST_TIMEOUT "request-timeout";
    EmailAlreadyExists "EMAIL_ALREADY_EXISTS" "email-already-exists" CONFLICT once "The e-mail address belongs to another customer";
    IdentifierAlreadyExists "IDENTIFIER_ALREADY_EXISTS" "identifier-already-exists" CONFLICT once "The identifier is taken";
    DuplicateAddress "DUPLICATE_ADDRESS" "duplicate-address" CONFLICT once "The customer has an equal address";
    GroupAlreadyExists "GROUP_ALREADY_EXISTS" "group-already-exists" CONFLICT once "The tenant has a group with this id";
    GroupInUse "GROUP_IN_USE" "group-in-use" CONFLICT once "Customers belong to the group";
    IdempotencyInFlight "IDEMPOTENCY_IN_FLIGHT" "idempotency-in-flight" CONFLICT retry "A request with this Idempotency-Key is still running";
    StateConflict "STATE_CONFLICT" "state-conflict" CONFLICT once "The record's state does not allow this";
    PositionExpired "POSITION_EXPIRED" "position-expired" GONE once "The position lies before the oldest change kept";
    LinkExpired "LINK_EXPIRED" "link-expired" GONE once "The link has expired or was used";
    VersionConflict "VERSION_CONFLICT" "version-conflict" PRECONDITION_FAILED once "The record was changed by someone else";
    BodyTooLarge BODY_TOO_LARGE "body-too-large";
    UnsupportedMediaType UNSUPPORTED_MEDIA_TYPE "unsupported-media-type";
    IdempotencyKeyReused "IDEMPOTENCY_KEY_REUSED" "idempotency-key-reused" UNPROCESSABLE_ENTITY once "The Idempotency-Key was used for another request";
    RateLimited RATE_LIMITED "rate-limited";
    HeadersTooLarge HEADERS_TOO_LARGE "headers-too-large";
    Internal INTERNAL "internal";
    SegmentUpdateFailed "SEGMENT_UPDATE_FAILED" "segment-update-failed" INTERNAL_SERVER_ERROR retry "The segment could not be updated";
    Unavailable UNAVAILABLE "unavailable";
}

impl Code {
    /// Returns the code whose page has this name.
    pub fn from_page(page: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.row().page == page)
    }
}

impl From<Code> for http_kit::code::Code {
    fn from(code: Code) -> Self {
        Self::new(code.row())
    }
}

impl From<Code> for FaultCode {
    fn from(code: Code) -> Self {
        Self::Problem(code.into())
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl PartialEq<Code> for http_kit::code::Code {
    fn eq(&self, code: &Code) -> bool {
        self.row() == code.row()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_code_has_a_page_and_every_page_a_code() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/problems");
        let pages: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let expected: BTreeSet<String> = Code::ALL
            .iter()
            .map(|code| format!("{}.md", code.row().page))
            .collect();
        assert_eq!(pages, expected);
    }

    #[test]
    fn a_page_is_named_after_its_code_and_says_what_the_code_says() {
        for code in Code::ALL {
            let row = code.row();
            assert_eq!(row.page, row.name.to_lowercase().replace('_', "-"));
            let page = code.markdown();
            assert!(page.starts_with(&format!("# {}\n", row.name)), "{code:?}");
            assert!(page.contains(row.title), "{code:?}");
            assert!(
                page.contains(&format!("\"status\": {}", row.status.as_u16())),
                "{code:?}"
            );
            let retry = if row.retryable {
                "Retryable: yes"
            } else {
                "Retryable: no"
            };
            assert!(page.contains(retry), "{code:?}");
        }
    }

    #[test]
    fn pages_are_unique_and_found_again() {
        for code in Code::ALL {
            assert_eq!(Code::from_page(code.row().page), Some(*code));
        }
        assert_eq!(Code::from_page("../secret"), None);
    }

    #[test]
    fn every_code_of_the_kit_has_a_row() {
        for code in http_kit::code::Code::BUILT_IN {
            let listed = Code::from_page(code.row().page);
            assert_eq!(listed.map(Code::row), Some(code.row()));
        }
    }
}
