//! How long texts of the document may be: the limits that requests are checked against.

use crate::support::log_levels::MAX_LEVEL;
use customer_domain::MAX_USER_AGENT;
use customer_domain::address::AddressField;
use customer_domain::api_key::MAX_KEY_NAME;
use customer_domain::audit::{MAX_ACTOR, MAX_EVENT_TYPE, MAX_REASON};
use customer_domain::credential::MAX_PASSWORD;
use customer_domain::customer::{
    MAX_EMAIL, MAX_REGISTRATION_SOURCE, MAX_SEARCH, MAX_SYSTEM, MAX_SYSTEM_ID,
};
use customer_domain::group::{
    MAX_DISCOUNT_CLASS, MAX_GROUP_DESCRIPTION, MAX_GROUP_ID, MAX_GROUP_NAME,
};
use customer_domain::idempotency::MAX_KEY;
use customer_domain::note::MAX_NOTE_LENGTH;
use customer_domain::preference::MAX_LANGUAGE;
use customer_domain::profile::{MAX_PHONE, ProfileField};
use customer_domain::tag::MAX_TAG_LENGTH;
use customer_domain::tenant::MAX_TENANT_NAME;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::{Object, OpenApi, RefOr, Schema};

/// A schema, a member of it that is a text, and how many characters it may have.
type Limit = (&'static str, &'static str, usize);

/// The schemas that have the fields of an address.
const ADDRESSES: [&str; 4] = [
    "AddressBody",
    "CreateAddressBody",
    "UpdateAddressBody",
    "ValidateAddressBody",
];
/// The schemas that have the fields of a profile.
const PROFILES: [&str; 2] = ["ProfileBody", "ProfileInput"];

/// The limits of all other texts in bodies.
const OTHERS: [Limit; 28] = [
    ("AuditEventBody", "eventType", MAX_EVENT_TYPE),
    ("AuditEventBody", "userAgent", MAX_USER_AGENT),
    ("CreateApiKeyBody", "name", MAX_KEY_NAME),
    ("CreateCustomerBody", "email", MAX_EMAIL),
    ("CreateCustomerBody", "groupId", MAX_GROUP_ID),
    ("CreateCustomerBody", "password", MAX_PASSWORD),
    (
        "CreateCustomerBody",
        "registrationSource",
        MAX_REGISTRATION_SOURCE,
    ),
    ("CreateGroupBody", "description", MAX_GROUP_DESCRIPTION),
    ("CreateGroupBody", "discountClass", MAX_DISCOUNT_CLASS),
    ("CreateGroupBody", "id", MAX_GROUP_ID),
    ("CreateGroupBody", "name", MAX_GROUP_NAME),
    ("CreateNoteBody", "text", MAX_NOTE_LENGTH),
    ("CreateTenantBody", "name", MAX_TENANT_NAME),
    ("ExternalIdBody", "id", MAX_SYSTEM_ID),
    ("ExternalIdBody", "system", MAX_SYSTEM),
    ("LookupBody", "email", MAX_EMAIL),
    ("LookupBody", "phone", MAX_PHONE),
    ("PreferencesInput", "language", MAX_LANGUAGE),
    ("ReasonBody", "reason", MAX_REASON),
    ("SetLogLevelBody", "level", MAX_LEVEL),
    ("UpdateCustomerBody", "email", MAX_EMAIL),
    ("UpdateCustomerBody", "groupId", MAX_GROUP_ID),
    ("UpdateGroupBody", "description", MAX_GROUP_DESCRIPTION),
    ("UpdateGroupBody", "discountClass", MAX_DISCOUNT_CLASS),
    ("UpdateGroupBody", "name", MAX_GROUP_NAME),
    ("UpdateNoteBody", "text", MAX_NOTE_LENGTH),
    ("UpdatePreferencesBody", "language", MAX_LANGUAGE),
    ("UpdateTenantBody", "name", MAX_TENANT_NAME),
];

/// The limits of parameters, which mean the same in all operations.
const PARAMETERS: [(&str, usize); 10] = [
    ("Idempotency-Key", MAX_KEY),
    ("actor", MAX_ACTOR),
    ("email", MAX_EMAIL),
    ("event_type", MAX_EVENT_TYPE),
    ("external_id", MAX_SYSTEM + ":".len() + MAX_SYSTEM_ID),
    ("group", MAX_GROUP_ID),
    ("phone", MAX_PHONE),
    ("prefix", MAX_TAG_LENGTH),
    ("search", MAX_SEARCH),
    ("tag", MAX_TAG_LENGTH),
];

fn limits() -> impl Iterator<Item = Limit> {
    let of_address = |field: AddressField| Some((field.as_str(), field.max_length()?));
    let of_profile = |field: ProfileField| {
        let name = field.path().trim_start_matches("profile/");
        Some((name, field.max_length()?))
    };
    let addresses = AddressField::ALL.into_iter().filter_map(of_address);
    let addresses = addresses.flat_map(|text| ADDRESSES.map(|schema| (schema, text.0, text.1)));
    let profiles = ProfileField::ALL.into_iter().filter_map(of_profile);
    let profiles = profiles.flat_map(|text| PROFILES.map(|schema| (schema, text.0, text.1)));
    addresses.chain(profiles).chain(OTHERS)
}

/// Sets the limits of the texts in bodies.
pub(super) fn of_bodies(document: &mut OpenApi) {
    for (schema, member, limit) in limits() {
        if let Some(text) = text(document, schema, member) {
            text.max_length = Some(limit);
        }
    }
}

/// Sets the limit of a parameter.
pub(super) fn of_parameter(parameter: &mut Parameter) {
    let limit = PARAMETERS.iter().find(|(name, _)| *name == parameter.name);
    let text = parameter.schema.as_mut().and_then(object);
    if let (Some((_, limit)), Some(text)) = (limit, text) {
        text.max_length = Some(*limit);
    }
}

fn text<'a>(document: &'a mut OpenApi, schema: &str, member: &str) -> Option<&'a mut Object> {
    let schemas = &mut document.components.as_mut()?.schemas;
    let members = object(schemas.get_mut(schema)?)?;
    object(members.properties.get_mut(member)?)
}

fn object(schema: &mut RefOr<Schema>) -> Option<&mut Object> {
    if let RefOr::T(Schema::Object(object)) = schema {
        Some(object)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_limit_is_one_of_the_document() {
        let mut document = crate::document();
        for (schema, member, limit) in limits() {
            let shown = text(&mut document, schema, member).and_then(|text| text.max_length);
            assert_eq!(shown, Some(limit), "{schema}/{member}");
        }
        let document = json!(document);
        let operations = document["paths"].as_object().unwrap().values();
        let operations = operations.flat_map(|item| item.as_object().unwrap().values());
        let parameters = operations.filter_map(|operation| operation["parameters"].as_array());
        let parameters: Vec<_> = parameters.flatten().collect();
        for (name, limit) in PARAMETERS {
            let named = parameters
                .iter()
                .filter(|parameter| parameter["name"] == name);
            let shown: Vec<_> = named.map(|named| &named["schema"]["maxLength"]).collect();
            assert!(!shown.is_empty(), "no operation has {name}");
            assert!(shown.iter().all(|shown| **shown == json!(limit)), "{name}");
        }
    }
}
