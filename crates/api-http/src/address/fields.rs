//! What requests say of an address: the spellings, and the reader that all of them share.

use crate::http::fault::{self, Fault};
use crate::http::fields::{Fields, Violation};
use crate::http::normalise::AliasTable;
use crate::support::failure::rule;
use crate::support::stated::{member, reference};
use customer_app::address::StatedAddress;
use customer_domain::address::{
    Address, AddressChanges, AddressField, AddressProblem, AddressRef, AddressType, Country,
    MAX_LABEL, ProblemKind, Role,
};
use customer_domain::customer::{CustomerRef, LegacyId, MAX_METADATA_BYTES};
use customer_domain::profile::Phone;
use customer_domain::{Patch, text};
use serde_json::Value;
use std::collections::HashMap;

/// Every spelling of the five source documents (D-18).
pub(super) static ALIASES: AliasTable = AliasTable {
    objects: &[],
    aliases: &[
        ("/addressId", "/id"),
        ("/addressType", "/type"),
        ("/addressLine1", "/street"),
        ("/address1", "/street"),
        ("/addressLine2", "/street2"),
        ("/address2", "/street2"),
        ("/stateProvince", "/state"),
        ("/region", "/state"),
        ("/postalCode", "/zipCode"),
        ("/zip", "/zipCode"),
        ("/countryCode", "/country"),
    ],
};

static TYPES: &[(&str, AddressType)] = &[
    ("shipping", AddressType::Shipping),
    ("billing", AddressType::Billing),
    ("both", AddressType::Both),
];

/// The roles, by name.
pub(super) static ROLES: &[(&str, Role)] =
    &[("shipping", Role::Shipping), ("billing", Role::Billing)];

/// Members that are judged after everything was read.
const JUDGED_LATER: [&str; 11] = [
    "id",
    "customerId",
    "roles",
    "validation",
    "role",
    "street",
    "city",
    "state",
    "zipCode",
    "country",
    "metadata",
];

/// The parts of an address that a country's post judges.
const JUDGED: [AddressField; 4] = [
    AddressField::Street,
    AddressField::City,
    AddressField::Region,
    AddressField::PostalCode,
];

