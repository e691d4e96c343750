//! References to records: by UUID, or by their id in Magento.

use crate::{InvalidValue, ValueFault};
use uuid::Uuid;

/// The id of a record in Magento: 1 to 4,294,967,295 (B-27, B-30).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegacyId(i64);

impl LegacyId {
    /// Creates a legacy id.
    ///
    /// # Errors
    /// Fails if it is not between 1 and 4,294,967,295.
    pub fn new(id: i64) -> Result<Self, InvalidValue> {
        (1..=i64::from(u32::MAX))
            .contains(&id)
            .then_some(Self(id))
            .ok_or_else(|| {
                InvalidValue::new(
                    ValueFault::Invalid,
                    "a legacy id is a whole number from 1 to 4294967295",
                )
            })
    }

    /// Restores a legacy id from the store, without checks: the rule for new ids may be stricter.
    /// Not for input.
    pub fn from_store(id: i64) -> Self {
        Self(id)
    }

    /// Returns the number.
    pub fn get(self) -> i64 {
        self.0
    }
}

/// A reference to a record in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference {
    /// By UUID.
    Id(Uuid),
    /// By id in Magento.
    Legacy(LegacyId),
}

impl Reference {
    /// Parses a UUID in the hyphenated form, with or without `prefix`, or a legacy id without
    /// leading zeros.
    pub(crate) fn parse(text: &str, prefix: &str) -> Option<Self> {
        let bare = text.strip_prefix(prefix).unwrap_or(text);
        if bare.len() == 36 {
            return Uuid::try_parse(bare).ok().map(Self::Id);
        }
        let digits = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
        let number = digits.then(|| text.parse().ok()).flatten()?;
        LegacyId::new(number).ok().map(Self::Legacy)
    }
}
