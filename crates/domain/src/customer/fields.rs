//! The fields of a customer by their names on the wire: what changed, and what of it is audited.

use super::{Customer, LegacyId};
use crate::audit::{Audited, Fields};
use crate::group::GroupId;
use crate::profile::{Gender, Phone};
use crate::tag::Tag;
use serde_json::{Value, json};

type Field = (&'static str, fn(&Customer) -> Value);

/// What can be edited, in the order of the record.
const EDITABLE: [Field; 26] = [
    ("email", |c| json!(c.email.as_typed())),
    ("profile.firstName", |c| json!(c.profile.first_name)),
    ("profile.lastName", |c| json!(c.profile.last_name)),
    ("profile.dateOfBirth", |c| {
        json!(c.profile.date_of_birth.map(|day| day.to_string()))
    }),
    ("profile.gender", |c| {
        json!(c.profile.gender.map(Gender::as_str))
    }),
    ("profile.phone", |c| {
        json!(c.profile.phone.as_ref().map(Phone::as_str))
    }),
    ("profile.avatar", |c| json!(c.profile.avatar)),
    ("preferences.language", |c| json!(c.preferences.language)),
    ("preferences.currency", |c| json!(c.preferences.currency)),
    ("preferences.timezone", |c| json!(c.preferences.timezone)),
    ("preferences.marketing.emailOptIn", |c| {
        json!(c.preferences.email_marketing)
    }),
    ("preferences.marketing.smsOptIn", |c| {
        json!(c.preferences.sms_marketing)
    }),
    ("preferences.marketing.pushOptIn", |c| {
        json!(c.preferences.push_notifications)
    }),
    ("preferences.notifications.orderUpdates", |c| {
        json!(c.preferences.order_updates)
    }),
    ("preferences.notifications.promotions", |c| {
        json!(c.preferences.promotional_emails)
    }),
    ("preferences.notifications.newsletters", |c| {
        json!(c.preferences.newsletter)
    }),
    ("preferences.dataSharing", |c| {
        json!(c.preferences.data_sharing)
    }),
    ("preferences.analyticsTracking", |c| {
        json!(c.preferences.analytics_tracking)
    }),
    ("preferences.cookieConsent", |c| {
        json!(c.preferences.cookie_consent)
    }),
    ("preferences.custom", |c| json!(c.preferences.custom)),
    ("customerType", |c| json!(c.customer_type.as_str())),
    ("groupId", |c| json!(c.group.as_ref().map(GroupId::as_str))),
    ("tags", |c| {
        c.tags.iter().map(Tag::as_str).collect::<Vec<_>>().into()
    }),
    ("legacyId", |c| json!(c.legacy_id.map(LegacyId::get))),
    ("externalIds", |c| json!(c.external_ids)),
    ("metadata", |c| json!(c.metadata)),
];

/// What changes in other ways, or never.
const OTHERS: [Field; 2] = [
    ("status", |c| json!(c.status.as_str())),
    ("registrationSource", |c| json!(c.registration_source)),
];

/// The names of the editable fields in which two states differ.
pub(super) fn changed(before: &Customer, after: &Customer) -> Vec<&'static str> {
    let differs = |(name, value): &Field| (value(before) != value(after)).then_some(*name);
    EDITABLE.iter().filter_map(differs).collect()
}

impl Audited for Customer {
    fn fields(&self) -> Fields {
        let known = EDITABLE.iter().chain(&OTHERS);
        known.map(|(name, value)| (*name, value(self))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Patch;
    use crate::customer::{CustomerChanges, CustomerType, Email, sample};
    use std::collections::{BTreeMap, BTreeSet};

    /// A merge that changes every field.
    fn everything() -> CustomerChanges {
        let object = |value: Value| Patch::Set(value.as_object().cloned().unwrap());
        CustomerChanges {
            email: Patch::Set(Email::parse("grace@example.com").unwrap()),
            first_name: Patch::Set("Grace".to_owned()),
            last_name: Patch::Set("Hopper".to_owned()),
            date_of_birth: Patch::Set("1906-12-09".parse().unwrap()),
            gender: Patch::Set(Gender::Female),
            phone: Patch::Set(Phone::parse("5550100").unwrap().unwrap()),
            avatar: Patch::Set("https://example.com/a.png".to_owned()),
            language: Patch::Set("en".to_owned()),
            currency: Patch::Set("USD".to_owned()),
            timezone: Patch::Set("UTC".to_owned()),
            email_marketing: Patch::Set(true),
            sms_marketing: Patch::Set(true),
            push_notifications: Patch::Set(true),
            order_updates: Patch::Set(true),
            promotional_emails: Patch::Set(true),
            newsletter: Patch::Set(true),
            data_sharing: Patch::Set(true),
            analytics_tracking: Patch::Set(true),
            cookie_consent: Patch::Set(true),
            custom: object(json!({"theme": "dark"})),
            customer_type: Patch::Set(CustomerType::Business),
            group: Patch::Set(GroupId::parse("vip").unwrap()),
            tags: Patch::Set(BTreeSet::from([Tag::parse("navy").unwrap()])),
            added_tags: BTreeSet::new(),
            removed_tags: BTreeSet::new(),
            legacy_id: Patch::Set(LegacyId::new(7).unwrap()),
            external_ids: Patch::Set(BTreeMap::from([("crm".to_owned(), Some("C-1".to_owned()))])),
            metadata: object(json!({"rank": 1})),
        }
    }

    #[test]
    fn every_field_that_a_merge_changes_is_named_and_has_its_old_and_new_value() {
        let before = sample();
        let mut after = before.clone();
        let changed = after.merge(everything());
        let names: Vec<_> = EDITABLE.iter().map(|(name, _)| *name).collect();
        assert_eq!(changed, names);
        for name in changed {
            assert_ne!(before.field(name), after.field(name), "{name}");
        }
        assert_eq!(before.field("email"), "ada@example.com");
        assert_eq!(after.field("profile.dateOfBirth"), "1906-12-09");
        assert_eq!(after.field("tags"), json!(["navy"]));
        assert_eq!(after.field("externalIds"), json!({"crm": "C-1"}));
        assert_eq!(after.field("status"), "active");
    }

    #[test]
    fn a_secret_is_no_field() {
        assert_eq!(sample().field("password"), Value::Null);
    }
}
