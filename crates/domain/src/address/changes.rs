//! Merging changes into an address, and naming the changed fields.

use super::{Address, AddressField, AddressType, Country, PostalAddress};
use crate::audit::Audited;
use crate::support::merge::{MAX_METADATA_BYTES, merge_object};
use crate::support::phone::Phone;
use crate::support::reference::LegacyId;
use crate::{AddressId, Patch};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A merge (RFC 7396) of every editable field of an address. Members that are `Keep` or `None` stay
/// as they are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AddressChanges {
    /// What the address is used for; clearing it gives `shipping`.
    pub kind: Patch<AddressType>,
    /// `true` takes all roles of the address's type; `false` gives up those that it holds.
    pub is_default: Option<bool>,
    /// Given name.
    pub first_name: Patch<String>,
    /// Family name.
    pub last_name: Patch<String>,
    /// Company.
    pub company: Patch<String>,
    /// Street and number; cannot be cleared.
    pub street: Option<String>,
    /// The second line of the street address.
    pub street2: Patch<String>,
    /// City.
    pub city: Patch<String>,
    /// State, province or other region.
    pub region: Patch<String>,
    /// Postal code.
    pub postal_code: Patch<String>,
    /// Country; cannot be cleared.
    pub country: Option<Country>,
    /// Phone number.
    pub phone: Patch<Phone>,
    /// The customer's name for the address.
    pub label: Patch<String>,
    /// Whether the address was verified to exist.
    pub is_verified: Option<bool>,
    /// Metadata, which is itself merged member by member.
    pub metadata: Patch<Map<String, Value>>,
    /// The id in Magento.
    pub legacy_id: Patch<LegacyId>,
}

impl AddressChanges {
    /// Merges everything but the roles into `address`, and returns the changed fields.
    pub(super) fn apply(self, address: &mut Address) -> Vec<AddressField> {
        let before = address.clone();
        let Self {
            kind,
            is_default: _,
            first_name,
            last_name,
            company,
            street,
            street2,
            city,
            region,
            postal_code,
            country,
            phone,
            label,
            is_verified,
            metadata,
            legacy_id,
        } = self;
        let postal = &mut address.postal;
        kind.apply_or(&mut address.kind, AddressType::default());
        first_name.apply(&mut postal.first_name);
        last_name.apply(&mut postal.last_name);
        company.apply(&mut postal.company);
        if let Some(street) = street {
            postal.street = street;
        }
        street2.apply(&mut postal.street2);
        city.apply(&mut postal.city);
        region.apply(&mut postal.region);
        postal_code.apply(&mut postal.postal_code);
        if let Some(country) = country {
            postal.country = country;
        }
        phone.apply(&mut postal.phone);
        label.apply(&mut address.label);
        merge_object(&mut address.metadata, metadata);
        legacy_id.apply(&mut address.legacy_id);
        // A flag that is sent back as it was read is not a new statement.
        let verified = is_verified.filter(|said| *said != before.is_verified);
        // Verification is about the place, not the person.
        let moved = before.postal.place() != address.postal.place();
        address.is_verified = verified.unwrap_or(address.is_verified && !moved);
        address.changed_since(&before)
    }

    /// Returns the fields of `address` that these changes would change and only staff may: what
    /// somebody made sure of, and what the shop keeps.
    pub fn staff_fields(&self, address: &Address) -> Vec<AddressField> {
        let Self {
            kind: _,
            is_default: _,
            first_name: _,
            last_name: _,
            company: _,
            street: _,
            street2: _,
            city: _,
            region: _,
            postal_code: _,
            country: _,
            phone: _,
            label: _,
            is_verified,
            metadata,
            legacy_id,
        } = self;
        let of_staff = Self {
            is_verified: *is_verified,
            metadata: metadata.clone(),
            legacy_id: legacy_id.clone(),
            ..Self::default()
        };
        of_staff.apply(&mut address.clone())
    }

    /// Returns the postal part of a new address with these changes, in `country` unless they name
    /// another.
    pub fn into_postal(self, country: Country) -> PostalAddress {
        // This address is not stored, so its id and times do not matter.
        let mut address = Address::blank(AddressId(Uuid::nil()), country, DateTime::UNIX_EPOCH);
        self.apply(&mut address);
        address.postal
    }
}

impl Address {
    /// Creates an address with the given `details`, in `country` unless they name another one. It
    /// is not yet the default for any role: the [book](super::AddressBook::add) decides that.
    pub fn new(
        id: AddressId,
        country: Country,
        details: AddressChanges,
        now: DateTime<Utc>,
    ) -> Self {
        let mut address = Self::blank(id, country, now);
        details.apply(&mut address);
        address
    }

