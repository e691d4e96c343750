//! Creating, changing and deleting groups, which only administrators may do.

use crate::support::{App, app, unclaimed, values};
use customer_app::group::{CreateGroup, GroupError, GroupRule, UpdateGroup};
use customer_app::idempotency::{Idempotent, Outcome};
use customer_app::tenant::CreateTenant;
use customer_domain::group::{Group, GroupChanges};
use customer_domain::idempotency::StoredReply;
use customer_domain::tenant::{TenantSettings, TenantSlug};
use customer_domain::{Conflict, Context, Patch, StoreError};
use customer_testkit::builders::{
    at, claim, context, customer, group, operator_context, other_context,
};
use customer_testkit::fake::Step;
use customer_testkit::stored::StoredAudit;
use serde_json::{Value, json};

fn trade() -> CreateGroup {
    CreateGroup {
        id: group("trade"),
        name: "Trade".to_owned(),
        description: Some("for dealers".to_owned()),
        discount_class: None,
    }
}

fn renamed(name: &str) -> UpdateGroup {
    UpdateGroup {
        changes: GroupChanges {
            name: Some(name.to_owned()),
            ..GroupChanges::default()
        },
        expected_versions: None,
    }
}

async fn made(app: &App) -> Result<Group, GroupError> {
    let outcome = app.groups.create(&context(), trade(), &unclaimed()).await?;
    match outcome {
        Outcome::Done(group) => Ok(group),
        Outcome::Replayed(_) => unreachable!("nothing was claimed"),
    }
}

/// Returns the last audit entry.
fn audited(app: &App) -> StoredAudit {
    app.store.audit().pop().expect("an entry")
}

#[tokio::test]
async fn a_new_group_is_there_and_its_making_on_record_without_an_event() {
    let app = app();
    let group = made(&app).await.unwrap();
    assert_eq!((group.version, group.created_at), (1, at(1_000)));
    let read = app.groups.get(&context(), &group.id).await;
    assert_eq!(read, Ok(group.clone()));
    let entry = audited(&app);
    assert_eq!(entry.event_type, "customer.group.create");
    assert_eq!(entry.operation, "CREATE");
    assert_eq!(entry.resource, group.id.uuid_in(context().tenant));
    assert_eq!(entry.changed_fields, ["id", "name", "description"]);
    let given = json!({"id": "trade", "name": "Trade", "description": "for dealers"});
    assert_eq!(values(&entry), (Value::Null, given));
    assert_eq!(app.store.events(), []);
    assert_eq!(made(&app).await, Err(GroupError::Rule(GroupRule::IdTaken)));
}

#[tokio::test]
async fn a_new_tenant_begins_with_the_groups_of_the_configuration() {
    let app = app();
    let command = CreateTenant {
        slug: TenantSlug::parse("north").unwrap(),
        name: "North".to_owned(),
        settings: TenantSettings::default(),
    };
    let (operator, once) = (operator_context(), unclaimed());
    let made = app.tenants.create(&operator, command, &once);
    let Outcome::Done(tenant) = made.await.unwrap() else {
        panic!("nothing was claimed");
    };
    let inside = Context {
        tenant: tenant.id,
        ..context()
    };
    let page = app.groups.list(&inside, None, 9).await.unwrap();
    let retail = Group::new(group("retail"), "Retail".to_owned(), tenant.created_at);
    assert_eq!(page.items, [retail]);
}

#[tokio::test]
async fn the_same_request_makes_one_group() {
    let app = app();
    let render = |group: &Group| StoredReply {
        status: 201,
        location: None,
        etag: None,
        body: group.name.clone().into_bytes(),
    };
    let once = Idempotent::new(Some(claim("k")), &render);
    let first = app.groups.create(&context(), trade(), &once).await.unwrap();
    let Outcome::Done(group) = first else {
        panic!("{first:?}");
    };
    let again = app.groups.create(&context(), trade(), &once).await;
    assert_eq!(again, Ok(Outcome::Replayed(render(&group))));
}

