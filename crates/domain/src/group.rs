//! Customer groups: what a customer is to the shop, such as retail or wholesale (D-15).

use crate::{InvalidValue, ValueFault};
use std::fmt;

/// The groups that every tenant begins with, unless the configuration names others.
pub const DEFAULT_GROUPS: [&str; 3] = ["retail", "wholesale", "vip"];

/// A group's id: a slug, unique within the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupId(String);

impl GroupId {
    /// Reads a group id; upper case is accepted and lowered.
    ///
    /// # Errors
    /// When it is not 1 to 50 letters, digits, `-` or `_`.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        let id = text.trim().to_ascii_lowercase();
        let fits = (1..=50).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        fits.then_some(Self(id)).ok_or_else(|| {
            InvalidValue::new(
                ValueFault::Invalid,
                "a group id is 1 to 50 letters, digits, '-' or '_'",
            )
        })
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
