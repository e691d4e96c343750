//! What a merge changes in a customer, and the names of what changed.

use super::fields;
use super::{Customer, CustomerType, Email, LegacyId, MAX_EXTERNAL_IDS, MAX_METADATA_BYTES};
use crate::Patch;
use crate::group::GroupId;
use crate::preference::Preferences;
use crate::profile::{Gender, Phone, Profile};
use crate::support::merge::merge_object;
use crate::tag::{MAX_TAGS, Tag};
use chrono::NaiveDate;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::mem;

/// A merge (RFC 7396) over everything of a customer that can be edited. What is kept stays.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CustomerChanges {
    /// The e-mail address. A changed one is unproven.
    pub email: Patch<Email>,
    /// Given name.
    pub first_name: Patch<String>,
    /// Family name.
    pub last_name: Patch<String>,
    /// Date of birth.
    pub date_of_birth: Patch<NaiveDate>,
    /// Gender.
    pub gender: Patch<Gender>,
    /// Phone number. A changed one is unproven.
    pub phone: Patch<Phone>,
    /// Picture.
    pub avatar: Patch<String>,
    /// Language.
    pub language: Patch<String>,
    /// Currency.
    pub currency: Patch<String>,
    /// Time zone.
    pub timezone: Patch<String>,
    /// Marketing by e-mail; clearing an opt-in withdraws it.
    pub email_marketing: Patch<bool>,
    /// Marketing by text message.
    pub sms_marketing: Patch<bool>,
    /// Push notifications.
    pub push_notifications: Patch<bool>,
    /// News of orders.
    pub order_updates: Patch<bool>,
    /// Promotions.
    pub promotional_emails: Patch<bool>,
    /// The newsletter.
    pub newsletter: Patch<bool>,
    /// Sharing with partners.
    pub data_sharing: Patch<bool>,
    /// Recording of behaviour.
    pub analytics_tracking: Patch<bool>,
    /// Cookies beyond the necessary.
    pub cookie_consent: Patch<bool>,
    /// Custom preferences: a merge of its own, member by member.
    pub custom: Patch<Map<String, Value>>,
    /// Individual or business; clearing it makes an individual, see [`Self::with_default_type`].
    pub customer_type: Patch<CustomerType>,
    /// The group.
    pub group: Patch<GroupId>,
    /// The tags: the list replaces.
    pub tags: Patch<BTreeSet<Tag>>,
    /// Tags that are put on it beside those that it has then.
    pub added_tags: BTreeSet<Tag>,
    /// Tags that are taken off it.
    pub removed_tags: BTreeSet<Tag>,
    /// The id in Magento.
    pub legacy_id: Patch<LegacyId>,
    /// Ids in other systems: merged by system, `None` removes one.
    pub external_ids: Patch<BTreeMap<String, Option<String>>>,
    /// Metadata: a merge of its own, member by member.
    pub metadata: Patch<Map<String, Value>>,
}

impl CustomerChanges {
    /// The same for a customer that is being made: a type or an opt-in that is null was not
    /// given, and so is what the operator decided.
    #[must_use]
    pub fn of_a_creation(mut self) -> Self {
        for wish in [
            &mut self.email_marketing,
            &mut self.sms_marketing,
            &mut self.push_notifications,
            &mut self.order_updates,
            &mut self.promotional_emails,
            &mut self.newsletter,
            &mut self.data_sharing,
            &mut self.analytics_tracking,
            &mut self.cookie_consent,
        ] {
            *wish = mem::take(wish).or_keep();
        }
        self.customer_type = self.customer_type.or_keep();
        self
    }

    /// The same, with a type that is cleared set to what the operator decided.
    #[must_use]
    pub fn with_default_type(mut self, default: CustomerType) -> Self {
        if self.customer_type == Patch::Clear {
            self.customer_type = Patch::Set(default);
        }
        self
    }
}

