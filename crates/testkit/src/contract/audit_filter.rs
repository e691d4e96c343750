//! The audit trail is filtered, and counted by customer.

use super::Harness;
use super::steps::audit::{about, commit_entries, numbers, page, tally};
use super::steps::stored_all;
use crate::builders::{at, context, customer, seeded_id};
use crate::fake::{audit_event, passes};
use chrono::TimeDelta;
use customer_domain::audit::{
    AuditCount, AuditEntry, AuditEvent, AuditFilter, AuditKind, AuditTally, MAX_TALLY, Operation,
};
use customer_domain::{Actor, ActorKind, Context, CustomerId};
use std::cmp::Reverse;

/// Stores `count` customers of tenant A, and returns their ids in order.
async fn customers(h: &impl Harness, count: u64) -> Vec<CustomerId> {
    let new: Vec<_> = (1..=count)
        .map(|n| customer().number(n).build_new())
        .collect();
    stored_all(h, &new).await;
    let mut ids: Vec<_> = new.iter().map(|new| new.customer.id).collect();
    ids.sort_unstable();
    ids
}

/// Returns a context of tenant A with this actor.
fn acting(actor: &str) -> Context {
    Context {
        actor: Actor {
            kind: ActorKind::ApiKey,
            id: actor.to_owned(),
        },
        ..context()
    }
}

fn all() -> AuditFilter {
    AuditFilter::default()
}

/// Returns the numbers of the entries that pass a filter, newest first.
async fn passing(h: &impl Harness, filter: &AuditFilter) -> Vec<u64> {
    let page = page(h, &context(), filter, None, 1_000).await;
    assert_eq!(page.next, None);
    numbers(&page.items)
}

pub async fn each_filter_of_the_trail_shows_what_passes_it(h: &impl Harness) {
    let people = customers(h, 3).await;
    let entries = [
        ("key-1", about(1, AuditKind::ProfileCreate, Some(people[0]))),
        ("key-1", about(2, AuditKind::ProfileUpdate, Some(people[1]))),
        ("key-2", about(3, AuditKind::GroupDelete, None)),
        ("key-2", about(4, AuditKind::AuditRead, Some(people[0]))),
    ];
    for (actor, entry) in entries {
        commit_entries(h, &acting(actor), &[entry]).await;
    }
    let of = |customer| AuditFilter {
        customer: Some(customer),
        ..all()
    };
    let kinds = |kinds: &[AuditKind]| AuditFilter {
        kinds: Some(kinds.to_vec()),
        ..all()
    };
    let operation = |operation| AuditFilter {
        operation: Some(operation),
        ..all()
    };
    let actor = |actor: &str| AuditFilter {
        actor: Some(actor.to_owned()),
        ..all()
    };
    let resource = |n| AuditFilter {
        resource: Some(seeded_id(n)),
        ..all()
    };
    for (filter, expected) in [
        (all(), vec![4, 3, 2, 1]),
        (of(people[0]), vec![4, 1]),
        (of(people[1]), vec![2]),
        (of(people[2]), vec![]),
        (kinds(&[AuditKind::AuditRead]), vec![4]),
        (
            kinds(&[AuditKind::GroupDelete, AuditKind::ProfileCreate]),
            vec![3, 1],
        ),
        (kinds(&AuditKind::ALL), vec![4, 3, 2, 1]),
        (kinds(&[AuditKind::Suspend]), vec![]),
        (operation(Operation::Create), vec![1]),
        (operation(Operation::Update), vec![2]),
        (operation(Operation::Delete), vec![3]),
        (operation(Operation::Read), vec![4]),
        (actor("key-1"), vec![2, 1]),
        (actor("key-3"), vec![]),
        (resource(0x4e50_0003), vec![3]),
        (resource(0x4e50_0009), vec![]),
    ] {
        assert_eq!(passing(h, &filter).await, expected, "{filter:?}");
    }
}

pub async fn a_span_of_the_trail_begins_with_its_start_and_ends_before_its_end(h: &impl Harness) {
    let entries: Vec<_> = (1..=3)
        .map(|n| about(n, AuditKind::ProfileUpdate, None))
        .collect();
    commit_entries(h, &context(), &entries).await;
    let moment = TimeDelta::microseconds(1);
    for (from, to, expected) in [
        (Some(at(2)), None, vec![3, 2]),
        (Some(at(2) + moment), None, vec![3]),
        (None, Some(at(2)), vec![1]),
        (None, Some(at(2) + moment), vec![2, 1]),
        (Some(at(1)), Some(at(3)), vec![2, 1]),
        (Some(at(2)), Some(at(2)), vec![]),
        (Some(at(3)), Some(at(1)), vec![]),
    ] {
        let filter = AuditFilter { from, to, ..all() };
        assert_eq!(passing(h, &filter).await, expected, "{filter:?}");
    }
}

