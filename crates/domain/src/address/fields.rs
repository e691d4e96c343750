//! The fields of an address by their names on the wire: what changed, and what of it is audited.

use super::{Address, Role};
use crate::audit::Audited;
use crate::support::phone::Phone;
use crate::support::reference::LegacyId;
use serde_json::{Value, json};

type Field = (&'static str, fn(&Address) -> Value);

/// What can be edited, in the order of the record.
const EDITABLE: [Field; 15] = [
    ("type", |a| json!(a.kind.as_str())),
    ("firstName", |a| json!(a.postal.first_name)),
    ("lastName", |a| json!(a.postal.last_name)),
    ("company", |a| json!(a.postal.company)),
    ("street", |a| json!(a.postal.street)),
    ("street2", |a| json!(a.postal.street2)),
    ("city", |a| json!(a.postal.city)),
    ("state", |a| json!(a.postal.region)),
    ("zipCode", |a| json!(a.postal.postal_code)),
    ("country", |a| json!(a.postal.country.code())),
    ("phone", |a| {
        json!(a.postal.phone.as_ref().map(Phone::as_str))
    }),
    ("label", |a| json!(a.label)),
    ("isVerified", |a| json!(a.is_verified)),
    ("metadata", |a| json!(a.metadata)),
    ("legacyId", |a| json!(a.legacy_id.map(LegacyId::get))),
];

/// The names of the editable fields in which two states differ.
pub(super) fn changed(before: &Address, after: &Address) -> Vec<&'static str> {
    let differs = |(name, value): &Field| (value(before) != value(after)).then_some(*name);
    EDITABLE.iter().filter_map(differs).collect()
}

impl Audited for Address {
    fn field(&self, name: &str) -> Value {
        if name == "roles" {
            let roles = self.roles().into_iter().map(Role::as_str);
            return roles.collect::<Vec<_>>().into();
        }
        let found = EDITABLE.iter().find(|(known, _)| *known == name);
        found.map_or(Value::Null, |(_, value)| value(self))
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
        let names: Vec<_> = EDITABLE.iter().map(|(name, _)| *name).collect();
        assert_eq!(changed(&before, &after), names);
        for name in names {
            assert_ne!(before.field(name), after.field(name), "{name}");
        }
        assert_eq!(after.field("roles"), json!([]));
        after.default_billing = true;
        assert_eq!(after.field("roles"), json!(["billing"]));
    }
}
