//! Creating, changing, deleting and reading notes, by staff.

use crate::support::{App, app, guest, unclaimed, values};
use customer_app::Stated;
use customer_app::idempotency::{Idempotent, Outcome};
use customer_app::note::{CreateNote, NoteError, NoteRule, UpdateNote};
use customer_domain::customer::CustomerRef;
use customer_domain::idempotency::StoredReply;
use customer_domain::note::{Edited, Note, NoteChanges};
use customer_domain::{Conflict, CustomerId, StoreError};
use customer_testkit::builders::{at, claim, context, note_text, seeded_id};
use customer_testkit::fake::Step;
use serde_json::{Value, json};

async fn customer(app: &App) -> CustomerId {
    let once = unclaimed();
    let (context, ada) = (context(), guest("ada@example.com"));
    let made = app.customers.create(&context, ada, &once).await;
    match made.expect("a customer") {
        Outcome::Done(record) => record.customer.id,
        Outcome::Replayed(reply) => unreachable!("nothing was claimed: {reply:?}"),
    }
}

fn call_back() -> CreateNote {
    CreateNote {
        text: note_text("Call back"),
        is_pinned: false,
        stated_customer: None,
    }
}

async fn written(app: &App, customer: CustomerId) -> Result<Note, NoteError> {
    let (named, command) = (CustomerRef::Id(customer), call_back());
    let once = unclaimed();
    match app.notes.create(&context(), named, &command, &once).await? {
        Outcome::Done(note) => Ok(note),
        Outcome::Replayed(reply) => unreachable!("nothing was claimed: {reply:?}"),
    }
}

async fn listed(app: &App, customer: CustomerId) -> Result<Vec<Note>, NoteError> {
    let (context, named) = (context(), CustomerRef::Id(customer));
    let page = app.notes.list(&context, named, None, 9).await?;
    Ok(page.items)
}

async fn changed(app: &App, note: &Note, update: &UpdateNote) -> Result<Note, NoteError> {
    let (context, named) = (context(), CustomerRef::Id(note.customer));
    app.notes.update(&context, named, note.id, update).await
}

async fn deleted(app: &App, note: &Note, versions: Option<&[i64]>) -> Result<Note, NoteError> {
    let (context, named) = (context(), CustomerRef::Id(note.customer));
    app.notes.delete(&context, named, note.id, versions).await
}

fn pinned() -> UpdateNote {
    UpdateNote {
        changes: NoteChanges {
            is_pinned: Some(true),
            ..NoteChanges::default()
        },
        ..UpdateNote::default()
    }
}

#[tokio::test]
async fn each_step_of_a_note_is_on_record_once_and_no_event_tells_of_it() {
    let app = app();
    let customer = customer(&app).await;
    let (events, before) = (app.store.events(), app.store.audit().len());
    let note = written(&app, customer).await.unwrap();
    assert_eq!((note.version, note.created_at), (1, at(1_000)));
    assert_eq!((&note.author, &note.edited), (&context().actor, &None));
    assert_eq!(listed(&app, customer).await, Ok(vec![note.clone()]));
    app.clock.set(at(2_000));
    let expected = Note {
        is_pinned: true,
        edited: Some(Edited {
            by: context().actor,
            at: at(2_000),
        }),
        version: 2,
        ..note.clone()
    };
    for is_written in [true, false] {
        let after = changed(&app, &note, &pinned()).await;
        assert_eq!(after, Ok(expected.clone()), "{is_written}");
    }
    assert_eq!(deleted(&app, &note, None).await, Ok(expected));

    let said = |pinned: bool| json!({"text": "Call back", "pinned": pinned});
    let pin = |pinned: bool| json!({"pinned": pinned});
    let expected = [
        (
            "customer.note.create",
            note.id.0,
            (Value::Null, said(false)),
        ),
        ("customer.note.read", customer.0, (Value::Null, Value::Null)),
        ("customer.note.update", note.id.0, (pin(false), pin(true))),
        ("customer.note.delete", note.id.0, (said(true), Value::Null)),
    ];
    let entries = app.store.audit().split_off(before);
    assert_eq!(entries.len(), expected.len());
    for (entry, (kind, resource, sides)) in entries.iter().zip(expected) {
        assert_eq!((&*entry.event_type, entry.resource), (kind, resource));
        assert_eq!(entry.customer, Some(customer));
        assert_eq!(values(entry), sides);
    }
    assert_eq!(app.store.events(), events);
}

