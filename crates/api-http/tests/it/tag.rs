//! `/customers/{customerId}/tags` and `/customers/tags`.

use crate::support::{CUSTOMERS, Call, Key, Reply, TestApi};
use customer_domain::StoreError;
use customer_testkit::fake::Step;
use insta::assert_snapshot;
use serde_json::{Value, json};

/// Creates a customer with these tags, and returns the path of its tags.
async fn tagged(api: &TestApi, tags: &[&str]) -> String {
    let number = api.stored().await.customers.len();
    let body =
        json!({"email": format!("a{number}@example.com"), "tags": tags, "legacyId": number + 7});
    let id = api.created(Key::Write, body).await;
    format!("{CUSTOMERS}/{id}/tags")
}

fn tags(reply: &Reply) -> Value {
    reply.data("tags")
}

fn one(pointer: &str, code: &str) -> [(String, String); 1] {
    [(pointer.to_owned(), code.to_owned())]
}

#[tokio::test]
async fn put_replaces_the_tags_and_tells_so() {
    let api = TestApi::new().await;
    let path = tagged(&api, &["old"]).await;
    let body = json!({"tags": ["vip", "Early adopter", "vip"]});
    let reply = api.put(&path, Key::Write, body.clone()).await;
    assert_snapshot!(reply);
    let told = api.events().pop().unwrap();
    assert_eq!(told, ("CustomerProfileUpdated".to_owned(), json!(["tags"])));
    let entry = api.stored().await.audit.pop().unwrap();
    assert_eq!(entry.event_type, "customer.profile.update");
    // Repeating the request changes nothing.
    let before = api.stored().await;
    let again = api.put(&path, Key::Write, body).await;
    assert_eq!(again.json(), reply.json());
    assert_eq!(api.stored().await, before);
    let none = api.put(&path, Key::Write, json!({"tags": []})).await;
    assert_eq!(tags(&none), json!([]));
}

#[tokio::test]
async fn post_adds_and_delete_takes_off() {
    let api = TestApi::new().await;
    let path = tagged(&api, &["b"]).await;
    let added = api
        .post(&path, Key::Write, json!({"tags": ["a", "b"]}))
        .await;
    assert_eq!((added.status, tags(&added)), (200, json!(["a", "b"])));
    assert_eq!(added.header("etag"), Some("\"2\""));
    let removed = api.delete(format!("{path}/a"), Key::Write).await;
    assert_eq!(tags(&removed), json!(["b"]));
    assert_eq!(removed.header("etag"), Some("\"3\""));
    let before = api.stored().await;
    let again = api.delete(format!("{path}/a"), Key::Write).await;
    assert_eq!((again.status, again.json()), (200, removed.json()));
    assert_eq!(api.stored().await, before);
    let by_legacy = api
        .delete(format!("{CUSTOMERS}/7/tags/b"), Key::Write)
        .await;
    assert_eq!(tags(&by_legacy), json!([]));
}

#[tokio::test]
async fn any_tag_can_be_named_in_a_path() {
    let api = TestApi::new().await;
    for (tag, encoded) in [
        ("Big Spender", "Big%20Spender"),
        ("a/b", "a%2Fb"),
        ("50%", "50%25"),
        ("陳", "%E9%99%B3"),
        ("..", "%2E%2E"),
        ("+", "+"),
    ] {
        let path = tagged(&api, &[tag]).await;
        let reply = api.delete(format!("{path}/{encoded}"), Key::Write).await;
        assert_eq!(tags(&reply), json!([]), "{tag}");
    }
    let path = tagged(&api, &[]).await;
    for (encoded, code) in [
        ("%20", "REQUIRED"),
        ("a%0Ab", "INVALID_VALUE"),
        (&"x".repeat(51), "TOO_LONG"),
        ("%00", "INVALID_VALUE"),
    ] {
        let reply = api.delete(format!("{path}/{encoded}"), Key::Write).await;
        assert_eq!(reply.faults(), one("{tag}", code), "{encoded}");
    }
}