pub async fn no_kinds_at_all_show_nothing(h: &impl Harness) {
    commit_entries(h, &context(), &[about(1, AuditKind::ProfileCreate, None)]).await;
    let none = AuditFilter {
        kinds: Some(Vec::new()),
        ..all()
    };
    assert_eq!(passing(h, &none).await, [0; 0]);
    assert_eq!(tally(h, &context(), &none).await, AuditTally::default());
}

pub async fn every_combination_of_filters_shows_what_passes_all_of_them(h: &impl Harness) {
    let people = customers(h, 2).await;
    let whom = [Some(people[0]), Some(people[1]), None];
    let kinds = [
        AuditKind::ProfileUpdate,
        AuditKind::AddressCreate,
        AuditKind::AddressUpdate,
        AuditKind::AuditRead,
    ];
    let mut events: Vec<AuditEvent> = Vec::new();
    for (n, step) in (1..).zip(0..48_usize) {
        let entry = AuditEntry {
            resource: seeded_id(0x5000 + n % 2),
            at: at(i64::try_from(step / 3).expect("small")),
            ..about(n, kinds[step / 2 % 4], whom[step % 3])
        };
        let acting = acting(["key-1", "key-2"][step / 5 % 2]);
        events.push(audit_event(&acting, &entry));
        commit_entries(h, &acting, &[entry]).await;
    }
    events.sort_by_key(|event| Reverse((event.at, event.id)));
    let mut matched = 0;
    for chosen in 0_u32..1 << 7 {
        let is_chosen = |bit: u32| chosen & (1 << bit) != 0;
        let filter = AuditFilter {
            customer: is_chosen(0).then_some(people[0]),
            kinds: is_chosen(1).then(|| kinds[..3].to_vec()),
            operation: is_chosen(2).then_some(Operation::Update),
            actor: is_chosen(3).then(|| "key-1".to_owned()),
            resource: is_chosen(4).then(|| seeded_id(0x5001)),
            from: is_chosen(5).then(|| at(3)),
            to: is_chosen(6).then(|| at(13)),
        };
        let expected: Vec<_> = events
            .iter()
            .filter(|event| passes(&filter, event))
            .cloned()
            .collect();
        let page = page(h, &context(), &filter, None, 1_000).await;
        assert_eq!(page.items, expected, "{filter:?}");
        let counted: u64 = tally(h, &context(), &filter)
            .await
            .counts
            .iter()
            .map(|one| one.count)
            .sum();
        assert_eq!(usize::try_from(counted), Ok(expected.len()), "{filter:?}");
        matched += usize::from(!expected.is_empty());
    }
    assert_eq!(matched, 1 << 7, "each combination lets something through");
}

pub async fn actors_are_compared_as_written(h: &impl Harness) {
    let actors = [
        "key-1",
        "Key-1",
        "key-1 ",
        "key_1",
        "key%",
        "k\u{e9}y",
        "ke\u{301}y",
    ];
    for (n, actor) in (1..).zip(actors) {
        let entry = about(n, AuditKind::ProfileUpdate, None);
        commit_entries(h, &acting(actor), &[entry]).await;
    }
    for (n, actor) in (1..).zip(actors) {
        let filter = AuditFilter {
            actor: Some(actor.to_owned()),
            ..all()
        };
        assert_eq!(passing(h, &filter).await, [n], "{actor}");
    }
}

pub async fn a_filtered_trail_is_shown_page_by_page(h: &impl Harness) {
    let entries: Vec<_> = (1..=9)
        .map(|n| {
            let kinds = [AuditKind::AddressCreate, AuditKind::AddressUpdate];
            about(n, kinds[usize::from(n % 3 == 0)], None)
        })
        .collect();
    commit_entries(h, &context(), &entries).await;
    let filter = AuditFilter {
        kinds: Some(vec![AuditKind::AddressCreate]),
        to: Some(at(9)),
        ..all()
    };
    let first = page(h, &context(), &filter, None, 4).await;
    assert_eq!(numbers(&first.items), [8, 7, 5, 4]);
    let second = page(h, &context(), &filter, first.next, 4).await;
    assert_eq!((numbers(&second.items), second.next), (vec![2, 1], None));
}

