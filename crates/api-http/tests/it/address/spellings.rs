//! The addresses of the five source documents, exactly as the documents show them, under both
//! bases.

use super::{ada, fault, id_of};
use crate::support::{Call, Key, TestApi, other_tenant};
use customer_domain::customer::Status;
use customer_testkit::builders::customer;
use serde_json::{Value, json};

/// The members in the replies of the first and fourth document.
const MEMBERS: [&str; 14] = [
    "id",
    "type",
    "isDefault",
    "firstName",
    "lastName",
    "company",
    "street",
    "street2",
    "city",
    "state",
    "zipCode",
    "country",
    "phone",
    "createdAt",
];

/// Returns the sample of the second document, with the customer in the path as its `customer_id`.
fn second(customer: &str) -> String {
    r#"{
  "customer_id": "customer-uuid",
  "type": "SHIPPING",
  "first_name": "John",
  "last_name": "Doe",
  "address_line_1": "123 Main St",
  "city": "New York",
  "state_province": "NY",
  "postal_code": "10001",
  "country_code": "US",
  "is_default": true
}"#
    .replace("customer-uuid", customer)
}

const THIRD: &str = r#"{
  "tenantId": "tenant-123",
  "addressType": "SHIPPING",
  "isDefault": true,
  "addressLine1": "123 Main St",
  "city": "San Francisco",
  "state": "CA",
  "postalCode": "94102",
  "country": "US"
}"#;

/// The addresses in the first and fourth document.
const FIRST: [&str; 2] = [
    r#"{
  "id": "addr_123",
  "type": "shipping",
  "isDefault": true,
  "firstName": "John",
  "lastName": "Doe",
  "company": "",
  "street": "123 Main St",
  "street2": "Apt 4B",
  "city": "New York",
  "state": "NY",
  "zipCode": "10001",
  "country": "US",
  "phone": "+1-555-0123",
  "createdAt": "2023-01-15T10:00:00Z"
}"#,
    r#"{
  "id": "addr_124",
  "type": "billing",
  "isDefault": true,
  "firstName": "John",
  "lastName": "Doe",
  "street": "456 Business Ave",
  "city": "New York",
  "state": "NY",
  "zipCode": "10002",
  "country": "US",
  "createdAt": "2023-02-01T10:00:00Z"
}"#,
];

/// Creates a customer of `tenant-123`, and returns its path under each base.
async fn john(api: &TestApi) -> [String; 2] {
    let john = customer().number(456).status(Status::Active).build_new();
    let id = john.customer.id;
    api.store_customers(&other_tenant(), vec![john]).await;
    ["/api/v1", "/v1"].map(|base| format!("{base}/customers/cust_{id}"))
}

async fn post(api: &TestApi, target: &str, body: impl Into<axum::body::Body>) -> Value {
    let call = Call::post(format!("{target}/addresses")).key(Key::OtherWrite);
    let reply = api.send(call.bytes(body)).await;
    assert_eq!(reply.status, 201, "{reply}");
    reply.address()
}

#[tokio::test]
async fn first_and_fourth_addresses() {
    for n in 0..2 {
        let api = TestApi::new().await;
        let path = &john(&api).await[n];
        for sample in FIRST {
            // A sample of a reply is sent back without the members that the service generates.
            let mut body: Value = serde_json::from_str(sample).unwrap();
            let sent = body.as_object_mut().unwrap();
            sent.remove("id");
            sent.remove("createdAt");
            let added = post(&api, path, body.to_string()).await;
            for (name, value) in body.as_object().unwrap() {
                let expected = if value == "" { &Value::Null } else { value };
                assert_eq!(&added[name], expected, "{name}");
            }
        }
        let listed = api.get(format!("{path}/addresses"), Key::OtherRead).await;
        let listed = listed.data("addresses");
        for address in listed.as_array().unwrap() {
            for member in MEMBERS {
                assert!(address.get(member).is_some(), "{member}: {address}");
            }
            assert_eq!(address["isDefault"], true);
        }
        // The ids in the documents match neither of the formats that they describe.
        let reply = api
            .get(format!("{path}/addresses/addr_123"), Key::OtherRead)
            .await;
        assert_eq!(reply.failure(), (400, "INVALID_ADDRESS_ID".to_owned()));
        let place = format!(
            "{path}/addresses/addr_{}",
            listed[0]["id"].as_str().unwrap()
        );
        let changed = api
            .put(&place, Key::OtherWrite, json!({"street2": "Apt 5C"}))
            .await;
        assert_eq!(changed.address()["street2"], "Apt 5C");
        assert_eq!(changed.address()["street"], "123 Main St");
        assert_eq!(api.delete(&place, Key::OtherWrite).await.status, 200);
    }
}

