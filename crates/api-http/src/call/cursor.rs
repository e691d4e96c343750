//! The cursors and the page size of a list.

use super::Request;
use crate::code::Code;
use customer_domain::{DigestPurpose, KeyedDigest};
use http_kit::cursor::Cursors;
use http_kit::fault::Fault;
use http_kit::fields::Fields;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Creates and reads the cursors of a list of a tenant. Cursors are signed: one that was modified,
/// forged, or created for another list is invalid.
pub(crate) struct PageCursor {
    cursors: Cursors,
    list: String,
}

impl PageCursor {
    /// Creates the cursors of a list. `list` identifies its route and its filter; the records that
    /// the path names are added to it.
    pub(crate) fn of(call: &Request, list: &str) -> Self {
        let digests: Arc<dyn KeyedDigest> = Arc::clone(&call.api.digests);
        let mac = Arc::new(move |payload: &[u8]| digests.digest(DigestPurpose::Cursor, payload));
        Self {
            cursors: Cursors::new(mac),
            list: format!(
                "{}:{list}:{}:{}:",
                list.len(),
                call.target(),
                call.context.tenant
            ),
        }
    }

    /// Returns the cursor that continues after `last`, the position where a page ended.
    pub(crate) fn seal(&self, last: &impl Serialize) -> String {
        // These positions can always be serialised.
        let last = serde_json::to_string(last).unwrap_or_default();
        self.cursors.seal(format!("{}{last}", self.list).as_bytes())
    }

    /// Returns the position where the previous page ended, according to the `cursor` of the query,
    /// if present.
    pub(crate) fn read<K: DeserializeOwned>(&self, query: &mut Fields) -> Option<K> {
        let cursor = query.text("cursor").optional()?;
        let last = self.open(&cursor);
        if last.is_none() {
            query.fault(Fault::new(
                "?cursor",
                Code::InvalidCursor,
                "the nextCursor of a page is accepted, with the filters of that page",
            ));
        }
        last
    }

    fn open<K: DeserializeOwned>(&self, cursor: &str) -> Option<K> {
        let payload = self.cursors.open(cursor).ok()?;
        let last = payload.strip_prefix(self.list.as_bytes())?;
        serde_json::from_slice(last).ok()
    }
}

/// Reads the page size of a list: 20 by default.
pub(crate) fn page_size(query: &mut Fields) -> u32 {
    page_size_or(query, DEFAULT_PAGE_SIZE)
}

/// Reads the page size of a list that most callers want whole: the maximum by default.
pub(crate) fn long_page_size(query: &mut Fields) -> u32 {
    page_size_or(query, MAX_PAGE_SIZE)
}

fn page_size_or(query: &mut Fields, default: u32) -> u32 {
    let size = query
        .integer("page_size", 1..=i64::from(MAX_PAGE_SIZE))
        .optional();
    size.and_then(|size| u32::try_from(size).ok())
        .unwrap_or(default)
}

const DEFAULT_PAGE_SIZE: u32 = 20;
const MAX_PAGE_SIZE: u32 = 100;
