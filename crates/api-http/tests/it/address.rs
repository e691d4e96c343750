//! The address book

mod countries;
mod defaults;
mod expand;
mod fields;
mod refused;
mod sent_back;
mod spellings;
mod validate;

use crate::support::{CONTRACT, CUSTOMERS, Call, Key, Reply, TestApi, default_tenant};
use chrono::TimeDelta;
use customer_domain::customer::Status;
use customer_testkit::builders::{customer, seeded_id};
use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

fn fault(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

/// Creates a customer without addresses, and returns its path.
async fn ada(api: &TestApi) -> String {
    let ada = customer().number(7).legacy(70).status(Status::Active);
    let ada = ada.build_new();
    let path = format!("{CUSTOMERS}/{}", ada.customer.id);
    api.store_customers(&default_tenant(), vec![ada]).await;
    path
}

/// Returns the body of an address with all members.
fn home() -> Value {
    json!({
        "type": "shipping", "isDefault": true, "firstName": "John", "lastName": "Doe",
        "company": "", "street": "123 Main St", "street2": "Apt 4B", "city": "New York",
        "state": "NY", "zipCode": "10001", "country": "us", "phone": "+1-555-0123",
        "label": "Home", "isVerified": true, "metadata": {"floor": 4}, "legacyId": 9,
    })
}

/// Returns the body of an address with only the required members.
fn plain(street: &str) -> Value {
    json!({"street": street, "city": "New York", "zipCode": "10001"})
}

/// Returns the ids of the customer's default addresses by role.
async fn defaults(api: &TestApi, path: &str) -> Value {
    let book = api.get(format!("{path}/addresses"), Key::Read).await;
    let book = book.data("addresses");
    let holder = |role: &str| {
        let mut book = book.as_array().expect("a list").iter();
        let holds = |one: &&Value| {
            one["roles"]
                .as_array()
                .is_some_and(|r| r.contains(&json!(role)))
        };
        book.find(holds).map(|one| one["id"].clone())
    };
    json!({"shipping": holder("shipping"), "billing": holder("billing")})
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().expect("an id")
}

#[tokio::test]
async fn an_address_is_added_with_everything_that_it_can_have() {
    let body = home();
    let members = CONTRACT.schema("CreateAddressBody")["properties"].as_object();
    for member in members.expect("members").keys() {
        let is_of_all_bodies = ["customerId", "tenantId"].contains(&&**member);
        assert!(is_of_all_bodies || !body[member].is_null(), "{member}");
    }
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let reply = api
        .post(format!("{path}/addresses"), Key::Write, body)
        .await;
    assert_snapshot!(reply);
    let place = reply.header("location").unwrap();
    let read = api.get(place, Key::Read).await;
    assert_eq!((read.status, read.json()), (200, reply.json()));
    assert_eq!(read.header("etag"), Some("\"1\""));
}

#[tokio::test]
async fn an_address_needs_a_street_and_what_its_country_needs() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let target = format!("{path}/addresses");
    assert_snapshot!(api.post(&target, Key::Write, plain("1 Main St")).await);
    let hong_kong = json!({"street": "彌敦道 1 號", "state": "九龍", "country": "HK"});
    let reply = api.post(&target, Key::Write, hong_kong).await;
    assert_eq!(reply.status, 201, "{reply}");
}

#[tokio::test]
async fn the_book_is_listed_oldest_first() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let empty = api.get(format!("{path}/addresses"), Key::Read).await;
    assert_eq!(empty.data("addresses"), json!([]));
    let mut ids = Vec::new();
    for n in 1..=3 {
        let added = api.added(&path, Key::Write, plain(&format!("{n} Main St")));
        ids.push(json!(id_of(&added.await)));
        api.clock.advance(TimeDelta::seconds(1));
    }
    for name in [&path, &format!("{CUSTOMERS}/70")] {
        let listed = api.get(format!("{name}/addresses"), Key::Read).await;
        let listed = listed.data("addresses");
        let listed: Vec<_> = listed.as_array().unwrap().iter().collect();
        let found: Vec<_> = listed.iter().map(|one| one["id"].clone()).collect();
        assert_eq!(found, ids);
        let owner = listed.iter().all(|one| one["customerId"] == *id_of(&path));
        assert!(owner, "the customer is named by its id");
    }
}

