//! The fields of an address: their names in the API, their limits and their audited values.

use super::{Address, MAX_LABEL, PostalAddress, Role};
use crate::audit::{Audited, Fields};
use crate::support::phone::{MAX_PHONE, Phone};
use crate::support::reference::LegacyId;
use crate::support::vocabulary::vocabulary;
use crate::{InvalidValue, text};
use serde_json::json;

vocabulary! {
    /// An audited field of an address, by its name in the API (D-19).
    pub enum AddressField {
        /// What the address is used for.
        Kind "type",
        /// Given name.
        FirstName "firstName",
        /// Family name.
        LastName "lastName",
        /// Company.
        Company "company",
        /// Street and number.
        Street "street",
        /// The second line of the street address.
        Street2 "street2",
        /// City.
        City "city",
        /// State, province or other region.
        Region "state",
        /// Postal code.
        PostalCode "zipCode",
        /// Country.
        Country "country",
        /// Phone number.
        Phone "phone",
        /// The customer's name for the address.
        Label "label",
        /// Whether the address was verified to exist.
        IsVerified "isVerified",
        /// The metadata.
        Metadata "metadata",
        /// The id in Magento.
        LegacyId "legacyId",
        /// The roles that the address is the default for.
        Roles "roles",
    }
}

impl AddressField {
    /// Returns the maximum length of a text, in characters; `None` if the field is not free text.
    pub const fn max_length(self) -> Option<usize> {
        match self {
            Self::FirstName | Self::LastName | Self::City | Self::Region => Some(100),
            Self::Company | Self::Street | Self::Street2 => Some(255),
            Self::PostalCode => Some(20),
            Self::Phone => Some(MAX_PHONE),
            Self::Label => Some(MAX_LABEL),
            Self::Kind
            | Self::Country
            | Self::IsVerified
            | Self::Metadata
            | Self::LegacyId
            | Self::Roles => None,
        }
    }

    /// Parses the text of this field; `None` if nothing is left after trimming.
    ///
    /// # Errors
    /// Fails if the text is too long or contains control characters.
    pub fn parse(self, value: &str) -> Result<Option<String>, InvalidValue> {
        text::line(value, self.max_length().unwrap_or(usize::MAX))
    }

    /// Returns whether an address is rejected if this field breaks the rules of the country's post.
    /// Regions are not judged, since customers and older systems spell them in ways that no list
    /// covers.
    pub const fn is_judged(self) -> bool {
        matches!(
            self,
            Self::Street | Self::City | Self::PostalCode | Self::Country
        )
    }
}

impl From<AddressField> for &'static str {
    fn from(field: AddressField) -> Self {
        field.as_str()
    }
}

impl Audited for Address {
    type Field = AddressField;

    fn fields(&self) -> Fields<AddressField> {
        let Self {
            id: _,
            kind,
            default_shipping: _,
            default_billing: _,
            postal,
            label,
            is_verified,
            metadata,
            legacy_id,
            version: _,
            created_at: _,
            updated_at: _,
        } = self;
        let PostalAddress {
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
        } = postal;
        let roles: Vec<_> = self.roles().into_iter().map(Role::as_str).collect();
        vec![
            (AddressField::Kind, json!(kind.as_str())),
            (AddressField::FirstName, json!(first_name)),
            (AddressField::LastName, json!(last_name)),
            (AddressField::Company, json!(company)),
            (AddressField::Street, json!(street)),
            (AddressField::Street2, json!(street2)),
            (AddressField::City, json!(city)),
            (AddressField::Region, json!(region)),
            (AddressField::PostalCode, json!(postal_code)),
            (AddressField::Country, json!(country.code())),
            (
                AddressField::Phone,
                json!(phone.as_ref().map(Phone::as_str)),
            ),
            (AddressField::Label, json!(label)),
            (AddressField::IsVerified, json!(is_verified)),
            (AddressField::Metadata, json!(metadata)),
            (AddressField::LegacyId, json!(legacy_id.map(LegacyId::get))),
            (AddressField::Roles, json!(roles)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::{AddressChanges, AddressType, Country};
    use crate::{AddressId, Patch};
    use chrono::DateTime;
    use uuid::Uuid;

    #[test]
    fn a_text_of_the_maximum_length_is_accepted_and_no_longer_one() {
        let texts = AddressField::ALL.map(|field| (field, field.max_length()));
        let texts = texts
            .into_iter()
            .filter_map(|(field, max)| Some((field, max?)));
        for (field, max) in texts.clone() {
            assert!(field.parse(&"ß".repeat(max)).is_ok(), "{field:?}");
            assert!(field.parse(&"ß".repeat(max + 1)).is_err(), "{field:?}");
        }
        let lengths = texts.map(|(_, max)| max).collect::<Vec<_>>();
        assert_eq!(lengths, [100, 100, 255, 255, 255, 100, 100, 20, 40, 50]);
    }

    #[test]
    fn every_field_that_a_merge_changes_is_named_and_has_its_old_and_new_value() {
        let text = |text: &str| Patch::Set(text.to_owned());
        let details = AddressChanges {
            kind: Patch::Set(AddressType::Both),
            is_default: None,
            first_name: text("Grace"),
            last_name: text("Hopper"),
            company: text("Navy"),
            street: Some("1 Navy Yard".to_owned()),
            street2: text("Dock 2"),
            city: text("London"),
            region: text("Greater London"),
            postal_code: text("SW1A 2AA"),
            country: Some(Country::parse("GB").unwrap()),
            phone: Patch::Set(Phone::parse("5550100").unwrap().unwrap()),
            label: text("Work"),
            is_verified: Some(true),
            metadata: Patch::Set(json!({"gate": 4}).as_object().cloned().unwrap()),
            legacy_id: Patch::Set(LegacyId::new(7).unwrap()),
        };
        let address = |details| {
            let us = Country::parse("US").unwrap();
            Address::new(AddressId(Uuid::nil()), us, details, DateTime::UNIX_EPOCH)
        };
        let (before, mut after) = (address(AddressChanges::default()), address(details));
        let names = [
            "type",
            "firstName",
            "lastName",
            "company",
            "street",
            "street2",
            "city",
            "state",
            "zipCode",
            "country",
            "phone",
            "label",
            "isVerified",
            "metadata",
            "legacyId",
        ];
        let changed = after.changed_since(&before).into_iter();
        assert_eq!(changed.map(AddressField::as_str).collect::<Vec<_>>(), names);
        for name in after.changed_since(&before) {
            assert_ne!(before.field(name), after.field(name), "{name:?}");
        }
        assert_eq!(after.field(AddressField::Roles), json!([]));
        after.default_billing = true;
        assert_eq!(after.field(AddressField::Roles), json!(["billing"]));
        assert_eq!(after.field_names(), AddressField::ALL);
    }
}
