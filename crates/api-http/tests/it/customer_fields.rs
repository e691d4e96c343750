//! Completeness of the fields of a customer: each of them can be set, shown and cleared by its
//! name.

use crate::support::{CONTRACT, CUSTOMERS, Key, TestApi, default_tenant, fail};
use customer_domain::audit::Audited as _;
use customer_domain::customer::{Customer, CustomerField};
use customer_domain::preference::OptIn;
use customer_testkit::builders::customer;
use serde_json::{Map, Value, json};

/// Returns a body that sets a field to a value.
fn body(field: CustomerField, value: Value) -> Value {
    let path = field.path().rsplit('/');
    path.fold(value, |value, name| json!({name: value}))
}

fn shown(customer: &Value, field: CustomerField) -> &Value {
    let shown = customer.pointer(&format!("/{}", field.path()));
    shown.unwrap_or_else(|| fail(format!("{field:?} is not shown")))
}

/// Merges the members of an object into another, at every depth.
fn merge(target: &mut Map<String, Value>, members: &Value) {
    let members = members.as_object().expect("an object");
    for (name, value) in members.clone() {
        match target.get_mut(&name) {
            Some(Value::Object(inner)) => merge(inner, &value),
            _ => drop(target.insert(name, value)),
        }
    }
}

/// Returns whether the request bodies for changes have the field.
fn is_documented(field: CustomerField) -> bool {
    let has = |schema, name| CONTRACT.schema(schema)["properties"].get(name).is_some();
    match (field, field.path().split('/').nth(1)) {
        (CustomerField::Preference(_), Some(name)) => has("UpdatePreferencesBody", name),
        (_, Some(_)) => has("UpdateCustomerBody", "profile"),
        (_, None) => has("UpdateCustomerBody", field.path()),
    }
}

/// Returns a customer with nothing but an e-mail address.
fn blank(full: &Customer) -> Customer {
    Customer::new(full.id, full.tenant, full.email.clone(), full.created_at)
}

#[tokio::test]
async fn every_field_is_shown_as_it_is_audited() {
    let api = TestApi::new().await;
    let full = customer().full().build_new();
    api.store_customers(&default_tenant(), vec![full.clone()])
        .await;
    let path = format!("{CUSTOMERS}/{}", full.customer.id);
    let read = api.get(path, Key::Read).await.customer();
    for (field, value) in full.customer.fields() {
        assert_eq!(*shown(&read, field), value, "{field:?}");
    }
}

#[tokio::test]
async fn every_opt_in_is_shown_as_itself() {
    let api = TestApi::new().await;
    for (number, opt_in) in (1..).zip(OptIn::ALL) {
        let new = customer().number(number).with(|customer| {
            customer.preferences.opt_ins = [opt_in].into();
        });
        let new = new.build_new();
        api.store_customers(&default_tenant(), vec![new.clone()])
            .await;
        let path = format!("{CUSTOMERS}/{}", new.customer.id);
        let read = api.get(path, Key::Read).await.customer();
        for other in OptIn::ALL {
            let field = CustomerField::Preference(other.field());
            assert_eq!(*shown(&read, field), other == opt_in, "{field:?}");
        }
    }
}

#[tokio::test]
async fn every_field_can_be_given_and_all_but_the_address_be_cleared() {
    let api = TestApi::new().await;
    let full = customer().full().email("grace@example.com").build();
    let mut fields = full.fields();
    fields.retain(|(field, _)| *field != CustomerField::Status);
    let mut given = Map::new();
    for (field, value) in &fields {
        merge(&mut given, &body(*field, value.clone()));
    }
    let given = Value::Object(given);
    assert_eq!(CONTRACT.faults_of("CreateCustomerBody", &given), [""; 0]);
    let reply = api.post(CUSTOMERS, Key::Write, given).await;
    assert_eq!(reply.status, 201, "{reply}");
    let created = reply.customer();
    for (field, value) in &fields {
        assert_eq!(shown(&created, *field), value, "{field:?}");
    }
    let path = format!("{CUSTOMERS}/{}", created["id"].as_str().expect("an id"));
    fields.retain(|(field, _)| {
        !matches!(
            field,
            CustomerField::Email | CustomerField::RegistrationSource
        )
    });
    let empty = blank(&full);
    for (field, value) in fields {
        assert!(is_documented(field), "{field:?}");
        let reply = api.put(&path, Key::Write, body(field, Value::Null)).await;
        assert_eq!(reply.status, 200, "{field:?}: {reply}");
        let cleared = reply.customer();
        assert_ne!(*shown(&cleared, field), value, "{field:?}");
        assert_eq!(*shown(&cleared, field), empty.field(field), "{field:?}");
    }
}
