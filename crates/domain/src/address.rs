//! Addresses that a customer's orders are shipped and billed to.

mod book;
mod changes;
mod fields;
mod ports;
mod postal;

pub use crate::support::country::{Country, Region};
pub use book::{Added, AddressBook, BookChanges, BookError, RemovedAddress, WrittenAddress};
pub use changes::AddressChanges;
pub use fields::AddressField;
pub use ports::{AddressReads, AddressRepo, BookHolder, LockedBook};
#[cfg(feature = "mocks")]
pub use ports::{MockAddressReads, MockAddressRepo};
pub use postal::{AddressProblem, PostalAddress, ProblemKind};

use crate::support::reference::{LegacyId, Reference};
use crate::support::vocabulary::vocabulary;
use crate::{AddressId, DigestPurpose, InvalidValue, KeyedDigest, ValueFault};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use std::fmt;

/// The default limit on a customer's addresses, which the operator can change (DOM-18).
pub const DEFAULT_ADDRESS_LIMIT: usize = 10;
/// The most addresses in one book, whatever limit is configured: a book is read as a whole.
pub const MAX_BOOK: usize = 1_000;
/// The most addresses that are included in the representation of a customer.
pub const MAX_EXPANDED: usize = 100;
/// The maximum length of a label, in characters.
pub const MAX_LABEL: usize = 50;

/// An entry of a customer's address book.
#[derive(Clone, PartialEq)]
pub struct Address {
    /// The address's id.
    pub id: AddressId,
    /// What the address is used for.
    pub kind: AddressType,
    /// Whether orders are shipped here unless the customer chooses another address.
    pub default_shipping: bool,
    /// Whether bills are sent here unless the customer chooses another address.
    pub default_billing: bool,
    /// The recipient and the place.
    pub postal: PostalAddress,
    /// The customer's name for the address, such as `Home`.
    pub label: Option<String>,
    /// Whether the address was verified to exist. Changing the place resets it.
    pub is_verified: bool,
    /// Free-form data that the shop stores with the address.
    pub metadata: Map<String, Value>,
    /// The id in Magento.
    pub legacy_id: Option<LegacyId>,
    /// The edit token: increases with every change, including a change of the default roles.
    pub version: i64,
    /// When the address was created.
    pub created_at: DateTime<Utc>,
    /// When the address last changed.
    pub updated_at: DateTime<Utc>,
}

/// Shows the id and the state of the record, but nothing personal: neither the customer nor the
/// place.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("default_shipping", &self.default_shipping)
            .field("default_billing", &self.default_billing)
            .field("is_verified", &self.is_verified)
            .field("version", &self.version)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .finish_non_exhaustive()
    }
}

impl Address {
    /// Returns the roles that the address is the default for.
    pub fn roles(&self) -> Vec<Role> {
        let held = Role::ALL.into_iter().filter(|role| self.holds(*role));
        held.collect()
    }

    /// Returns whether the address is the default for `role`.
    pub fn holds(&self, role: Role) -> bool {
        match role {
            Role::Shipping => self.default_shipping,
            Role::Billing => self.default_billing,
        }
    }

    /// Returns whether the address is the default for these roles, in any order, and no other.
    pub fn has_roles(&self, roles: &[Role]) -> bool {
        let is_same = |role: &Role| roles.contains(role) == self.holds(*role);
        Role::ALL.iter().all(is_same)
    }

    /// Returns a keyed digest of the type and the normalised address; equal addresses have equal
    /// digests.
    pub fn digest(&self, digests: &dyn KeyedDigest) -> [u8; 32] {
        // A separator that no part can contain, because control characters are rejected.
        let message = self.comparable().join("\u{1f}");
        digests.digest(DigestPurpose::Address, message.as_bytes())
    }

    /// Returns whether `other` has the same type and names the same person and place.
    pub(crate) fn is_equal(&self, other: &Self) -> bool {
        // Most addresses differ in their street; the rest takes longer to compare.
        self.postal.comparable_street() == other.postal.comparable_street()
            && self.comparable() == other.comparable()
    }

