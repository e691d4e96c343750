//! The cursor of a list that is sorted by a single text.

use crate::api::Api;
use crate::code::Code;
use customer_domain::{Context, DigestPurpose, KeyedDigest};
use http_kit::cursor::Cursors;
use http_kit::fault::Fault;
use http_kit::fields::Fields;
use std::sync::Arc;

/// Creates and reads the cursors of a list of a tenant. Cursors are signed: one that was modified,
/// forged, or created for another list is invalid.
pub(crate) struct TextCursor {
    cursors: Cursors,
    list: String,
}

impl TextCursor {
    /// Creates the cursors of a list. `list` identifies the list and its filter.
    pub(crate) fn new(api: &Api, context: &Context, list: &str) -> Self {
        let digests: Arc<dyn KeyedDigest> = Arc::clone(&api.digests);
        let mac = Arc::new(move |payload: &[u8]| digests.digest(DigestPurpose::Cursor, payload));
        Self {
            cursors: Cursors::new(mac),
            list: format!("{}:{list}:{}:", list.len(), context.tenant),
        }
    }

    /// Returns the cursor that continues after `last`.
    pub(crate) fn seal(&self, last: &str) -> String {
        self.cursors.seal(format!("{}{last}", self.list).as_bytes())
    }

    /// Returns the end of the previous page according to the `cursor` of the query, if present.
    pub(crate) fn read(&self, query: &mut Fields) -> Option<String> {
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

    fn open(&self, cursor: &str) -> Option<String> {
        let payload = String::from_utf8(self.cursors.open(cursor).ok()?).ok()?;
        payload.strip_prefix(&self.list).map(str::to_owned)
    }
}

/// Reads the page size of such a list: the maximum by default.
pub(crate) fn page_size(query: &mut Fields) -> u32 {
    page_size_or(query, MAX_PAGE_SIZE)
}

/// Reads a page size: `usual` by default.
pub(crate) fn page_size_or(query: &mut Fields, usual: u32) -> u32 {
    let size = query
        .integer("page_size", 1..=i64::from(MAX_PAGE_SIZE))
        .optional();
    size.and_then(|size| u32::try_from(size).ok())
        .unwrap_or(usual)
}

const MAX_PAGE_SIZE: u32 = 100;
