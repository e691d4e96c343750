//! Reads the customer fields that several requests share.

use super::preferences::preferences;
use super::words::{KINDS, KindOrGroup};
use crate::support::failure::rule;
use crate::support::items::Items;
use crate::support::patch::PatchExt as _;
use crate::support::wire::FreeObject;
use chrono::NaiveDate;
use customer_domain::customer::{
    CustomerChanges, CustomerField, CustomerType, Email, ExternalId, LegacyId, MAX_EXTERNAL_IDS,
    MAX_METADATA_BYTES,
};
use customer_domain::group::GroupId;
use customer_domain::profile::{self, Gender, Phone, ProfileChanges, ProfileField};
use customer_domain::tag::{MAX_TAGS, Tag, TagChanges};
use customer_domain::{InvalidValue, Patch};
use http_kit::fault::{self, Fault};
use http_kit::fields::{Field, Fields, Parse, Violation};
use http_kit::json::{Node, join};
use std::collections::{BTreeMap, BTreeSet};
use validator::ValidateUrl;

/// The personal details, in a request. Absent members are kept, null clears.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileInput {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Date of birth; the time of a date-time is ignored.
    #[schema(format = Date)]
    pub date_of_birth: Option<String>,
    /// Gender.
    pub gender: Option<super::CustomerGender>,
    /// Phone number, as people write it: with any digits and separators, and an extension. Without a
    /// country code it is one of the tenant's country.
    #[schema(min_length = 1)]
    pub phone: Option<String>,
    /// URL of a picture, `https` only.
    #[schema(format = "uri")]
    pub avatar: Option<String>,
    /// Free-form data about the person, at most 16 KiB; merged member by member.
    pub data: Option<FreeObject>,
}

/// Parses the e-mail address of a request.
pub(super) fn email(text: &str) -> Result<Email, Violation> {
    rule(Email::parse(text))
}

/// Reads a list of at least `fewest` tags.
pub(crate) fn tags(fields: &mut Fields, fewest: usize) -> Field<'_, impl Parse<Output = Vec<Tag>>> {
    let items = Items::new(fewest..=MAX_TAGS, |text| rule(Tag::parse(text)));
    fields.field(CustomerField::Tags.path(), items)
}

/// Reads all editable fields except the e-mail address and the status, which the routes read
/// themselves.
pub(super) fn details(fields: &mut Fields, today: NaiveDate) -> CustomerChanges {
    let mut changes = CustomerChanges {
        email: None,
        profile: profile(fields, today),
        legacy_id: fields
            .integer(CustomerField::LegacyId.path(), 1..=i64::from(u32::MAX))
            .then(|id| rule(LegacyId::new(id)))
            .patch(),
        external_ids: fields
            .field(CustomerField::ExternalIds.path(), ExternalIds)
            .patch(),
        tags: TagChanges {
            all: tags(fields, 0).patch().map(BTreeSet::from_iter),
            ..TagChanges::default()
        },
        metadata: fields
            .free_object(CustomerField::Metadata.path(), MAX_METADATA_BYTES)
            .patch(),
        preferences: preferences(fields),
        customer_type: Patch::Keep,
        group: Patch::Keep,
    };
    (changes.customer_type, changes.group) = kind_and_group(fields);
    changes
}

fn profile(fields: &mut Fields, today: NaiveDate) -> ProfileChanges {
    ProfileChanges {
        first_name: name(fields, ProfileField::FirstName),
        last_name: name(fields, ProfileField::LastName),
        date_of_birth: fields
            .date(ProfileField::DateOfBirth.path())
            .then(|date| rule(profile::date_of_birth(date, today)))
            .patch(),
        gender: fields
            .one_of(ProfileField::Gender.path(), Gender::WORDS)
            .patch(),
        phone: fields
            .text(ProfileField::Phone.path())
            .then(|text| rule(Phone::parse(&text)))
            .patch()
            .flatten(),
        avatar: fields
            .text(ProfileField::Avatar.path())
            .then(|text| avatar(&text))
            .patch()
            .flatten(),
        data: fields
            .free_object(ProfileField::Data.path(), MAX_METADATA_BYTES)
            .patch(),
    }
}

