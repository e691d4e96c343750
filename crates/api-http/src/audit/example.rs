//! The examples in the OpenAPI document. A test validates each one against its schema.

use serde_json::{Value, json};

fn event() -> Value {
    json!({
        "id": "0190a5d2-9b7a-7e21-8c44-6d1f0a2b3c4d",
        "eventType": "customer.profile.update",
        "severity": "INFO",
        "customerId": "0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e05",
        "resourceId": "0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e05",
        "operation": "update",
        "changedFields": ["profile.phone", "tags"],
        "oldValues": {"profile.phone": null, "tags": ["early-adopter"]},
        "newValues": {"profile.phone": "+1-555-0125", "tags": ["early-adopter", "vip"]},
        "reason": null,
        "userAgent": "storefront/4.2",
        "ipAddress": "192.0.2.1",
        "timestamp": "2026-01-15T10:00:00Z",
        "actorId": "0190a5d2-6a10-7f5b-b2c3-1a2b3c4d5e6f",
        "actorType": "api_key",
        "metadata": {
            "sessionId": null,
            "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
            "correlationId": "order-42",
        },
    })
}

pub(super) fn list_reply() -> Value {
    json!({"success": true, "data": {"events": [event()], "nextCursor": null}})
}

pub(super) fn summary_reply() -> Value {
    json!({"success": true, "data": {"summary": {
        "by": "customer",
        "counts": [
            {"customerId": "0190a5d2-7c4e-7b1a-9f3e-2d6b8c4a1e05", "count": 12, "latestAt": "2026-01-15T10:00:00Z"},
            {"customerId": null, "count": 3, "latestAt": "2026-01-14T08:30:00Z"},
        ],
        "hasMore": false,
    }}})
}
