//! Many clients at once, on a real database, over HTTP.

use crate::client::{Client, Reply};
use crate::service::{Folder, Service};
use customer_testkit::pg::TestDatabase;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;

/// A root secret that replicas share.
const SECRET_KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

/// Sends `count` requests at the same moment, each from a separate thread.
pub(crate) fn at_once(count: usize, send: impl Fn(usize) -> Reply + Sync) -> Vec<Reply> {
    let start = Barrier::new(count);
    let request = |number| {
        start.wait();
        send(number)
    };
    let request = &request;
    thread::scope(|scope| {
        let clients: Vec<_> = (0..count)
            .map(|number| scope.spawn(move || request(number)))
            .collect();
        let replies = clients.into_iter().map(|client| client.join().unwrap());
        replies.collect()
    })
}

pub(crate) fn statuses(replies: &[Reply]) -> Vec<u16> {
    let mut statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn one_of_fifty_creates_of_one_address_in_ten_spellings_succeeds() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let service = Service::start(&folder, &[("DATABASE_URL", &database.owner_url())]);
    let client = service.operator();
    let spellings = [
        "jane@bücher.example",
        "JANE@BÜCHER.EXAMPLE",
        "Jane@Bücher.Example",
        "  jane@bücher.example",
        "jane@bücher.example  ",
        "jane@xn--bcher-kva.example",
        "jane@XN--BCHER-KVA.Example",
        "jane@bücher.example.",
        "jane@bu\u{308}cher.example",
        " JANE@xn--bcher-kva.EXAMPLE. ",
    ];
    let replies = at_once(50, |number| client.create(spellings[number % 10]));

    let mut expected = vec![201];
    expected.extend([409; 49]);
    assert_eq!(statuses(&replies), expected, "{replies:#?}");
    let winner = replies.iter().find(|reply| reply.status == 201).unwrap();
    for reply in replies.iter().filter(|reply| reply.status == 409) {
        assert_eq!(reply.code(), "EMAIL_ALREADY_EXISTS");
        assert_eq!(reply.json()["customerId"], winner.customer()["id"]);
    }
}

#[tokio::test]
async fn one_of_two_changes_on_one_version_succeeds() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let service = Service::start(&folder, &[("DATABASE_URL", &database.owner_url())]);
    let client = service.operator();
    let created = client.create("jane@example.com").expect(201);
    let path = format!("/api/v1/customers/{}", created.id());
    for version in 1..=20 {
        let tag = format!("\"{version}\"");
        let replies = at_once(2, |number| {
            let body = json!({"profile": {"firstName": format!("Jane {version} {number}")}});
            let headers = [("If-Match", tag.as_str())];
            client.send("PUT", &path, &headers, Some(&body)).unwrap()
        });
        assert_eq!(statuses(&replies), [200, 412], "{replies:#?}");
        let [won, lost] = [200, 412].map(|status| {
            let reply = replies.iter().find(|reply| reply.status == status);
            reply.unwrap()
        });
        assert_eq!(lost.json()["currentVersion"], version + 1);
        assert_eq!(client.get(&path).customer(), won.customer());
    }
}

#[tokio::test]
async fn tags_that_sixteen_clients_add_at_once_are_all_there() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let service = Service::start(&folder, &[("DATABASE_URL", &database.owner_url())]);
    let client = service.operator();
    let created = client.create("jane@example.com").expect(201);
    let path = format!("/api/v1/customers/{}", created.id());
    let replies = at_once(16, |number| {
        client.post(
            &format!("{path}/tags"),
            &json!({"tags": [format!("tag {number:02}")]}),
        )
    });
    assert_eq!(statuses(&replies), vec![200; 16], "{replies:#?}");
    let tags: Vec<_> = (0..16).map(|number| format!("tag {number:02}")).collect();
    let customer = client.get(&path).customer();
    assert_eq!(customer["tags"], json!(tags));
    assert_eq!(customer["version"], 17);
    let counted = client
        .get("/api/v1/customers/tags?prefix=tag%200")
        .expect(200);
    let counted = counted.json()["data"]["tags"].clone();
    assert_eq!(counted.as_array().map(Vec::len), Some(10));
}

