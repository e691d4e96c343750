//! Parsing addresses in requests: the accepted names of members, and the code that all requests
//! share.

use super::body::AddressValidationBody;
use crate::support::failure::{rule, violation};
use crate::support::patch::PatchExt as _;
use crate::support::stated::{ReadOnly, reference};
use customer_app::Stated;
use customer_domain::Patch;
use customer_domain::address::{
    Address, AddressChanges, AddressField, AddressProblem, AddressRef, AddressType, Country,
    PostalAddress, Role,
};
use customer_domain::customer::{LegacyId, MAX_METADATA_BYTES};
use customer_domain::profile::Phone;
use http_kit::fault::{self, Fault};
use http_kit::fields::{Fields, Violation};
use http_kit::normalise::AliasTable;
use serde_json::{Value, json};

/// The names of members in all five source documents (D-18).
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

/// Returns a problem of the country's post as a fault.
pub(super) fn problem_fault(fields: &Fields, problem: &AddressProblem) -> Fault {
    let Violation { code, detail } = violation(problem.refusal());
    Fault::new(fields.pointer(problem.field.as_str()), code, detail)
}

/// Parses every editable member. An empty street is accepted here, because the address is validated
/// as a whole.
pub(super) fn details(fields: &mut Fields) -> AddressChanges {
    AddressChanges {
        kind: fields
            .one_of(AddressField::Kind.as_str(), AddressType::WORDS)
            .patch(),
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
            .text(AddressField::Country.as_str())
            .then(|code| rule(Country::parse(&code)))
            .replace(),
        phone: fields
            .text(AddressField::Phone.as_str())
            .then(|text| rule(Phone::parse(&text)))
            .patch()
            .flatten(),
        label: part(fields, AddressField::Label),
        is_verified: fields.boolean(AddressField::IsVerified.as_str()).replace(),
        metadata: fields
            .free_object(AddressField::Metadata.as_str(), MAX_METADATA_BYTES)
            .patch(),
        legacy_id: fields
            .integer(AddressField::LegacyId.as_str(), 1..=i64::from(u32::MAX))
            .then(|id| rule(LegacyId::new(id)))
            .patch(),
    }
}

fn part(fields: &mut Fields, field: AddressField) -> Patch<String> {
    let text = fields.text(field.as_str());
    text.then(|text| rule(field.parse(&text))).patch().flatten()
}

/// Takes the faults of a request for a new address, and adds the problems of its country's post. A
/// member that is already faulty gets no further fault, and if the country is unknown only the
/// street is checked.
pub(super) fn check(fields: &mut Fields, postal: Option<&PostalAddress>) -> Vec<Fault> {
    let mut faults = fields.take_faults();
    let is_faulty = |at: &str| faults.iter().any(|fault| fault.pointer == at);
    // A body that is not an object has no missing members.
    let Some(postal) = postal.filter(|_| !is_faulty("")) else {
        faults.extend(missing_country(fields, postal, &faults));
        return faults;
    };
    let knows_country = !is_faulty(&fields.pointer(AddressField::Country.as_str()));
    let problems = postal.check().into_iter();
    let problems = problems.filter(AddressProblem::is_fatal);
    let problems =
        problems.filter(|problem| knows_country || problem.field == AddressField::Street);
    let found = problems.map(|problem| problem_fault(fields, &problem));
    let found: Vec<_> = found.filter(|fault| !is_faulty(&fault.pointer)).collect();
    faults.extend(found);
    faults
}

/// Returns the fault of an address without a country, unless the body or the country is already
/// faulty.
pub(super) fn missing_country(
    fields: &Fields,
    postal: Option<&PostalAddress>,
    faults: &[Fault],
) -> Option<Fault> {
    let country = fields.pointer(AddressField::Country.as_str());
    let is_faulty = |at: &str| faults.iter().any(|fault| fault.pointer == at);
    if postal.is_some() || is_faulty("") || is_faulty(&country) {
        return None;
    }
    let detail = "the tenant has no country that is known: name one (ISO 3166-1, two letters)";
    Some(Fault::new(country, fault::REQUIRED, detail))
}

/// Reads the read-only members of the body.
pub(super) fn stated(fields: &mut Fields) -> Stated<Address> {
    let id = |value: &Value| reference(value, AddressRef::parse);
    ReadOnly::of(fields)
        .parsed("id", id, |address: &Address, id| id.names(address))
        .parsed(AddressField::Roles.as_str(), roles, |address, roles| {
            address.has_roles(roles)
        })
        .parsed("validation", validation, |address, sent| {
            json!(AddressValidationBody::new(&address.postal)) == *sent
        })
        .read()
}

/// Accepts what may be the validation of an address.
fn validation(value: &Value) -> Option<Value> {
    let is_validation = value["isValid"].is_boolean() && value["problems"].is_array();
    is_validation.then(|| value.clone())
}

fn roles(value: &Value) -> Option<Vec<Role>> {
    let roles = value.as_array()?.iter();
    roles.map(|role| Role::from_word(role.as_str()?)).collect()
}
