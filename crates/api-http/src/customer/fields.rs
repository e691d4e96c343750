//! What requests say of a customer: the spellings, and the reader that all of them share.

use super::words::{KINDS, KindOrGroup};
pub(super) use crate::support::failure::rule;
use crate::support::items::Items;
use crate::support::patch::PatchExt as _;
use crate::support::wire::FreeObject;
use chrono::NaiveDate;
use customer_domain::customer::{
    CustomerChanges, Email, ExternalId, LegacyId, MAX_EXTERNAL_IDS, MAX_METADATA_BYTES,
};
use customer_domain::group::GroupId;
use customer_domain::profile::{self, Gender, Phone};
use customer_domain::tag::{MAX_TAGS, Tag};
use customer_domain::{InvalidValue, Patch, preference};
use http_kit::fault::{self, Fault};
use http_kit::fields::{Fields, Parse, Violation};
use http_kit::json::{Node, join};
use http_kit::normalise::AliasTable;
use std::collections::{BTreeMap, BTreeSet};
use validator::ValidateUrl;

/// Every spelling of the five source documents (D-02, D-07, D-35).
pub(super) static ALIASES: AliasTable = AliasTable {
    objects: &[
        "/profile",
        "/preferences",
        "/preferences/marketing",
        "/preferences/notifications",
    ],
    aliases: &[
        ("/customerId", "/id"),
        ("/firstName", "/profile/firstName"),
        ("/lastName", "/profile/lastName"),
        ("/dateOfBirth", "/profile/dateOfBirth"),
        ("/gender", "/profile/gender"),
        ("/phone", "/profile/phone"),
        ("/avatar", "/profile/avatar"),
        ("/avatarUrl", "/profile/avatar"),
        ("/profile/avatarUrl", "/profile/avatar"),
        ("/customerGroupId", "/groupId"),
        ("/marketingOptIn", "/preferences/marketing/emailOptIn"),
        (
            "/preferences/emailMarketing",
            "/preferences/marketing/emailOptIn",
        ),
        (
            "/preferences/smsMarketing",
            "/preferences/marketing/smsOptIn",
        ),
        (
            "/preferences/pushNotifications",
            "/preferences/marketing/pushOptIn",
        ),
        (
            "/preferences/orderUpdates",
            "/preferences/notifications/orderUpdates",
        ),
        (
            "/preferences/promotionalEmails",
            "/preferences/notifications/promotions",
        ),
        (
            "/preferences/newsletter",
            "/preferences/notifications/newsletters",
        ),
        ("/preferences/customPreferences", "/preferences/custom"),
    ],
};

/// The person, in a request. Absent members keep, null clears.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileInput {
    /// Given name.
    #[schema(max_length = 100)]
    pub first_name: Option<String>,
    /// Family name.
    #[schema(max_length = 100)]
    pub last_name: Option<String>,
    /// Date of birth; of a date-time the date is taken.
    #[schema(format = Date)]
    pub date_of_birth: Option<String>,
    /// Gender.
    pub gender: Option<super::CustomerGender>,
    /// Phone number: at least 4 digits, grouped as you like.
    #[schema(min_length = 4, max_length = 20, pattern = r"^[+]?[0-9 ./()\-]+$")]
    pub phone: Option<String>,
    /// Address of a picture: an https URL.
    #[schema(max_length = 500, format = "uri")]
    pub avatar: Option<String>,
}

/// The preferences, in a request. Absent members keep, null clears.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreferencesInput {
    /// Language tag, such as `pt-BR`.
    #[schema(max_length = 35, pattern = "^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$")]
    pub language: Option<String>,
    /// ISO 4217 code.
    #[schema(pattern = "^[A-Za-z]{3}$")]
    pub currency: Option<String>,
    /// IANA name.
    #[schema(max_length = 64, pattern = "^[A-Za-z][A-Za-z0-9/_+-]*$")]
    pub timezone: Option<String>,
    /// What may be sent for marketing.
    pub marketing: Option<MarketingInput>,
    /// Which notifications are wanted.
    pub notifications: Option<NotificationsInput>,
    /// Whether data may be shared with partners.
    pub data_sharing: Option<bool>,
    /// Whether behaviour may be recorded.
    pub analytics_tracking: Option<bool>,
    /// Whether cookies beyond the necessary are agreed to.
    pub cookie_consent: Option<bool>,
    /// Preferences that only the shop knows; merged member by member.
    pub custom: Option<FreeObject>,
}

/// What may be sent for marketing, in a request.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MarketingInput {
    /// By e-mail.
    pub email_opt_in: Option<bool>,
    /// By text message.
    pub sms_opt_in: Option<bool>,
    /// By push notification.
    pub push_opt_in: Option<bool>,
}

