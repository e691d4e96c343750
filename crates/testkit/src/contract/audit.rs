//! The audit trail is read as it was written, newest first, page by page.

use super::Harness;
use super::steps::audit::{about, commit_entries, numbers, page, tally};
use super::steps::{begin, stored};
use crate::builders::{at, context, new_customer, other_context, seeded_id};
use crate::fake::audit_event;
use chrono::TimeDelta;
use customer_domain::audit::{
    AuditEntry, AuditEvent, AuditFilter, AuditKey, AuditKind, AuditTally, FieldChange,
};
use customer_domain::{Actor, ActorKind, AuditEventId, Context, Origin};
use serde_json::{Map, Value, json};

const AWKWARD: [&str; 9] = [
    "O'Brien \"quoted\" back\\slash",
    "'; DROP TABLE audit_events; --",
    "$1 $$ 100% _under_ {a,b} (c)",
    "line\nfeed\r\n\ttab \u{1b}[31m",
    "{\"level\":\"error\"}",
    "null",
    "👩‍👩‍👧‍👦 陳 e\u{301}",
    "\u{202e}right to left",
    "\\u0000 \\x00",
];

/// Reads the whole audit trail of the context's tenant.
async fn whole(h: &impl Harness, context: &Context) -> Vec<AuditEvent> {
    let page = page(h, context, &AuditFilter::default(), None, 1_000).await;
    assert_eq!((page.next, page.total), (None, None));
    page.items
}

fn key(event: &AuditEvent) -> AuditKey {
    AuditKey {
        at: event.at,
        id: event.id,
    }
}

fn change(field: &str, old: Value, new: Value) -> FieldChange {
    let field = field.to_owned();
    FieldChange { field, old, new }
}

fn object(value: &Value) -> Option<Map<String, Value>> {
    value.as_object().cloned()
}

pub async fn an_entry_comes_back_whole(h: &impl Harness) {
    let customer = stored(h, new_customer()).await.customer.id;
    let acting = Context {
        session_id: Some("session-1".to_owned()),
        origin: Origin {
            ip: "2001:db8::7".parse().ok(),
            user_agent: Some("Mozilla/5.0 (X11; Linux x86_64)".to_owned()),
        },
        ..context()
    };
    let entry = AuditEntry {
        changes: vec![
            change("profile.firstName", json!("Ada"), json!("Augusta")),
            change("profile.phone", Value::Null, json!("5550125")),
            FieldChange::named("password"),
        ],
        ..about(1, AuditKind::ProfileUpdate, Some(customer))
    };
    commit_entries(h, &acting, &[entry]).await;
    let expected = AuditEvent {
        id: AuditEventId(seeded_id(0xad_0001)),
        event_type: "customer.profile.update".to_owned(),
        severity: "INFO".to_owned(),
        operation: "UPDATE".to_owned(),
        customer: Some(customer),
        resource: Some(seeded_id(0x4e50_0001)),
        changed_fields: ["profile.firstName", "profile.phone", "password"]
            .map(str::to_owned)
            .to_vec(),
        old_values: object(&json!({"profile.firstName": "Ada", "profile.phone": null})),
        new_values: object(&json!({"profile.firstName": "Augusta", "profile.phone": "5550125"})),
        reason: Some("because the customer asked".to_owned()),
        actor_kind: ActorKind::ApiKey,
        actor_id: "key-a".to_owned(),
        session_id: Some("session-1".to_owned()),
        trace_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        correlation_id: "correlation-key-a".to_owned(),
        ip: "2001:db8::7".parse().ok(),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64)".to_owned()),
        at: at(1),
    };
    assert_eq!(whole(h, &context()).await, [expected]);
}

pub async fn of_an_entry_without_values_the_names_are_shown(h: &impl Harness) {
    let entry = AuditEntry {
        reason: None,
        ..about(1, AuditKind::AccessDenied, None)
    };
    commit_entries(h, &context(), &[entry]).await;
    let event = whole(h, &context()).await.remove(0);
    assert_eq!(event.severity, "WARN");
    assert_eq!(event.changed_fields, ["profile.firstName", "tags"]);
    assert_eq!((event.old_values, event.new_values), (None, None));
    assert_eq!((event.customer, event.reason), (None, None));
    assert_eq!(
        (event.session_id, event.ip, event.user_agent),
        (None, None, None)
    );
}