    /// Returns the parts that equal addresses share: type, person and place.
    fn comparable(&self) -> Vec<String> {
        let Self {
            id: _,
            kind,
            default_shipping: _,
            default_billing: _,
            postal,
            label: _,
            is_verified: _,
            metadata: _,
            legacy_id: _,
            version: _,
            created_at: _,
            updated_at: _,
        } = self;
        let kind = kind.as_str().to_owned();
        [kind].into_iter().chain(postal.comparable()).collect()
    }

    fn set(&mut self, role: Role, holds: bool) {
        match role {
            Role::Shipping => self.default_shipping = holds,
            Role::Billing => self.default_billing = holds,
        }
    }
}

vocabulary! {
    /// What an address is for (DOM-17).
    #[derive(Default)]
    pub enum AddressType {
        /// Shipping orders.
        #[default]
        Shipping = 1 "shipping",
        /// Sending bills.
        Billing = 2 "billing",
        /// Both.
        Both = 3 "both",
    }
}

impl AddressType {
    /// Returns whether an address of this type can serve in `role`.
    pub fn covers(self, role: Role) -> bool {
        match self {
            Self::Both => true,
            Self::Shipping => role == Role::Shipping,
            Self::Billing => role == Role::Billing,
        }
    }
}

vocabulary! {
    /// A role that one of the customer's addresses is the default for (D-20).
    pub enum Role {
        /// Shipping orders.
        Shipping "shipping",
        /// Sending bills.
        Billing "billing",
    }
}

/// An address as a path refers to it: by UUID (with or without the prefix `addr_`) or by legacy id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressRef {
    /// The address's id.
    Id(AddressId),
    /// The id in Magento.
    Legacy(LegacyId),
}

/// Writes the bare id, however the reference was originally written.
impl fmt::Display for AddressRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Legacy(id) => id.get().fmt(f),
        }
    }
}

impl AddressRef {
    /// Parses a reference: a UUID, `addr_<uuid>`, or a positive whole number.
    ///
    /// # Errors
    /// Fails for anything else. A UUID is 32 hexadecimal digits in the hyphenated form.
    pub fn parse(text: &str) -> Result<Self, InvalidValue> {
        match Reference::parse(text, "addr_") {
            Some(Reference::Id(id)) => Ok(Self::Id(AddressId(id))),
            Some(Reference::Legacy(id)) => Ok(Self::Legacy(id)),
            None => Err(InvalidValue::new(
                ValueFault::Invalid,
                "an address is named by a UUID, addr_<UUID>, or a whole number from 1 to 4294967295",
            )),
        }
    }

    /// Returns whether this reference names `address`.
    pub fn names(self, address: &Address) -> bool {
        match self {
            Self::Id(id) => id == address.id,
            Self::Legacy(id) => Some(id) == address.legacy_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_words_of_types_are_their_own() {
        for (kind, code, word) in [
            (AddressType::Shipping, 1, "shipping"),
            (AddressType::Billing, 2, "billing"),
            (AddressType::Both, 3, "both"),
        ] {
            assert_eq!((kind.code(), kind.as_str()), (code, word));
            assert_eq!(AddressType::from_code(code), Some(kind));
        }
        assert_eq!(AddressType::from_code(0), None);
        assert_eq!(AddressType::from_code(4), None);
    }

    #[test]
    fn an_address_is_named_by_its_id_in_two_forms_or_by_its_legacy_id() {
        let id = "018f3c1e-7d7c-7b5a-9c11-2f5a8e6d4b3a";
        let named = AddressRef::parse(id).unwrap();
        assert_eq!(AddressRef::parse(&format!("addr_{id}")), Ok(named));
        let legacy = LegacyId::new(42).unwrap();
        assert_eq!(AddressRef::parse("42"), Ok(AddressRef::Legacy(legacy)));
        for bad in [
            "",
            "0",
            "-1",
            "x",
            "cust_42",
            &format!("cust_{id}"),
            "4294967296",
        ] {
            assert!(AddressRef::parse(bad).is_err(), "{bad}");
        }
    }
}
