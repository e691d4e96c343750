//! The identifiers of a customer, in addition to its UUID.

use super::{Customer, Email};
use crate::support::hidden::hidden;
use crate::support::reference::{LegacyId, Reference};
use crate::{CustomerId, InvalidValue, ValueFault};
use std::fmt;

/// The maximum length of the name of another system, in characters.
pub const MAX_SYSTEM: usize = 50;
/// The maximum length of an id in another system, in characters.
pub const MAX_SYSTEM_ID: usize = 255;

/// A customer's id in another system.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ExternalId {
    /// The system: 1 to [`MAX_SYSTEM`] lower-case letters, digits, `-` or `_`.
    pub system: String,
    /// The id there: 1 to [`MAX_SYSTEM_ID`] characters, compared as written.
    pub id: String,
}

hidden!(ExternalId);

impl ExternalId {
    /// Parses an external id; the system's name is converted to lower case.
    ///
    /// # Errors
    /// Fails if the system or the id is not of the form that the fields describe.
    pub fn parse(system: &str, id: &str) -> Result<Self, InvalidValue> {
        let system = system.trim().to_ascii_lowercase();
        let named = (1..=MAX_SYSTEM).contains(&system.len())
            && system
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !named {
            return Err(InvalidValue::new(
                ValueFault::Invalid,
                "a system's name is 1 to 50 letters, digits, '-' or '_'",
            ));
        }
        let id = crate::text::line(id, MAX_SYSTEM_ID)?.ok_or_else(|| {
            InvalidValue::new(ValueFault::Required, "an external id may not be empty")
        })?;
        Ok(Self { system, id })
    }
}

/// An identifier that is unique within the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identifier {
    /// The e-mail address.
    Email(Email),
    /// The id in Magento.
    Legacy(LegacyId),
    /// The id in another system.
    External(ExternalId),
}

impl Identifier {
    /// Returns the kind, as it is stored: `email`, `legacy` or `external:<system>`.
    pub fn kind(&self) -> String {
        match self {
            Self::Email(_) => "email".to_owned(),
            Self::Legacy(_) => "legacy".to_owned(),
            Self::External(external) => format!("external:{}", external.system),
        }
    }

    /// Returns the value, as the store compares it.
    pub fn value(&self) -> String {
        match self {
            Self::Email(email) => email.key().to_owned(),
            Self::Legacy(legacy) => legacy.get().to_string(),
            Self::External(external) => external.id.clone(),
        }
    }
}

/// A customer as a path refers to it: by UUID (with or without the prefix `cust_`) or by legacy id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CustomerRef {
    /// The customer's id.
    Id(CustomerId),
    /// The id in Magento.
    Legacy(LegacyId),
}

/// Writes the bare id, however the reference was originally written.
impl fmt::Display for CustomerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Legacy(id) => id.get().fmt(f),
        }
    }
}

impl CustomerRef {
    /// Parses a reference: a UUID, `cust_<uuid>`, or a positive whole number (API-42, D-08).
    ///
    /// # Errors
    /// Fails for anything else. A UUID is 32 hexadecimal digits in the hyphenated form.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        match Reference::parse(text, "cust_") {
            Some(Reference::Id(id)) => Ok(Self::Id(CustomerId(id))),
            Some(Reference::Legacy(id)) => Ok(Self::Legacy(id)),
            None => Err(InvalidValue::new(
                ValueFault::Invalid,
                "a customer is named by a UUID, cust_<UUID>, or a whole number from 1 to 4294967295",
            )),
        }
    }

    /// Returns whether this reference names `customer`.
    pub fn names(self, customer: &Customer) -> bool {
        match self {
            Self::Id(id) => id == customer.id,
            Self::Legacy(id) => Some(id) == customer.legacy_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_reference_is_a_uuid_or_a_magento_id() {
        let id = CustomerId(Uuid::from_u128(7));
        for text in [
            "00000000-0000-0000-0000-000000000007",
            "cust_00000000-0000-0000-0000-000000000007",
        ] {
            assert_eq!(CustomerRef::parse(text), Ok(CustomerRef::Id(id)), "{text}");
        }
        assert_eq!(
            CustomerRef::parse("4294967295"),
            Ok(CustomerRef::Legacy(LegacyId::from_store(4_294_967_295)))
        );
        for bad in [
            "",
            "0",
            "-1",
            "007",
            "4294967296",
            "99999999999999999999",
            "cust_12",
            "cust_456",
            "1.0",
            "1e3",
            "abc",
            "cust_",
            "00000000000000000000000000000007",
            "{0000000-0000-0000-0000-000000000007}",
            "１２",
        ] {
            assert!(CustomerRef::parse(bad).is_err(), "{bad}");
        }
    }
}
