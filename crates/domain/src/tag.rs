//! Tags: words that staff put on a customer.

use crate::{Context, InvalidValue, Page, Patch, StoreError, ValueFault, text};
use async_trait::async_trait;
use std::collections::BTreeSet;

/// The most tags of a customer.
pub const MAX_TAGS: usize = 50;
/// The maximum length of a tag, in characters.
pub const MAX_TAG_LENGTH: usize = 50;

/// The number of customers up to which the customers of a tag are counted.
pub const MAX_TAG_COUNT: u64 = 10_000;

/// A tag as it was written, trimmed. Tags are case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// Parses a tag.
    ///
    /// # Errors
    /// Fails if it is empty, longer than [`MAX_TAG_LENGTH`] or contains control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        text::line(text, MAX_TAG_LENGTH)?
            .map(Self)
            .ok_or_else(|| InvalidValue::new(ValueFault::Required, "a tag may not be empty"))
    }

    /// Restores a tag from the store. Checks nothing: stricter rules apply to new tags only. Not
    /// for input.
    pub fn from_store(tag: String) -> Self {
        Self(tag)
    }

    /// Returns the tag's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A change of a customer's tags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagChanges {
    /// Replaces all tags.
    pub all: Patch<BTreeSet<Tag>>,
    /// Tags to add.
    pub added: BTreeSet<Tag>,
    /// Tags to remove.
    pub removed: BTreeSet<Tag>,
}

impl TagChanges {
    /// Applies the change to `tags`.
    pub(crate) fn apply(self, tags: &mut BTreeSet<Tag>) {
        let Self {
            all,
            added,
            removed,
        } = self;
        all.apply_or(tags, BTreeSet::new());
        tags.extend(added);
        tags.retain(|tag| !removed.contains(tag));
    }
}

/// A tag of a tenant, and the number of customers that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagCount {
    /// The tag.
    pub tag: Tag,
    /// The number of customers, deleted ones included; at most [`MAX_TAG_COUNT`].
    pub count: u64,
    /// Whether there are more customers than `count`.
    pub is_capped: bool,
}

/// A query for the tags of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagQuery {
    /// Only tags that begin with this prefix, case-sensitively; empty for all.
    pub prefix: String,
    /// Only tags after this one.
    pub after: Option<Tag>,
    /// The maximum number of tags to return.
    pub limit: u32,
}

/// Reads the tags of a tenant, outside any unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait TagReads: Send + Sync {
    /// Returns one page of the tags that customers have, in the order of their code points. One
    /// round trip.
    ///
    /// # Errors
    /// MUST return [`StoreError::TooSlow`] after two seconds of work; otherwise
    /// [`StoreError::Unavailable`] or [`StoreError::Corrupt`].
    async fn list(
        &self,
        context: &Context,
        query: &TagQuery,
    ) -> Result<Page<TagCount, Tag>, StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_kept_as_it_was_written() {
        let tag = Tag::parse("  Big Spender/EU ").unwrap();
        assert_eq!(tag.as_str(), "Big Spender/EU");
        assert_ne!(tag, Tag::parse("big spender/eu").unwrap());
        for (bad, fault) in [
            ("", ValueFault::Required),
            (" ", ValueFault::Required),
            ("a\nb", ValueFault::Invalid),
            (&"x".repeat(MAX_TAG_LENGTH + 1), ValueFault::TooLong),
        ] {
            assert_eq!(Tag::parse(bad).unwrap_err().fault, fault, "{bad}");
        }
    }
}
