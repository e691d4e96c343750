//! Versions as entity tags, and `If-Match`.

use std::fmt::Display;

use http::header::IF_MATCH;
use http::{HeaderMap, HeaderValue};

use crate::fault::{self, Fault};

/// The pointer of a fault in the `If-Match` header: the header's name.
const POINTER: &str = "If-Match";

/// Returns the strong entity tag of a version: `7` becomes `"7"`.
pub fn etag(version: impl Display) -> HeaderValue {
    // Versions are numbers, whose digits are always a valid header value.
    HeaderValue::try_from(format!("\"{version}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// The stored versions that a write accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: any version of a record that exists.
    Any,
    /// One of these versions. Weak and foreign tags match nothing, so the list may be empty.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// Parses the header; `None` if it is absent.
    ///
    /// # Errors
    /// A fault if the header is neither `*` nor a list of entity tags.
    pub fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Fault> {
        let mut lines = Vec::new();
        for line in headers.get_all(IF_MATCH) {
            lines.push(line.to_str().map_err(|_| garbage())?);
        }
        match lines.as_slice() {
            [] => Ok(None),
            lines => Self::parse(&lines.join(",")).map(Some).ok_or_else(garbage),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim_matches([' ', '\t', ',']);
        if rest == "*" {
            return Some(Self::Any);
        }
        if rest.is_empty() {
            return None;
        }
        let mut versions = Vec::new();
        while !rest.is_empty() {
            let (weak, tag) = match rest.strip_prefix("W/") {
                Some(tag) => (true, tag),
                None => (false, rest),
            };
            let (tag, after) = tag.strip_prefix('"')?.split_once('"')?;
            let separated = after.trim_start_matches([' ', '\t']);
            if !tag.bytes().all(|byte| byte.is_ascii_graphic())
                || !(separated.is_empty() || separated.starts_with(','))
            {
                return None;
            }
            versions.extend(version_of(tag).filter(|_| !weak));
            rest = separated.trim_start_matches([' ', '\t', ',']);
        }
        Some(Self::Versions(versions))
    }

    /// Returns the versions that a write accepts; `None` if it accepts any.
    pub fn into_versions(self) -> Option<Vec<i64>> {
        match self {
            Self::Any => None,
            Self::Versions(versions) => Some(versions),
        }
    }

    /// Returns `true` if a write may proceed against this stored version.
    pub fn admits(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

/// Parses a tag as [`etag`] writes it; `None` for any other, such as `07`.
fn version_of(tag: &str) -> Option<i64> {
    tag.parse::<i64>()
        .ok()
        .filter(|version| version.to_string() == tag)
}

fn garbage() -> Fault {
    Fault::new(
        POINTER,
        fault::INVALID_VALUE,
        "must be * or a list of entity tags such as \"7\"",
    )
}

/// Combines `If-Match` with the `version` of a body, which acts in the same way.
///
/// # Errors
/// A fault if the header does not accept the version in the body.
pub fn expected_version(
    header: Option<IfMatch>,
    body: Option<i64>,
) -> Result<Option<IfMatch>, Fault> {
    match (header, body) {
        (header, None) => Ok(header),
        (None, Some(version)) => Ok(Some(IfMatch::Versions(vec![version]))),
        (Some(header), Some(version)) if header.admits(version) => {
            Ok(Some(IfMatch::Versions(vec![version])))
        }
        (Some(_), Some(_)) => Err(Fault::new(
            "/version",
            fault::INVALID_VALUE,
            "is not the version that If-Match names",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Option<IfMatch>, Fault> {
        let headers = lines
            .iter()
            .map(|line| (IF_MATCH, HeaderValue::from_bytes(line.as_bytes()).unwrap()))
            .collect();
        IfMatch::from_headers(&headers)
    }

    fn versions(list: &[i64]) -> IfMatch {
        IfMatch::Versions(list.to_vec())
    }

    #[test]
    fn a_version_is_a_strong_tag() {
        assert_eq!(etag(7), "\"7\"");
    }

    #[test]
    fn tags_become_versions_and_foreign_or_weak_ones_match_nothing() {
        let cases = [
            (vec![], None),
            (vec!["*"], Some(IfMatch::Any)),
            (vec!["\"7\""], Some(versions(&[7]))),
            (vec!["\"7\", \"8\""], Some(versions(&[7, 8]))),
            (vec!["\"7\",,\"8\" ,"], Some(versions(&[7, 8]))),
            (vec!["\"7\"", "\"9\""], Some(versions(&[7, 9]))),
            (vec!["W/\"7\""], Some(versions(&[]))),
            (
                vec!["\"abc\"", "\"1,2\"", "\"07\"", "\"\"", "\"+7\""],
                Some(versions(&[])),
            ),
        ];
        for (lines, expected) in cases {
            assert_eq!(read(&lines), Ok(expected), "{lines:?}");
        }
    }

    #[test]
    fn garbage_is_a_fault() {
        for line in [
            "7",
            "\"7",
            "7\"",
            "\"7\"\"8\"",
            "\"7\" \"8\"",
            "*, \"7\"",
            "w/\"7\"",
            "",
            ",",
            "\"é\"",
            "\"a b\"",
        ] {
            assert_eq!(read(&[line]).unwrap_err().pointer, "If-Match", "{line}");
        }
    }

    #[test]
    fn only_a_named_version_is_admitted() {
        assert!(IfMatch::Any.admits(3));
        assert!(IfMatch::Versions(vec![2, 3]).admits(3));
        assert!(!IfMatch::Versions(vec![]).admits(3));
    }

    #[test]
    fn header_and_body_must_agree() {
        assert_eq!(expected_version(None, None), Ok(None));
        assert_eq!(expected_version(None, Some(7)), Ok(Some(versions(&[7]))));
        assert_eq!(
            expected_version(Some(IfMatch::Any), Some(7)),
            Ok(Some(versions(&[7])))
        );
        assert_eq!(
            expected_version(Some(versions(&[6, 7])), Some(7)),
            Ok(Some(versions(&[7])))
        );
        assert_eq!(
            expected_version(Some(versions(&[6])), None),
            Ok(Some(versions(&[6])))
        );
        assert_eq!(
            expected_version(Some(versions(&[6])), Some(7))
                .unwrap_err()
                .pointer,
            "/version"
        );
    }
}
