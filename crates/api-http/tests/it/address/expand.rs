//! `expand=addresses`

use super::{ada, fault, home, plain};
use crate::support::{CUSTOMERS, Call, Key, TestApi};
use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

#[tokio::test]
async fn a_customer_is_shown_with_its_addresses_when_they_are_asked_for() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    api.added(&path, Key::Write, home()).await;
    let without = api.get(&path, Key::Read).await.customer();
    assert_eq!(without.get("addresses"), None);
    let listed = api.get(format!("{path}/addresses"), Key::Read).await;
    for words in [
        "addresses",
        "tags,addresses",
        "Addresses, TAGS",
        "addresses,addresses",
    ] {
        let words = words.replace(' ', "%20");
        let read = api.get(format!("{path}?expand={words}"), Key::Read).await;
        assert_eq!(read.customer()["addresses"], listed.data("addresses"));
        assert_eq!(read.header("etag"), Some("W/\"1-2\""));
    }
    for query in ["expand=tags", "expand="] {
        let read = api.get(format!("{path}?{query}"), Key::Read).await;
        assert_eq!(read.customer(), without, "{query}");
    }
}

#[tokio::test]
async fn the_tag_of_a_customer_with_its_addresses_changes_with_each_of_them() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let expanded = format!("{path}?expand=addresses");
    let mut tags = Vec::new();
    let mut read = async || {
        let reply = api.get(&expanded, Key::Read).await;
        let tag = reply.header("etag").expect("a tag").to_owned();
        let again = api.get(&expanded, Key::Read).await;
        assert_eq!(again.header("etag"), Some(&*tag));
        assert!(!tags.contains(&tag), "{tag} in {tags:?}");
        tags.push(tag.clone());
        tag
    };
    read().await;
    let first = api.added(&path, Key::Write, home()).await;
    read().await;
    let other = api.added(&path, Key::Write, plain("1 Side St")).await;
    read().await;
    let change = json!({"city": "Turku"});
    let changed = api.put(&first, Key::Write, change);
    assert_eq!(changed.await.status, 200);
    read().await;
    let default = format!("{other}/set-default");
    let set = api.post(default, Key::Write, json!({})).await;
    assert_eq!(set.status, 200);
    read().await;
    let removed = api.delete(&first, Key::Write);
    assert_eq!(removed.await.status, 200);
    let tag = read().await;
    // The edit token is in the body; this one is for comparing what was read alone.
    let edit = Call::put(&path).key(Key::Write).header("if-match", &tag);
    let edit = api.send(edit.json(&json!({"firstName": "Eve"}))).await;
    assert_eq!(edit.failure(), (412, "VERSION_CONFLICT".to_owned()));
}

#[tokio::test]
async fn a_customer_without_addresses_has_an_empty_list() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let read = api.get(format!("{path}?expand=addresses"), Key::Read).await;
    assert_eq!(read.customer()["addresses"], json!([]));
}

#[tokio::test]
async fn a_list_shows_the_addresses_of_each() {
    let api = TestApi::new().await;
    let mut expected = Vec::new();
    for name in ["a", "b", "c"] {
        let body = json!({"email": format!("{name}@example.com")});
        let id = api.created(Key::Write, body).await;
        if name == "b" {
            expected.push(json!([]));
            continue;
        }
        let path = format!("{CUSTOMERS}/{id}");
        api.added(&path, Key::Write, plain(&format!("1 {name} St")))
            .await;
        let listed = api.get(format!("{path}/addresses"), Key::Read).await;
        expected.push(listed.data("addresses"));
    }
    let query = "sort_by=email&sort_order=asc&page_size=2&expand=addresses";
    let page = api.get(format!("{CUSTOMERS}?{query}"), Key::Read).await;
    let addresses = |page: &Value| -> Vec<Value> {
        let customers = page.as_array().expect("a list").iter();
        customers.map(|one| one["addresses"].clone()).collect()
    };
    assert_eq!(addresses(&page.data("customers")), expected[..2]);
    let cursor = page.data("nextCursor");
    let query = format!("{query}&cursor={}", cursor.as_str().unwrap());
    let page = api.get(format!("{CUSTOMERS}?{query}"), Key::Read).await;
    assert_eq!(addresses(&page.data("customers")), expected[2..]);
    let plainly = api.get(CUSTOMERS, Key::Read).await;
    assert_eq!(plainly.data("customers")[0].get("addresses"), None);
}

#[tokio::test]
async fn an_unknown_word_is_answered_with_the_known_ones() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    assert_snapshot!(
        api.get(format!("{path}?expand=addresses,orders"), Key::Read)
            .await
    );
    for query in ["expand=,", "expand=everything", "expand=tags%00"] {
        for target in [&path, &CUSTOMERS.to_owned()] {
            let reply = api.get(format!("{target}?{query}"), Key::Read).await;
            assert_eq!(
                reply.faults(),
                [fault("?expand", "INVALID_VALUE")],
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn a_customer_that_was_read_with_its_addresses_can_be_sent_back_but_not_with_others() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    api.added(&path, Key::Write, home()).await;
    api.added(&path, Key::Write, plain("2 Main St")).await;
    let read = api.get(format!("{path}?expand=addresses"), Key::Read).await;
    let read = read.customer();
    let before = api.stored().await;
    for method in [Method::PUT, Method::PATCH] {
        let call = Call::new(method, &path).key(Key::Write).json(&read);
        let reply = api.send(call).await;
        assert_eq!(reply.status, 200, "{reply}");
    }
    let mut moved = read["addresses"].clone();
    moved[1]["street"] = json!("3 Main St");
    let both = read["addresses"].as_array().unwrap();
    for other in [moved, json!(both[..1]), json!([]), Value::Null, json!("x")] {
        let reply = api.put(&path, Key::Write, json!({"addresses": other}));
        let expected = [fault("/addresses", "READ_ONLY_FIELD")];
        assert_eq!(reply.await.faults(), expected);
    }
    assert_eq!(api.stored().await, before);
    let nobody = format!("{CUSTOMERS}/71");
    let reply = api.put(nobody, Key::Write, json!({"addresses": []})).await;
    assert_eq!(reply.failure(), (404, "CUSTOMER_NOT_FOUND".to_owned()));
}