pub async fn values_stand_on_the_side_that_has_any(h: &impl Harness) {
    let cases = [
        (vec![], json!(null), json!(null)),
        (
            vec![change("a", json!(null), json!("x"))],
            json!(null),
            json!({"a": "x"}),
        ),
        (
            vec![change("a", json!("x"), json!(null))],
            json!({"a": "x"}),
            json!(null),
        ),
        (
            vec![
                change("a", json!(null), json!("x")),
                change("b", json!("y"), json!(null)),
            ],
            json!({"a": null, "b": "y"}),
            json!({"a": "x", "b": null}),
        ),
        (
            vec![
                change("a", json!(false), json!(true)),
                FieldChange::named("b"),
            ],
            json!({"a": false}),
            json!({"a": true}),
        ),
        (
            vec![
                change("a", json!(""), json!([])),
                change("b", json!(0), json!({})),
            ],
            json!({"a": "", "b": 0}),
            json!({"a": [], "b": {}}),
        ),
    ];
    for (n, (changes, old, new)) in (1..).zip(cases) {
        let entry = AuditEntry {
            changes: changes.clone(),
            ..about(n, AuditKind::GroupUpdate, None)
        };
        commit_entries(h, &context(), &[entry]).await;
        let event = whole(h, &context()).await.remove(0);
        let expected = (object(&old), object(&new));
        assert_eq!(
            (event.old_values, event.new_values),
            expected,
            "{changes:?}"
        );
    }
}

pub async fn an_empty_trail_is_an_empty_page(h: &impl Harness) {
    assert_eq!(whole(h, &context()).await, []);
}

pub async fn entries_are_listed_newest_first_and_those_of_one_moment_by_id(h: &impl Harness) {
    let moments = [(1, at(5)), (2, at(9)), (3, at(5)), (4, at(1)), (5, at(9))];
    for (n, at) in moments {
        let entry = AuditEntry {
            at,
            ..about(n, AuditKind::ProfileUpdate, None)
        };
        commit_entries(h, &context(), &[entry]).await;
    }
    assert_eq!(numbers(&whole(h, &context()).await), [5, 2, 3, 1, 4]);
}

pub async fn a_page_of_the_trail_holds_as_many_as_were_asked_for(h: &impl Harness) {
    let entries: Vec<_> = (1..=3)
        .map(|n| about(n, AuditKind::ProfileUpdate, None))
        .collect();
    commit_entries(h, &context(), &entries).await;
    let all = AuditFilter::default();
    for (size, shown, has_next) in [(1, vec![3], true), (2, vec![3, 2], true)] {
        let page = page(h, &context(), &all, None, size).await;
        assert_eq!(numbers(&page.items), shown);
        assert_eq!((page.next.is_some(), page.total), (has_next, None));
    }
    for size in [3, 4] {
        let page = page(h, &context(), &all, None, size).await;
        assert_eq!((numbers(&page.items), page.next), (vec![3, 2, 1], None));
    }
}

pub async fn pages_of_the_trail_follow_each_other_to_the_oldest_entry(h: &impl Harness) {
    // Several entries at each moment, so that pages end between them.
    let entries: Vec<_> = (1_u32..=11)
        .map(|n| AuditEntry {
            at: at(i64::from(n / 4)),
            ..about(n.into(), AuditKind::ProfileUpdate, None)
        })
        .collect();
    commit_entries(h, &context(), &entries).await;
    for size in [1, 2, 3, 5] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = page(h, &context(), &AuditFilter::default(), after, size).await;
            seen.extend(numbers(&page.items));
            match page.next {
                Some(next) => {
                    assert_eq!(page.items.last().map(key), Some(next));
                    after = Some(next);
                }
                None => break,
            }
        }
        assert_eq!(seen, (1..=11).rev().collect::<Vec<_>>(), "{size}");
    }
}

pub async fn a_place_in_the_trail_needs_no_entry_there(h: &impl Harness) {
    let entries = [1, 3].map(|n| about(n, AuditKind::ProfileUpdate, None));
    commit_entries(h, &context(), &entries).await;
    let id = |n: u64| AuditEventId(seeded_id(0xad_0000 + n));
    for (at, id, older) in [
        (at(2), id(2), vec![1]),
        (at(3), id(4), vec![3, 1]),
        (at(3), id(2), vec![1]),
        (at(3) - TimeDelta::microseconds(1), id(3), vec![1]),
        (at(3) + TimeDelta::microseconds(1), id(3), vec![3, 1]),
        (at(0), id(9), vec![]),
    ] {
        let after = Some(AuditKey { at, id });
        let page = page(h, &context(), &AuditFilter::default(), after, 9).await;
        assert_eq!(
            (numbers(&page.items), page.next),
            (older, None),
            "{after:?}"
        );
    }
}

pub async fn a_place_in_the_trail_is_kept_while_entries_come(h: &impl Harness) {
    let [one, two, three, four] = [1, 2, 3, 4].map(|n| about(n, AuditKind::ProfileUpdate, None));
    commit_entries(h, &context(), &[one, two, three]).await;
    let all = AuditFilter::default();
    let first = page(h, &context(), &all, None, 2).await;
    commit_entries(h, &context(), &[four]).await;
    let second = page(h, &context(), &all, first.next, 2).await;
    assert_eq!(numbers(&first.items), [3, 2]);
    assert_eq!(numbers(&second.items), [1]);
}