pub async fn entries_are_counted_by_customer_the_most_first(h: &impl Harness) {
    let people = customers(h, 2).await;
    let whom = [
        Some(people[0]),
        None,
        Some(people[1]),
        None,
        Some(people[1]),
        None,
    ];
    let entries: Vec<_> = (1..)
        .zip(whom)
        .map(|(n, customer)| about(n, AuditKind::ProfileUpdate, customer))
        .collect();
    commit_entries(h, &context(), &entries).await;
    let expected = AuditTally {
        counts: vec![
            AuditCount {
                customer: None,
                count: 3,
                latest: at(6),
            },
            AuditCount {
                customer: Some(people[1]),
                count: 2,
                latest: at(5),
            },
            AuditCount {
                customer: Some(people[0]),
                count: 1,
                latest: at(1),
            },
        ],
        has_more: false,
    };
    assert_eq!(tally(h, &context(), &all()).await, expected);
}

pub async fn equal_counts_are_ordered_by_customer(h: &impl Harness) {
    let people = customers(h, 3).await;
    let whom = [None, Some(people[2]), Some(people[0]), Some(people[1])];
    for (n, customer) in (1..).zip(whom) {
        let entry = about(n, AuditKind::ProfileUpdate, customer);
        commit_entries(h, &context(), &[entry]).await;
    }
    let tally = tally(h, &context(), &all()).await;
    let order: Vec<_> = tally.counts.iter().map(|one| one.customer).collect();
    assert_eq!(
        order,
        [Some(people[0]), Some(people[1]), Some(people[2]), None]
    );
}

pub async fn a_tally_counts_what_passes_the_filter(h: &impl Harness) {
    let people = customers(h, 2).await;
    let entries = [
        about(1, AuditKind::AddressCreate, Some(people[0])),
        about(2, AuditKind::AddressUpdate, Some(people[0])),
        about(3, AuditKind::AddressUpdate, Some(people[1])),
        about(4, AuditKind::AddressUpdate, Some(people[1])),
    ];
    commit_entries(h, &context(), &entries).await;
    let filter = AuditFilter {
        kinds: Some(vec![AuditKind::AddressUpdate]),
        operation: Some(Operation::Update),
        from: Some(at(2)),
        to: Some(at(4)),
        ..all()
    };
    let count = |customer, latest| AuditCount {
        customer: Some(customer),
        count: 1,
        latest,
    };
    let expected = [count(people[0], at(2)), count(people[1], at(3))];
    assert_eq!(tally(h, &context(), &filter).await.counts, expected);
}

pub async fn a_tally_of_many_customers_names_the_first_and_says_that_there_are_more(
    h: &impl Harness,
) {
    let people = customers(h, 101).await;
    assert_eq!(people.len(), MAX_TALLY + 1);
    let entries: Vec<_> = (1..)
        .zip(&people[1..])
        .map(|(n, customer)| about(n, AuditKind::ProfileUpdate, Some(*customer)))
        .collect();
    commit_entries(h, &context(), &entries).await;
    let full = tally(h, &context(), &all()).await;
    assert_eq!((full.counts.len(), full.has_more), (MAX_TALLY, false));
    // One more customer than are listed, and it has the most entries.
    let entries = [201, 202].map(|n| about(n, AuditKind::ProfileUpdate, Some(people[0])));
    commit_entries(h, &context(), &entries).await;
    let more = tally(h, &context(), &all()).await;
    assert_eq!((more.counts.len(), more.has_more), (MAX_TALLY, true));
    let named: Vec<_> = more.counts.iter().filter_map(|one| one.customer).collect();
    assert_eq!(named, people[..MAX_TALLY]);
    assert_eq!((more.counts[0].count, more.counts[0].latest), (2, at(202)));
}

pub async fn an_empty_trail_is_an_empty_tally(h: &impl Harness) {
    assert_eq!(tally(h, &context(), &all()).await, AuditTally::default());
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_audit_filter {
    ($each:path) => {
        $each! { audit_filter {
            each_filter_of_the_trail_shows_what_passes_it,
            a_span_of_the_trail_begins_with_its_start_and_ends_before_its_end,
            no_kinds_at_all_show_nothing,
            every_combination_of_filters_shows_what_passes_all_of_them,
            actors_are_compared_as_written,
            a_filtered_trail_is_shown_page_by_page,
            entries_are_counted_by_customer_the_most_first,
            equal_counts_are_ordered_by_customer,
            a_tally_counts_what_passes_the_filter,
            a_tally_of_many_customers_names_the_first_and_says_that_there_are_more,
            an_empty_trail_is_an_empty_tally,
        } }
    };
}
