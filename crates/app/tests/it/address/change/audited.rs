//! Audit entries of changed addresses.

use super::moved;
use crate::address::{Book, SHIPPING, default};
use crate::support::values;
use customer_domain::Patch;
use customer_domain::address::{AddressChanges, AddressType, Role};
use customer_testkit::builders::legacy;
use customer_testkit::stored::StoredAudit;
use serde_json::{Map, Value, json};

impl Book {
    /// Returns the last audit entry.
    fn audited(&self) -> StoredAudit {
        self.app.store.audit().pop().expect("an entry")
    }
}

#[tokio::test]
async fn the_trail_has_what_a_changed_address_was_and_is() {
    let book = Book::new().await;
    let id = book.add(AddressType::Both, "1 Main St").await;
    let created = json!({
        "type": "both", "country": "US", "street": "1 Main St", "city": "New York",
        "state": "NY", "zipCode": "10001",
    });
    assert_eq!(values(&book.audited()), (Value::Null, created));

    let edit = AddressChanges {
        kind: Patch::Set(AddressType::Shipping),
        label: Patch::Set("Home".to_owned()),
        ..moved("2 Main St")
    };
    book.merge(id, edit).await.unwrap();
    let was = json!({
        "type": "both", "street": "1 Main St", "label": null, "roles": ["shipping", "billing"],
    });
    let is = json!({
        "type": "shipping", "street": "2 Main St", "label": "Home", "roles": ["shipping"],
    });
    assert_eq!(values(&book.audited()), (was, is));
}

#[tokio::test]
async fn the_trail_has_the_roles_before_and_after() {
    let book = Book::new().await;
    let first = book.add(AddressType::Both, "1 Main St").await;
    let second = book.add(AddressType::Both, "2 Main St").await;
    book.set_default(second, Some(Role::Billing)).await.unwrap();
    let entry = book.audited();
    assert_eq!(entry.event_type, "customer.address.default_changed");
    let (none, billing) = (json!({"roles": []}), json!({"roles": ["billing"]}));
    assert_eq!(values(&entry), (none, billing));

    // Adding an equal address as the default makes the existing one the default.
    let equal = AddressChanges {
        legacy_id: Patch::Set(legacy(7)),
        ..default(AddressType::Both, "1 Main St")
    };
    let equal = book.create(equal).await.unwrap();
    assert_eq!(equal.address.id, first);
    let was = json!({"legacyId": null, "roles": ["shipping"]});
    let is = json!({"legacyId": 7, "roles": ["shipping", "billing"]});
    assert_eq!(values(&book.audited()), (was, is));
}

#[tokio::test]
async fn the_trail_has_all_that_a_deleted_address_said() {
    let book = Book::new().await;
    let kept = book.add(AddressType::Shipping, "1 Main St").await;
    let edit = AddressChanges {
        is_verified: Some(true),
        metadata: Patch::Set(Map::from_iter([("gate".to_owned(), json!(4))])),
        ..default(AddressType::Shipping, "2 Main St")
    };
    let deleted = book.create(edit).await.unwrap().address.id;
    book.remove(deleted).await.unwrap();
    let had = json!({
        "type": "shipping", "country": "US", "street": "2 Main St", "city": "New York",
        "state": "NY", "zipCode": "10001", "isVerified": true, "metadata": {"gate": 4},
        "roles": ["shipping"],
    });
    assert_eq!(values(&book.audited()), (had, Value::Null));
    let event = book.app.store.events().pop().unwrap();
    assert_eq!(event.envelope["data"]["changedFields"], json!([]));
    assert_eq!(book.roles(kept).await, SHIPPING);
}
