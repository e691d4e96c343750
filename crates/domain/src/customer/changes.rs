//! Merging changes into a customer, and the names of the changed fields.

use super::{
    Customer, CustomerField, CustomerType, Email, LegacyId, MAX_EXTERNAL_IDS, MAX_METADATA_BYTES,
};
use crate::Patch;
use crate::audit::Audited;
use crate::group::GroupId;
use crate::preference::{PreferenceChanges, PreferenceField, Preferences};
use crate::profile::{ProfileChanges, ProfileField};
use crate::support::merge::merge_object;
use crate::tag::{MAX_TAGS, TagChanges};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A merge (RFC 7396) into the editable fields of a customer. [`Patch::Keep`] leaves a field as it
/// is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CustomerChanges {
    /// The e-mail address, which cannot be cleared. A new address counts as unverified.
    pub email: Option<Email>,
    /// The personal details.
    pub profile: ProfileChanges,
    /// The preferences.
    pub preferences: PreferenceChanges,
    /// The type; clearing it resets it to individual, see [`Self::with_default_type`].
    pub customer_type: Patch<CustomerType>,
    /// The group.
    pub group: Patch<GroupId>,
    /// The tags.
    pub tags: TagChanges,
    /// The id in Magento.
    pub legacy_id: Patch<LegacyId>,
    /// The ids in other systems, merged by system; `None` removes an id.
    pub external_ids: Patch<BTreeMap<String, Option<String>>>,
    /// The metadata, merged member by member.
    pub metadata: Patch<Map<String, Value>>,
}

impl CustomerChanges {
    /// Returns the changes for a new customer: a type or an opt-in that is null counts as absent,
    /// so that the operator's default applies.
    #[must_use]
    pub fn of_a_creation(mut self) -> Self {
        self.preferences
            .opt_ins
            .retain(|_, agreed| agreed.is_some());
        self.customer_type = self.customer_type.or_keep();
        self
    }

    /// Returns the changes with a cleared type replaced by the operator's `default`.
    #[must_use]
    pub fn with_default_type(mut self, default: CustomerType) -> Self {
        if self.customer_type == Patch::Clear {
            self.customer_type = Patch::Set(default);
        }
        self
    }

    fn apply(self, customer: &mut Customer) {
        let Self {
            email,
            profile,
            preferences,
            customer_type,
            group,
            tags,
            legacy_id,
            external_ids,
            metadata,
        } = self;
        // An address that is sent back as it was read is kept, even if its comparison key would
        // differ.
        if let Some(email) = email.filter(|email| email.as_typed() != customer.email.as_typed()) {
            customer.email = email;
        }
        profile.apply(&mut customer.profile);
        preferences.apply(&mut customer.preferences);
        customer_type.apply_or(&mut customer.customer_type, CustomerType::default());
        group.apply(&mut customer.group);
        tags.apply(&mut customer.tags);
        legacy_id.apply(&mut customer.legacy_id);
        merge_external_ids(&mut customer.external_ids, external_ids);
        merge_object(&mut customer.metadata, metadata);
    }
}

impl Customer {
    /// Merges `changes` into the customer. Returns the changed fields in the order of the record;
    /// empty if nothing changed.
    pub fn merge(&mut self, changes: CustomerChanges) -> Vec<CustomerField> {
        let before = self.clone();
        changes.apply(self);
        if self.email.key() != before.email.key() {
            self.email_verified = false;
        }
        if self.profile.phone != before.profile.phone {
            self.phone_verified = false;
        }
        self.changed_since(&before)
    }

    /// Returns the filled fields of a new customer, without the preferences that equal the
    /// operator's `defaults`.
    pub fn given_fields(&self, defaults: &Preferences) -> Vec<CustomerField> {
        let blank = Self {
            preferences: defaults.clone(),
            status: self.status,
            customer_type: self.customer_type,
            ..Self::new(self.id, self.tenant, self.email.clone(), self.created_at)
        };
        let always = [CustomerField::Email, CustomerField::CustomerType];
        let given = self.changed_since(&blank);
        always.into_iter().chain(given).collect()
    }