fn name(fields: &mut Fields, field: ProfileField) -> Patch<String> {
    let text = fields.text(field.path());
    text.then(|text| rule(profile::name(&text)))
        .patch()
        .flatten()
}

fn avatar(url: &str) -> Result<Option<String>, Violation> {
    if !url.trim().is_empty() && !url.trim().validate_url() {
        return Err(Violation::new(
            fault::INVALID_VALUE,
            "an https URL is accepted",
        ));
    }
    rule(profile::avatar(url))
}

/// Parses ids in other systems, by system; null removes an id. Reports every invalid entry.
struct ExternalIds;

impl ExternalIds {
    fn entry(system: &str, id: &Node, at: &str) -> Result<(String, Option<String>), Fault> {
        let parsed = |id: &str| {
            ExternalId::parse(system, id)
                .map_err(|InvalidValue { detail, .. }| Fault::new(at, fault::INVALID_VALUE, detail))
        };
        match id {
            Node::Null => Ok((parsed("-")?.system, None)),
            Node::Text(id) => parsed(id).map(|external| (external.system, Some(external.id))),
            Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Object(_) => Err(Fault::new(
                at,
                fault::INVALID_TYPE,
                "must be a string, or null to remove it",
            )),
        }
    }
}

impl Parse for ExternalIds {
    type Output = BTreeMap<String, Option<String>>;

    fn parse(&self, value: Node, at: &str) -> Result<Self::Output, Vec<Fault>> {
        let Node::Object(members) = value else {
            return Err(vec![Fault::new(
                at,
                fault::INVALID_TYPE,
                "must be an object",
            )]);
        };
        if members.len() > MAX_EXTERNAL_IDS {
            let detail = format!("at most {MAX_EXTERNAL_IDS} systems are accepted");
            return Err(vec![Fault::new(at, fault::TOO_LONG, detail)]);
        }
        let mut ids = BTreeMap::new();
        let mut faults = Vec::new();
        for (system, id) in members {
            let at = join(at, &system);
            match Self::entry(&system, &id, &at) {
                Ok((system, id)) if ids.get(&system).is_some_and(|other| *other != id) => {
                    let detail = format!("two members name the system {system}");
                    faults.push(Fault::new(at, fault::DUPLICATE_KEY, detail));
                }
                Ok((system, id)) => drop(ids.insert(system, id)),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            Ok(ids)
        } else {
            Err(faults)
        }
    }
}

/// Reads `customerType` and `groupId`: the first may name a group too, and then both must agree.
fn kind_and_group(fields: &mut Fields) -> (Patch<CustomerType>, Patch<GroupId>) {
    let word = fields
        .one_of(CustomerField::CustomerType.path(), &KINDS)
        .patch();
    let group = fields
        .text(CustomerField::GroupId.path())
        .then(|text| rule(GroupId::parse(&text)))
        .patch();
    let named = match word {
        Patch::Set(KindOrGroup::Group(name)) => GroupId::parse(name).ok(),
        Patch::Set(KindOrGroup::Kind(_)) | Patch::Keep | Patch::Clear => None,
    };
    let kind = match word {
        Patch::Set(KindOrGroup::Kind(kind)) => Patch::Set(kind),
        Patch::Clear => Patch::Clear,
        Patch::Set(KindOrGroup::Group(_)) | Patch::Keep => Patch::Keep,
    };
    match (named, group) {
        (Some(named), Patch::Keep) => {
            let [kind_path, group_path] =
                [CustomerField::CustomerType, CustomerField::GroupId].map(CustomerField::path);
            fields.point_at(group_path, kind_path);
            (kind, Patch::Set(named))
        }
        (Some(named), Patch::Set(given)) if named == given => (kind, Patch::Set(given)),
        (Some(_), Patch::Set(_) | Patch::Clear) => {
            fields.fault(Fault::new(
                fields.pointer(CustomerField::GroupId.path()),
                fault::DUPLICATE_KEY,
                "customerType names another group",
            ));
            (kind, Patch::Keep)
        }
        (None, group) => (kind, group),
    }
}