/// The pointers under which a body gives members that are judged after everything was read.
pub(super) struct SentAs(HashMap<&'static str, String>);

impl SentAs {
    /// To be asked before the members are read.
    pub(super) fn of(fields: &Fields) -> Self {
        let given = |name| Some((name, fields.sent_as(name)?.to_owned()));
        Self(JUDGED_LATER.into_iter().filter_map(given).collect())
    }

    /// For requests without a body.
    pub(super) fn nothing() -> Self {
        Self(HashMap::new())
    }

    /// The pointer of a member: as it was sent, or where it would be.
    pub(super) fn pointer(&self, name: &str) -> String {
        let sent = self.0.get(name).cloned();
        sent.unwrap_or_else(|| format!("/{name}"))
    }

    /// What the country's post would not take, as a fault.
    pub(super) fn fault(&self, problem: &AddressProblem) -> Fault {
        let Violation { code, detail } = problem.refusal().into();
        Fault::new(self.pointer(problem.field.as_str()), code, detail)
    }
}

/// Everything that can be edited. A street may be empty here: the address is judged as a whole.
pub(super) fn details(fields: &mut Fields) -> AddressChanges {
    AddressChanges {
        kind: fields.one_of("type", TYPES).patch(),
        is_default: fields.boolean("isDefault").replace(),
        first_name: part(fields, AddressField::FirstName),
        last_name: part(fields, AddressField::LastName),
        company: part(fields, AddressField::Company),
        street: fields
            .text(AddressField::Street.as_str())
            .then(|text| rule(AddressField::Street.parse(&text)))
            .replace()
            .map(Option::unwrap_or_default),
        street2: part(fields, AddressField::Street2),
        city: part(fields, AddressField::City),
        region: part(fields, AddressField::Region),
        postal_code: part(fields, AddressField::PostalCode),
        country: fields
            .text("country")
            .then(|code| rule(Country::parse(&code)))
            .replace(),
        phone: fields
            .text("phone")
            .then(|text| rule(Phone::parse(&text)))
            .patch()
            .flatten(),
        label: fields
            .text("label")
            .then(|text| rule(text::line(&text, MAX_LABEL)))
            .patch()
            .flatten(),
        is_verified: fields.boolean("isVerified").replace(),
        metadata: fields.free_object("metadata", MAX_METADATA_BYTES).patch(),
        legacy_id: fields
            .integer("legacyId", 1..=i64::from(u32::MAX))
            .then(|id| rule(LegacyId::new(id)))
            .patch(),
    }
}

fn part(fields: &mut Fields, field: AddressField) -> Patch<String> {
    let text = fields.text(field.as_str());
    text.then(|text| rule(field.parse(&text))).patch().flatten()
}

/// Adds to the faults of a new address what its country's post would not take. Of a member that
/// is wrong by itself nothing more is said, and in a country that is none only the street counts.
/// Without a draft there is no country that it could be in.
pub(super) fn judge(faults: &mut Vec<Fault>, draft: Option<&Address>, sent_as: &SentAs) {
    let is_faulty = |at: &str| faults.iter().any(|fault| fault.pointer == at);
    let country = sent_as.pointer("country");
    let knows_country = !is_faulty(&country);
    // A body that is no object has no members to miss.
    if is_faulty("") {
        return;
    }
    let Some(Address { postal, .. }) = draft else {
        let detail = "the tenant has no country that is known: name one (ISO 3166-1, two letters)";
        let missing = knows_country.then(|| Fault::new(country, fault::REQUIRED, detail));
        faults.extend(missing);
        return;
    };
    let problems = postal.check().into_iter();
    let problems = problems.filter(AddressProblem::is_fatal);
    let problems =
        problems.filter(|problem| knows_country || problem.field == AddressField::Street);
    let found = problems.map(|problem| sent_as.fault(&problem));
    let found: Vec<_> = found.filter(|fault| !is_faulty(&fault.pointer)).collect();
    faults.extend(found);
}

/// The customer that the body states.
pub(super) fn stated_customer(fields: &mut Fields) -> Option<CustomerRef> {
    member(fields, "customerId", |value| {
        reference(value, CustomerRef::parse)
    })
}

/// What the body says of members that cannot be written.
pub(super) fn stated(fields: &mut Fields) -> StatedAddress {
    StatedAddress {
        id: member(fields, "id", |value| reference(value, AddressRef::parse)),
        customer: stated_customer(fields),
        roles: member(fields, "roles", |value| {
            value.as_array()?.iter().map(role).collect()
        }),
        validation: member(fields, "validation", validation),
    }
}

/// What was found out about an address, as replies show it.
fn validation(value: &Value) -> Option<Vec<AddressProblem>> {
    let shown = value.as_object().filter(|shown| shown.len() == 2)?;
    let problems = shown.get("problems")?.as_array()?;
    let is_valid = shown.get("isValid")?.as_bool()?;
    let problems: Vec<_> = problems.iter().map(found).collect::<Option<_>>()?;
    (is_valid == problems.is_empty()).then_some(problems)
}

fn found(value: &Value) -> Option<AddressProblem> {
    let shown = value.as_object().filter(|shown| shown.len() == 3)?;
    let text = |name| shown.get(name)?.as_str();
    let name = text("field")?;
    let field = JUDGED.into_iter().find(|field| field.as_str() == name)?;
    let kind = match (text("code")?, field) {
        (fault::REQUIRED, _) => ProblemKind::Missing,
        (fault::INVALID_VALUE, AddressField::Region) => ProblemKind::Unknown,
        (fault::INVALID_VALUE, _) => ProblemKind::Malformed,
        _ => return None,
    };
    let detail = text("detail")?.to_owned();
    Some(AddressProblem {
        field,
        kind,
        detail,
    })
}

fn role(value: &Value) -> Option<Role> {
    let word = value.as_str()?;
    let known = ROLES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word));
    known.map(|(_, role)| *role)
}
