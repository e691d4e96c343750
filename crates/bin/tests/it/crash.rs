//! Every acknowledged write is stored, and complete, whatever is killed under load.
//!
//! Each test runs for `CUSTOMER_SOAK_SECONDS`.

use crate::client::{Client, Reply};
use crate::service::{Folder, Service};
use crate::stored::{assert_whole, embedded_admin};
use customer_testkit::pg::TestDatabase;
use rustix::process::{Signal, kill_process};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

const WRITERS: u32 = 6;

fn soak_time() -> Duration {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests have no configuration; `cargo xtask soak` says how long"
    )]
    let seconds = std::env::var("CUSTOMER_SOAK_SECONDS").ok();
    Duration::from_secs(seconds.map_or(5, |text| text.parse().unwrap()))
}

/// What the writers saw in replies.
#[derive(Default)]
struct Seen {
    /// The newest version of each customer that a reply acknowledged.
    acknowledged: Mutex<BTreeMap<String, i64>>,
    slowest: Mutex<Duration>,
    unavailable: AtomicU32,
    stop: AtomicBool,
}

impl Seen {
    fn acknowledge(&self, reply: &Reply) -> String {
        let (id, version) = (reply.id(), reply.customer()["version"].as_i64().unwrap());
        let mut acknowledged = self.acknowledged.lock().unwrap();
        acknowledged.insert(id.clone(), version);
        id
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Creates a customer and changes it twice, over and over, until `seen.stop` is set or, with
/// `until_broken`, until the service is gone.
fn write(client: &Client, writer: &str, seen: &Seen, until_broken: bool) {
    for number in 0.. {
        let body = json!({"email": format!("{writer}-{number}@example.com"), "metadata": {"n": 0}});
        let mut path = "/api/v1/customers".to_owned();
        for (step, method) in [(0, "POST"), (1, "PATCH"), (2, "PATCH")] {
            if seen.is_over() {
                return;
            }
            let change = json!({"metadata": {"n": step}});
            let body = if step == 0 { &body } else { &change };
            let start = Instant::now();
            let reply = match client.send(method, &path, &[], Some(body)) {
                Ok(reply) => reply,
                Err(_) if until_broken => return,
                Err(error) => panic!("{error}"),
            };
            let mut slowest = seen.slowest.lock().unwrap_or_else(PoisonError::into_inner);
            *slowest = start.elapsed().max(*slowest);
            drop(slowest);
            match reply.status {
                200 | 201 => {
                    path = format!("/api/v1/customers/{}", seen.acknowledge(&reply));
                }
                503 => {
                    assert!(reply.header("retry-after").is_some(), "{reply:#?}");
                    seen.unavailable.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(10));
                    break;
                }
                _ => panic!("{reply:#?}"),
            }
        }
    }
}

#[tokio::test]
async fn soak_no_acknowledged_write_is_lost_when_the_service_is_killed() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let url = database.owner_url();
    let variables = [("DATABASE_URL", &*url)];
    let deadline = Instant::now() + soak_time();
    let seen = Seen::default();
    let mut service = Service::start(&folder, &variables);
    let key = service.operator_key().to_owned();
    let mut runs = 0;
    while Instant::now() < deadline {
        let client = Client::new(&service.base, &key);
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (client, seen) = (&client, &seen);
                scope.spawn(move || write(client, &format!("w{runs}-{writer}"), seen, true));
            }
            thread::sleep(Duration::from_millis(300 + 400 * (runs % 3)));
            service.kill();
        });
        runs += 1;
        service = Service::start(&folder, &variables);
    }
    let admin = &mut database.admin().await;
    let acknowledged = seen.acknowledged.into_inner().unwrap();
    let stored = assert_whole(admin, &acknowledged).await;
    assert!(acknowledged.len() > 10, "there was no load to speak of");
    assert_eq!(seen.unavailable.into_inner(), 0);
    print_figures(&format!(
        "{runs} kills; {} customers acknowledged, {stored} stored",
        acknowledged.len()
    ));
}

#[tokio::test]
async fn soak_no_acknowledged_write_is_lost_when_the_embedded_database_is_killed() {
    let folder = Folder::new();
    let service = Service::start(&folder, &[]);
    let client = service.operator();
    let deadline = Instant::now() + soak_time();
    let seen = Seen::default();
    let mut outages = Vec::new();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (client, seen) = (&client, &seen);
            scope.spawn(move || write(client, &format!("w{writer}"), seen, false));
        }
        while Instant::now() < deadline {
            thread::sleep(Duration::from_secs(1));
            outages.push(outage(&folder, &seen));
        }
        seen.stop.store(true, Ordering::Relaxed);
    });
    let slowest = seen.slowest.into_inner().unwrap();
    // A request waits at most 2 s for a connection; the rest allows for a busy machine.
    assert!(slowest < Duration::from_secs(4), "{slowest:?}");
    let admin = &mut embedded_admin(&folder.instance()).await;
    let acknowledged = seen.acknowledged.into_inner().unwrap();
    let stored = assert_whole(admin, &acknowledged).await;
    print_figures(&format!(
        "{} kills, away for {outages:?}; {} replies of 503; slowest reply {slowest:?}; \
         {} customers acknowledged, {stored} stored",
        outages.len(),
        seen.unavailable.into_inner(),
        acknowledged.len(),
    ));
}

#[expect(clippy::print_stderr, reason = "a soak ends with its figures")]
fn print_figures(figures: &str) {
    eprintln!("{figures}");
}

/// Kills the database and waits until a customer is created again.
fn outage(folder: &Folder, seen: &Seen) -> Duration {
    let postmaster = folder.postmaster().expect("the database runs");
    kill_process(postmaster, Signal::KILL).unwrap();
    let start = Instant::now();
    // Its sessions may still acknowledge writes for a moment.
    while folder.postmaster() == Some(postmaster) {
        thread::sleep(Duration::from_millis(5));
        assert!(start.elapsed() < Duration::from_secs(5), "it stays away");
    }
    let before = seen.count();
    while seen.count() == before {
        thread::sleep(Duration::from_millis(5));
        assert!(start.elapsed() < Duration::from_secs(5), "it stays away");
    }
    start.elapsed()
}