#[tokio::test]
async fn what_cannot_go_on_record_is_not_read() {
    let app = app();
    let customer = customer(&app).await;
    written(&app, customer).await.unwrap();
    let broken = StoreError::Unavailable("no trail".to_owned());
    app.store.fail_next_at(Step::Commit, broken.clone());
    let read = listed(&app, customer).await;
    assert_eq!(read, Err(NoteError::Store(broken)));
}

#[tokio::test]
async fn a_contended_change_is_tried_again_and_the_limit_is_told() {
    let app = app();
    let customer = customer(&app).await;
    app.store
        .fail_next_at(Step::Statement, StoreError::Contended);
    let note = written(&app, customer).await.unwrap();
    app.store
        .fail_next_at(Step::Statement, StoreError::Contended);
    let after = changed(&app, &note, &pinned()).await;
    assert_eq!(after.unwrap().version, 2);
    let full = StoreError::Conflict(Conflict::NoteLimit);
    app.store.fail_next_at(Step::Statement, full);
    let refused = Err(NoteError::Rule(NoteRule::LimitExceeded));
    assert_eq!(written(&app, customer).await, refused);
}

#[tokio::test]
async fn a_change_is_for_the_version_and_the_note_that_were_read() {
    let app = app();
    let customer = customer(&app).await;
    let note = written(&app, customer).await.unwrap();
    let before = app.store.audit();
    let stale = UpdateNote {
        expected_versions: Some(vec![2]),
        ..pinned()
    };
    let conflict = Err(NoteError::VersionConflict { current: 1 });
    assert_eq!(changed(&app, &note, &stale).await, conflict);
    assert_eq!(deleted(&app, &note, Some(&[2])).await, conflict);
    let note_id = note.id;
    let as_read = UpdateNote {
        stated_customer: Some(CustomerRef::Id(customer)),
        stated: Stated::default().with("id", move |stored: &Note| stored.id == note_id),
        ..pinned()
    };
    let of_another = UpdateNote {
        stated_customer: Some(CustomerRef::Id(CustomerId(seeded_id(9)))),
        ..as_read.clone()
    };
    let other = UpdateNote {
        stated: as_read
            .stated
            .clone()
            .with("author", |stored: &Note| stored.author != context().actor),
        ..as_read.clone()
    };
    for (name, update) in [("customerId", of_another), ("author", other)] {
        let refused = changed(&app, &note, &update).await;
        assert_eq!(refused, Err(NoteError::ReadOnly(vec![name])));
    }
    assert_eq!(app.store.audit(), before);
    assert!(changed(&app, &note, &as_read).await.is_ok());
}

#[tokio::test]
async fn a_note_that_is_asked_for_twice_is_written_once() {
    let app = app();
    let customer = customer(&app).await;
    let render = |note: &Note| StoredReply {
        status: 201,
        location: None,
        etag: None,
        body: note.id.to_string().into_bytes(),
    };
    let (context, named) = (context(), CustomerRef::Id(customer));
    let mut replies = Vec::new();
    for _ in 0..2 {
        let once = Idempotent::new(Some(claim("k")), &render);
        let outcome = app.notes.create(&context, named, &call_back(), &once).await;
        replies.push(match outcome.unwrap() {
            Outcome::Done(note) => render(&note),
            Outcome::Replayed(reply) => reply,
        });
    }
    assert_eq!(replies[0], replies[1]);
    assert_eq!(listed(&app, customer).await.map(|notes| notes.len()), Ok(1));
}
