//! The cursor of a list that is ordered by one text.

use crate::api::Api;
use crate::code::Code;
use customer_domain::{Context, DigestPurpose, KeyedDigest};
use http_kit::cursor::Cursors;
use http_kit::fault::Fault;
use http_kit::fields::Fields;
use std::sync::Arc;

/// Makes and reads the cursors of one list of one tenant. A cursor is signed: one that was
/// changed, made up, or made for another list is none of ours.
pub(crate) struct TextCursor {
    cursors: Cursors,
    list: String,
}

impl TextCursor {
    /// `list` names the list and its filter.
    pub(crate) fn new(api: &Api, context: &Context, list: &str) -> Self {
        let digests: Arc<dyn KeyedDigest> = Arc::clone(&api.digests);
        let mac = Arc::new(move |payload: &[u8]| digests.digest(DigestPurpose::Cursor, payload));
        Self {
            cursors: Cursors::new(mac),
            list: format!("{}:{list}:{}:", list.len(), context.tenant),
        }
    }

    /// The cursor of a page that ended with `last`.
    pub(crate) fn seal(&self, last: &str) -> String {
        self.cursors.seal(format!("{}{last}", self.list).as_bytes())
    }

    /// What the page ended with whose cursor the query names, if it names one.
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

/// How many rows a page of such a list holds: as many as it may, unless fewer are asked for.
pub(crate) fn page_size(query: &mut Fields) -> u32 {
    page_size_or(query, MAX_PAGE_SIZE)
}

/// How many rows a page holds: `usual` unless the query says otherwise.
pub(crate) fn page_size_or(query: &mut Fields, usual: u32) -> u32 {
    let size = query
        .integer("page_size", 1..=i64::from(MAX_PAGE_SIZE))
        .optional();
    size.and_then(|size| u32::try_from(size).ok())
        .unwrap_or(usual)
}

const MAX_PAGE_SIZE: u32 = 100;