    /// Returns those of the `changed` members that exceed their limit after the merge. Each merge
    /// adds to them, so that checking the size of a single merge is not enough.
    pub fn too_large(&self, changed: &[CustomerField]) -> Vec<CustomerField> {
        let exceeds = |map: &Map<String, Value>| {
            !serde_json::to_vec(map).is_ok_and(|json| json.len() <= MAX_METADATA_BYTES)
        };
        let sizes = [
            (CustomerField::Tags, self.tags.len() > MAX_TAGS),
            (
                CustomerField::ExternalIds,
                self.external_ids.len() > MAX_EXTERNAL_IDS,
            ),
            (CustomerField::Metadata, exceeds(&self.metadata)),
            (
                CustomerField::Preference(PreferenceField::Custom),
                exceeds(&self.preferences.custom),
            ),
            (
                CustomerField::Profile(ProfileField::Data),
                exceeds(&self.profile.data),
            ),
        ];
        let mut changed = changed.to_vec();
        changed.retain(|field| sizes.contains(&(*field, true)));
        changed
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
    use crate::preference::OptIn;
    use crate::profile::Phone;
    use crate::tag::Tag;
    use std::collections::BTreeSet;

    #[test]
    fn what_changes_is_no_longer_verified() {
        let verified = crate::customer::sample();
        let mut changes = CustomerChanges::default();
        for (email, phone, expected) in [
            (None, Patch::Keep, (true, true)),
            (Some("other@example.com"), Patch::Keep, (false, true)),
            (
                None,
                Phone::parse("5550100")
                    .unwrap()
                    .map_or(Patch::Keep, Patch::Set),
                (true, false),
            ),
        ] {
            changes.email = email.map(|email| Email::parse(email).unwrap());
            changes.profile.phone = phone;
            let mut after = verified.clone();
            after.merge(changes.clone());
            assert_eq!((after.email_verified, after.phone_verified), expected);
        }
    }

    #[test]
    fn a_new_customer_has_an_address_and_a_type() {
        let mut customer = crate::customer::sample();
        for kind in [CustomerType::Individual, CustomerType::Business] {
            customer.customer_type = kind;
            let given = customer.given_fields(&customer.preferences);
            assert_eq!(given, [CustomerField::Email, CustomerField::CustomerType]);
        }
    }

    #[test]
    fn a_collection_of_the_maximum_size_is_accepted_and_no_larger_one() {
        let object = |bytes: usize| {
            let rest = "x".repeat(bytes - r#"{"a":""}"#.len());
            Map::from_iter([("a".to_owned(), Value::from(rest))])
        };
        let all = [
            CustomerField::Tags,
            CustomerField::ExternalIds,
            CustomerField::Metadata,
            CustomerField::Preference(PreferenceField::Custom),
            CustomerField::Profile(ProfileField::Data),
        ];
        for (more, expected) in [(0, &[][..]), (1, &all)] {
            let mut customer = crate::customer::sample();
            let tags = (0..MAX_TAGS + more).map(|n| Tag::parse(&n.to_string()).unwrap());
            customer.tags = tags.collect();
            let systems = (0..MAX_EXTERNAL_IDS + more).map(|n| (n.to_string(), "1".to_owned()));
            customer.external_ids = systems.collect();
            customer.metadata = object(MAX_METADATA_BYTES + more);
            customer.preferences.custom = object(MAX_METADATA_BYTES + more);
            customer.profile.data = object(MAX_METADATA_BYTES + more);
            assert_eq!(customer.too_large(&all), expected);
            assert_eq!(customer.too_large(&[CustomerField::Email]), []);
        }
    }

    #[test]
    fn null_means_the_default_and_in_a_creation_nothing() {
        let opt_ins = [
            (OptIn::Newsletter, None),
            (OptIn::AnalyticsTracking, Some(true)),
        ];
        let cleared = CustomerChanges {
            preferences: PreferenceChanges {
                opt_ins: opt_ins.into(),
                ..PreferenceChanges::default()
            },
            customer_type: Patch::Clear,
            ..CustomerChanges::default()
        };
        let created = cleared.clone().of_a_creation();
        assert_eq!(
            created.preferences.opt_ins,
            [(OptIn::AnalyticsTracking, Some(true))].into()
        );
        assert_eq!(created.customer_type, Patch::Keep);
        for (given, expected) in [
            (Patch::Clear, Patch::Set(CustomerType::Business)),
            (Patch::Keep, Patch::Keep),
            (
                Patch::Set(CustomerType::Individual),
                Patch::Set(CustomerType::Individual),
            ),
        ] {
            let mut changes = cleared.clone();
            changes.customer_type = given;
            let changes = changes.with_default_type(CustomerType::Business);
            assert_eq!(changes.customer_type, expected);
        }
    }

    #[test]
    fn tags_are_added_and_removed_beside_those_that_are_there() {
        let tags = |words: &[&str]| -> BTreeSet<Tag> {
            let words = words.iter().map(|word| Tag::parse(word).unwrap());
            words.collect()
        };
        let mut customer = crate::customer::sample();
        customer.tags = tags(&["a", "b"]);
        let added = CustomerChanges {
            tags: TagChanges {
                added: tags(&["b", "c"]),
                removed: tags(&["a", "z"]),
                ..TagChanges::default()
            },
            ..CustomerChanges::default()
        };
        assert_eq!(customer.merge(added.clone()), [CustomerField::Tags]);
        assert_eq!(customer.tags, tags(&["b", "c"]));
        assert!(customer.merge(added).is_empty());

        let many = (0..MAX_TAGS).map(|n| Tag::parse(&n.to_string()).unwrap());
        let changed = customer.merge(CustomerChanges {
            tags: TagChanges {
                added: many.collect(),
                ..TagChanges::default()
            },
            ..CustomerChanges::default()
        });
        assert_eq!(customer.too_large(&changed), [CustomerField::Tags]);
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