/// Which notifications are wanted, in a request.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotificationsInput {
    /// News of orders.
    pub order_updates: Option<bool>,
    /// Promotions.
    pub promotions: Option<bool>,
    /// The newsletter.
    pub newsletters: Option<bool>,
}

/// The e-mail address of a request.
pub(super) fn email(text: &str) -> Result<Email, Violation> {
    rule(Email::parse(text))
}

/// Everything that can be edited, but the e-mail address and the status, which each route reads
/// for itself.
pub(super) fn details(fields: &mut Fields, today: NaiveDate) -> CustomerChanges {
    let mut changes = CustomerChanges {
        first_name: name(fields, "profile/firstName"),
        last_name: name(fields, "profile/lastName"),
        date_of_birth: fields
            .date("profile/dateOfBirth")
            .then(|date| rule(profile::date_of_birth(date, today)))
            .patch(),
        gender: fields.one_of("profile/gender", Gender::WORDS).patch(),
        phone: fields
            .text("profile/phone")
            .then(|text| rule(Phone::parse(&text)))
            .patch()
            .flatten(),
        avatar: fields
            .text("profile/avatar")
            .then(|text| avatar(&text))
            .patch()
            .flatten(),
        legacy_id: fields
            .integer("legacyId", 1..=i64::from(u32::MAX))
            .then(|id| rule(LegacyId::new(id)))
            .patch(),
        external_ids: fields.field("externalIds", ExternalIds).patch(),
        tags: fields
            .field(
                "tags",
                Items::new(0..=MAX_TAGS, |text| rule(Tag::parse(text))),
            )
            .patch()
            .map(BTreeSet::from_iter),
        metadata: fields.free_object("metadata", MAX_METADATA_BYTES).patch(),
        ..preferences(fields)
    };
    (changes.customer_type, changes.group) = kind_and_group(fields);
    changes
}

/// The preferences of a request, below `preferences`.
pub(crate) fn preferences(fields: &mut Fields) -> CustomerChanges {
    let mut wish = |name| fields.boolean(name).patch();
    let mut changes = CustomerChanges {
        email_marketing: wish("preferences/marketing/emailOptIn"),
        sms_marketing: wish("preferences/marketing/smsOptIn"),
        push_notifications: wish("preferences/marketing/pushOptIn"),
        order_updates: wish("preferences/notifications/orderUpdates"),
        promotional_emails: wish("preferences/notifications/promotions"),
        newsletter: wish("preferences/notifications/newsletters"),
        data_sharing: wish("preferences/dataSharing"),
        analytics_tracking: wish("preferences/analyticsTracking"),
        cookie_consent: wish("preferences/cookieConsent"),
        ..CustomerChanges::default()
    };
    changes.language = fields
        .text("preferences/language")
        .then(|text| rule(preference::language(&text)))
        .patch();
    changes.currency = fields
        .text("preferences/currency")
        .then(|text| rule(preference::currency(&text)))
        .patch();
    changes.timezone = fields
        .text("preferences/timezone")
        .then(|text| rule(preference::timezone(&text)))
        .patch();
    changes.custom = fields
        .free_object("preferences/custom", MAX_METADATA_BYTES)
        .patch();
    changes
}

fn name(fields: &mut Fields, member: &'static str) -> Patch<String> {
    let field = fields.text(member).then(|text| rule(profile::name(&text)));
    field.patch().flatten()
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

/// Ids in other systems, by system; null removes one. Every entry that is none is named.
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

/// Returns where the request names the group.
pub(super) fn group_pointer(fields: &Fields) -> String {
    let name = match fields.sent("groupId") {
        None if fields.sent("customerType").is_some() => "customerType",
        _ => "groupId",
    };
    fields.pointer(name)
}

/// `customerType` and `groupId`: the first may name a group too, and then they must agree.
fn kind_and_group(
    fields: &mut Fields,
) -> (
    Patch<customer_domain::customer::CustomerType>,
    Patch<GroupId>,
) {
    let word = fields.one_of("customerType", &KINDS).patch();
    let group = fields
        .text("groupId")
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
        (Some(named), Patch::Keep) => (kind, Patch::Set(named)),
        (Some(named), Patch::Set(given)) if named == given => (kind, Patch::Set(given)),
        (Some(_), Patch::Set(_) | Patch::Clear) => {
            fields.fault(Fault::new(
                group_pointer(fields),
                fault::DUPLICATE_KEY,
                "customerType names another group",
            ));
            (kind, Patch::Keep)
        }
        (None, group) => (kind, group),
    }
}