#[tokio::test]
async fn a_change_raises_the_version_and_a_stale_one_is_refused() {
    let app = app();
    let made = made(&app).await.unwrap();
    let mut update = renamed("Dealers");
    update.changes.description = Patch::Clear;
    update.expected_versions = Some(vec![1]);
    let changed = app.groups.update(&context(), &made.id, &update).await;
    let changed = changed.unwrap();
    assert_eq!((changed.version, changed.name.as_str()), (2, "Dealers"));
    assert_eq!(changed.description, None);
    assert_eq!(app.groups.get(&context(), &made.id).await, Ok(changed));
    let entry = audited(&app);
    assert_eq!(entry.event_type, "customer.group.update");
    assert_eq!(entry.changed_fields, ["name", "description"]);
    let was = json!({"name": "Trade", "description": "for dealers"});
    let is = json!({"name": "Dealers", "description": null});
    assert_eq!(values(&entry), (was, is));
    let stale = GroupError::VersionConflict { current: 2 };
    let refused = app.groups.update(&context(), &made.id, &update).await;
    assert_eq!(refused, Err(stale.clone()));
    let refused = app.groups.delete(&context(), &made.id, Some(&[1])).await;
    assert_eq!(refused, Err(stale));
}

#[tokio::test]
async fn a_clock_that_was_set_back_turns_no_time_back() {
    let app = app();
    let group = made(&app).await.unwrap();
    app.clock.set(at(500));
    let changed = app
        .groups
        .update(&context(), &group.id, &renamed("Dealers"))
        .await;
    assert_eq!(changed.unwrap().updated_at, group.updated_at);
}

#[tokio::test]
async fn a_change_of_nothing_writes_nothing() {
    let app = app();
    let made = made(&app).await.unwrap();
    let update = renamed("Trade");
    let same = app.groups.update(&context(), &made.id, &update).await;
    assert_eq!(same, Ok(made));
    assert_eq!(app.store.audit().len(), 1);
}

#[tokio::test]
async fn an_empty_group_is_deleted_and_one_with_customers_stays() {
    let app = app();
    let made = made(&app).await.unwrap();
    let mut work = app.store.transactions().begin(&context()).await.unwrap();
    let member = customer().group("vip").build_new();
    work.customers().insert(&member).await.unwrap();
    work.commit().await.unwrap();
    let kept = app.groups.delete(&context(), &group("vip"), None).await;
    assert_eq!(kept, Err(GroupError::Rule(GroupRule::InUse)));
    let gone = app.groups.delete(&context(), &made.id, Some(&[1])).await;
    assert_eq!(gone, Ok(made.clone()));
    let entry = audited(&app);
    assert_eq!(entry.event_type, "customer.group.delete");
    assert_eq!(entry.resource, made.id.uuid_in(context().tenant));
    let had = json!({"id": "trade", "name": "Trade", "description": "for dealers"});
    assert_eq!(values(&entry), (had, Value::Null));
    let gone = Err(GroupError::NotFound);
    assert_eq!(app.groups.delete(&context(), &made.id, None).await, gone);
    let renamed = renamed("x");
    assert_eq!(
        app.groups.update(&context(), &made.id, &renamed).await,
        gone
    );
    assert_eq!(app.groups.get(&context(), &made.id).await, gone);
}

#[tokio::test]
async fn a_group_of_another_tenant_is_none() {
    let app = app();
    let made = made(&app).await.unwrap();
    let elsewhere = app.groups.get(&other_context(), &made.id).await;
    assert_eq!(elsewhere, Err(GroupError::NotFound));
}

#[tokio::test]
async fn pages_follow_each_other_to_the_last_group() {
    let app = app();
    made(&app).await.unwrap();
    let first = app.groups.list(&context(), None, 3).await.unwrap();
    assert_eq!(first.items.len(), 3);
    assert_eq!(first.next, Some(group("vip")));
    let rest = app.groups.list(&context(), first.next, 3).await;
    let rest = rest.unwrap();
    assert_eq!(rest.items[0].id, group("wholesale"));
    assert_eq!((rest.items.len(), rest.next), (1, None));
}

#[tokio::test]
async fn whatever_is_in_the_way_for_a_moment_is_tried_again() {
    let app = app();
    app.store.fail_next_at(Step::Commit, StoreError::Contended);
    let made = made(&app).await.unwrap();
    app.store
        .fail_next_at(Step::Statement, StoreError::Contended);
    let changed = app.groups.update(&context(), &made.id, &renamed("x")).await;
    assert_eq!(changed.unwrap().version, 2);
    let odd = StoreError::Conflict(Conflict::Other("odd".to_owned()));
    app.store.fail_next_at(Step::Commit, odd.clone());
    let failed = app.groups.delete(&context(), &made.id, None).await;
    assert_eq!(failed, Err(GroupError::Store(odd)));
}