#[tokio::test]
async fn a_merge_keeps_what_is_absent_and_null_clears() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api.added(&path, Key::Write, home()).await;
    api.clock.advance(TimeDelta::minutes(1));
    let body = json!({
        "street": "124 Main St", "street2": null, "phone": null, "label": null, "legacyId": null,
        "metadata": {"gate": "blue", "floor": null}, "type": "BOTH",
    });
    assert_snapshot!(api.put(&place, Key::Write, body).await);
    let changed = json!([
        "type",
        "street",
        "street2",
        "phone",
        "label",
        "isVerified",
        "metadata",
        "legacyId",
        "roles",
    ]);
    assert_eq!(
        api.events().last(),
        Some(&("CustomerAddressUpdated".to_owned(), changed))
    );
}

#[tokio::test]
async fn put_and_patch_are_one() {
    let body = json!({"address_line_1": "124 Main St", "zip": "10002"});
    let mut replies = Vec::new();
    for (method, kind) in [
        (Method::PUT, "application/json"),
        (Method::PATCH, "application/json"),
        (Method::PATCH, "application/merge-patch+json"),
    ] {
        let api = TestApi::new().await;
        let path = ada(&api).await;
        let place = api.added(&path, Key::Write, home()).await;
        let call = Call::new(method, place).key(Key::Write).json(&body);
        let reply = api.send(call.content_type(kind)).await;
        assert_eq!(reply.status, 200, "{reply}");
        replies.push((reply.json(), api.events(), reply.headers));
    }
    assert!(replies.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn a_deleted_address_is_gone() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api.added(&path, Key::Write, home()).await;
    api.clock.advance(TimeDelta::minutes(1));
    let gone = api.delete(&place, Key::Write).await;
    assert_eq!(gone.header("etag"), None, "nothing is left to edit");
    assert_snapshot!(gone);
    let unknown = (404, "ADDRESS_NOT_FOUND".to_owned());
    assert_eq!(api.get(&place, Key::Read).await.failure(), unknown);
    assert_eq!(api.delete(&place, Key::Write).await.failure(), unknown);
    let reply = api.put(&place, Key::Write, json!({})).await;
    assert_eq!(reply.failure(), unknown);
    let listed = api.get(format!("{path}/addresses"), Key::Read).await;
    assert_eq!(listed.data("addresses"), json!([]));
    let again = api.added(&path, Key::Write, plain("123 Main St")).await;
    assert_ne!(again, place);
}

#[tokio::test]
async fn an_address_is_named_by_its_id_in_every_form() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api.added(&path, Key::Write, home()).await;
    let id = id_of(&place);
    for customer in [path.clone(), format!("{CUSTOMERS}/70")] {
        for name in [
            id.to_owned(),
            format!("addr_{id}"),
            id.to_uppercase(),
            "9".to_owned(),
        ] {
            let found = api
                .get(format!("{customer}/addresses/{name}"), Key::Read)
                .await;
            assert_eq!(found.address()["id"], *id, "{name}");
        }
    }
    for name in [
        "home",
        "addr_9",
        "0",
        "-1",
        "4294967296",
        "cust_9",
        "09",
        "%00",
    ] {
        let reply = api.get(format!("{path}/addresses/{name}"), Key::Read).await;
        let (status, code) = reply.failure();
        let expected = if name == "%00" {
            "VALIDATION_FAILED"
        } else {
            "INVALID_ADDRESS_ID"
        };
        assert_eq!((status, code.as_str()), (400, expected), "{name}");
    }
}

