//! The cursor of the audit trail: the list, and the position where a page ended.

use crate::api::Api;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use customer_app::audit::AuditQuery;
use customer_domain::audit::{AuditFilter, AuditKey};
use customer_domain::{AuditEventId, DigestPurpose, PageEnd};
use uuid::Uuid;

/// Returns a name for the list of these entries: a digest, because the actor in the filter may be a
/// customer.
pub(super) fn list(api: &Api, wanted: &AuditQuery) -> String {
    let text = written_out(wanted);
    let digest = api.digests.digest(DigestPurpose::Cursor, text.as_bytes());
    format!("audit {}", URL_SAFE_NO_PAD.encode(&digest[..16]))
}

/// Returns every part of a list with its length, so that different lists never give the same text.
fn written_out(wanted: &AuditQuery) -> String {
    let AuditQuery { event_type, filter } = wanted;
    let AuditFilter {
        customer,
        kinds: _,
        operation,
        actor,
        resource,
        from,
        to,
    } = filter;
    let time = |at: &DateTime<Utc>| at.timestamp_micros().to_string();
    let parts = [
        customer.map(|id| id.to_string()),
        event_type.clone(),
        operation.map(|operation| operation.as_str().to_owned()),
        actor.clone(),
        resource.map(|id| id.to_string()),
        from.as_ref().map(time),
        to.as_ref().map(time),
    ];
    let part = |part: &Option<String>| match part {
        Some(text) => format!("{}:{text}", text.len()),
        None => "-".to_owned(),
    };
    parts.iter().map(part).collect()
}

/// The end of a page as its cursor has it: the time and the id of the last entry, and the horizon.
pub(super) type Position = (i64, Uuid, Option<i64>);

/// Returns the end of a page for its cursor.
pub(super) fn position(PageEnd { key, horizon }: PageEnd<AuditKey>) -> Position {
    let horizon = horizon.map(|at| at.timestamp_micros());
    (key.at.timestamp_micros(), key.id.0, horizon)
}

/// Returns the end of the page at a position; `None` if one of its times is out of range.
pub(super) fn end((at, id, horizon): Position) -> Option<PageEnd<AuditKey>> {
    let key = AuditKey {
        at: DateTime::from_timestamp_micros(at)?,
        id: AuditEventId(id),
    };
    let horizon = match horizon {
        Some(at) => Some(DateTime::from_timestamp_micros(at)?),
        None => None,
    };
    Some(PageEnd { key, horizon })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn lists_that_differ_are_written_differently() {
        let with = |event_type: Option<&str>, actor: Option<&str>| AuditQuery {
            event_type: event_type.map(str::to_owned),
            filter: AuditFilter {
                actor: actor.map(str::to_owned),
                ..AuditFilter::default()
            },
        };
        let lists = [
            with(None, None),
            with(Some("a"), None),
            with(None, Some("a")),
            with(Some("a1:b"), None),
            with(Some("a"), Some("b")),
            with(Some("a-1:b"), None),
        ];
        let written: HashSet<_> = lists.iter().map(written_out).collect();
        assert_eq!(written.len(), lists.len());
    }

    #[test]
    fn the_end_of_a_page_comes_back_to_the_microsecond() {
        let at = DateTime::from_timestamp_micros(1_768_478_400_123_456).unwrap();
        let id = AuditEventId(Uuid::from_u128(7));
        let written = |end| serde_json::to_string(&position(end)).unwrap();
        let read = |text: &str| serde_json::from_str(text).ok().and_then(end);
        for horizon in [None, Some(at)] {
            let key = AuditKey { at, id };
            let last = PageEnd { key, horizon };
            assert_eq!(read(&written(last)), Some(last));
        }
        for text in ["", "1", "1 x", "x 00000000-0000-0000-0000-000000000007"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(end((i64::MAX, Uuid::nil(), None)), None);
        assert_eq!(end((0, Uuid::nil(), Some(i64::MAX))), None);
    }
}
