//! What a request says in its body and its path, or a problem document.

use std::fmt;

use axum::body::Body;
use axum::extract::{FromRequestParts, RawPathParams};
use bytes::Bytes;
use http::request::Parts;
use uuid::Uuid;

use crate::code::Code;
use crate::fault::{self, Fault};
use crate::fields::Fields;
use crate::json::{self, Document};
use crate::limits::{Limits, require_json};
use crate::normalise::AliasTable;
use crate::problem::{HttpResult, Problem};

/// A required JSON body.
pub struct JsonBody {
    /// The bytes as sent, for the digest that is stored with an `Idempotency-Key`.
    pub bytes: Bytes,
    /// The parsed body.
    pub document: Document,
}

/// Omits the content, which may be a password.
impl fmt::Debug for JsonBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonBody({} bytes)", self.bytes.len())
    }
}

impl JsonBody {
    /// Returns the body's members under their canonical names.
    pub fn fields(self, table: &AliasTable) -> Fields {
        Fields::body(self.document, table)
    }

    /// Reads the body of a request, whose `parts` hold the limits, the length and the media type.
    ///
    /// # Errors
    /// A problem if the body is empty or cannot be read.
    pub async fn read(parts: &Parts, body: Body) -> HttpResult<Self> {
        let OptionalJsonBody { bytes, document } = OptionalJsonBody::read(parts, body).await?;
        let document = document.ok_or_else(|| {
            Problem::new(Code::MALFORMED_BODY).detail("a JSON object is expected as the body")
        })?;
        Ok(Self { bytes, document })
    }
}

/// A JSON body that may be absent, as in `POST …/set-default`.
#[derive(Debug)]
pub struct OptionalJsonBody {
    /// The bytes as sent.
    pub bytes: Bytes,
    /// The parsed body; `None` if it is empty.
    pub document: Option<Document>,
}

impl OptionalJsonBody {
    /// Returns the body's members under their canonical names; no members without a body.
    pub fn fields(self, table: &AliasTable) -> Fields {
        self.document
            .map_or_else(Fields::empty, |document| Fields::body(document, table))
    }

    /// Reads the body of a request, whose `parts` hold the limits, the length and the media type.
    ///
    /// # Errors
    /// A problem if the body cannot be read.
    pub async fn read(parts: &Parts, body: Body) -> HttpResult<Self> {
        let limits = parts
            .extensions
            .get::<Limits>()
            .cloned()
            .unwrap_or_default();
        let bytes = limits.read_body(&parts.headers, body).await?;
        if bytes.is_empty() {
            return Ok(Self {
                bytes,
                document: None,
            });
        }
        require_json(&parts.headers)?;
        let document = json::parse(&bytes)?;
        Ok(Self {
            bytes,
            document: Some(document),
        })
    }
}

/// The named segments of the path, percent-decoded.
#[derive(Debug, Clone)]
pub struct PathSegments(Vec<(String, String)>);

impl PathSegments {
    /// Returns a segment's text; empty if the route has no such segment.
    pub fn text(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// Returns the names and texts of the segments, in the order of the path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (&**name, &**text))
    }

    /// Parses a segment that is a UUID.
    ///
    /// # Errors
    /// Fails if the segment is not a UUID.
    pub fn uuid(&self, name: &str) -> Result<Uuid, Fault> {
        Uuid::try_parse(self.text(name)).map_err(|_| {
            let pointer = format!("{{{name}}}");
            Fault::new(pointer, fault::INVALID_VALUE, "must be a UUID")
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathSegments {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> HttpResult<Self> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| undecodable("the path".to_owned()))?;
        let mut segments = Vec::new();
        for (name, value) in &params {
            if value.contains('\0') {
                return Err(undecodable(format!("{{{name}}}")));
            }
            segments.push((name.to_owned(), value.to_owned()));
        }
        Ok(Self(segments))
    }
}

fn undecodable(pointer: String) -> Problem {
    Fault::new(
        pointer,
        fault::INVALID_VALUE,
        "must be percent-encoded UTF-8 without U+0000",
    )
    .into()
}
