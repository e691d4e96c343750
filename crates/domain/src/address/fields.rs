//! The fields of an address by their names in the API: which of them changed, and which are
//! audited.

use super::{Address, PostalAddress, Role};
use crate::audit::{Audited, Fields};
use crate::support::phone::Phone;
use crate::support::reference::LegacyId;
use serde_json::json;

impl Audited for Address {
    type Field = &'static str;

    fn fields(&self) -> Fields {
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
            ("type", json!(kind.as_str())),
            ("firstName", json!(first_name)),
            ("lastName", json!(last_name)),
            ("company", json!(company)),
            ("street", json!(street)),
            ("street2", json!(street2)),
            ("city", json!(city)),
            ("state", json!(region)),
            ("zipCode", json!(postal_code)),
            ("country", json!(country.code())),
            ("phone", json!(phone.as_ref().map(Phone::as_str))),
            ("label", json!(label)),
            ("isVerified", json!(is_verified)),
            ("metadata", json!(metadata)),
            ("legacyId", json!(legacy_id.map(LegacyId::get))),
            ("roles", json!(roles)),
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
        assert_eq!(after.changed_since(&before), names);
        for name in names {
            assert_ne!(before.field(name), after.field(name), "{name}");
        }
        assert_eq!(after.field("roles"), json!([]));
        after.default_billing = true;
        assert_eq!(after.field("roles"), json!(["billing"]));
    }
}