#[tokio::test]
async fn one_idempotency_key_twenty_times_at_once_makes_one_customer() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let service = Service::start(&folder, &[("DATABASE_URL", &database.owner_url())]);
    let client = service.operator();
    let create = |email: &str| {
        let headers = [("Idempotency-Key", "one")];
        let body = json!({"email": email, "profile": {"firstName": "Jane"}});
        client
            .send("POST", "/api/v1/customers", &headers, Some(&body))
            .unwrap()
    };
    let is_replayed = |reply: &Reply| reply.header("idempotent-replayed") == Some("true");
    let replies = at_once(20, |_| create("jane@example.com"));

    let mut ids = BTreeSet::new();
    for reply in &replies {
        match reply.status {
            201 => assert!(ids.insert((reply.id(), is_replayed(reply))) || is_replayed(reply)),
            _ => assert_eq!(
                (reply.status, reply.code().as_str()),
                (409, "IDEMPOTENCY_IN_FLIGHT")
            ),
        }
    }
    let made: Vec<_> = ids.iter().filter(|(_, replayed)| !replayed).collect();
    assert_eq!(made.len(), 1, "{replies:#?}");
    assert!(ids.iter().all(|(id, _)| *id == made[0].0), "{replies:#?}");

    let again = create("jane@example.com").expect(201);
    assert!(is_replayed(&again));
    assert_eq!(again.id(), made[0].0);
    let other = create("john@example.com").expect(422);
    assert_eq!(other.code(), "IDEMPOTENCY_KEY_REUSED");
    let listed = client.get("/api/v1/customers").expect(200);
    assert_eq!(listed.json()["data"]["total"], 1);
}

#[tokio::test]
async fn a_burst_beyond_the_pool_is_answered_without_a_failure() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let variables = [
        ("DATABASE_URL", &*database.owner_url()),
        ("DATABASE_MAX_CONNECTIONS", "3"),
        ("DATABASE_IDLE_CONNECTIONS", "1"),
        ("CUSTOMER_DATABASE_ACQUIRE_TIMEOUT", "20s"),
    ];
    let service = Service::start(&folder, &variables);
    let client = service.operator();
    let replies = at_once(40, |number| {
        client.create(&format!("jane{number}@example.com"))
    });
    assert_eq!(statuses(&replies), vec![201; 40], "{replies:#?}");
}

#[tokio::test]
async fn replicas_that_start_first_at_once_all_serve_and_one_shows_the_key() {
    let database = TestDatabase::fresh().await;
    let variables = [
        ("DATABASE_URL", &*database.owner_url()),
        ("CUSTOMER_SECRET_KEY", SECRET_KEY),
    ];
    let folders = [(); 3].map(|()| Folder::new());
    let services: Vec<_> = thread::scope(|scope| {
        let starting: Vec<_> = folders
            .iter()
            .map(|folder| scope.spawn(|| Service::start(folder, &variables)))
            .collect();
        let started = starting.into_iter().map(|one| one.join().unwrap());
        started.collect()
    });
    let shown = |service: &&Service| {
        let shown = service.value_of("operator key");
        shown.is_some_and(|key| key.starts_with("csk_"))
    };
    assert_eq!(services.iter().filter(shown).count(), 1);
    let key = services.iter().find(shown).unwrap().operator_key();
    for service in &services {
        let client = Client::new(&service.base, key);
        client.get("/api/v1/customers").expect(200);
    }
}

#[tokio::test]
async fn what_one_replica_did_the_other_continues() {
    let (folders, database) = ([(); 2].map(|()| Folder::new()), TestDatabase::fresh().await);
    let variables = [
        ("DATABASE_URL", &*database.owner_url()),
        ("CUSTOMER_SECRET_KEY", SECRET_KEY),
    ];
    let services = folders.each_ref();
    let services = services.map(|folder| Service::start(folder, &variables));
    let key = services[0].operator_key();
    let clients = services.each_ref();
    let [one, other] = clients.map(|service| Client::new(&service.base, key));

    let body = json!({"email": "jane@example.com"});
    let [created, replayed] = [&one, &other].map(|client| {
        let headers = [("Idempotency-Key", "one")];
        let reply = client.send("POST", "/api/v1/customers", &headers, Some(&body));
        reply.unwrap().expect(201)
    });
    assert_eq!(replayed.header("idempotent-replayed"), Some("true"));
    assert_eq!(replayed.customer(), created.customer());

    let path = format!("/api/v1/customers/{}", created.id());
    for (version, changing, reading) in [(1, &other, &one), (2, &one, &other)] {
        let body = json!({"profile": {"firstName": format!("Jane {version}")}});
        let tag = format!("\"{version}\"");
        let headers = [("If-Match", tag.as_str())];
        let changed = changing.send("PUT", &path, &headers, Some(&body));
        let changed = changed.unwrap().expect(200);
        assert_eq!(reading.get(&path).customer(), changed.customer());
    }

    one.create("john@example.com").expect(201);
    let page = "/api/v1/customers?page_size=1";
    let first = one.get(page).expect(200).json()["data"].clone();
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = other.get(&format!("{page}&cursor={cursor}")).expect(200);
    let second = second.json()["data"]["customers"][0].clone();
    assert_eq!(second["email"], "jane@example.com");
}