#[tokio::test]
async fn what_is_no_list_of_tags_is_refused_by_name() {
    let api = TestApi::new().await;
    let path = tagged(&api, &["there"]).await;
    let before = api.stored().await;
    let many = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
    for (body, pointer, code) in [
        (json!({}), "/tags", "REQUIRED"),
        (json!({"tags": null}), "/tags", "REQUIRED"),
        (json!({"tags": "vip"}), "/tags", "INVALID_TYPE"),
        (json!({"tags": ["a", 1]}), "/tags/1", "INVALID_TYPE"),
        (json!({"tags": [" "]}), "/tags/0", "REQUIRED"),
        (json!({"tags": ["x".repeat(51)]}), "/tags/0", "TOO_LONG"),
        (json!({"tags": many(51)}), "/tags", "TOO_LONG"),
        (json!({"tags": ["a"], "tag": "b"}), "/tag", "UNKNOWN_FIELD"),
        (
            json!({"tags": ["a"], "version": 0}),
            "/version",
            "OUT_OF_RANGE",
        ),
        (
            json!({"tags": ["a"], "customerId": "8"}),
            "/customerId",
            "READ_ONLY_FIELD",
        ),
    ] {
        for method in [Call::put, Call::post] {
            let reply = api
                .send(method(path.clone()).key(Key::Write).json(&body))
                .await;
            assert_eq!(reply.faults(), one(pointer, code), "{body}");
        }
    }
    let reply = api.post(&path, Key::Write, json!({"tags": []})).await;
    assert_eq!(reply.faults(), one("/tags", "TOO_SHORT"));
    assert_eq!(api.stored().await, before);
    // Together with the existing tag, they exceed the limit.
    let reply = api.post(&path, Key::Write, json!({"tags": many(50)})).await;
    assert_snapshot!(reply);
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn each_way_of_changing_tags_minds_the_customers_version_and_state() {
    let api = TestApi::new().await;
    let path = tagged(&api, &["a"]).await;
    let body = json!({"tags": ["b"]});
    let calls = || {
        [
            Call::put(&path).json(&body),
            Call::post(&path).json(&body),
            Call::delete(format!("{path}/a")),
        ]
    };
    for call in calls() {
        let call = call.key(Key::Write).header("if-match", "\"7\"");
        let reply = api.send(call).await;
        assert_eq!(reply.failure(), (412, "VERSION_CONFLICT".to_owned()));
    }
    let stale = json!({"tags": ["b"], "version": 7});
    let reply = api.put(&path, Key::Write, stale).await;
    assert_eq!(reply.failure(), (412, "VERSION_CONFLICT".to_owned()));
    let customer = path.trim_end_matches("/tags");
    api.delete(customer, Key::Write).await;
    for call in calls() {
        let reply = api.send(call.key(Key::Write)).await;
        assert_eq!(reply.failure(), (409, "STATE_CONFLICT".to_owned()));
    }
}

#[tokio::test]
async fn the_same_request_adds_once() {
    let api = TestApi::new().await;
    let path = tagged(&api, &[]).await;
    let other = tagged(&api, &[]).await;
    let call = |path: &str| {
        let call = Call::post(path)
            .key(Key::Write)
            .header("idempotency-key", "k-1");
        call.json(&json!({"tags": ["a"]}))
    };
    let first = api.send(call(&path)).await;
    api.delete(format!("{path}/a"), Key::Write).await;
    // In whatever form the path names the customer.
    let again = api.send(call(&format!("{CUSTOMERS}/{}/tags", 7))).await;
    let refused = (422, "IDEMPOTENCY_KEY_REUSED".to_owned());
    assert_eq!(again.failure(), refused, "another name is another target");
    let again = api.send(call(&path)).await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let refused = (422, "IDEMPOTENCY_KEY_REUSED".to_owned());
    assert_eq!(api.send(call(&other)).await.failure(), refused);
}

#[tokio::test]
async fn the_tags_of_the_tenant_are_counted() {
    let api = TestApi::new().await;
    tagged(&api, &["vip", "vip gold", "a"]).await;
    tagged(&api, &["vip", "VIP"]).await;
    let body = json!({"email": "x@example.com", "tags": ["theirs"]});
    api.created(Key::OtherWrite, body).await;
    assert_snapshot!(api.get(format!("{CUSTOMERS}/tags"), Key::Read).await);
    let words = async |query: &str| {
        let reply = api
            .get(format!("{CUSTOMERS}/tags?{query}"), Key::Read)
            .await;
        let found = tags(&reply);
        let found = found.as_array().expect("a list").iter();
        let words: Vec<_> = found.map(|one| one["tag"].clone()).collect();
        (words, reply.data("nextCursor"))
    };
    assert_eq!(
        words("prefix=vip").await,
        (vec![json!("vip"), json!("vip gold")], json!(null))
    );
    assert_eq!(words("prefix=vip%20").await.0, ["vip gold"]);
    let (first, cursor) = words("prefix=vip&page_size=1").await;
    assert_eq!(first, ["vip"]);
    let cursor = cursor.as_str().unwrap();
    let next = format!("prefix=vip&page_size=1&cursor={cursor}");
    assert_eq!(words(&next).await, (vec![json!("vip gold")], json!(null)));
    for wrong in [
        format!("cursor={cursor}"),
        format!("prefix=v&cursor={cursor}"),
    ] {
        let reply = api
            .get(format!("{CUSTOMERS}/tags?{wrong}"), Key::Read)
            .await;
        assert_eq!(reply.failure(), (400, "INVALID_CURSOR".to_owned()));
    }
    for (query, at, code) in [
        ("page_size=0", "?page_size", "OUT_OF_RANGE"),
        ("page=2", "?page", "UNKNOWN_FIELD"),
        (&format!("prefix={}", "x".repeat(51)), "?prefix", "TOO_LONG"),
        ("prefix=%00", "?prefix", "INVALID_VALUE"),
    ] {
        let reply = api
            .get(format!("{CUSTOMERS}/tags?{query}"), Key::Read)
            .await;
        assert_eq!(reply.faults(), one(at, code), "{query}");
    }
}

#[tokio::test]
async fn counting_that_takes_too_long_was_asked_too_much() {
    let api = TestApi::new().await;
    let path = format!("{CUSTOMERS}/tags");
    api.get(&path, Key::Read).await;
    api.store.fail_next_at(Step::Read, StoreError::TooSlow);
    let reply = api.get(&path, Key::Read).await;
    assert_eq!(reply.failure(), (400, "FILTER_TOO_BROAD".to_owned()));
}