    /// Returns a new address in `country` in which everything else is empty.
    fn blank(id: AddressId, country: Country, now: DateTime<Utc>) -> Self {
        Self {
            id,
            kind: AddressType::default(),
            default_shipping: false,
            default_billing: false,
            postal: PostalAddress::blank(country),
            label: None,
            is_verified: false,
            metadata: Map::new(),
            legacy_id: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Returns the fields that are filled. Roles are not included: the book assigns them.
    pub fn given_fields(&self) -> Vec<AddressField> {
        let blank = Self {
            kind: self.kind,
            default_shipping: self.default_shipping,
            default_billing: self.default_billing,
            ..Self::blank(self.id, self.postal.country, self.created_at)
        };
        let always = [AddressField::Kind, AddressField::Country].into_iter();
        always.chain(self.changed_since(&blank)).collect()
    }

    /// Returns whether the metadata exceed [`MAX_METADATA_BYTES`]. Each merge adds to them, so the
    /// size of a single merge is not enough to tell.
    pub fn is_metadata_too_large(&self) -> bool {
        !serde_json::to_vec(&self.metadata).is_ok_and(|json| json.len() <= MAX_METADATA_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stored() -> Address {
        let details = AddressChanges {
            street: Some("1 Main Street".to_owned()),
            city: Patch::Set("New York".to_owned()),
            is_verified: Some(true),
            metadata: object(&json!({"gate": "4711", "door": {"left": true}})),
            ..AddressChanges::default()
        };
        let us = Country::parse("US").unwrap();
        Address::new(AddressId(Uuid::nil()), us, details, DateTime::UNIX_EPOCH)
    }

    fn names(fields: Vec<AddressField>) -> Vec<&'static str> {
        fields.into_iter().map(AddressField::as_str).collect()
    }

    fn object(json: &Value) -> Patch<Map<String, Value>> {
        Patch::Set(json.as_object().cloned().unwrap())
    }

    #[test]
    fn metadata_of_the_maximum_size_are_accepted_and_no_larger_ones() {
        let mut address = stored();
        for (bytes, is_too_large) in [(MAX_METADATA_BYTES, false), (MAX_METADATA_BYTES + 1, true)] {
            let rest = bytes - r#"{"a":""}"#.len();
            address.metadata = Map::from_iter([("a".to_owned(), json!("x".repeat(rest)))]);
            assert_eq!(address.is_metadata_too_large(), is_too_large, "{bytes}");
        }
    }

    #[test]
    fn a_new_address_is_for_shipping_and_no_default() {
        let new = stored();
        assert_eq!(new.kind, AddressType::Shipping);
        assert_eq!((new.roles(), new.version), (vec![], 1));
        assert_eq!(new.postal.country.code(), "US");
        assert_eq!(
            names(new.given_fields()),
            [
                "type",
                "country",
                "street",
                "city",
                "isVerified",
                "metadata"
            ]
        );
    }

    #[test]
    fn what_is_kept_stays_and_what_changed_is_named() {
        let mut address = stored();
        let edit = AddressChanges {
            company: Patch::Set("Engines".to_owned()),
            city: Patch::Set("New York".to_owned()),
            label: Patch::Clear,
            metadata: object(&json!({"gate": null, "door": {"right": true}})),
            ..AddressChanges::default()
        };
        assert_eq!(names(edit.apply(&mut address)), ["company", "metadata"]);
        let merged = json!({"door": {"left": true, "right": true}});
        assert_eq!(Value::Object(address.metadata), merged);
        assert!(address.is_verified, "the place is the same");
    }

    #[test]
    fn a_change_of_the_place_clears_that_it_was_verified() {
        let moves = || AddressChanges {
            city: Patch::Set("Boston".to_owned()),
            ..AddressChanges::default()
        };
        let mut address = stored();
        assert_eq!(names(moves().apply(&mut address)), ["city", "isVerified"]);
        assert!(!address.is_verified);
        // A flag that is sent back as it was read is not a statement about the new place.
        let mut address = stored();
        let sent_back = AddressChanges {
            is_verified: Some(true),
            ..moves()
        };
        sent_back.apply(&mut address);
        assert!(!address.is_verified);
        let mut address = stored();
        let person = AddressChanges {
            first_name: Patch::Set("Ada".to_owned()),
            ..AddressChanges::default()
        };
        assert_eq!(names(person.apply(&mut address)), ["firstName"]);
        assert!(address.is_verified);
    }
}
