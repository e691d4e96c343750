//! Tags: free words that staff put on a customer.

use crate::{Context, InvalidValue, Page, Patch, StoreError, ValueFault, text};
use async_trait::async_trait;
use std::collections::BTreeSet;

/// Tags that one customer may carry.
pub const MAX_TAGS: usize = 50;
/// Characters of a tag.
pub const MAX_TAG_LENGTH: usize = 50;

/// Customers of a tag that are counted; of more it is only known that they are more.
pub const MAX_TAG_COUNT: u64 = 10_000;

/// A tag, trimmed, as it was written. Two tags that differ in case are two tags.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// Reads a tag.
    ///
    /// # Errors
    /// When it is empty, longer than [`MAX_TAG_LENGTH`] or holds control characters.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        text::line(text, MAX_TAG_LENGTH)?
            .map(Self)
            .ok_or_else(|| InvalidValue::new(ValueFault::Required, "a tag may not be empty"))
    }

    /// Rebuilds a tag from the store. Checks nothing: a stricter rule is for new tags. Not for input.
    pub fn from_store(tag: String) -> Self {
        Self(tag)
    }

    /// The tag's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A change of a customer's tags.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagChanges {
    /// All of them: the list replaces.
    pub all: Patch<BTreeSet<Tag>>,
    /// Tags that are put on it beside those that it has then.
    pub added: BTreeSet<Tag>,
    /// Tags that are taken off it.
    pub removed: BTreeSet<Tag>,
}

impl TagChanges {
    /// Changes `tags`.
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

/// A tag of a tenant, and how many customers carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagCount {
    /// The tag.
    pub tag: Tag,
    /// How many customers carry it, deleted ones included, at most [`MAX_TAG_COUNT`].
    pub count: u64,
    /// Whether there are more than that.
    pub is_capped: bool,
}

/// Which tags of a tenant are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TagQuery {
    /// Only those that begin with this, in exactly this case; all, when it is empty.
    pub prefix: String,
    /// Only those after this one.
    pub after: Option<Tag>,
    /// At most so many on a page.
    pub limit: u32,
}

/// Reads the tags of a tenant, outside any unit of work.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait TagReads: Send + Sync {
    /// One page of the tags that customers carry, in the order of their code points. One round
    /// trip.
    ///
    /// # Errors
    /// MUST return [`StoreError::TooSlow`] after two seconds of work; else
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
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
