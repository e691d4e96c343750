//! Writing, listing, changing and deleting the notes of a customer.

use super::Harness;
use super::steps::{begin, begin_in, edit, stored, stored_in};
use crate::builders::{
    at, customer, full_note, legacy, note, note_text, other_context, other_tenant, seeded_id,
};
use customer_domain::audit::{Audited, FieldChange};
use customer_domain::customer::{CustomerRef, Status};
use customer_domain::note::{
    Edited, MAX_NOTE_LENGTH, MAX_NOTES, Note, NoteChanges, NoteKey, NotePage, NoteText,
};
use customer_domain::{Conflict, CustomerId, NoteId, StoreError};

/// Stores a customer of tenant A with the legacy id 7, and returns its id.
async fn owner(h: &impl Harness) -> CustomerId {
    let new = customer().with(|customer| customer.legacy_id = Some(legacy(7)));
    stored(h, new.build_new()).await.customer.id
}

/// Stores notes of one customer in one unit of work.
async fn inserted(h: &impl Harness, notes: &[Note]) -> Result<(), StoreError> {
    let mut work = begin(h).await;
    for note in notes {
        let id = CustomerRef::Id(note.customer);
        let (_, found) = work.notes().find_for_update(id, note.id).await?;
        assert_eq!(found, None);
        work.notes().insert(note).await?;
    }
    work.commit().await
}

async fn page(
    h: &impl Harness,
    customer: CustomerId,
    after: Option<NoteKey>,
    size: u32,
) -> NotePage {
    let mut work = begin(h).await;
    let id = CustomerRef::Id(customer);
    let (holder, page) = work.notes().list(id, after, size).await.expect("a page");
    work.rollback().await.expect("the end");
    assert_eq!(holder.customer, customer);
    page
}

async fn notes(h: &impl Harness, customer: CustomerId) -> Vec<Note> {
    page(h, customer, None, 100).await.items
}

async fn saved(h: &impl Harness, note: &Note) -> Result<(), StoreError> {
    let mut work = begin(h).await;
    work.notes().save(note).await?;
    work.commit().await
}

async fn deleted(h: &impl Harness, note: &Note) -> Result<(), StoreError> {
    let mut work = begin(h).await;
    work.notes().delete(note).await?;
    work.commit().await
}

