//! `Idempotency-Key`

use crate::support::{CUSTOMERS, Call, Key, Reply, TestApi, World, default_tenant};
use chrono::TimeDelta;
use customer_domain::{CustomerId, StoreError};
use customer_testkit::builders::{new_customer, seeded_id, token};
use customer_testkit::fake::Step;
use insta::assert_snapshot;
use serde_json::{Value, json};

fn jane() -> Value {
    json!({"email": "jane@example.com"})
}

async fn create(api: &TestApi, key: Key, idempotency_key: &str, body: &Value) -> Reply {
    let call = Call::post(CUSTOMERS).key(key).json(body);
    api.send(call.header("idempotency-key", idempotency_key))
        .await
}

fn replayed(reply: &Reply) -> bool {
    reply.header("idempotent-replayed") == Some("true")
}

/// Asserts that two replies are equal, except for the ids of the request.
fn assert_same(first: &Reply, second: &Reply) {
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    for name in [
        "location",
        "etag",
        "content-type",
        "cache-control",
        "content-length",
    ] {
        assert_eq!(first.header(name), second.header(name), "{name}");
    }
}

#[tokio::test]
async fn the_same_request_again_is_answered_with_the_stored_reply_to_the_byte() {
    let api = TestApi::new().await;
    let first = create(&api, Key::Write, "k-1", &jane()).await;
    let before = api.stored().await;
    let change = json!({"firstName": "Changed"});
    api.put(first.header("location").unwrap(), Key::Write, change)
        .await;
    api.clock.advance(TimeDelta::hours(23));
    let again = create(&api, Key::Write, "k-1", &jane()).await;
    assert!(!replayed(&first) && replayed(&again));
    assert_same(&first, &again);
    assert_snapshot!(again);
    assert_eq!(api.stored().await.customers.len(), before.customers.len());
    let quoted = create(&api, Key::Write, "\"k-1\"", &jane()).await;
    assert!(replayed(&quoted));
}