impl Customer {
    /// Merges `changes` into the customer. The names of what changed, as the wire spells them,
    /// in the order of the record; empty when nothing did.
    pub fn merge(&mut self, changes: CustomerChanges) -> Vec<&'static str> {
        let before = self.clone();
        self.apply(changes);
        if self.email.key() != before.email.key() {
            self.email_verified = false;
        }
        if self.profile.phone != before.profile.phone {
            self.phone_verified = false;
        }
        fields::changed(&before, self)
    }

    /// The names of the fields that hold something, as the wire spells them: what a creation
    /// gave. Preferences that are what the operator's `defaults` make them are not named.
    pub fn given_fields(&self, defaults: &Preferences) -> Vec<&'static str> {
        let mut blank = self.clone();
        blank.profile = Profile::default();
        blank.preferences = defaults.clone();
        blank.group = None;
        blank.tags = BTreeSet::new();
        blank.legacy_id = None;
        blank.external_ids = BTreeMap::new();
        blank.metadata = Map::new();
        let source = self.registration_source.as_ref();
        ["email", "customerType"]
            .into_iter()
            .chain(fields::changed(&blank, self))
            .chain(source.map(|_| "registrationSource"))
            .collect()
    }

    /// Those of the `changed` members that are now larger than they may be: each merge adds to
    /// them, so that the size of one merge says nothing.
    pub fn too_large(&self, changed: &[&'static str]) -> Vec<&'static str> {
        let within = |map: &Map<String, Value>| {
            serde_json::to_vec(map).is_ok_and(|json| json.len() <= MAX_METADATA_BYTES)
        };
        changed
            .iter()
            .copied()
            .filter(|name| match *name {
                "tags" => self.tags.len() > MAX_TAGS,
                "externalIds" => self.external_ids.len() > MAX_EXTERNAL_IDS,
                "metadata" => !within(&self.metadata),
                "preferences.custom" => !within(&self.preferences.custom),
                _ => false,
            })
            .collect()
    }

    fn apply(&mut self, changes: CustomerChanges) {
        if let Patch::Set(email) = changes.email {
            self.email = email;
        }
        let profile = &mut self.profile;
        changes.first_name.apply(&mut profile.first_name);
        changes.last_name.apply(&mut profile.last_name);
        changes.date_of_birth.apply(&mut profile.date_of_birth);
        changes.gender.apply(&mut profile.gender);
        changes.phone.apply(&mut profile.phone);
        changes.avatar.apply(&mut profile.avatar);
        let preferences = &mut self.preferences;
        changes.language.apply(&mut preferences.language);
        changes.currency.apply(&mut preferences.currency);
        changes.timezone.apply(&mut preferences.timezone);
        for (patch, flag) in [
            (changes.email_marketing, &mut preferences.email_marketing),
            (changes.sms_marketing, &mut preferences.sms_marketing),
            (
                changes.push_notifications,
                &mut preferences.push_notifications,
            ),
            (changes.order_updates, &mut preferences.order_updates),
            (
                changes.promotional_emails,
                &mut preferences.promotional_emails,
            ),
            (changes.newsletter, &mut preferences.newsletter),
            (changes.data_sharing, &mut preferences.data_sharing),
            (
                changes.analytics_tracking,
                &mut preferences.analytics_tracking,
            ),
            (changes.cookie_consent, &mut preferences.cookie_consent),
        ] {
            patch.apply_or(flag, false);
        }
        merge_object(&mut preferences.custom, changes.custom);
        changes
            .customer_type
            .apply_or(&mut self.customer_type, CustomerType::default());
        changes.group.apply(&mut self.group);
        changes.tags.apply_or(&mut self.tags, BTreeSet::new());
        self.tags.extend(changes.added_tags);
        self.tags.retain(|tag| !changes.removed_tags.contains(tag));
        changes.legacy_id.apply(&mut self.legacy_id);
        merge_external_ids(&mut self.external_ids, changes.external_ids);
        merge_object(&mut self.metadata, changes.metadata);
    }
}

fn merge_external_ids(
    target: &mut BTreeMap<String, String>,
    patch: Patch<BTreeMap<String, Option<String>>>,
) {
    match patch {
        Patch::Keep => {}
        Patch::Clear => target.clear(),
        Patch::Set(entries) => {
            for (system, id) in entries {
                match id {
                    Some(id) => drop(target.insert(system, id)),
                    None => drop(target.remove(&system)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_added_and_removed_beside_those_that_are_there() {
        let tags = |words: &[&str]| -> BTreeSet<Tag> {
            let words = words.iter().map(|word| Tag::parse(word).unwrap());
            words.collect()
        };
        let mut customer = crate::customer::sample();
        customer.tags = tags(&["a", "b"]);
        let added = CustomerChanges {
            added_tags: tags(&["b", "c"]),
            removed_tags: tags(&["a", "z"]),
            ..CustomerChanges::default()
        };
        assert_eq!(customer.merge(added.clone()), ["tags"]);
        assert_eq!(customer.tags, tags(&["b", "c"]));
        assert!(customer.merge(added).is_empty());

        let many = (0..MAX_TAGS).map(|n| Tag::parse(&n.to_string()).unwrap());
        let changed = customer.merge(CustomerChanges {
            added_tags: many.collect(),
            ..CustomerChanges::default()
        });
        assert_eq!(customer.too_large(&changed), ["tags"]);
    }

    #[test]
    fn external_ids_merge_by_system() {
        let mut ids = BTreeMap::from([
            ("erp".to_owned(), "1".to_owned()),
            ("crm".to_owned(), "2".to_owned()),
        ]);
        let patch = BTreeMap::from([
            ("erp".to_owned(), None),
            ("pos".to_owned(), Some("3".to_owned())),
        ]);
        merge_external_ids(&mut ids, Patch::Set(patch));
        assert_eq!(ids.keys().collect::<Vec<_>>(), ["crm", "pos"]);
        merge_external_ids(&mut ids, Patch::Clear);
        assert!(ids.is_empty());
    }
}
