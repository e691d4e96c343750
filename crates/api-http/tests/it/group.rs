//! `/customers/groups`

use crate::support::{BASE, CUSTOMERS, Call, Key, TestApi, context_of, default_tenant};
use chrono::TimeDelta;
use customer_domain::group::{Group, GroupId};
use customer_testkit::builders::at;
use insta::assert_snapshot;
use serde_json::{Value, json};

const GROUPS: &str = "/api/v1/customers/groups";

fn fault(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

async fn ids(api: &TestApi, query: &str, key: Key) -> Vec<Value> {
    let groups = api.get(format!("{GROUPS}?{query}"), key).await;
    let groups = groups.data("groups");
    let groups = groups.as_array().expect("a list");
    groups.iter().map(|group| group["id"].clone()).collect()
}

#[tokio::test]
async fn a_group_is_made_as_described_and_customers_can_join_it() {
    let api = TestApi::new().await;
    let body = json!({
        "id": "B2B_eu", "name": " Händler EU ", "description": "for dealers", "discount_class": "B2B-10",
    });
    let reply = api.post(GROUPS, Key::Admin, body).await;
    assert_snapshot!(reply);
    let location = reply.header("location").unwrap();
    assert_eq!(api.get(location, Key::Admin).await.json(), reply.json());
    let body = json!({"email": "a@example.com", "groupId": "b2b_EU"});
    let customer = api.post(CUSTOMERS, Key::Write, body).await.customer();
    assert_eq!(customer["groupId"], "b2b_eu");
    let entry = api.stored().await.audit.remove(0);
    assert_eq!(entry.event_type, "customer.group.create");
    let told = api.events();
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test]
async fn without_an_id_one_is_made_of_the_name() {
    let api = TestApi::new().await;
    for (name, id) in [
        ("Händler & Söhne", "handler-sohne"),
        ("NOT LOGGED IN", "not-logged-in"),
    ] {
        let group = api.post(GROUPS, Key::Admin, json!({"name": name})).await;
        assert_eq!(group.data("group")["id"], id);
    }
    for (body, at) in [
        (json!({"name": "陳"}), fault("/id", "INVALID_VALUE")),
        (json!({"name": "Preview"}), fault("/id", "INVALID_VALUE")),
        (json!({"name": ""}), fault("/name", "REQUIRED")),
        (json!({"id": "x"}), fault("/name", "REQUIRED")),
    ] {
        let reply = api.post(GROUPS, Key::Admin, body).await;
        assert_eq!(reply.faults(), [at], "{reply}");
    }
}

#[tokio::test]
async fn the_id_of_a_group_is_taken_once_in_a_tenant() {
    let api = TestApi::new().await;
    let body = json!({"name": "Wholesale"});
    let before = api.stored().await;
    assert_snapshot!(api.post(GROUPS, Key::Admin, body).await);
    assert_eq!(api.stored().await, before);
    let body = json!({"id": "trade", "name": "Trade"});
    for key in [Key::Admin, Key::OtherAdmin] {
        let reply = api.post(GROUPS, key, body.clone()).await;
        assert_eq!(reply.status, 201, "{reply}");
    }
}

#[tokio::test]
async fn everything_wrong_with_a_group_is_named_at_once() {
    let api = TestApi::new().await;
    let before = api.stored().await;
    let body = json!({
        "id": "segments", "name": "x".repeat(101), "description": 7, "discountClass": "a\nb",
        "version": 1, "colour": "red",
    });
    let reply = api.post(format!("{GROUPS}?page=1"), Key::Admin, body).await;
    let expected = [
        fault("/colour", "UNKNOWN_FIELD"),
        fault("/description", "INVALID_TYPE"),
        fault("/discountClass", "INVALID_VALUE"),
        fault("/id", "INVALID_VALUE"),
        fault("/name", "TOO_LONG"),
        fault("/version", "UNKNOWN_FIELD"),
        fault("?page", "UNKNOWN_FIELD"),
    ];
    assert_eq!(reply.faults(), expected);
    let path = format!("{GROUPS}/vip");
    let body = json!({
        "id": "other", "name": null, "description": "x".repeat(501), "discountClass": "x".repeat(51),
        "version": 0, "slug": 1,
    });
    let expected = [
        fault("/description", "TOO_LONG"),
        fault("/discountClass", "TOO_LONG"),
        fault("/id", "READ_ONLY_FIELD"),
        fault("/name", "REQUIRED"),
        fault("/slug", "UNKNOWN_FIELD"),
        fault("/version", "OUT_OF_RANGE"),
    ];
    assert_eq!(api.put(&path, Key::Admin, body).await.faults(), expected);
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn the_same_request_makes_one_group() {
    let api = TestApi::new().await;
    let call = |name: &str| {
        let call = Call::post(GROUPS)
            .key(Key::Admin)
            .header("idempotency-key", "k-1");
        call.json(&json!({"name": name}))
    };
    let first = api.send(call("Trade")).await;
    let again = api.send(call("Trade")).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let other = api.send(call("Dealers")).await;
    assert_eq!(other.failure(), (422, "IDEMPOTENCY_KEY_REUSED".to_owned()));
}

#[tokio::test]
async fn a_change_merges_and_minds_the_version() {
    let api = TestApi::new().await;
    let path = format!("{GROUPS}/vip");
    api.clock.advance(TimeDelta::minutes(1));
    let body = json!({"name": "Very important", "description": "few"});
    assert_snapshot!(api.put(&path, Key::Admin, body).await);
    let entry = api.stored().await.audit.remove(0);
    assert_eq!(entry.event_type, "customer.group.update");
    assert_eq!(entry.changed_fields, ["name", "description"]);

    // What was read can be sent back.
    let read = api.get(&path, Key::Admin).await;
    let before = api.stored().await;
    let back = api.put(&path, Key::Admin, read.data("group")).await;
    assert_eq!((back.status, back.json()), (200, read.json()));
    let stale = "\"1\"";
    for call in [
        Call::put(&path).json(&json!({"name": "New", "version": 1})),
        Call::put(&path)
            .json(&json!({"name": "New"}))
            .header("if-match", stale),
        Call::delete(&path).header("if-match", stale),
    ] {
        let reply = api.send(call.key(Key::Admin)).await;
        assert_eq!(reply.failure(), (412, "VERSION_CONFLICT".to_owned()));
        assert_eq!(reply.json()["currentVersion"], 2);
    }
    assert_eq!(api.stored().await, before);
    let call = Call::put(&path).json(&json!({"description": null}));
    let cleared = api
        .send(call.header("if-match", "\"2\"").key(Key::Admin))
        .await;
    assert_eq!(cleared.data("group")["description"], json!(null));
    assert_eq!(cleared.header("etag"), Some("\"3\""));
}

#[tokio::test]
async fn an_id_in_a_body_is_read_as_that_in_the_path() {
    let api = TestApi::new().await;
    for (path, id) in [
        ("wholesale", "Wholesale"),
        ("Retail", "Retail"),
        ("VIP", "vip"),
    ] {
        let body = json!({"id": id, "description": "of the brand"});
        let reply = api.put(format!("{GROUPS}/{path}"), Key::Admin, body).await;
        assert_eq!(reply.status, 200, "{reply}");
        assert_eq!(reply.data("group")["id"], path.to_lowercase());
    }
    let other = api.put(format!("{GROUPS}/vip"), Key::Admin, json!({"id": "Retail"}));
    let expected = [fault("/id", "READ_ONLY_FIELD")];
    assert_eq!(other.await.faults(), expected);
}

#[tokio::test]
async fn a_group_with_customers_stays_and_an_empty_one_goes() {
    let api = TestApi::new().await;
    let body = json!({"email": "a@example.com", "customerType": "VIP"});
    let customer = api.created(Key::Write, body).await;
    let path = format!("{GROUPS}/vip");
    assert_snapshot!("in_use", api.delete(&path, Key::Admin).await);
    // A deleted customer has left it.
    let customer = format!("{CUSTOMERS}/{customer}");
    api.delete(&customer, Key::Write).await;
    let deleted = api.get(&customer, Key::Read).await.customer();
    assert_eq!(deleted["groupId"], "vip");
    assert_snapshot!("deleted", api.delete(&path, Key::Admin).await);
    let gone = (404, "GROUP_NOT_FOUND".to_owned());
    assert_eq!(api.delete(&path, Key::Admin).await.failure(), gone);
    assert_eq!(api.get(&path, Key::Admin).await.failure(), gone);
    api.post(format!("{customer}/reactivate"), Key::Admin, json!({}))
        .await;
    let refused = api.put(&customer, Key::Write, json!({"groupId": "vip"}));
    assert_eq!(refused.await.status, 400);
}

#[tokio::test]
async fn a_group_that_is_not_there_is_not_found() {
    let api = TestApi::new().await;
    assert_snapshot!(api.get(format!("{GROUPS}/nobody"), Key::Admin).await);
    for id in ["no%20id", "a%2Fb", "segments"] {
        let path = format!("{GROUPS}/{id}");
        let reply = api.put(&path, Key::Admin, json!({})).await;
        assert_eq!(reply.failure(), (404, "GROUP_NOT_FOUND".to_owned()), "{id}");
    }
}

#[tokio::test]
async fn a_group_that_an_older_rule_let_in_is_found_by_its_id() {
    let api = TestApi::new().await;
    let context = context_of(&default_tenant());
    let begun = api.store.transactions().begin(&context).await;
    let mut work = begun.expect("work");
    let id = GroupId::from_store("Old Trade!".to_owned());
    let old = Group::new(id, "Old trade".to_owned(), at(0));
    work.groups().insert(&old).await.expect("a free id");
    work.commit().await.expect("a commit");
    let path = format!("{GROUPS}/Old%20Trade!");
    assert_eq!(api.get(&path, Key::Read).await.status, 200);
    let renamed = api.put(&path, Key::Admin, json!({"name": "Dealers"})).await;
    assert_eq!(renamed.data("group")["id"], "Old Trade!");
    assert_eq!(api.delete(&path, Key::Admin).await.status, 200);
    assert_eq!(api.delete(&path, Key::Admin).await.status, 404);
}

#[tokio::test]
async fn groups_are_listed_page_by_page() {
    let api = TestApi::new().await;
    assert_eq!(
        ids(&api, "", Key::Admin).await,
        ["retail", "vip", "wholesale"]
    );
    let first = api.get(format!("{GROUPS}?page_size=2"), Key::Admin).await;
    let data = first.json()["data"].clone();
    assert_eq!(data["pageSize"], 2);
    let cursor = data["nextCursor"].as_str().unwrap();
    let next = format!("page_size=2&cursor={cursor}");
    assert_eq!(ids(&api, &next, Key::Admin).await, ["wholesale"]);
    let foreign = api.get(format!("{GROUPS}?{next}"), Key::OtherAdmin).await;
    assert_eq!(foreign.failure(), (400, "INVALID_CURSOR".to_owned()));
    let tags = format!("{BASE}/customers/tags?cursor={cursor}");
    let other_list = api.get(tags, Key::Admin).await;
    assert_eq!(other_list.failure(), (400, "INVALID_CURSOR".to_owned()));
    let reply = api.get(format!("{GROUPS}?page_size=101&cursor=x&q=1"), Key::Admin);
    let expected = [
        fault("?cursor", "INVALID_CURSOR"),
        fault("?page_size", "OUT_OF_RANGE"),
        fault("?q", "UNKNOWN_FIELD"),
    ];
    assert_eq!(reply.await.faults(), expected);
}
