//! Adding and removing the tags of a customer, and counting those of a tenant.

use crate::support::{App, app, guest, id_reply, unclaimed};
use customer_app::customer::{ChangeCustomerRule, UpdateCustomer};
use customer_app::idempotency::{Idempotent, Outcome};
use customer_domain::customer::{CustomerChanges, CustomerField, CustomerRef};
use customer_domain::tag::{MAX_TAGS, TagChanges, TagQuery};
use customer_domain::{CustomerId, Patch};
use customer_testkit::builders::{claim, context, tag};

async fn tagged(app: &App, address: &str, tags: &[&str]) -> CustomerId {
    let mut command = guest(address);
    command.details.tags.all = Patch::Set(tags.iter().copied().map(tag).collect());
    let outcome = app
        .customers
        .create(&context(), command, &unclaimed())
        .await;
    match outcome.expect("a customer") {
        Outcome::Done(record) => record.customer.id,
        Outcome::Replayed(_) => unreachable!("nothing was claimed"),
    }
}

fn adding<T: AsRef<str>>(words: impl IntoIterator<Item = T>) -> UpdateCustomer {
    UpdateCustomer {
        changes: CustomerChanges {
            tags: TagChanges {
                added: words.into_iter().map(|word| tag(word.as_ref())).collect(),
                ..TagChanges::default()
            },
            ..CustomerChanges::default()
        },
        ..UpdateCustomer::default()
    }
}

#[tokio::test]
async fn tags_are_added_to_those_that_are_there_and_told_as_one_change() {
    let app = app();
    let customer = CustomerRef::Id(tagged(&app, "ada@example.com", &["b"]).await);
    let changed = app.update(&context(), customer, &adding(["a", "b"])).await;
    let changed = changed.unwrap().customer;
    assert_eq!(changed.tags, [tag("a"), tag("b")].into());
    assert_eq!(changed.version, 2);
    let event = app.store.events().pop().unwrap();
    assert_eq!(event.topic, "customers.profile.updated");
    assert_eq!(event.envelope["data"]["changedFields"][0], "tags");
    let entry = app.store.audit().pop().unwrap();
    assert_eq!(entry.event_type, "customer.profile.update");
    assert_eq!(entry.changed_fields, ["tags"]);
    // Tags that the customer already has change nothing.
    let same = app.update(&context(), customer, &adding(["a"])).await;
    assert_eq!(same.unwrap().customer.version, 2);
    assert_eq!(app.store.events().len(), 2);
}

#[tokio::test]
async fn more_tags_than_a_customer_may_carry_are_refused_together() {
    let app = app();
    let customer = CustomerRef::Id(tagged(&app, "ada@example.com", &["there"]).await);
    let many = (0..MAX_TAGS).map(|n| n.to_string());
    let refused = app.update(&context(), customer, &adding(many)).await;
    assert_eq!(
        refused,
        Err(ChangeCustomerRule::TooLarge(vec![CustomerField::Tags]).into())
    );
    let kept = app.customers.get(&context(), customer).await.unwrap();
    assert_eq!(kept.customer.tags, [tag("there")].into());
}

#[tokio::test]
async fn the_same_request_adds_once() {
    let app = app();
    let customer = CustomerRef::Id(tagged(&app, "ada@example.com", &[]).await);
    let once = Idempotent::new(Some(claim("k")), &id_reply);
    let update = adding(["a"]);
    let within = context();
    let first = app.customers.update(&within, customer, &update, &once);
    let Outcome::Done(record) = first.await.unwrap() else {
        panic!("it was not done before");
    };
    let untag = UpdateCustomer {
        changes: CustomerChanges {
            tags: TagChanges {
                removed: [tag("a")].into(),
                ..TagChanges::default()
            },
            ..CustomerChanges::default()
        },
        ..UpdateCustomer::default()
    };
    app.update(&context(), customer, &untag).await.unwrap();
    let again = app.customers.update(&within, customer, &update, &once);
    assert_eq!(again.await, Ok(Outcome::Replayed(id_reply(&record))));
    let now = app.customers.get(&context(), customer).await.unwrap();
    assert!(now.customer.tags.is_empty());
}

#[tokio::test]
async fn the_tags_of_a_tenant_are_counted_page_by_page() {
    let app = app();
    tagged(&app, "ada@example.com", &["a", "b", "c"]).await;
    tagged(&app, "eve@example.com", &["b"]).await;
    let query = |after| TagQuery {
        prefix: String::new(),
        after,
        limit: 2,
    };
    let first = app.tags.list(&context(), &query(None)).await.unwrap();
    let counts: Vec<_> = first.items.iter().map(|found| found.count).collect();
    assert_eq!((counts, &first.next), (vec![1, 2], &Some(tag("b"))));
    let rest = app.tags.list(&context(), &query(first.next)).await.unwrap();
    assert_eq!(rest.items[0].tag, tag("c"));
    assert_eq!((rest.items.len(), rest.next), (1, None));
}
