//! Tags: free words that staff put on a customer.

use crate::{InvalidValue, ValueFault, text};

/// Tags that one customer may carry.
pub const MAX_TAGS: usize = 50;
/// Characters of a tag.
pub const MAX_TAG_LENGTH: usize = 50;

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

    /// The tag's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
