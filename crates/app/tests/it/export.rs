//! Exports: every customer that a filter matches, and the record of who exported them.

use crate::support::{App, app};
use customer_app::customer::{BegunExport, ExportChunk, ExportFormat, ExportRequest};
use customer_domain::customer::{
    CustomerFilter, CustomerType, Identifier, SearchQuery, Status, TimeSpan,
};
use customer_domain::{CustomerId, StoreError};
use customer_testkit::builders::{
    at, context, customer, email, external, group, legacy, phone_keys, tag, tenant,
};
use customer_testkit::fake::Step;
use serde_json::json;
use std::collections::BTreeSet;

/// Returns an application with `count` customers, three of which have the same creation time.
async fn with_customers(count: u64) -> App {
    let app = app();
    let mut work = app
        .store
        .transactions()
        .begin(&context())
        .await
        .expect("begin");
    for number in 0..count {
        let age = i64::try_from(number / 3).expect("small");
        let one = customer().number(number).since(at(age)).build_new();
        work.customers().insert(&one).await.expect("stored");
    }
    work.commit().await.expect("commit");
    app
}

/// Requests all customers, as NDJSON and without addresses.
fn everyone() -> ExportRequest {
    ExportRequest {
        filter: CustomerFilter::default(),
        with_addresses: false,
        format: ExportFormat::Ndjson,
    }
}

fn ids(chunk: &ExportChunk) -> impl Iterator<Item = CustomerId> {
    chunk.items.iter().map(|record| record.customer.id)
}

#[tokio::test]
async fn chunks_are_of_five_hundred_and_hold_everyone_once() {
    let app = with_customers(1_100).await;
    let begun = app.customers.begin_export(&context(), everyone()).await;
    let begun = begun.expect("a chunk");
    let mut chunk = begun.first;
    let mut sizes = vec![chunk.items.len()];
    let mut seen: BTreeSet<_> = ids(&chunk).collect();
    while let Some(after) = chunk.next {
        let next = app
            .customers
            .continue_export(&context(), &begun.request, after)
            .await;
        chunk = next.expect("a chunk");
        sizes.push(chunk.items.len());
        seen.extend(ids(&chunk));
        assert_eq!(chunk.total, None, "nobody asks how many there are");
    }
    assert_eq!(sizes, [500, 500, 100]);
    assert_eq!(seen.len(), 1_100);
    assert_eq!(app.store.audit().len(), 1, "one export is one entry");
}

#[tokio::test]
async fn chunks_with_addresses_are_of_a_hundred() {
    let app = with_customers(101).await;
    let request = ExportRequest {
        with_addresses: true,
        ..everyone()
    };
    let begun = app.customers.begin_export(&context(), request).await;
    let BegunExport { request, first, .. } = begun.expect("a chunk");
    let after = first.next.expect("a second chunk");
    let second = app
        .customers
        .continue_export(&context(), &request, after)
        .await;
    assert_eq!(
        (first.items.len(), second.expect("a chunk").items.len()),
        (100, 1)
    );
}

#[tokio::test]
async fn the_trail_has_what_was_asked_for_and_with_which_words() {
    let app = with_customers(1).await;
    let filter = CustomerFilter {
        status: Some(Status::Active),
        search: SearchQuery::parse("secret", context().country).ok(),
        known_as: vec![Identifier::Email(email("secret@example.com"))],
        updated: TimeSpan {
            after: None,
            before: Some(at(0)),
        },
        ..CustomerFilter::default()
    };
    let request = ExportRequest {
        filter,
        with_addresses: true,
        format: ExportFormat::Csv,
    };
    let begun = app.customers.begin_export(&context(), request).await;
    assert_eq!(begun.expect("a chunk").first.items.len(), 0);
    let audit = app.store.audit();
    assert_eq!(audit[0].event_type, "customer.export");
    assert_eq!(
        (audit[0].customer, audit[0].resource),
        (None, tenant().id.0)
    );
    let names = [
        "status",
        "search",
        "updated_before",
        "email",
        "expand",
        "format",
    ];
    assert_eq!(audit[0].changed_fields, names);
    assert_eq!(audit[0].old_values, None);
    let asked_for = json!({
        "status": "active", "search": "secret", "updated_before": "2026-01-15T12:00:00Z",
        "email": "secret@example.com", "expand": "addresses", "format": "csv",
    });
    assert_eq!(json!(audit[0].new_values), asked_for);
    assert_eq!(app.store.events(), []);
}

#[tokio::test]
async fn every_part_of_a_filter_is_on_record() {
    let app = with_customers(1).await;
    let span = TimeSpan {
        after: Some(at(1)),
        before: Some(at(2)),
    };
    let request = ExportRequest {
        filter: CustomerFilter {
            status: Some(Status::Suspended),
            search: SearchQuery::parse("Łukasz, +1 555-0100", context().country).ok(),
            customer_type: Some(CustomerType::Business),
            group: Some(group("vip")),
            tag: Some(tag("navy")),
            known_as: vec![
                Identifier::Legacy(legacy(7)),
                Identifier::External(external("crm", "C-17")),
            ],
            phone: Some(phone_keys("5550100")),
            created: span,
            updated: span,
        },
        ..everyone()
    };
    let begun = app.customers.begin_export(&context(), request).await;
    assert_eq!(begun.expect("a chunk").first.items.len(), 0);
    let entry = app.store.audit().remove(0);
    let asked_for = json!({
        "status": "suspended", "search": "15550100 lukasz", "customer_type": "business",
        "group": "vip", "tag": "navy", "phone": "5550100", "legacy_id": 7,
        "external_id": "crm:C-17",
        "created_after": "2026-01-15T12:00:01Z", "created_before": "2026-01-15T12:00:02Z",
        "updated_after": "2026-01-15T12:00:01Z", "updated_before": "2026-01-15T12:00:02Z",
        "format": "ndjson",
    });
    assert_eq!(json!(entry.new_values), asked_for);
    assert_eq!(entry.changed_fields.len(), 13);
}

#[tokio::test]
async fn nobody_takes_anything_without_an_entry() {
    let app = with_customers(1).await;
    for (step, error) in [
        (Step::Read, StoreError::TooSlow),
        (Step::Begin, StoreError::Contended),
        (Step::Commit, StoreError::Unavailable("away".to_owned())),
    ] {
        app.store.fail_next_at(step, error.clone());
        let begun = app.customers.begin_export(&context(), everyone()).await;
        assert_eq!(begun.expect_err("it failed"), error);
        assert_eq!(app.store.audit(), []);
    }
}
