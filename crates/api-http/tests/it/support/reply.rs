//! A reply that was read completely.

use super::fail;
use bytes::Bytes;
use http::HeaderMap;
use http::response::Parts;
use serde_json::Value;
use std::fmt;

/// The headers that every reply has, which are checked once and left out of snapshots.
const ALWAYS: [&str; 8] = [
    "content-security-policy",
    "referrer-policy",
    "strict-transport-security",
    "vary",
    "x-content-type-options",
    "x-correlation-id",
    "x-frame-options",
    "x-xss-protection",
];

/// A reply. It is displayed in full, except for the security headers.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(super) fn new(parts: Parts, body: Bytes) -> Self {
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body in UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| fail(format!("{error}: {self}")))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?;
        Some(value.to_str().expect("a readable header"))
    }

    /// Returns a member of `data` of a successful reply.
    #[track_caller]
    pub(crate) fn data(&self, name: &str) -> Value {
        let reply = self.json();
        assert_eq!(reply["success"], true, "{self}");
        reply["data"][name].clone()
    }

    /// Returns the cursor of the next page of a list.
    pub(crate) fn next_page(&self) -> Option<String> {
        let reply = self.json();
        let next = reply["data"]["nextCursor"].as_str();
        next.map(str::to_owned)
    }

    #[track_caller]
    pub(crate) fn customer(&self) -> Value {
        let customer = self.data("customer");
        assert!(customer.is_object(), "{self}");
        customer
    }

    #[track_caller]
    pub(crate) fn address(&self) -> Value {
        let address = self.data("address");
        assert!(address.is_object(), "{self}");
        address
    }

    /// Returns the code of a problem.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        let code = &self.json()["code"];
        code.as_str().unwrap_or_else(|| fail(self)).to_owned()
    }

    /// Returns the status and the code of a problem.
    #[track_caller]
    pub(crate) fn failure(&self) -> (u16, String) {
        (self.status, self.code())
    }

    /// Returns the pointers and codes of all faults, sorted by pointer.
    #[track_caller]
    pub(crate) fn faults(&self) -> Vec<(String, String)> {
        let document = self.json();
        let errors = document["errors"].as_array().unwrap_or_else(|| fail(self));
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let mut faults: Vec<_> = errors
            .iter()
            .map(|error| (text(&error["pointer"]), text(&error["code"])))
            .collect();
        faults.sort();
        faults
    }

    /// Returns the document of a problem without the members that differ between equal requests.
    #[track_caller]
    pub(crate) fn problem(&self) -> Value {
        let mut document = self.json();
        let members = document.as_object_mut().unwrap_or_else(|| fail(self));
        members.remove("traceId").expect("a trace id");
        members.remove("instance").expect("an instance");
        document
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        let mut names: Vec<_> = self.headers.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        for name in names.into_iter().filter(|name| !ALWAYS.contains(name)) {
            for value in self.headers.get_all(name) {
                writeln!(f, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
            }
        }
        let body = String::from_utf8_lossy(&self.body);
        match serde_json::from_str::<Value>(&body) {
            Ok(json) => write!(f, "\n{json:#}"),
            Err(_) => write!(f, "\n{body}"),
        }
    }
}