/// Returns for every field whether two notes differ in it. The fields are listed here again, since
/// the product's own list is under test.
fn compared(one: &Note, other: &Note) -> [(&'static str, bool); 7] {
    let Note {
        id: _,
        customer: _,
        text,
        is_pinned,
        author,
        created_at,
        edited,
        version,
    } = one;
    let editor = |edited: &Option<Edited>| edited.as_ref().map(|edited| edited.by.clone());
    let edited_at = |edited: &Option<Edited>| edited.as_ref().map(|edited| edited.at);
    [
        ("text", *text != other.text),
        ("pinned", *is_pinned != other.is_pinned),
        ("author", *author != other.author),
        ("created_at", *created_at != other.created_at),
        ("editor", editor(edited) != editor(&other.edited)),
        ("edited at", edited_at(edited) != edited_at(&other.edited)),
        ("version", *version != other.version),
    ]
}

/// A text that today's rules refuse is read as it was stored.
pub async fn a_note_that_todays_rules_refuse_is_still_read(h: &impl Harness) {
    let id = owner(h).await;
    let old = Note {
        text: NoteText::from_store("  ".to_owned()),
        ..full_note(id, 1)
    };
    assert!(NoteText::parse(old.text.as_str().to_owned()).is_err());
    inserted(h, std::slice::from_ref(&old))
        .await
        .expect("stored");
    assert_eq!(notes(h, id).await, std::slice::from_ref(&old));
    let mut work = begin(h).await;
    let found = work.notes().find_for_update(CustomerRef::Id(id), old.id);
    assert_eq!(found.await.expect("a customer").1, Some(old));
    work.rollback().await.expect("the end");
}

pub async fn a_note_comes_back_whole(h: &impl Harness) {
    let owner = owner(h).await;
    let (plain, full) = (note(owner, 1), full_note(owner, 2));
    for (field, differs) in compared(&plain, &full) {
        assert!(differs, "{field} is as in a plain note");
    }
    let mut longest = note(owner, 3);
    longest.text = note_text(&"\u{1f6d2}".repeat(MAX_NOTE_LENGTH));
    let all = [full, longest, plain];
    assert_eq!(inserted(h, &all).await, Ok(()));
    assert_eq!(notes(h, owner).await, all);
}

pub async fn the_customer_of_notes_is_found_by_each_of_its_ids(h: &impl Harness) {
    let owner = owner(h).await;
    assert_eq!(inserted(h, &[note(owner, 1)]).await, Ok(()));
    for named in [CustomerRef::Id(owner), CustomerRef::Legacy(legacy(7))] {
        let mut work = begin(h).await;
        let (holder, page) = work.notes().list(named, None, 9).await.expect("a page");
        assert_eq!(
            (holder.customer, holder.status),
            (owner, customer().build().status)
        );
        assert_eq!(page.items, [note(owner, 1)]);
        let found = work.notes().find_for_update(named, note(owner, 1).id).await;
        assert_eq!(found, Ok((holder, Some(note(owner, 1)))));
        work.rollback().await.expect("the end");
    }
    for nobody in [
        CustomerRef::Id(CustomerId(seeded_id(0xdead))),
        CustomerRef::Legacy(legacy(8)),
    ] {
        let mut work = begin(h).await;
        let listed = work.notes().list(nobody, None, 9).await;
        assert_eq!(listed, Err(StoreError::NotFound));
        drop(work);
        let mut work = begin(h).await;
        let found = work
            .notes()
            .find_for_update(nobody, note(owner, 1).id)
            .await;
        assert_eq!(found, Err(StoreError::NotFound));
    }
}

pub async fn a_customer_without_notes_has_an_empty_page_and_a_deleted_one_tells_so(
    h: &impl Harness,
) {
    let owner = owner(h).await;
    assert_eq!(notes(h, owner).await, []);
    let deleted = edit(h, owner, |customer| {
        customer.status = Status::Deleted;
        customer.deleted_at = Some(at(8));
    });
    deleted.await.expect("deleted");
    let mut work = begin(h).await;
    let id = CustomerRef::Id(owner);
    let found = work.notes().find_for_update(id, NoteId(seeded_id(1))).await;
    let (holder, found) = found.expect("a customer");
    assert_eq!((holder.status, found), (Status::Deleted, None));
}

pub async fn the_pinned_come_first_and_then_the_newest(h: &impl Harness) {
    let owner = owner(h).await;
    let mut all: Vec<_> = (1..=6).map(|n| note(owner, n)).collect();
    // Two were created at the same time, and so are ordered by id; the oldest ones are pinned.
    all[3].created_at = all[4].created_at;
    all[0].is_pinned = true;
    all[1].is_pinned = true;
    assert_eq!(inserted(h, &all).await, Ok(()));
    let order = [1, 0, 5, 4, 3, 2].map(|place: usize| all[place].clone());
    assert_eq!(notes(h, owner).await, order);
    for size in 1..=6 {
        let (mut shown, mut after) = (Vec::new(), None);
        loop {
            let page = page(h, owner, after, size).await;
            assert!(page.items.len() <= usize::try_from(size).expect("few"));
            shown.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(shown, order, "by {size}");
    }
}

pub async fn every_field_of_a_note_is_stored_and_changes_alone(h: &impl Harness) {
    let owner = owner(h).await;
    assert_eq!(inserted(h, &[note(owner, 1)]).await, Ok(()));
    let text = NoteChanges {
        text: Some(note_text("Another")),
        ..NoteChanges::default()
    };
    let pin = |is_pinned| NoteChanges {
        is_pinned: Some(is_pinned),
        ..NoteChanges::default()
    };
    let edits = [
        ("text", text),
        ("pinned", pin(true)),
        ("pinned", pin(false)),
    ];
    for (second, (field, changes)) in (100..).zip(edits) {
        let before = notes(h, owner).await.remove(0);
        let mut after = before.clone();
        let edited = Edited {
            by: full_note(owner, 1).author,
            at: at(second),
        };
        assert_eq!(after.edit(changes, edited), [field], "told");
        assert_eq!(saved(h, &after).await, Ok(()));
        let read = notes(h, owner).await.remove(0);
        assert_eq!(read, after, "{field}: stored");
        for (name, differs) in compared(&before, &read) {
            let follows = ["edited at", "version"].contains(&name);
            let is_first = name == "editor" && before.edited.is_none();
            assert_eq!(
                differs,
                name == field || follows || is_first,
                "{field} alone: {name}"
            );
        }
        for FieldChange { old, new, .. } in FieldChange::between(&before, &read, &[field]) {
            assert_ne!(old, new, "{field} is audited");
        }
        assert!(!read.field(field).is_null(), "{field}");
    }
}

pub async fn a_note_is_saved_and_deleted_at_its_version_alone(h: &impl Harness) {
    let owner = owner(h).await;
    let first = note(owner, 1);
    assert_eq!(inserted(h, std::slice::from_ref(&first)).await, Ok(()));
    let at_version = |version| Note {
        version,
        ..first.clone()
    };
    let contended = Err(StoreError::Contended);
    assert_eq!(saved(h, &at_version(2)).await, Ok(()));
    for stale in [1, 2, 4] {
        assert_eq!(saved(h, &at_version(stale)).await, contended, "{stale}");
    }
    assert_eq!(deleted(h, &at_version(1)).await, contended);
    assert_eq!(notes(h, owner).await, [at_version(2)]);
    assert_eq!(deleted(h, &at_version(2)).await, Ok(()));
    assert_eq!(notes(h, owner).await, []);
    assert_eq!(deleted(h, &at_version(2)).await, contended);
    assert_eq!(saved(h, &at_version(3)).await, contended);
}

pub async fn a_customer_has_no_more_notes_than_the_limit(h: &impl Harness) {
    let owner = owner(h).await;
    let most: Vec<_> = (1..=MAX_NOTES).map(|n| note(owner, n)).collect();
    assert_eq!(inserted(h, &most).await, Ok(()));
    let next = [note(owner, MAX_NOTES + 1)];
    let full = Err(StoreError::Conflict(Conflict::NoteLimit));
    assert_eq!(inserted(h, &next).await, full);
    let newest = page(h, owner, None, 1).await.items;
    assert_eq!(
        newest,
        most[most.len() - 1..],
        "what is one too many is not there"
    );
    let other = stored(h, customer().number(2).build_new())
        .await
        .customer
        .id;
    assert_eq!(inserted(h, &[note(other, MAX_NOTES + 1)]).await, Ok(()));
    assert_eq!(deleted(h, &most[0]).await, Ok(()));
    assert_eq!(inserted(h, &next).await, Ok(()));
}

pub async fn a_note_that_is_rolled_back_is_not_there(h: &impl Harness) {
    let owner = owner(h).await;
    let mut work = begin(h).await;
    let (id, first) = (CustomerRef::Id(owner), note(owner, 1));
    let found = work.notes().find_for_update(id, first.id).await;
    found.expect("a customer");
    work.notes().insert(&first).await.expect("insert");
    work.rollback().await.expect("rollback");
    assert_eq!(notes(h, owner).await, []);
}

pub async fn notes_stay_with_their_customer_and_in_their_tenant(h: &impl Harness) {
    let mine = owner(h).await;
    let other = stored(h, customer().number(2).build_new())
        .await
        .customer
        .id;
    let theirs = customer().of(&other_tenant());
    let theirs = stored_in(h, &other_context(), theirs.build_new()).await;
    assert_eq!(theirs.customer.id, mine, "the same id in both tenants");
    let first = note(mine, 1);
    assert_eq!(inserted(h, std::slice::from_ref(&first)).await, Ok(()));
    let mut work = begin(h).await;
    let found = work
        .notes()
        .find_for_update(CustomerRef::Id(other), first.id);
    assert_eq!(found.await.expect("a customer").1, None);
    drop(work);
    let elsewhere = Note {
        customer: other,
        version: 2,
        ..first.clone()
    };
    assert_eq!(saved(h, &elsewhere).await, Err(StoreError::Contended));
    for step in ["find", "save", "delete"] {
        let mut work = begin_in(h, &other_context()).await;
        let outcome = match step {
            "find" => {
                let found = work
                    .notes()
                    .find_for_update(CustomerRef::Id(mine), first.id);
                assert_eq!(found.await.expect("a customer").1, None);
                let listed = work.notes().list(CustomerRef::Id(mine), None, 9).await;
                assert_eq!(listed.expect("a page").1.items, []);
                work.commit().await
            }
            "save" => {
                work.notes()
                    .save(&Note {
                        version: 2,
                        ..first.clone()
                    })
                    .await
            }
            _ => work.notes().delete(&first).await,
        };
        let expected = if step == "find" {
            Ok(())
        } else {
            Err(StoreError::Contended)
        };
        assert_eq!(outcome, expected, "{step}");
    }
    assert_eq!(notes(h, mine).await, [first]);
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_note {
    ($each:path) => {
        $each! { note {
            a_note_that_todays_rules_refuse_is_still_read,
            a_note_comes_back_whole,
            the_customer_of_notes_is_found_by_each_of_its_ids,
            a_customer_without_notes_has_an_empty_page_and_a_deleted_one_tells_so,
            the_pinned_come_first_and_then_the_newest,
            every_field_of_a_note_is_stored_and_changes_alone,
            a_note_is_saved_and_deleted_at_its_version_alone,
            a_customer_has_no_more_notes_than_the_limit,
            a_note_that_is_rolled_back_is_not_there,
            notes_stay_with_their_customer_and_in_their_tenant,
        } }
    };
}
