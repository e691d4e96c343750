//! `GET /exports/customers`.

mod broken;
mod socket;

use crate::support::{BASE, CUSTOMERS, Call, Key, TestApi, default_tenant, fail, other_tenant};
use axum::body::Body;
use customer_domain::StoreError;
use customer_domain::customer::{NewCustomer, Status};
use customer_testkit::builders::{at, customer, random_customer};
use customer_testkit::fake::Step;
use http::{Method, Response};
use http_body_util::BodyExt as _;
use insta::assert_snapshot;
use serde_json::{Value, json};

const EXPORT: &str = "/api/v1/exports/customers";

fn export(query: &str) -> Call {
    Call::new(Method::GET, format!("{EXPORT}?{query}")).key(Key::Admin)
}

/// Stores `count` customers, some of them created at the same moment.
async fn many(api: &TestApi, count: u64) {
    let one = |number: u64| -> NewCustomer {
        let age = i64::try_from(number / 3).expect("small");
        customer().number(number).since(at(age)).build_new()
    };
    let people = (0..count).map(one).collect();
    api.store_customers(&default_tenant(), people).await;
}

async fn text(api: &TestApi, query: &str) -> String {
    let reply = api.send(export(query)).await;
    assert_eq!(reply.status, 200, "{reply}");
    reply.text().to_owned()
}

/// Returns the customers of an export, as a list would show them.
async fn shown(api: &TestApi, query: &str) -> Vec<Value> {
    let text = text(api, query).await;
    assert!(text.is_empty() || text.ends_with('\n'));
    let lines = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    lines.collect()
}

async fn response(api: &TestApi, query: &str) -> Response<Body> {
    let response = api.response(export(query)).await;
    assert_eq!(response.status(), 200);
    response
}

#[tokio::test]
async fn an_export_of_nobody_is_empty() {
    let api = TestApi::new().await;
    let reply = api.send(export("")).await;
    assert_eq!((reply.status, reply.text()), (200, ""));
    assert_eq!(reply.header("content-type"), Some("application/x-ndjson"));
    let file = Some("attachment; filename=\"customers.ndjson\"");
    assert_eq!(reply.header("content-disposition"), file);
    let table = text(&api, "format=csv").await;
    assert_eq!(table.matches("\r\n").count(), 1, "{table}");
}

#[tokio::test]
async fn chunks_join_without_gap_or_repetition() {
    let api = TestApi::new().await;
    many(&api, 1_200).await;
    let ids: Vec<_> = shown(&api, "")
        .await
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    let mut stored: Vec<_> = api.stored().await.customers;
    stored.sort_by_key(|record| (record.customer.created_at, record.customer.id));
    let expected: Vec<_> = stored
        .iter()
        .map(|record| json!(record.customer.id.0))
        .collect();
    assert!(ids == expected, "{} of {}", ids.len(), expected.len());
    let table = text(&api, "format=csv").await;
    let firsts = table
        .split("\r\n")
        .skip(1)
        .filter_map(|record| record.split(',').next());
    let firsts: Vec<_> = firsts
        .filter(|id| !id.is_empty())
        .map(|id| json!(id))
        .collect();
    assert!(firsts == expected, "{} of {}", firsts.len(), expected.len());
}

#[tokio::test]
async fn a_line_is_a_customer_as_lists_show_it() {
    let api = TestApi::new().await;
    let people = (0..40).map(random_customer).collect();
    api.store_customers(&default_tenant(), people).await;
    let list = format!("{CUSTOMERS}?page_size=100&sort_order=asc");
    for filter in [
        "",
        "status=deleted",
        "customer_type=business",
        "expand=addresses",
    ] {
        let listed = api.get(format!("{list}&{filter}"), Key::Admin).await;
        assert_eq!(
            json!(shown(&api, filter).await),
            listed.data("customers"),
            "{filter}"
        );
    }
}

#[tokio::test]
async fn a_table_shows_every_member_of_a_customer() {
    let api = TestApi::new().await;
    let full = customer().full().status(Status::Active).build_new();
    let bare = customer().number(2).bare().since(at(60)).build_new();
    api.store_customers(&default_tenant(), vec![full, bare])
        .await;
    let reply = api.send(export("format=csv")).await;
    assert_snapshot!(reply);
    let header = reply.text().lines().next().expect("a header").to_owned();
    let line = shown(&api, "").await.remove(0);
    let mut members = Vec::new();
    paths("", &line, &mut members);
    let mut columns: Vec<_> = header.split(',').map(str::to_owned).collect();
    columns.sort();
    members.sort();
    assert_eq!(columns, members);
}