#[tokio::test]
async fn both_bases_are_one_route() {
    let api = TestApi::new().await;
    create(&api, Key::Write, "k-1", &jane()).await;
    let call = Call::post("/v1/customers?tenant_id=default")
        .key(Key::Write)
        .json(&jane());
    let again = api.send(call.header("idempotency-key", "k-1")).await;
    assert!(again.status == 201 && replayed(&again), "{again}");
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let api = TestApi::new().await;
    create(&api, Key::Write, "k-1", &jane()).await;
    let before = api.stored().await;
    let other = json!({"email": "john@example.com"});
    assert_snapshot!(create(&api, Key::Write, "k-1", &other).await);
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn a_key_belongs_to_its_caller_and_tenant() {
    let api = TestApi::new().await;
    create(&api, Key::Write, "k-1", &jane()).await;
    let john = json!({"email": "john@example.com"});
    for (key, body) in [
        (Key::Admin, john.clone()),
        (Key::OtherWrite, jane()),
        (Key::Operator, json!({"email": "joe@example.com"})),
        (
            Key::Operator,
            json!({"email": "joe@example.com", "tenantId": "tenant-123"}),
        ),
    ] {
        let reply = create(&api, key, "k-1", &body).await;
        assert!(reply.status == 201 && !replayed(&reply), "{key:?}: {reply}");
    }
}

#[tokio::test]
async fn a_key_belongs_to_its_route() {
    let api = TestApi::new().await;
    let id = create(&api, Key::Admin, "k-1", &json!({})).await;
    assert_eq!(id.status, 400);
    let id = api.created(Key::Admin, jane()).await;
    let step = async |step: &str, id: &str| {
        let call = Call::post(format!("{CUSTOMERS}/{id}/{step}")).key(Key::Admin);
        api.send(call.header("idempotency-key", "k-1")).await
    };
    let suspended = step("suspend", &id).await;
    assert!(suspended.status == 200 && !replayed(&suspended));
    let reactivated = step("reactivate", &id).await;
    assert!(reactivated.status == 200 && !replayed(&reactivated));
    let again = step("suspend", &id).await;
    assert!(replayed(&again));
    assert_same(&suspended, &again);
    assert_eq!(
        api.get(format!("{CUSTOMERS}/{id}"), Key::Read)
            .await
            .customer()["status"],
        "active"
    );
    let tenant = Call::post("/api/v1/tenants")
        .key(Key::Operator)
        .json(&json!({"id": "north"}));
    let made = api.send(tenant.header("idempotency-key", "k-1")).await;
    assert!(made.status == 201 && !replayed(&made));
}

#[tokio::test]
async fn the_same_step_for_another_customer_is_another_request() {
    let api = TestApi::new().await;
    let one = api.created(Key::Admin, jane()).await;
    let two = api
        .created(Key::Admin, json!({"email": "john@example.com"}))
        .await;
    let suspend = async |id: &str| {
        let call = Call::post(format!("{CUSTOMERS}/{id}/suspend")).key(Key::Admin);
        api.send(call.header("idempotency-key", "k-1")).await
    };
    assert_eq!(suspend(&one).await.status, 200);
    assert_eq!(
        suspend(&two).await.failure(),
        (422, "IDEMPOTENCY_KEY_REUSED".to_owned())
    );
}

#[tokio::test]
async fn a_customer_and_an_address_are_the_same_in_every_spelling() {
    let world = World::new().await;
    let customer = &world.customer;
    let body =
        json!({"type": "both", "street": "2 Nathan Road", "state": "Kowloon", "country": "HK"});
    let address = world.api.added(&world.path(), Key::Write, body).await;
    let address = address.rsplit('/').next().expect("an id");
    let token = token(customer.parse().expect("an id"), default_tenant().id, 0);
    let set_default = async |customer: &str, address: &str| {
        let target = format!("{CUSTOMERS}/{customer}/addresses/{address}/set-default");
        let call = Call::post(target).token(&token);
        world.api.send(call.header("idempotency-key", "k-1")).await
    };
    let first = set_default("me", address).await;
    assert!(first.status == 200 && !replayed(&first), "{first}");
    for (customer, address) in [
        ("me", format!("addr_{address}")),
        (customer, address.to_uppercase()),
        (&format!("cust_{customer}"), address.to_owned()),
        // The one that was let in.
        ("7", address.to_owned()),
    ] {
        let again = set_default(customer, &address).await;
        assert!(replayed(&again), "{customer} {address}: {again}");
        assert_same(&first, &again);
    }
    let reused = (422, "IDEMPOTENCY_KEY_REUSED".to_owned());
    let other = seeded_id(0xdead).to_string();
    assert_eq!(set_default("me", &other).await.failure(), reused);
}

#[tokio::test]
async fn a_key_belongs_to_its_kind_of_caller() {
    let api = TestApi::new().await;
    let mut namesake = new_customer();
    namesake.customer.id = CustomerId(Key::Write.id().0);
    let id = namesake.customer.id;
    api.store_customers(&default_tenant(), vec![namesake]).await;
    let token = token(id, default_tenant().id, 0);
    let body = json!({"street": "1 Main St", "city": "New York", "zipCode": "10001"});
    let add = async |call: Call| {
        let call = call.header("idempotency-key", "k-1").json(&body);
        api.send(call).await
    };
    let target = format!("{CUSTOMERS}/{id}/addresses");
    let first = add(Call::post(&target).key(Key::Write)).await;
    assert_eq!(first.status, 201, "{first}");
    let second = add(Call::post(&target).token(&token)).await;
    assert!(second.status == 200 && !replayed(&second), "{second}");
}

#[tokio::test]
async fn a_tenant_is_made_once() {
    let api = TestApi::new().await;
    let make = async || {
        let call = Call::post("/api/v1/tenants")
            .key(Key::Operator)
            .json(&json!({"id": "north"}));
        api.send(call.header("idempotency-key", "k-1")).await
    };
    let (first, again) = (make().await, make().await);
    assert!(replayed(&again));
    assert_same(&first, &again);
}

#[tokio::test]
async fn after_a_day_a_key_is_new() {
    let api = TestApi::new().await;
    create(&api, Key::Write, "k-1", &jane()).await;
    let john = json!({"email": "john@example.com"});
    api.clock
        .advance(TimeDelta::hours(24) - TimeDelta::microseconds(1));
    assert_eq!(create(&api, Key::Write, "k-1", &john).await.status, 422);
    api.clock.advance(TimeDelta::microseconds(1));
    let fresh = create(&api, Key::Write, "k-1", &john).await;
    assert!(fresh.status == 201 && !replayed(&fresh), "{fresh}");
    let again = create(&api, Key::Write, "k-1", &john).await;
    assert!(replayed(&again));
}

#[tokio::test]
async fn a_failure_is_not_stored() {
    let api = TestApi::new().await;
    let holder = api.created(Key::Write, jane()).await;
    let wrong = create(&api, Key::Write, "k-1", &json!({"email": "a@b"})).await;
    assert_eq!(wrong.status, 400);
    assert_eq!(create(&api, Key::Write, "k-1", &jane()).await.status, 409);
    api.delete(format!("{CUSTOMERS}/{holder}"), Key::Write)
        .await;
    for step in [Step::Begin, Step::Statement, Step::Commit] {
        api.store
            .fail_next_at(step, StoreError::Unavailable("gone".to_owned()));
        assert_eq!(
            create(&api, Key::Write, "k-1", &jane()).await.status,
            503,
            "{step:?}"
        );
    }
    let made = create(&api, Key::Write, "k-1", &jane()).await;
    assert!(made.status == 201 && !replayed(&made), "{made}");
}

#[tokio::test]
async fn a_key_that_is_none_is_a_fault_beside_others() {
    let api = TestApi::new().await;
    let before = api.stored().await;
    for key in ["", "a b", "\"open", &"k".repeat(256)] {
        let reply = create(&api, Key::Write, key, &json!({"email": "a@b"})).await;
        let expected = [
            ("/email", "INVALID_EMAIL_FORMAT"),
            ("Idempotency-Key", "INVALID_VALUE"),
        ];
        assert_eq!(
            reply.faults(),
            expected.map(|(at, code)| (at.to_owned(), code.to_owned()))
        );
    }
    let call = Call::post(CUSTOMERS).key(Key::Write).json(&jane());
    let twice = call
        .header("idempotency-key", "a")
        .header("idempotency-key", "a");
    assert_eq!(api.send(twice).await.status, 400);
    assert_eq!(api.stored().await, before);
    assert_eq!(
        create(&api, Key::Write, &"k".repeat(255), &jane())
            .await
            .status,
        201
    );
}