#[tokio::test]
async fn second_create_address_and_set_default() {
    for n in 0..2 {
        let api = TestApi::new().await;
        let path = &john(&api).await[n];
        let added = post(&api, path, second(id_of(path))).await;
        assert_eq!(added["street"], "123 Main St");
        assert_eq!(
            (&added["state"], &added["zipCode"]),
            (&json!("NY"), &json!("10001"))
        );
        assert_eq!(
            (&added["type"], &added["isDefault"]),
            (&json!("shipping"), &json!(true))
        );
        let other = post(&api, path, second(id_of(path)).replace("123 Main", "5 Oak")).await;
        assert_eq!(other["isDefault"], true);
        let target = format!(
            "{path}/addresses/{}/set-default",
            added["id"].as_str().unwrap()
        );
        let reply = api.send(Call::post(target).key(Key::OtherWrite)).await;
        assert_eq!(reply.address()["roles"], json!(["shipping"]));
        let foreign = second("0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e05");
        let call = Call::post(format!("{path}/addresses")).key(Key::OtherWrite);
        let reply = api.send(call.bytes(foreign)).await;
        assert_eq!(reply.faults(), [fault("/customer_id", "READ_ONLY_FIELD")]);
    }
}

#[tokio::test]
async fn third_get_and_add_address() {
    for n in 0..2 {
        let api = TestApi::new().await;
        let path = &john(&api).await[n];
        let added = post(&api, path, THIRD).await;
        assert_eq!(
            (&added["city"], &added["zipCode"]),
            (&json!("San Francisco"), &json!("94102"))
        );
        assert_eq!(added["roles"], json!(["shipping"]));
        let target = format!("{path}/addresses?tenant_id=tenant-123");
        let listed = api.get(&target, Key::OtherRead).await;
        assert_eq!(listed.data("addresses"), json!([added]));
        let elsewhere = Call::post(format!("{path}/addresses"))
            .key(Key::Write)
            .bytes(THIRD);
        let reply = api.send(elsewhere).await;
        assert_eq!(reply.failure(), (404, "CUSTOMER_NOT_FOUND".to_owned()));
    }
}

#[tokio::test]
async fn every_spelling_of_a_member_means_the_same() {
    for (name, spellings, value) in [
        ("type", vec!["addressType", "address_type"], "Both"),
        (
            "street",
            vec!["addressLine1", "address_line_1", "address1", "address_1"],
            "9 Elm St",
        ),
        (
            "street2",
            vec!["addressLine2", "address_line_2", "address2", "street_2"],
            "Flat 2",
        ),
        (
            "state",
            vec!["stateProvince", "state_province", "region"],
            "CA",
        ),
        (
            "zipCode",
            vec!["zip_code", "postalCode", "postal_code", "zip"],
            "94102",
        ),
        ("country", vec!["countryCode", "country_code"], "us"),
        ("firstName", vec!["first_name"], "Ada"),
        ("lastName", vec!["last_name"], "King"),
    ] {
        let api = TestApi::new().await;
        let path = ada(&api).await;
        let mut bodies = Vec::new();
        for spelling in spellings.iter().chain([&name]) {
            let mut body = super::home();
            body.as_object_mut().unwrap().remove(name);
            body.as_object_mut().unwrap().remove("legacyId");
            body[*spelling] = json!(value);
            let call = Call::post(format!("{path}/addresses/validate")).key(Key::Write);
            let seen = api.send(call.json(&body)).await;
            assert_eq!(seen.status, 200, "{spelling}: {seen}");
            let added = api
                .post(format!("{path}/addresses"), Key::Write, body)
                .await;
            assert!([200, 201].contains(&added.status), "{spelling}: {added}");
            let mut address = added.address();
            let is_said = address[name].as_str().unwrap().eq_ignore_ascii_case(value);
            assert!(is_said, "{spelling}: {address}");
            address["version"].take();
            bodies.push((seen.json(), address));
        }
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{name}");
    }
}
