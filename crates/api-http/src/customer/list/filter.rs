//! The filter of lists and exports of customers, as query parameters.

use crate::customer::fields::email;
use crate::customer::words::{CustomerKindInput, CustomerStatus, KINDS, KindOrGroup, STATUSES};
use crate::support::failure::rule;
use chrono::{DateTime, Utc};
use customer_domain::address::Country;
use customer_domain::customer::{
    CustomerFilter, CustomerType, ExternalId, Identifier, LegacyId, MAX_SEARCH, SearchQuery,
    TimeSpan,
};
use customer_domain::group::GroupId;
use customer_domain::profile::{Phone, PhoneKeys};
use customer_domain::tag::Tag;
use http_kit::fault::{self, Fault};
use http_kit::fields::{Fields, Moment, Violation};

/// The filter: only customers that meet all of the given conditions.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilterParams {
    /// Words of the e-mail address and the names; case and accents are ignored. All must match, each
    /// as the beginning of a word. A phone number is found in any spelling, by its beginning, or by
    /// its last four digits or more.
    #[param(example = "muller jane", min_length = 1)]
    pub search: Option<String>,
    /// Only customers with this status; by default all but deleted ones.
    pub status: Option<CustomerStatus>,
    /// A person or a company; `retail`, `wholesale` and `vip` select the group of that name.
    pub customer_type: Option<CustomerKindInput>,
    /// Only members of this group.
    #[param(example = "wholesale")]
    pub group: Option<String>,
    /// Only customers with this tag, case-sensitively.
    #[param(example = "early-adopter")]
    pub tag: Option<String>,
    /// The customer with this e-mail address, in any spelling; with the status `deleted`, those
    /// that had it.
    #[param(example = "jane.smith@example.com")]
    pub email: Option<String>,
    /// Only customers with this phone number, in any spelling; without a country code it is one of the
    /// tenant's country.
    #[param(example = "1-555-0125")]
    pub phone: Option<String>,
    /// The customer with this id in Magento.
    #[param(minimum = 1, maximum = 4_294_967_295_u32)]
    pub legacy_id: Option<i64>,
    /// The customer with this id in another system, written `system:id`.
    #[param(example = "crm:C-17")]
    pub external_id: Option<String>,
    /// Created at this moment or after it: a date-time with an offset, or a date, which means its
    /// beginning in UTC. To continue, sort ascending by `created_at` and pass the newest `createdAt`
    /// that you have seen.
    #[param(example = "2026-01-01")]
    pub created_after: Option<String>,
    /// Created before this moment, which is excluded.
    #[param(example = "2026-02-01T00:00:00Z")]
    pub created_before: Option<String>,
    /// Last changed at this moment or after it. To continue, read all pages by their cursors, and then
    /// pass the newest `updatedAt` that you have seen: nothing is missed, but what has exactly this
    /// time is shown again. Those who were deleted are listed with `status=deleted`.
    #[param(example = "2026-01-01")]
    pub updated_after: Option<String>,
    /// Last changed before this moment, which is excluded.
    #[param(example = "2026-02-01T00:00:00Z")]
    pub updated_before: Option<String>,
}

/// Reads the parameters of [`FilterParams`].
pub(in crate::customer) fn read(query: &mut Fields, country: Option<Country>) -> CustomerFilter {
    let (customer_type, group) = kind_and_group(query);
    CustomerFilter {
        status: query.one_of("status", &STATUSES).optional(),
        search: query
            .text("search")
            .max(MAX_SEARCH)
            .then(|text| rule(SearchQuery::parse(&text, country)))
            .optional(),
        customer_type,
        group,
        tag: query
            .text("tag")
            .then(|text| rule(Tag::parse(&text)))
            .optional(),
        known_as: known_as(query),
        phone: query
            .text("phone")
            .then(|text| phone(&text, country))
            .optional(),
        created: TimeSpan {
            after: moment(query, "created_after"),
            before: moment(query, "created_before"),
        },
        updated: TimeSpan {
            after: moment(query, "updated_after"),
            before: moment(query, "updated_before"),
        },
    }
}

/// Reads `customerType` and `group`: the first may name a group too, and then both must agree.
fn kind_and_group(query: &mut Fields) -> (Option<CustomerType>, Option<GroupId>) {
    let word = query.one_of("customer_type", &KINDS).optional();
    let group = query
        .text("group")
        .then(|text| rule(GroupId::parse(&text)))
        .optional();
    match word {
        None => (None, group),
        Some(KindOrGroup::Kind(kind)) => (Some(kind), group),
        Some(KindOrGroup::Group(named)) => {
            if group.as_ref().is_some_and(|group| group.as_str() != named) {
                let detail = "customer_type names another group";
                let group_at = query.pointer("group");
                query.fault(Fault::new(group_at, fault::DUPLICATE_KEY, detail));
            }
            (None, GroupId::parse(named).ok())
        }
    }
}

fn known_as(query: &mut Fields) -> Vec<Identifier> {
    let email = query.text("email").then(|text| email(&text)).optional();
    let legacy = query
        .integer("legacy_id", 1..=i64::from(u32::MAX))
        .then(|id| rule(LegacyId::new(id)))
        .optional();
    let external = query
        .text("external_id")
        .then(|text| external_id(&text))
        .optional();
    [
        email.map(Identifier::Email),
        legacy.map(Identifier::Legacy),
        external.map(Identifier::External),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn external_id(text: &str) -> Result<ExternalId, Violation> {
    let Some((system, id)) = text.split_once(':') else {
        let detail = "the name of a system, a colon and the id there, such as crm:C-17";
        return Err(Violation::new(fault::INVALID_VALUE, detail));
    };
    rule(ExternalId::parse(system, id))
}

fn phone(text: &str, country: Option<Country>) -> Result<PhoneKeys, Violation> {
    match rule(Phone::parse(text))? {
        Some(phone) => Ok(phone.keys(country)),
        None => Err(Violation::new(
            fault::INVALID_VALUE,
            "a phone number has digits",
        )),
    }
}

fn moment(query: &mut Fields, name: &'static str) -> Option<DateTime<Utc>> {
    query.field(name, Moment).optional()
}
