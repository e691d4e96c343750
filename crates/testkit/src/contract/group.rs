//! Groups are created, changed and deleted, each within its tenant.

use super::Harness;
use super::steps::customer_save::{delete, reactivate};
use super::steps::{begin, begin_in, edit, insert, read, stored};
use crate::builders::{at, context, customer, group, other_context};
use customer_domain::audit::{Audited, FieldChange};
use customer_domain::group::{Group, GroupChanges};
use customer_domain::{Conflict, Context, Patch, StoreError};

/// Returns a group with a value in every column.
fn full(id: &str) -> Group {
    Group {
        id: group(id),
        name: "Trade \u{1f6d2}".to_owned(),
        description: Some("Für Händler & Söhne — '; DROP TABLE x".to_owned()),
        discount_class: Some("B2B-10".to_owned()),
        version: 3,
        created_at: at(1),
        updated_at: at(5),
    }
}

/// Returns for every field whether two groups differ in it, in the order in which changes name
/// them. The fields are listed here again, since the product's own list is under test.
fn compared(one: &Group, other: &Group) -> [(&'static str, bool); 4] {
    let Group {
        id,
        name,
        description,
        discount_class,
        version: _,
        created_at: _,
        updated_at: _,
    } = one;
    [
        ("id", *id != other.id),
        ("name", *name != other.name),
        ("description", *description != other.description),
        ("discountClass", *discount_class != other.discount_class),
    ]
}

/// Changes one field of a full group, and no other.
async fn changed_alone(h: &impl Harness, field: &'static str, change: GroupChanges) {
    let mut work = begin(h).await;
    let found = work.groups().find_for_update(&group("trade")).await;
    let before = found.expect("found");
    let mut after = before.clone();
    assert_eq!(after.merge(change), [field], "told");
    work.groups().save(&after).await.expect("saved");
    work.commit().await.expect("commit");
    let read = found_again(h).await;
    assert_eq!(read, after, "{field}: stored");
    for (name, differs) in compared(&before, &read) {
        assert_eq!(differs, name == field, "{field} alone: {name}");
    }
    for FieldChange { old, new, .. } in FieldChange::between(&before, &read, &[field]) {
        assert_ne!(old, new, "{field} is audited");
    }
    let is_given = read.given_fields().contains(&field);
    assert_eq!(is_given, !read.field(field).is_null(), "{field}");
}

async fn found_again(h: &impl Harness) -> Group {
    found(h, &context(), "trade").await.expect("the group")
}

async fn inserted(h: &impl Harness, context: &Context, new: &Group) -> Result<(), StoreError> {
    let mut work = begin_in(h, context).await;
    work.groups().insert(new).await?;
    work.commit().await
}

async fn deleted(h: &impl Harness, context: &Context, id: &str) -> Result<(), StoreError> {
    let mut work = begin_in(h, context).await;
    work.groups().delete(&group(id)).await?;
    work.commit().await
}

async fn found(h: &impl Harness, context: &Context, id: &str) -> Option<Group> {
    let found = h.groups().find(context, &group(id)).await;
    found.expect("the store answers")
}

/// Returns the ids on one page.
async fn ids(h: &impl Harness, after: Option<&str>, limit: u32) -> Vec<String> {
    let after = after.map(group);
    let listed = h.groups().list(&context(), after, limit).await;
    let listed = listed.expect("the store answers");
    listed.iter().map(|group| group.id.to_string()).collect()
}

fn conflict<T>(conflict: Conflict) -> Result<T, StoreError> {
    Err(StoreError::Conflict(conflict))
}

pub async fn a_group_comes_back_whole(h: &impl Harness) {
    assert_eq!(inserted(h, &context(), &full("trade")).await, Ok(()));
    assert_eq!(found(h, &context(), "trade").await, Some(full("trade")));
    assert_eq!(found(h, &context(), "absent").await, None);
    let bare = Group::new(group("bare"), "Bare".to_owned(), at(2));
    assert_eq!(inserted(h, &context(), &bare).await, Ok(()));
    assert_eq!(found(h, &context(), "bare").await, Some(bare));
}

pub async fn a_taken_group_id_is_a_conflict(h: &impl Harness) {
    let outcome = inserted(h, &context(), &full("retail")).await;
    assert_eq!(outcome, conflict(Conflict::GroupId));
    let kept = found(h, &context(), "retail").await.expect("the first");
    assert_eq!(kept.name, "retail");
}

pub async fn groups_are_listed_by_id_from_where_the_last_page_ended(h: &impl Harness) {
    for id in ["b_2", "b-1", "0"] {
        assert_eq!(inserted(h, &context(), &full(id)).await, Ok(()));
    }
    let all = ["0", "b-1", "b_2", "retail", "vip", "wholesale"];
    assert_eq!(ids(h, None, 100).await, all);
    assert_eq!(ids(h, None, 2).await, all[..2]);
    assert_eq!(ids(h, Some("b-1"), 2).await, all[2..4]);
    assert_eq!(ids(h, Some("c"), 9).await, all[3..]);
    assert_eq!(ids(h, Some("z"), 9).await, [""; 0]);
}

pub async fn a_saved_group_comes_back(h: &impl Harness) {
    assert_eq!(inserted(h, &context(), &full("trade")).await, Ok(()));
    let mut work = begin(h).await;
    let mut changed = work
        .groups()
        .find_for_update(&group("trade"))
        .await
        .expect("found");
    assert_eq!(changed, full("trade"));
    "Dealers".clone_into(&mut changed.name);
    changed.description = None;
    changed.discount_class = None;
    changed.version = 4;
    changed.updated_at = at(9);
    work.groups().save(&changed).await.expect("saved");
    work.commit().await.expect("commit");
    assert_eq!(found(h, &context(), "trade").await, Some(changed));
}

pub async fn every_field_of_a_group_is_stored_and_changes_alone(h: &impl Harness) {
    assert_eq!(inserted(h, &context(), &full("trade")).await, Ok(()));
    let full = found_again(h).await;
    let blank = Group::new(group("blank"), "Blank".to_owned(), at(1));
    for (field, differs) in compared(&blank, &full) {
        assert!(differs, "{field} is as in a blank group");
        assert!(!full.field(field).is_null(), "{field} is audited");
    }
    let fields = compared(&blank, &full).map(|(name, _)| name);
    assert_eq!(full.given_fields(), fields);
    assert_eq!(blank.given_fields(), ["id", "name"]);

    let changes = |name, description, discount_class| GroupChanges {
        name,
        description,
        discount_class,
    };
    let text = |text: &str| Patch::Set(text.to_owned());
    let dealers = Some("Dealers".to_owned());
    let (keep, none) = (Patch::Keep, None);
    for (field, change) in [
        ("name", changes(dealers, keep.clone(), keep.clone())),
        (
            "description",
            changes(none.clone(), text("b"), keep.clone()),
        ),
        (
            "description",
            changes(none.clone(), Patch::Clear, keep.clone()),
        ),
        (
            "discountClass",
            changes(none.clone(), keep.clone(), text("c")),
        ),
        ("discountClass", changes(none, keep, Patch::Clear)),
    ] {
        changed_alone(h, field, change).await;
    }
}

pub async fn an_unknown_group_is_neither_found_nor_saved_nor_deleted(h: &impl Harness) {
    let missing = full("absent");
    let mut work = begin(h).await;
    let outcome = work.groups().find_for_update(&missing.id).await;
    assert_eq!(outcome, Err(StoreError::NotFound));
    drop(work);
    let mut work = begin(h).await;
    let outcome = work.groups().save(&missing).await;
    assert_eq!(outcome, Err(StoreError::NotFound));
    drop(work);
    let outcome = deleted(h, &context(), "absent").await;
    assert_eq!(outcome, Err(StoreError::NotFound));
}

pub async fn an_empty_group_is_deleted(h: &impl Harness) {
    assert_eq!(deleted(h, &context(), "vip").await, Ok(()));
    assert_eq!(found(h, &context(), "vip").await, None);
    let outcome = insert(h, &customer().group("vip").build_new()).await;
    assert_eq!(outcome, conflict(Conflict::UnknownGroup));
    assert_eq!(inserted(h, &context(), &full("vip")).await, Ok(()));
}

pub async fn a_group_with_customers_stays(h: &impl Harness) {
    let member = stored(h, customer().group("vip").build_new()).await;
    let in_use = conflict(Conflict::GroupInUse);
    assert_eq!(deleted(h, &context(), "vip").await, in_use);
    assert!(found(h, &context(), "vip").await.is_some());
    let edited = edit(h, member.customer.id, |customer| customer.group = None).await;
    edited.expect("taken out");
    assert_eq!(deleted(h, &context(), "vip").await, Ok(()));
}

pub async fn a_group_is_kept_for_a_unit_of_work_if_it_is_there(h: &impl Harness) {
    assert_eq!(inserted(h, &other_context(), &full("trade")).await, Ok(()));
    let mut work = begin(h).await;
    for (id, is_there) in [("vip", true), ("absent", false), ("trade", false)] {
        let kept = work.groups().keep(&group(id)).await;
        assert_eq!(kept, Ok(is_there), "{id}");
    }
    let new = customer().group("vip").build_new();
    work.customers().insert(&new).await.expect("insert");
    work.commit().await.expect("commit");
}

pub async fn a_deleted_customer_does_not_hold_its_group(h: &impl Harness) {
    let member = stored(h, customer().group("vip").build_new()).await;
    let id = member.customer.id;
    let gone = edit(h, id, delete).await.expect("deleted");
    assert_eq!(gone.customer.group, member.customer.group);
    assert_eq!(read(h, id).await, Some(gone), "its group is still shown");
    edit(h, id, reactivate).await.expect("back in its group");
    let in_use = conflict(Conflict::GroupInUse);
    assert_eq!(deleted(h, &context(), "vip").await, in_use);

    edit(h, id, delete).await.expect("deleted");
    assert_eq!(deleted(h, &context(), "vip").await, Ok(()));
    let outcome = edit(h, id, reactivate).await;
    assert_eq!(outcome, conflict(Conflict::UnknownGroup));
    let without = edit(h, id, |customer| {
        reactivate(customer);
        customer.group = None;
    });
    let without = without.await.expect("reactivated");
    assert_eq!(read(h, id).await, Some(without));
}

pub async fn a_group_that_is_rolled_back_is_not_there(h: &impl Harness) {
    let mut work = begin(h).await;
    work.groups().insert(&full("trade")).await.expect("insert");
    work.rollback().await.expect("rollback");
    assert_eq!(found(h, &context(), "trade").await, None);
}

pub async fn groups_stay_in_their_tenant(h: &impl Harness) {
    assert_eq!(inserted(h, &other_context(), &full("trade")).await, Ok(()));
    assert_eq!(found(h, &context(), "trade").await, None);
    assert!(!ids(h, None, 100).await.contains(&"trade".to_owned()));
    let outcome = deleted(h, &context(), "trade").await;
    assert_eq!(outcome, Err(StoreError::NotFound));
    // The same id is free here, and changes of the group stay here.
    assert_eq!(inserted(h, &context(), &full("trade")).await, Ok(()));
    stored(h, customer().group("trade").build_new()).await;
    assert_eq!(deleted(h, &other_context(), "trade").await, Ok(()));
    assert!(found(h, &context(), "trade").await.is_some());
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_group {
    ($each:path) => {
        $each! { group {
            a_group_comes_back_whole,
            a_taken_group_id_is_a_conflict,
            groups_are_listed_by_id_from_where_the_last_page_ended,
            a_saved_group_comes_back,
            every_field_of_a_group_is_stored_and_changes_alone,
            an_unknown_group_is_neither_found_nor_saved_nor_deleted,
            an_empty_group_is_deleted,
            a_group_with_customers_stays,
            a_group_is_kept_for_a_unit_of_work_if_it_is_there,
            a_deleted_customer_does_not_hold_its_group,
            a_group_that_is_rolled_back_is_not_there,
            groups_stay_in_their_tenant,
        } }
    };
}
