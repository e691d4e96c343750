//! The example bodies of the OpenAPI document. A test validates each of them against its schema.

use super::PreferencesBody;
use customer_domain::preference::{OptIn, Preferences};
use serde_json::{Value, json};

pub(super) fn create_body() -> Value {
    json!({
        "email": "jane.smith@example.com",
        "password": "securePassword123",
        "profile": {"firstName": "Jane", "lastName": "Smith", "phone": "+1-555-0125"},
        "preferences": {"language": "en", "currency": "USD", "marketing": {"emailOptIn": true}},
        "tags": ["early-adopter"],
    })
}

pub(super) fn update_body() -> Value {
    json!({
        "profile": {"phone": "+1-555-0124"},
        "preferences": {"marketing": {"smsOptIn": true}},
    })
}

pub(super) fn reason_body() -> Value {
    json!({"reason": "asked for by the customer"})
}

/// Returns the beginning of an export as CSV.
pub(super) fn table() -> Value {
    json!(
        "id,tenantId,userId,email,…\r\n0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e05,default,,jane.smith@example.com,…\r\n"
    )
}

pub(super) fn customer() -> Value {
    let preferences = Preferences {
        language: Some("en".to_owned()),
        currency: Some("USD".to_owned()),
        opt_ins: [OptIn::EmailMarketing].into(),
        ..Preferences::default()
    };
    json!({
        "id": "0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e05",
        "tenantId": "default",
        "userId": "0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e05",
        "email": "jane.smith@example.com",
        "emailVerified": false,
        "phoneVerified": false,
        "profile": {
            "firstName": "Jane", "lastName": "Smith", "dateOfBirth": null, "gender": null,
            "phone": "+1-555-0125", "avatar": null, "data": {},
        },
        "segment": {
            "tier": "regular", "segment": "new_customer", "loyaltyPoints": 0, "currency": "USD",
            "totalSpent": 0.00, "orderCount": 0, "averageOrderValue": 0.00,
        },
        "preferences": PreferencesBody::new(&preferences),
        "status": "active",
        "accountState": "registered",
        "customerType": "individual",
        "groupId": null,
        "tags": ["early-adopter"],
        "legacyId": null,
        "externalIds": {},
        "registrationSource": null,
        "metadata": {},
        "registrationDate": "2026-01-15T10:00:00Z",
        "lastLoginAt": null,
        "version": 1,
        "createdAt": "2026-01-15T10:00:00Z",
        "updatedAt": "2026-01-15T10:00:00Z",
        "deletedAt": null,
    })
}

pub(super) fn customer_reply() -> Value {
    json!({"success": true, "data": {"customer": customer()}})
}

pub(super) fn deleted_reply() -> Value {
    let mut customer = customer();
    customer["status"] = json!("deleted");
    customer["version"] = json!(2);
    customer["updatedAt"] = json!("2026-02-01T09:30:00Z");
    customer["deletedAt"] = json!("2026-02-01T09:30:00Z");
    json!({"success": true, "data": {"customer": customer}})
}

pub(super) fn batch_body() -> Value {
    json!({"ids": ["0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e05", "0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e06"]})
}

pub(super) fn batch_reply() -> Value {
    json!({"success": true, "data": {
        "customers": [customer()],
        "missing": ["0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e06"],
    }})
}

pub(super) fn lookup_body() -> Value {
    json!({"email": "Jane.Smith@Example.com"})
}

pub(super) fn list_reply() -> Value {
    json!({"success": true, "data": {
        "customers": [customer()],
        "total": 1, "totalIsEstimate": false, "page": 1, "pageSize": 20, "totalPages": 1,
        "nextCursor": null,
    }})
}