/// Collects the paths of a customer's members, without descending into free-form objects.
fn paths(at: &str, value: &Value, found: &mut Vec<String>) {
    let is_free = [
        "preferences.custom",
        "profile.data",
        "externalIds",
        "metadata",
    ]
    .contains(&at);
    match value.as_object().filter(|_| !is_free) {
        Some(members) => {
            for (name, value) in members {
                let dot = if at.is_empty() { "" } else { "." };
                paths(&format!("{at}{dot}{name}"), value, found);
            }
        }
        None => found.push(at.to_owned()),
    }
}

#[tokio::test]
async fn cells_are_quoted_and_never_begin_a_formula() {
    let api = TestApi::new().await;
    let tricky = customer()
        .named("=cmd|' /C calc'!A0", "O\"Brien, Jr.")
        .phone("+1-555-0123")
        .tags(&["@x", "a|b"])
        .with(|one| one.registration_source = Some("-1".to_owned()));
    api.store_customers(&default_tenant(), vec![tricky.build_new()])
        .await;
    let table = text(&api, "format=csv").await;
    for cell in [
        ",'=cmd|' /C calc'!A0,",
        ",\"O\"\"Brien, Jr.\",",
        ",'+1-555-0123,",
        ",'@x|a\\|b,",
        ",'-1,",
    ] {
        assert!(table.contains(cell), "{cell}: {table}");
    }
}

#[tokio::test]
async fn the_format_is_asked_for_by_parameter_or_by_header() {
    let api = TestApi::new().await;
    let (ndjson, table) = (
        "application/x-ndjson",
        "text/csv; charset=utf-8; header=present",
    );
    for (query, accept, expected) in [
        ("", None, ndjson),
        ("", Some("*/*"), ndjson),
        ("", Some("text/csv"), table),
        (
            "",
            Some("Text/CSV; q=0.5, application/x-ndjson;q=0.4"),
            table,
        ),
        ("", Some("text/csv;q=0.1, application/x-ndjson"), ndjson),
        ("", Some("text/csv;q=0"), ndjson),
        ("", Some("text/html, text/csv"), table),
        ("format=CSV", Some(ndjson), table),
        ("format=ndjson", Some("text/csv"), ndjson),
        ("format=", Some("text/csv"), table),
    ] {
        let call = export(query);
        let call = match accept {
            Some(accept) => call.header("accept", accept),
            None => call,
        };
        let reply = api.send(call).await;
        assert_eq!(
            reply.header("content-type"),
            Some(expected),
            "{query} {accept:?}"
        );
    }
}

#[tokio::test]
async fn what_an_export_cannot_do_is_named() {
    let api = TestApi::new().await;
    let before = api.stored().await;
    for (query, at, code) in [
        ("format=xml", "?format", "INVALID_VALUE"),
        ("page=1", "?page", "UNKNOWN_FIELD"),
        ("cursor=x", "?cursor", "UNKNOWN_FIELD"),
        ("sort_by=email", "?sort_by", "UNKNOWN_FIELD"),
        ("search=%25", "?search", "INVALID_VALUE"),
        ("format=csv&expand=addresses", "?expand", "INVALID_VALUE"),
    ] {
        let reply = api.send(export(query)).await;
        assert_eq!(
            reply.faults(),
            [(at.to_owned(), code.to_owned())],
            "{query}"
        );
    }
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn who_exports_what_is_on_record_before_anything_is_sent() {
    let api = TestApi::new().await;
    many(&api, 3).await;
    // The body is not read at all.
    drop(
        response(
            &api,
            "search=ada&email=a@example.com&created_after=2026-01-01&format=csv",
        )
        .await,
    );
    drop(response(&api, "expand=addresses").await);
    let audit = api.store.audit();
    let [entry, other] = audit.as_slice() else {
        fail("two exports are two entries")
    };
    assert_eq!(entry.event_type, "customer.export");
    assert_eq!(entry.operation, "READ");
    assert_eq!(entry.resource, default_tenant().id.0);
    assert_eq!(entry.customer, None);
    assert_eq!(
        entry.changed_fields,
        ["search", "created_after", "email", "format"]
    );
    let asked_for = json!({
        "search": "ada", "created_after": "2026-01-01T00:00:00Z", "email": "a@example.com",
        "format": "csv",
    });
    assert_eq!(json!(entry.new_values), asked_for);
    assert_eq!(other.changed_fields, ["expand", "format"]);
    assert_eq!(api.store.events(), []);
}

/// Returns the lines of the rest of a body, and whether it ended complete.
async fn rest(body: &mut Body) -> (usize, bool) {
    let mut lines = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return (lines, false);
        };
        let data = frame.into_data().expect("data");
        lines += data.split(|byte| *byte == b'\n').count() - 1;
    }
    (lines, true)
}

