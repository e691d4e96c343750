//! No field of an address is forgotten: each is given, shown and documented by its name.

use super::*;
use customer_domain::address::AddressField;
use customer_domain::audit::Audited as _;
use customer_testkit::builders::full_address;
use serde_json::Map;

#[tokio::test]
async fn every_field_is_given_and_shown_as_it_is_audited() {
    let api = TestApi::new().await;
    let target = format!("{}/addresses", ada(&api).await);
    let mut full = full_address(1);
    (full.default_shipping, full.default_billing) = (true, true);
    let mut given: Map<_, _> = full
        .fields()
        .into_iter()
        .map(|(field, value)| (field.as_str().to_owned(), value))
        .collect();
    // Roles follow from the type: the first address has them all.
    let roles = given.remove(AddressField::Roles.as_str());
    assert_eq!(roles, Some(json!(["shipping", "billing"])));
    let given = Value::Object(given);
    for schema in ["CreateAddressBody", "UpdateAddressBody"] {
        assert_eq!(CONTRACT.faults_of(schema, &given), [""; 0]);
        for name in given.as_object().unwrap().keys() {
            assert!(
                CONTRACT.schema(schema)["properties"][name].is_object(),
                "{schema}/{name}"
            );
        }
    }
    let reply = api.post(target, Key::Write, given).await;
    assert_eq!(reply.status, 201, "{reply}");
    let shown = reply.data("address");
    for (field, value) in full.fields() {
        assert_eq!(shown[field.as_str()], value, "{field:?}");
    }
}
