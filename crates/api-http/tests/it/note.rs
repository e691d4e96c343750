//! `/customers/{customerId}/notes`.

use crate::support::{CUSTOMERS, Call, Key, Reply, TestApi};
use chrono::TimeDelta;
use customer_domain::{Conflict, StoreError};
use customer_testkit::builders::seeded_id;
use customer_testkit::fake::Step;
use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

fn fault(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

/// Creates a customer with the legacy id 7, and returns the path of its notes.
async fn notes(api: &TestApi) -> String {
    let body = json!({"email": "ada@example.com", "legacyId": 7});
    let customer = api.created(Key::Write, body).await;
    format!("{CUSTOMERS}/{customer}/notes")
}

/// Creates a note, and returns its path.
async fn written(api: &TestApi, notes: &str, text: &str) -> String {
    api.clock.advance(TimeDelta::seconds(1));
    let reply = api.post(notes, Key::Write, json!({"text": text})).await;
    assert_eq!(reply.status, 201, "{reply}");
    reply.header("location").expect("a location").to_owned()
}

async fn patch(api: &TestApi, path: &str, body: Value) -> Reply {
    let call = Call::new(Method::PATCH, path).key(Key::Write);
    api.send(call.json(&body)).await
}

fn texts(reply: &Reply) -> Vec<Value> {
    let notes = reply.data("notes");
    let notes = notes.as_array().expect("a list").iter();
    notes.map(|note| note["text"].clone()).collect()
}

async fn last_entry(api: &TestApi) -> (String, Vec<String>) {
    let entry = api.stored().await.audit.pop().expect("an entry");
    (entry.event_type, entry.changed_fields)
}

#[tokio::test]
async fn a_note_is_written_in_the_callers_name_and_no_event_tells_of_it() {
    let api = TestApi::new().await;
    let notes = notes(&api).await;
    let events = api.events();
    let body = json!({"text": " Prefers\n calls ", "isPinned": true});
    let reply = api.post(&notes, Key::Write, body).await;
    assert_snapshot!(reply);
    let author = &reply.data("note")["author"];
    let expected = json!({"type": "api_key", "id": Key::Write.id().to_string()});
    assert_eq!(*author, expected);
    let (kind, fields) = last_entry(&api).await;
    assert_eq!(
        (kind.as_str(), fields),
        (
            "customer.note.create",
            vec!["text".to_owned(), "pinned".to_owned()]
        )
    );
    assert_eq!(api.events(), events);
    let listed = api.get(&notes, Key::Read).await;
    assert_eq!(listed.data("notes"), json!([reply.data("note")]));
}

#[tokio::test]
async fn everything_wrong_with_a_note_is_named_at_once() {
    let api = TestApi::new().await;
    let notes = notes(&api).await;
    let note = written(&api, &notes, "first").await;
    let before = api.stored().await;
    let body = json!({
        "note": " ", "pinned": "yes", "customerId": "x", "author": {"type": "system", "id": "me"},
        "createdAt": "2020-01-01T00:00:00Z",
    });
    let reply = api.post(format!("{notes}?page=1"), Key::Write, body).await;
    let expected = [
        fault("/author", "UNKNOWN_FIELD"),
        fault("/createdAt", "UNKNOWN_FIELD"),
        fault("/customerId", "READ_ONLY_FIELD"),
        fault("/note", "REQUIRED"),
        fault("/pinned", "INVALID_TYPE"),
        fault("?page", "UNKNOWN_FIELD"),
    ];
    assert_eq!(reply.faults(), expected);
    for (body, expected) in [
        (json!({}), fault("/text", "REQUIRED")),
        (json!({"text": null}), fault("/text", "REQUIRED")),
        (
            json!({"text": "x".repeat(10_001)}),
            fault("/text", "TOO_LONG"),
        ),
        (
            json!({"text": "x", "customerId": seeded_id(9)}),
            fault("/customerId", "READ_ONLY_FIELD"),
        ),
    ] {
        let reply = api.post(&notes, Key::Write, body).await;
        assert_eq!(reply.faults(), [expected], "{reply}");
    }
    let body = json!({
        "text": null, "pinned": null, "version": 0, "colour": "red", "author": "me", "updatedBy": 7,
    });
    let expected = [
        fault("/author", "READ_ONLY_FIELD"),
        fault("/colour", "UNKNOWN_FIELD"),
        fault("/pinned", "REQUIRED"),
        fault("/text", "REQUIRED"),
        fault("/updatedBy", "READ_ONLY_FIELD"),
        fault("/version", "OUT_OF_RANGE"),
    ];
    assert_eq!(api.put(&note, Key::Write, body).await.faults(), expected);
    let other = json!({"type": "api_key", "id": Key::Admin.id().to_string()});
    let body = json!({
        "id": seeded_id(9), "author": other, "updatedBy": other, "pinned": true,
    });
    let expected = ["/author", "/id", "/updatedBy"].map(|at| fault(at, "READ_ONLY_FIELD"));
    assert_eq!(patch(&api, &note, body).await.faults(), expected);
    let reply = api.delete(format!("{notes}/first"), Key::Write).await;
    assert_eq!(reply.faults(), [fault("{noteId}", "INVALID_VALUE")]);
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn the_same_request_writes_one_note() {
    let api = TestApi::new().await;
    let notes = notes(&api).await;
    let call = |text: &str| {
        let call = Call::post(&notes).key(Key::Write);
        call.header("idempotency-key", "k-1")
            .json(&json!({"text": text}))
    };
    let first = api.send(call("once")).await;
    let again = api.send(call("once")).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let other = api.send(call("twice")).await;
    assert_eq!(other.failure(), (422, "IDEMPOTENCY_KEY_REUSED".to_owned()));
    assert_eq!(texts(&api.get(&notes, Key::Read).await), ["once"]);
}

#[tokio::test]
async fn a_change_merges_minds_the_version_and_tells_who_made_it() {
    let api = TestApi::new().await;
    let notes = notes(&api).await;
    let note = written(&api, &notes, "Prefers calls").await;
    api.clock.advance(TimeDelta::minutes(1));
    let body = json!({"pinned": true});
    let changed = api.put(&note, Key::Admin, body).await;
    assert_snapshot!(changed);
    let (kind, fields) = last_entry(&api).await;
    assert_eq!(
        (kind.as_str(), fields),
        ("customer.note.update", vec!["pinned".to_owned()])
    );

    // What was read can be sent back, and changes nothing.
    let before = api.stored().await;
    let back = api.put(&note, Key::Write, changed.data("note")).await;
    assert_eq!((back.status, back.json()), (200, changed.json()));
    assert_eq!(patch(&api, &note, json!({})).await.json(), changed.json());
    let stale = "\"1\"";
    for call in [
        Call::put(&note).json(&json!({"text": "New", "version": 1})),
        Call::put(&note)
            .json(&json!({"text": "New"}))
            .header("if-match", stale),
        Call::delete(&note).header("if-match", stale),
    ] {
        let reply = api.send(call.key(Key::Write)).await;
        assert_eq!(reply.failure(), (412, "VERSION_CONFLICT".to_owned()));
        assert_eq!(reply.json()["currentVersion"], 2);
    }
    assert_eq!(api.stored().await, before);
    let call = Call::new(Method::PATCH, &note).json(&json!({"note": "Prefers mail"}));
    let call = call.header("if-match", "\"2\"").key(Key::Write);
    let patched = api.send(call).await;
    assert_eq!(patched.header("etag"), Some("\"3\""));
    let expected = json!({"type": "api_key", "id": Key::Write.id().to_string()});
    assert_eq!(patched.data("note")["updatedBy"], expected);
    assert_eq!(patched.data("note")["pinned"], true);
}

#[tokio::test]
async fn two_changes_at_one_time_are_made_one_after_the_other() {
    let api = TestApi::new().await;
    let notes = notes(&api).await;
    let note = written(&api, &notes, "first").await;
    api.store
        .fail_next_at(Step::Statement, StoreError::Contended);
    let changed = patch(&api, &note, json!({"text": "second"})).await;
    assert_eq!(
        (changed.status, changed.data("note")["version"].clone()),
        (200, json!(2))
    );
}

#[tokio::test]
async fn a_note_is_deleted_and_was_what_it_says() {
    let api = TestApi::new().await;
    let notes = notes(&api).await;
    let note = written(&api, &notes, "Prefers calls").await;
    assert_snapshot!("deleted", api.delete(&note, Key::Write).await);
    let (kind, _) = last_entry(&api).await;
    assert_eq!(kind, "customer.note.delete");
    assert_snapshot!("gone", api.delete(&note, Key::Write).await);
    let gone = (404, "NOTE_NOT_FOUND".to_owned());
    let reply = api.put(&note, Key::Write, json!({"text": "x"})).await;
    assert_eq!(reply.failure(), gone);
}

#[tokio::test]
async fn notes_are_listed_page_by_page_and_each_read_is_on_record() {
    let api = TestApi::new().await;
    let notes = notes(&api).await;
    for text in ["one", "two", "three"] {
        written(&api, &notes, text).await;
    }
    let four = written(&api, &notes, "four").await;
    let one = api.get(&notes, Key::Read).await.data("notes")[3]["id"].clone();
    let one = format!("{notes}/{}", one.as_str().expect("an id"));
    assert_eq!(patch(&api, &one, json!({"pinned": true})).await.status, 200);
    let before = api.stored().await.audit.len();
    let all = api.get(&notes, Key::Read).await;
    assert_eq!(texts(&all), ["one", "four", "three", "two"]);
    let audit = api.stored().await.audit;
    let [entry] = &audit[before..] else {
        unreachable!("one entry: {audit:?}")
    };
    assert_eq!(entry.event_type, "customer.note.read");
    assert!(four.contains(&entry.resource.to_string()));

    let first = api.get(format!("{notes}?page_size=3"), Key::Read).await;
    assert_eq!(texts(&first), ["one", "four", "three"]);
    let data = first.json()["data"].clone();
    let cursor = data["nextCursor"].as_str().expect("a cursor");
    let next = api
        .get(format!("{notes}?page_size=3&cursor={cursor}"), Key::Read)
        .await;
    assert_snapshot!(next);
    let body = json!({"email": "grace@example.com"});
    let other = api.created(Key::Write, body).await;
    let other = format!("{CUSTOMERS}/{other}/notes?cursor={cursor}");
    let other = api.get(other, Key::Read).await;
    assert_eq!(other.failure(), (400, "INVALID_CURSOR".to_owned()));
    let reply = api.get(format!("{notes}?page_size=101&cursor=x&q=1"), Key::Read);
    let expected = [
        fault("?cursor", "INVALID_CURSOR"),
        fault("?page_size", "OUT_OF_RANGE"),
        fault("?q", "UNKNOWN_FIELD"),
    ];
    assert_eq!(reply.await.faults(), expected);
}

#[tokio::test]
async fn a_page_has_twenty_notes_by_default() {
    let api = TestApi::new().await;
    let notes = notes(&api).await;
    for number in 1..=21 {
        written(&api, &notes, &format!("note {number}")).await;
    }
    let page = api.get(&notes, Key::Read).await;
    let newest: Vec<_> = (2..=21)
        .rev()
        .map(|number| format!("note {number}"))
        .collect();
    assert_eq!(texts(&page), newest);
    assert!(page.json()["data"]["nextCursor"].is_string());
}

#[tokio::test]
async fn the_customer_goes_by_each_of_its_ids() {
    let api = TestApi::new().await;
    let notes = notes(&api).await;
    let note = written(&api, &notes, "first").await;
    let id = notes.split('/').nth(4).expect("an id").to_owned();
    for name in ["7".to_owned(), format!("cust_{id}")] {
        let listed = api.get(notes.replace(&id, &name), Key::Read).await;
        assert_eq!(texts(&listed), ["first"], "{name}");
        let body = json!({"customerId": id, "pinned": true});
        let reply = api
            .put(note.replacen(&id, &name, 1), Key::Write, body)
            .await;
        assert_eq!(reply.status, 200, "{name}: {reply}");
        let body = json!({"customerId": name, "text": "second"});
        let reply = api.post(notes.replace(&id, &name), Key::Write, body).await;
        let note = reply.data("note")["id"].clone();
        let note = note.as_str().expect("an id");
        let reply = api
            .delete(format!("{CUSTOMERS}/{name}/notes/{note}"), Key::Write)
            .await;
        assert_eq!(reply.status, 200, "{name}: {reply}");
    }
}

#[tokio::test]
async fn a_note_is_found_with_its_customer_alone() {
    let api = TestApi::new().await;
    let notes = notes(&api).await;
    let note = written(&api, &notes, "first").await;
    let body = json!({"email": "grace@example.com"});
    let other = api.created(Key::Write, body).await;
    let id = notes.split('/').nth(4).expect("an id");
    let elsewhere = note.replacen(id, &other, 1);
    let nobody = note.replacen(id, &seeded_id(0xdead).to_string(), 1);
    for (path, code) in [
        (elsewhere, "NOTE_NOT_FOUND"),
        (nobody, "CUSTOMER_NOT_FOUND"),
    ] {
        let missing = (404, code.to_owned());
        let change = json!({"pinned": true});
        assert_eq!(api.put(&path, Key::Write, change).await.failure(), missing);
        assert_eq!(api.delete(&path, Key::Write).await.failure(), missing);
    }
}

#[tokio::test]
async fn notes_of_a_deleted_customer_are_read_and_not_written() {
    let api = TestApi::new().await;
    let notes = notes(&api).await;
    let note = written(&api, &notes, "first").await;
    let customer = notes.trim_end_matches("/notes");
    assert_eq!(api.delete(customer, Key::Write).await.status, 200);
    let conflict = (409, "STATE_CONFLICT".to_owned());
    let body = json!({"text": "second"});
    for reply in [
        api.post(&notes, Key::Write, body.clone()).await,
        api.put(&note, Key::Write, body).await,
        api.delete(&note, Key::Write).await,
    ] {
        assert_eq!(reply.failure(), conflict, "{reply}");
    }
    assert_eq!(texts(&api.get(&notes, Key::Read).await), ["first"]);
}

#[tokio::test]
async fn a_note_beyond_the_limit_is_refused() {
    let api = TestApi::new().await;
    let notes = notes(&api).await;
    let full = StoreError::Conflict(Conflict::NoteLimit);
    api.store.fail_next_at(Step::Statement, full);
    assert_snapshot!(api.post(&notes, Key::Write, json!({"text": "x"})).await);
}