pub async fn entries_show_once_they_are_committed(h: &impl Harness) {
    let mut work = begin(h).await;
    work.record(about(1, AuditKind::ProfileCreate, None).into());
    work.commit().await.expect("commit");
    assert_eq!(numbers(&whole(h, &context()).await), [1]);
}

pub async fn entries_of_the_same_unit_of_work_do_not_show(h: &impl Harness) {
    let all = AuditFilter::default();
    commit_entries(h, &context(), &[about(1, AuditKind::ProfileCreate, None)]).await;
    let mut work = begin(h).await;
    work.record(about(2, AuditKind::AuditRead, None).into());
    let page = work.audit().list(&all, None, 9).await.expect("listed");
    assert_eq!(numbers(&page.items), [1]);
    let tally = work.audit().tally(&all).await.expect("counted");
    assert_eq!(tally.counts[0].count, 1);
    work.commit().await.expect("commit");
    assert_eq!(numbers(&whole(h, &context()).await), [2, 1]);
}

pub async fn an_entry_that_is_rolled_back_is_not_shown(h: &impl Harness) {
    let mut work = begin(h).await;
    work.record(about(1, AuditKind::ProfileCreate, None).into());
    work.rollback().await.expect("rollback");
    assert_eq!(whole(h, &context()).await, []);
}

pub async fn another_tenants_entries_are_not_shown(h: &impl Harness) {
    let entry = about(1, AuditKind::ProfileCreate, None);
    commit_entries(h, &other_context(), std::slice::from_ref(&entry)).await;
    assert_eq!(whole(h, &context()).await, []);
    let filters = [
        AuditFilter::default(),
        AuditFilter {
            actor: Some(other_context().actor.id),
            resource: Some(entry.resource),
            ..AuditFilter::default()
        },
        AuditFilter {
            kinds: Some(vec![entry.kind]),
            operation: Some(entry.kind.operation()),
            from: Some(entry.at),
            ..AuditFilter::default()
        },
    ];
    for filter in filters {
        assert_eq!(page(h, &context(), &filter, None, 9).await.items, []);
        assert_eq!(tally(h, &context(), &filter).await, AuditTally::default());
        let home = page(h, &other_context(), &filter, None, 9).await.items;
        assert_eq!(home, [audit_event(&other_context(), &entry)]);
    }
    commit_entries(h, &context(), &[about(2, AuditKind::ProfileCreate, None)]).await;
    assert_eq!(numbers(&whole(h, &context()).await), [2]);
    assert_eq!(numbers(&whole(h, &other_context()).await), [1]);
}

pub async fn awkward_texts_of_entries_are_shown_as_written(h: &impl Harness) {
    let customer = stored(h, new_customer()).await.customer.id;
    let mut expected = Vec::new();
    for (n, text) in (1..).zip(AWKWARD) {
        let acting = Context {
            actor: Actor {
                kind: ActorKind::System,
                id: text.to_owned(),
            },
            correlation_id: text.to_owned(),
            session_id: Some(text.to_owned()),
            origin: Origin {
                ip: "192.0.2.1".parse().ok(),
                user_agent: Some(text.to_owned()),
            },
            ..context()
        };
        let entry = AuditEntry {
            changes: vec![
                change(
                    text,
                    json!(text),
                    json!([text, {text: [1, -2.5, null, true]}]),
                ),
                change("metadata", json!({text: {text: text}}), Value::Null),
            ],
            reason: Some(text.to_owned()),
            ..about(n, AuditKind::ProfileUpdate, Some(customer))
        };
        commit_entries(h, &acting, std::slice::from_ref(&entry)).await;
        expected.insert(0, audit_event(&acting, &entry));
    }
    assert_eq!(whole(h, &context()).await, expected);
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_audit {
    ($each:path) => {
        $each! { audit {
            an_entry_comes_back_whole,
            of_an_entry_without_values_the_names_are_shown,
            values_stand_on_the_side_that_has_any,
            an_empty_trail_is_an_empty_page,
            entries_are_listed_newest_first_and_those_of_one_moment_by_id,
            a_page_of_the_trail_holds_as_many_as_were_asked_for,
            pages_of_the_trail_follow_each_other_to_the_oldest_entry,
            a_place_in_the_trail_needs_no_entry_there,
            a_place_in_the_trail_is_kept_while_entries_come,
            entries_show_once_they_are_committed,
            entries_of_the_same_unit_of_work_do_not_show,
            an_entry_that_is_rolled_back_is_not_shown,
            another_tenants_entries_are_not_shown,
            awkward_texts_of_entries_are_shown_as_written,
        } }
    };
}
