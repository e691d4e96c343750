//! Addresses: where a customer has things sent and billed to.

mod book;
mod changes;
mod fields;
mod ports;
mod postal;

pub use crate::support::country::{Country, Region};
pub use book::{Added, AddressBook, BookChanges, BookError, RemovedAddress, WrittenAddress};
pub use changes::AddressChanges;
pub use ports::{AddressReads, AddressRepo, BookHolder, LockedBook};
#[cfg(feature = "mocks")]
pub use ports::{MockAddressReads, MockAddressRepo};
pub use postal::{AddressField, AddressProblem, PostalAddress, ProblemKind};

use crate::support::reference::{LegacyId, Reference};
use crate::support::vocabulary::vocabulary;
use crate::{AddressId, DigestPurpose, InvalidValue, KeyedDigest, ValueFault};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use std::fmt;

/// Addresses that a customer may have, unless the operator decided otherwise (DOM-18).
pub const DEFAULT_ADDRESS_LIMIT: usize = 10;
/// Addresses that a book can hold whatever the operator decided: it is read as a whole.
pub const MAX_BOOK: usize = 1_000;
/// Addresses that are shown inside of a customer.
pub const MAX_EXPANDED: usize = 100;
/// Characters of a label.
pub const MAX_LABEL: usize = 50;

/// An entry of a customer's address book.
#[derive(Clone, PartialEq)]
pub struct Address {
    /// Its id.
    pub id: AddressId,
    /// What it is for.
    pub kind: AddressType,
    /// Whether things are sent here unless the customer says otherwise.
    pub default_shipping: bool,
    /// Whether bills go here unless the customer says otherwise.
    pub default_billing: bool,
    /// Whom and what it names.
    pub postal: PostalAddress,
    /// The customer's word for it, such as `Home`.
    pub label: Option<String>,
    /// Whether somebody made sure that it exists. A change of the place clears it.
    pub is_verified: bool,
    /// What else the shop keeps with it.
    pub metadata: Map<String, Value>,
    /// Its id in Magento.
    pub legacy_id: Option<LegacyId>,
    /// The edit token: rises whenever something in it changes, its roles included.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Which record it is and where it stands, not whose and where.
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
    /// The roles in which it is the default.
    pub fn roles(&self) -> Vec<Role> {
        let held = Role::ALL.into_iter().filter(|role| self.holds(*role));
        held.collect()
    }

    /// Whether it is the default of `role`.
    pub fn holds(&self, role: Role) -> bool {
        match role {
            Role::Shipping => self.default_shipping,
            Role::Billing => self.default_billing,
        }
    }

    /// By what an equal address is found: a keyed digest over type and normalised place.
    pub fn digest(&self, digests: &dyn KeyedDigest) -> [u8; 32] {
        // A separator that no part can hold: control characters are refused.
        let message = self.comparable().join("\u{1f}");
        digests.digest(DigestPurpose::Address, message.as_bytes())
    }

    /// Whether the other one is of the same type and names the same person and place.
    pub(crate) fn is_equal(&self, other: &Self) -> bool {
        self.comparable() == other.comparable()
    }

    /// What two equal addresses have in common: type, person and place.
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
        /// Sending things.
        #[default]
        Shipping = 1 "shipping",
        /// Sending bills.
        Billing = 2 "billing",
        /// Both.
        Both = 3 "both",
    }
}

impl AddressType {
    /// Whether an address of this type can serve in `role`.
    pub fn covers(self, role: Role) -> bool {
        match self {
            Self::Both => true,
            Self::Shipping => role == Role::Shipping,
            Self::Billing => role == Role::Billing,
        }
    }
}

vocabulary! {
    /// What one address of a customer is the default for (D-20).
    pub enum Role {
        /// Sending things.
        Shipping "shipping",
        /// Sending bills.
        Billing "billing",
    }
}

/// How a path names an address: by UUID (with or without the prefix `addr_`) or by legacy id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressRef {
    /// By its id.
    Id(AddressId),
    /// By its id in Magento.
    Legacy(LegacyId),
}

/// Writes the id alone, whichever way the reference was written.
impl fmt::Display for AddressRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Legacy(id) => id.get().fmt(f),
        }
    }
}

impl AddressRef {
    /// Reads a reference: a UUID, `addr_<uuid>`, or a positive whole number.
    ///
    /// # Errors
    /// For anything else; a UUID is 32 hexadecimal digits in the hyphenated form.
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

    /// Whether it names this address.
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
