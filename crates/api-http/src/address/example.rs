//! The examples in the OpenAPI document. A test validates each one against its schema.

use serde_json::{Value, json};

pub(super) fn create_body() -> Value {
    json!({
        "type": "shipping", "isDefault": true, "firstName": "John", "lastName": "Doe",
        "street": "123 Main St", "street2": "Apt 4B", "city": "New York", "state": "NY",
        "zipCode": "10001", "country": "US", "phone": "+1-555-0123", "label": "Home",
    })
}

pub(super) fn update_body() -> Value {
    json!({"street2": "Apt 5C", "phone": null})
}

pub(super) fn set_default_body() -> Value {
    json!({"role": "shipping"})
}

fn address() -> Value {
    json!({
        "id": "0190a5d2-8f10-7c3d-a2b4-5e6f708192a3",
        "customerId": "0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e05",
        "type": "shipping", "isDefault": true, "roles": ["shipping"],
        "firstName": "John", "lastName": "Doe", "company": null,
        "street": "123 Main St", "street2": "Apt 4B", "city": "New York", "state": "NY",
        "zipCode": "10001", "country": "US", "phone": "+1-555-0123", "label": "Home",
        "isVerified": false,
        "validation": {"isValid": true, "problems": []},
        "metadata": {}, "legacyId": null, "version": 1,
        "createdAt": "2026-01-15T10:00:00Z", "updatedAt": "2026-01-15T10:00:00Z",
    })
}

pub(super) fn address_reply() -> Value {
    json!({"success": true, "data": {"address": address()}})
}

pub(super) fn list_reply() -> Value {
    json!({"success": true, "data": {"addresses": [address()]}})
}

pub(super) fn deleted_reply() -> Value {
    let mut address = address();
    address["isDefault"] = json!(false);
    address["roles"] = json!([]);
    address["version"] = json!(2);
    address["updatedAt"] = json!("2026-02-01T09:30:00Z");
    json!({"success": true, "data": {"address": address}})
}

pub(super) fn validation_reply() -> Value {
    json!({"success": true, "data": {"validation": {
        "isValid": false,
        "problems": [{
            "field": "zipCode", "code": "INVALID_VALUE",
            "detail": "an address in US has a postal code of its form, such as 95014",
        }],
        "normalised": {
            "firstName": "John", "lastName": "Doe", "company": null,
            "street": "123 Main St", "street2": "Apt 4B", "city": "New York", "state": "NY",
            "zipCode": "1001", "country": "US", "phone": "+1-555-0123",
        },
    }}})
}