/// Returns a failure that a retry does not overcome.
fn for_good() -> StoreError {
    StoreError::Corrupt {
        table: "customers",
        row: "1".to_owned(),
    }
}

#[tokio::test]
async fn no_more_than_one_chunk_is_read_ahead_of_the_client() {
    let api = TestApi::new().await;
    many(&api, 1_200).await;
    let mut body = response(&api, "").await.into_body();
    body.frame().await.expect("a frame").expect("no failure");
    // The second chunk is being read by now; the failure meets the third.
    tokio::task::yield_now().await;
    api.store.fail_next_at(Step::Read, for_good());
    tokio::task::yield_now().await;
    let (lines, is_whole) = rest(&mut body).await;
    // The first frame has been read before.
    assert!((900..1_000).contains(&lines) && !is_whole, "{lines}");
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_reading() {
    let api = TestApi::new().await;
    many(&api, 1_200).await;
    let mut body = response(&api, "").await.into_body();
    body.frame().await.expect("a frame").expect("no failure");
    tokio::task::yield_now().await;
    drop(body);
    // The failure is only consumed by the next read.
    api.store.fail_next_at(Step::Read, StoreError::TooSlow);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let reply = api.send(export("")).await;
    assert_eq!(reply.failure(), (400, "FILTER_TOO_BROAD".to_owned()));
}

#[tokio::test]
async fn an_export_counts_as_a_request_until_its_last_byte() {
    let api = TestApi::with_places(1).await;
    many(&api, 200).await;
    let body = response(&api, "").await.into_body();
    let full = api.get(CUSTOMERS, Key::Read).await;
    assert_eq!(full.failure(), (503, "UNAVAILABLE".to_owned()));
    drop(body);
    assert_eq!(api.get(CUSTOMERS, Key::Read).await.status, 200);
}

#[tokio::test]
async fn so_many_exports_run_at_one_time_and_no_more() {
    let api = TestApi::new().await;
    many(&api, 3).await;
    let mut bodies = Vec::new();
    for _ in 0..4 {
        bodies.push(response(&api, "").await.into_body());
    }
    let before = api.stored().await;
    let refused = api.send(export("")).await;
    assert_eq!(refused.failure(), (503, "UNAVAILABLE".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("10"));
    assert!(refused.text().contains("4 exports are under way"));
    assert_eq!(api.stored().await, before, "nothing is on record");
    // One export completes, another is abandoned by its client, and each frees a place.
    let mut ended = bodies.pop().expect("a body");
    assert_eq!(rest(&mut ended).await, (3, true));
    let _third = response(&api, "").await;
    drop(bodies.pop());
    let _fourth = response(&api, "").await;
    let refused = api.send(export("")).await;
    assert_eq!(refused.status, 503, "{refused}");
}

#[tokio::test]
async fn an_export_is_of_the_tenant_that_the_caller_acts_in() {
    let api = TestApi::new().await;
    many(&api, 2).await;
    let other = customer().number(9).named("Other", "One").build_new();
    api.store_customers(&other_tenant(), vec![other]).await;
    for base in [BASE, "/v1"] {
        let call = Call::new(Method::GET, format!("{base}/exports/customers"));
        let reply = api.send(call.key(Key::OtherAdmin)).await;
        let line: Value = serde_json::from_str(reply.text()).expect("one line");
        assert_eq!(
            (&line["profile"]["firstName"], &line["tenantId"]),
            (&json!("Other"), &json!("tenant-123"))
        );
    }
    assert_eq!(shown(&api, "").await.len(), 2);
}
