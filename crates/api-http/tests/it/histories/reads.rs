//! How what was written is read: by every operation that reads, every order and every filter.

use super::pair::{Pair, Request};
use super::words::{self, GROUPS, SEARCHES, TAG_WORDS};
use super::writes::{Person, Writer};
use crate::support::{CUSTOMERS, Reply};
use customer_domain::CustomerId;
use customer_testkit::builders::{Dice, seeded_id};
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

const EXPORT: &str = "/api/v1/exports/customers";

/// Reads everything that there is in the tenant.
pub(super) async fn read(pair: &mut Pair<'_>, writer: &mut Writer) {
    let Writer { dice, people } = writer;
    for person in &*people {
        read_person(pair, dice, person).await;
    }
    look_up(pair, dice, people).await;
    list(pair, dice).await;
    read_shared(pair, dice).await;
    pair.compare_events().await;
}

/// Reads a customer with its addresses, and in another way.
async fn read_person(pair: &mut Pair<'_>, dice: &mut Dice, person: &Person) {
    let id = &person.record.id;
    let path = format!("{CUSTOMERS}/{id}");
    let expanded = pair.get(format!("{path}?expand=addresses")).await;
    match dice.below(16) {
        0 => pair.get(path).await,
        1 => pair.get(format!("{path}?expand=tags,addresses")).await,
        2 => pair.get(format!("{path}/addresses")).await,
        3 => pair.get(format!("{path}/preferences")).await,
        4 => pair.get_all(format!("{path}/notes?page_size=2")).await,
        5 => {
            let trail = format!("{path}/audit-events?page_size=20");
            pair.get_all(trail).await
        }
        6 => {
            let customer = CustomerId(id.parse().expect("an id"));
            let own = Request {
                customer: Some((customer, 10)),
                ..Request::get(path)
            };
            pair.send(&own).await
        }
        7 => {
            let address = person.addresses.first().unwrap_or(&person.record);
            pair.get(format!("{path}/addresses/{}", address.id)).await
        }
        _ => {
            let identifiers = identifiers(&expanded.customer());
            let number = dice.index(identifiers.len()).expect("some");
            let identifier = &identifiers[number];
            match identifier["legacyId"].as_i64() {
                Some(id) if dice.chance(50) => pair.get(format!("{CUSTOMERS}/{id}")).await,
                _ => post(pair, "lookup", identifier).await,
            }
        }
    };
}

/// Returns everything by which a customer can be looked up, each as a body.
fn identifiers(customer: &Value) -> Vec<Value> {
    let external = customer["externalIds"].as_object().expect("ids");
    let external = external.iter();
    let external = external.map(|(system, id)| json!({"externalId": {"system": system, "id": id}}));
    let identifiers = [
        json!({"userId": customer["id"]}),
        json!({"email": customer["email"]}),
        json!({"phone": customer["profile"]["phone"]}),
        json!({"legacyId": customer["legacyId"]}),
    ];
    identifiers.into_iter().chain(external).collect()
}

async fn post(pair: &mut Pair<'_>, last: &str, body: &Value) -> Reply {
    let request = Request::new(Method::POST, format!("{CUSTOMERS}/{last}"));
    pair.send(&request.body(body.clone())).await
}

/// Looks up identifiers that nobody may have, or several had, and numbers in other spellings.
async fn look_up(pair: &mut Pair<'_>, dice: &mut Dice, people: &[Person]) {
    let mut ids: Vec<_> = people.iter().map(|one| one.record.id.clone()).collect();
    ids.push(seeded_id(1).to_string());
    post(pair, "batch-get", &json!({"ids": ids})).await;
    for id in 1..=3 {
        post(pair, "lookup", &json!({"legacyId": id})).await;
        pair.get(format!("{CUSTOMERS}/{id}/addresses")).await;
    }
    for _ in 0..3 {
        let (system, id) = words::external_id(dice);
        for lookup in [
            json!({"email": words::email(dice)}),
            json!({"phone": words::phone(dice)}),
            json!({"legacyId": words::legacy_id(dice)}),
            json!({"externalId": {"system": system, "id": id}}),
        ] {
            post(pair, "lookup", &lookup).await;
        }
    }
}

/// Reads lists in every order: all pages, one page by its number, or all pages with a filter.
async fn list(pair: &mut Pair<'_>, dice: &mut Dice) {
    for key in [
        "created_at",
        "updated_at",
        "registration_date",
        "email",
        "last_name",
    ] {
        for order in ["asc", "desc"] {
            let sorted = format!("{CUSTOMERS}?sort_by={key}&sort_order={order}");
            match dice.below(3) {
                0 => pair.get_all(format!("{sorted}&page_size=9")).await,
                1 => {
                    let page = dice.below(3) + 1;
                    let page = format!("{sorted}&page_size=9&page={page}&expand=addresses");
                    pair.get(page).await
                }
                _ => {
                    let filtered = format!("{sorted}&page_size=5&{}", filter(dice));
                    pair.get_all(filtered).await
                }
            };
        }
    }
    for _ in 0..5 {
        let search = utf8_percent_encode(dice.pick(&SEARCHES), NON_ALPHANUMERIC);
        pair.get(format!("{CUSTOMERS}?search={search}")).await;
        let filters = format!("{}&{}", filter(dice), filter(dice));
        pair.get(format!("{CUSTOMERS}?{}", filter(dice))).await;
        pair.get(format!("{CUSTOMERS}?{filters}")).await;
    }
}

/// Returns a condition of a list.
fn filter(dice: &mut Dice) -> String {
    let (name, value) = match dice.below(12) {
        0..=1 => (
            "status",
            words::of(
                dice,
                &["pending", "active", "inactive", "suspended", "deleted"],
            ),
        ),
        2 => ("search", words::of(dice, &SEARCHES)),
        3 => (
            "customer_type",
            words::of(dice, &["individual", "business", "vip"]),
        ),
        4 => ("group", words::of(dice, &GROUPS)),
        5 => ("tag", words::of(dice, &TAG_WORDS)),
        6 => ("email", words::email(dice)),
        7 => ("phone", words::phone(dice)),
        8 => ("legacy_id", words::legacy_id(dice)),
        9 => {
            let (system, id) = words::external_id(dice);
            ("external_id", format!("{system}:{id}").into())
        }
        10 => (
            "created_after",
            words::of(dice, &["2026-01-01", "2100-01-01"]),
        ),
        _ => (
            "updated_before",
            words::of(dice, &["2026-01-01", "2100-01-01"]),
        ),
    };
    let value = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    format!("{name}={}", utf8_percent_encode(&value, NON_ALPHANUMERIC))
}

/// Reads what the customers of a tenant share, its audit trail, and an export.
async fn read_shared(pair: &mut Pair<'_>, dice: &mut Dice) {
    for path in [
        "tags?page_size=3",
        "tags?prefix=v",
        "groups?page_size=2",
        "audit-events?page_size=100",
        "audit-events/summary",
    ] {
        pair.get_all(format!("{CUSTOMERS}/{path}")).await;
    }
    let group = dice.pick(&GROUPS);
    pair.get(format!("{CUSTOMERS}/groups/{group}")).await;
    let format = dice.pick(&["ndjson", "csv"]);
    let chosen = match dice.below(3) {
        0 => "expand=addresses".to_owned(),
        1 => "updated_after=2026-01-01".to_owned(),
        _ => filter(dice),
    };
    pair.get(format!("{EXPORT}?format={format}&{chosen}")).await;
}
