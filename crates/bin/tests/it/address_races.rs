//! Many clients change one address book at once, over HTTP.

use crate::client::Client;
use crate::races::{at_once, statuses};
use crate::service::{Folder, Service};
use customer_testkit::pg::TestDatabase;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Clients that change defaults at once.
const WRITERS: usize = 16;

fn soak_time() -> Duration {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no configuration; `cargo xtask soak` says how long"
    )]
    let seconds = std::env::var("CUSTOMER_SOAK_SECONDS").ok();
    Duration::from_secs(seconds.map_or(3, |text| text.parse().unwrap()))
}

fn place(kind: &str, number: usize) -> Value {
    json!({
        "type": kind, "street": format!("{number} Main Street"), "city": "New York",
        "state": "NY", "zipCode": "10001", "country": "US",
    })
}

fn book_of(client: &Client, email: &str) -> String {
    let id = client.create(email).expect(201).id();
    format!("/api/v1/customers/{id}/addresses")
}

#[tokio::test]
async fn ten_of_forty_addresses_added_at_once_are_made() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    // All wait for one lock, and on a slow machine the last ones for longer than usual.
    let variables = [
        ("DATABASE_URL", &*database.owner_url()),
        ("CUSTOMER_DATABASE_ACQUIRE_TIMEOUT", "20s"),
    ];
    let service = Service::start(&folder, &variables);
    let client = service.operator();
    let book = book_of(&client, "jane@example.com");

    let replies = at_once(40, |number| client.post(&book, &place("both", number)));

    let mut expected = vec![201; 10];
    expected.extend([400; 30]);
    assert_eq!(statuses(&replies), expected, "{replies:#?}");
    for refused in replies.iter().filter(|reply| reply.status == 400) {
        assert_eq!(refused.code(), "ADDRESS_LIMIT_EXCEEDED");
    }
    let stored = client.get(&book).expect(200).json();
    let stored = stored["data"]["addresses"].as_array().unwrap().clone();
    assert_eq!(stored.len(), 10);
    assert_eq!(holders(&stored, "shipping"), 1);
    assert_eq!(holders(&stored, "billing"), 1);
}

/// Counts the addresses that are the default of a role.
fn holders(addresses: &[Value], role: &str) -> usize {
    let holds = |address: &&Value| {
        let roles = address["roles"].as_array();
        roles.is_some_and(|roles| roles.contains(&json!(role)))
    };
    addresses.iter().filter(holds).count()
}

/// Counts the addresses whose type covers a role.
fn covering(addresses: &[Value], role: &str) -> usize {
    let covers = |address: &&Value| address["type"] == "both" || address["type"] == role;
    addresses.iter().filter(covers).count()
}

/// Sets a default, creates one or deletes an address, depending on `number`. Returns the status.
fn turn(client: &Client, book: &str, number: usize) -> u16 {
    let stored = client.get(book).expect(200).json();
    let ids: Vec<_> = stored["data"]["addresses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|address| address["id"].as_str().unwrap().to_owned())
        .collect();
    let chosen = |of: usize| format!("{book}/{}", ids[of % ids.len()]);
    let reply = match number % 3 {
        0 => client.post(&format!("{}/set-default", chosen(number)), &json!({})),
        1 => {
            let mut address = place(["shipping", "billing", "both"][number / 3 % 3], number);
            address["isDefault"] = json!(true);
            client.post(book, &address)
        }
        // Enough are left, so that each role stays covered.
        _ if ids.len() > WRITERS => client
            .send("DELETE", &chosen(number / 3), &[], None)
            .unwrap(),
        _ => client.get(book),
    };
    reply.status
}

/// Stops the writers when dropped, even when the reader fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn soak_sixteen_clients_leave_one_default_per_role_at_every_read() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let variables = [
        ("DATABASE_URL", &*database.owner_url()),
        ("MAX_ADDRESSES_PER_CUSTOMER", "60"),
    ];
    let service = Service::start(&folder, &variables);
    let client = service.operator();
    let book = book_of(&client, "jane@example.com");
    client.post(&book, &place("both", 0)).expect(201);
    let (client, book, end) = (&client, &book, &AtomicBool::new(false));

    thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                for round in 0.. {
                    if end.load(Ordering::Relaxed) {
                        return;
                    }
                    let status = turn(client, book, round * WRITERS + writer);
                    // Another writer deleted it, the book is full, or too many requests are
                    // waiting.
                    assert!([200, 201, 404, 400, 503].contains(&status), "{status}");
                }
            });
        }
        let _end = End(end);
        let start = Instant::now();
        let mut reads = 0;
        while start.elapsed() < soak_time() {
            let read = client.get(book).expect(200).json();
            let addresses = read["data"]["addresses"].as_array().unwrap().clone();
            for role in ["shipping", "billing"] {
                let expected = usize::from(covering(&addresses, role) > 0);
                assert_eq!(holders(&addresses, role), expected, "{role}: {read:#}");
            }
            reads += 1;
        }
        assert!(reads > 10, "{reads}");
    });
}