#[tokio::test]
async fn an_address_is_found_below_its_own_customer_alone() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api.added(&path, Key::Write, home()).await;
    let other = api
        .created(Key::Write, json!({"email": "eve@example.com"}))
        .await;
    let before = api.stored().await;
    let unknown = (404, "ADDRESS_NOT_FOUND".to_owned());
    for id in [
        id_of(&place).to_owned(),
        "9".to_owned(),
        seeded_id(0xdead).to_string(),
    ] {
        let foreign = format!("{CUSTOMERS}/{other}/addresses/{id}");
        for call in [
            Call::new(Method::GET, &foreign),
            Call::delete(&foreign),
            Call::put(&foreign).json(&json!({"street": "1 Main St"})),
            Call::post(format!("{foreign}/set-default")),
        ] {
            assert_eq!(
                api.send(call.key(Key::Write)).await.failure(),
                unknown,
                "{id}"
            );
        }
    }
    let nobody = format!("{CUSTOMERS}/{}", seeded_id(0xdead));
    for call in [
        Call::new(Method::GET, format!("{nobody}/addresses")),
        Call::post(format!("{nobody}/addresses")).json(&home()),
        Call::post(format!("{nobody}/addresses/validate")).json(&home()),
    ] {
        let reply = api.send(call.key(Key::Write)).await;
        assert_eq!(reply.failure(), (404, "CUSTOMER_NOT_FOUND".to_owned()));
    }
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn a_deleted_customers_addresses_are_read_and_not_changed() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api.added(&path, Key::Write, home()).await;
    api.delete(&path, Key::Write).await;
    let before = api.stored().await;
    assert_eq!(api.get(&place, Key::Read).await.status, 200);
    let listed = api.get(format!("{path}/addresses"), Key::Read).await;
    assert_eq!(listed.data("addresses").as_array().map(Vec::len), Some(1));
    for call in [
        Call::post(format!("{path}/addresses")).json(&home()),
        Call::put(&place).json(&json!({"street": "1 Main St"})),
        Call::delete(&place),
        Call::post(format!("{place}/set-default")),
    ] {
        let reply = api.send(call.key(Key::Write)).await;
        assert_eq!(
            reply.failure(),
            (409, "STATE_CONFLICT".to_owned()),
            "{reply}"
        );
    }
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn the_events_and_audit_entries_of_an_address_name_it() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let place = api.added(&path, Key::Write, home()).await;
    api.post(format!("{path}/addresses"), Key::Write, plain("1 Main St"))
        .await;
    api.put(
        &place,
        Key::Write,
        json!({"city": "Albany", "isDefault": false}),
    )
    .await;
    api.delete(&place, Key::Write).await;
    let stored = api.stored().await;
    let envelopes: Vec<_> = stored.events.iter().map(|event| &event.envelope).collect();
    assert_snapshot!(format!("{:#}\n{:#?}", json!(envelopes), stored.audit));
}

#[tokio::test]
async fn the_same_request_again_is_answered_with_the_stored_reply() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let send = async |target: String, body: Value| -> Reply {
        let call = Call::post(target).key(Key::Write).json(&body);
        api.send(call.header("idempotency-key", "k-1")).await
    };
    let first = send(format!("{path}/addresses"), home()).await;
    let again = send(format!("{path}/addresses"), home()).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.body, again.body);
    assert_eq!(first.header("location"), again.header("location"));
    let other = send(format!("{path}/addresses"), plain("1 Main St")).await;
    assert_eq!(other.failure(), (422, "IDEMPOTENCY_KEY_REUSED".to_owned()));

    let second = api.added(&path, Key::Write, plain("2 Main St")).await;
    let made = send(format!("{second}/set-default"), json!({})).await;
    assert_eq!(made.address()["roles"], json!(["shipping"]));
    let place = first.header("location").unwrap();
    api.post(format!("{place}/set-default"), Key::Write, json!({}))
        .await;
    let again = send(format!("{second}/set-default"), json!({})).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(made.body, again.body);
    let other = send(format!("{place}/set-default"), json!({})).await;
    assert_eq!(other.failure(), (422, "IDEMPOTENCY_KEY_REUSED".to_owned()));
}
