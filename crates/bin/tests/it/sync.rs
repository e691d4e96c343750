//! Connectors that continue by time miss nothing, however late a change is committed.

use crate::client::Client;
use crate::service::{Folder, Service};
use customer_testkit::pg::TestDatabase;
use customer_testkit::scale;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

const CUSTOMERS: &str = "/api/v1/customers";
const EXPORT: &str = "/api/v1/exports/customers?format=ndjson";
const TRAIL: &str = "/api/v1/customers/audit-events?event_type=customer.profile&page_size=10";
const BEGINNING: &str = "2000-01-01T00:00:00Z";
const WRITERS: usize = 8;
/// A root secret that both replicas share.
const SECRET_KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
/// The changes to this first name are held in their COMMIT.
const HELD: &str = "Held";

/// How long a connector looks for the last changes.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a connector has seen of each customer: versions, or entries of the trail.
type Seen = BTreeMap<String, BTreeSet<String>>;

/// Follows the changes until it has seen all of them, or stays without some.
type Connector = fn(&Client, &Goal<'_>) -> Seen;

/// Decides whether a connector has seen enough of a customer, whose last version is given.
type Check = fn(&BTreeSet<String>, usize) -> bool;

/// What a connector has to see.
struct Goal<'a> {
    /// The last version of each customer, once all changes are made.
    written: &'a OnceLock<BTreeMap<String, usize>>,
    is_complete: Check,
}

impl Goal<'_> {
    fn missed(&self, seen: &Seen) -> Option<Vec<(String, usize)>> {
        let missed = self.written.get()?.iter().filter(|(id, last)| {
            let seen = seen.get(*id);
            !seen.is_some_and(|seen| (self.is_complete)(seen, **last))
        });
        Some(missed.map(|(id, last)| (id.clone(), *last)).collect())
    }

    /// Calls `poll` until nothing is missed. What is committed is before the horizon a second
    /// later, but on a slow machine the read of another connector may hold that for longer.
    fn follow(&self, mut poll: impl FnMut(&mut Seen)) -> Seen {
        let mut seen = Seen::new();
        let mut end = None;
        loop {
            poll(&mut seen);
            match self.missed(&seen) {
                Some(missed) if missed.is_empty() => return seen,
                Some(_) => {
                    let end = *end.get_or_insert_with(|| Instant::now() + PATIENCE);
                    if Instant::now() > end {
                        return seen;
                    }
                }
                None => {}
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// With `CUSTOMER_TEST_SCALE=10` it is the whole proof: ten thousand changes, whose COMMITs are held
/// for five seconds.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_continues_by_time_misses_none_of_a_thousand_changes() {
    let scale = scale();
    let changes = usize::try_from(1_000 * scale).unwrap();
    misses_none(changes, Duration::from_secs(1) * scale.min(5)).await;
}

async fn misses_none(changes: usize, held: Duration) {
    let database = TestDatabase::fresh().await;
    let url = database.owner_url();
    let variables = [("DATABASE_URL", &*url), ("CUSTOMER_SECRET_KEY", SECRET_KEY)];
    let folders = [Folder::new(), Folder::new()];
    let first = Service::start(&folders[0], &variables);
    let second = Service::start(&folders[1], &variables);
    hold_commits(&database, held).await;
    let key = first.operator_key();
    let clients = [&first, &second].map(|service| Client::new(&service.base, key));

    let last_version: Check = |seen, last| seen.contains(&last.to_string());
    let connectors: [(&str, Connector, Check); 7] = [
        ("updated_after", by_updated_after, last_version),
        ("updated_after, newest first", newest_first, last_version),
        ("updated_after, by creation", by_creation, last_version),
        ("cursor", by_cursor, last_version),
        ("export", by_export, last_version),
        ("created_after", by_created_after, |seen, _| {
            !seen.is_empty()
        }),
        ("trail", by_trail, |seen, last| seen.len() == last),
    ];
    let (written, clients) = (&OnceLock::new(), &clients);
    thread::scope(|scope| {
        let mut replicas = clients.iter().cycle();
        let following = connectors.map(|(name, connector, is_complete)| {
            let goal = Goal {
                written,
                is_complete,
            };
            // Each replica has connectors, which see what both write.
            let client = replicas.next().unwrap();
            let missed = move || goal.missed(&connector(client, &goal));
            (name, scope.spawn(missed))
        });
        let writing: Vec<_> = (0..WRITERS)
            .map(|number| {
                let client = &clients[number % 2];
                scope.spawn(move || write(client, number, changes / WRITERS))
            })
            .collect();
        let all: BTreeMap<String, usize> = writing
            .into_iter()
            .flat_map(|writer| writer.join().unwrap())
            .collect();
        assert_eq!(all.values().sum::<usize>(), changes);
        written.set(all).unwrap();
        for (name, missed) in following {
            assert_eq!(missed.join().unwrap(), Some(Vec::new()), "by {name}");
        }
    });
}

/// Makes the COMMIT of each change to [`HELD`] take that long.
async fn hold_commits(database: &TestDatabase, held: Duration) {
    let sql = format!(
        "CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM pg_sleep({}); RETURN NULL; END $$; \
         CREATE CONSTRAINT TRIGGER held AFTER INSERT OR UPDATE ON customers \
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.first_name = '{HELD}') \
         EXECUTE FUNCTION held()",
        held.as_secs_f64()
    );
    let mut owner = database.admin().await;
    owner.execute(AssertSqlSafe(sql)).await.expect("a trigger");
}

/// Makes this many changes, one in four of them a new customer, and one held. Returns the last
/// version of each customer.
fn write(client: &Client, writer: usize, changes: usize) -> BTreeMap<String, usize> {
    let mut written = BTreeMap::new();
    let mut ids: Vec<String> = Vec::new();
    for change in 0..changes {
        let is_held = change == changes / 2 + writer;
        let first_name = if is_held { HELD } else { "Jane" };
        let names = json!({"firstName": first_name, "lastName": change.to_string()});
        let id = if change % 4 == 0 {
            let email = format!("customer-{change}@writer-{writer}.example");
            let body = json!({"email": email, "profile": names});
            let id = client.post(CUSTOMERS, &body).expect(201).id();
            ids.push(id.clone());
            id
        } else {
            let id = ids[change * 7 % ids.len()].clone();
            let (path, body) = (format!("{CUSTOMERS}/{id}"), json!({"profile": names}));
            let reply = client.send("PATCH", &path, &[], Some(&body)).unwrap();
            reply.expect(200);
            id
        };
        *written.entry(id).or_default() += 1;
    }
    written
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn see(seen: &mut Seen, customers: &[Value]) {
    for customer in customers {
        let versions = seen.entry(text(&customer["id"])).or_default();
        versions.insert(text(&customer["version"]));
    }
}

/// Returns the rows of a page, and the cursor of the next one.
fn page(client: &Client, url: &str, rows: &str) -> (Vec<Value>, Option<String>) {
    let data = client.get(url).expect(200).json()["data"].clone();
    let rows = data[rows].as_array().unwrap().clone();
    (rows, data["nextCursor"].as_str().map(str::to_owned))
}

/// Returns the rows of all pages.
fn all(client: &Client, url: &str, rows: &str) -> Vec<Value> {
    let (mut all, mut next) = page(client, url, rows);
    while let Some(cursor) = next {
        let (more, after) = page(client, &format!("{url}&cursor={cursor}"), rows);
        all.extend(more);
        next = after;
    }
    all
}

/// Lists what comes at the newest time that was seen, or after it.
fn by_time(client: &Client, goal: &Goal<'_>, (parameter, order): (&str, &str)) -> Seen {
    let mut newest = BEGINNING.to_owned();
    let member = match parameter {
        "created_after" => "createdAt",
        _ => "updatedAt",
    };
    goal.follow(|seen| {
        let query = format!("{order}&{parameter}={newest}");
        let customers = all(client, &format!("{CUSTOMERS}?{query}"), "customers");
        let times = customers.iter().map(|customer| text(&customer[member]));
        newest = times.fold(newest.clone(), Ord::max);
        see(seen, &customers);
    })
}

fn by_updated_after(client: &Client, goal: &Goal<'_>) -> Seen {
    let order = "sort_by=updated_at&sort_order=asc&page_size=100";
    by_time(client, goal, ("updated_after", order))
}

fn newest_first(client: &Client, goal: &Goal<'_>) -> Seen {
    let order = "sort_by=updated_at&page_size=10";
    by_time(client, goal, ("updated_after", order))
}

fn by_creation(client: &Client, goal: &Goal<'_>) -> Seen {
    let order = "sort_order=asc&page_size=10";
    by_time(client, goal, ("updated_after", order))
}

fn by_created_after(client: &Client, goal: &Goal<'_>) -> Seen {
    let order = "sort_by=created_at&sort_order=asc&page_size=100";
    by_time(client, goal, ("created_after", order))
}

/// Asks again with the last cursor that there was.
fn by_cursor(client: &Client, goal: &Goal<'_>) -> Seen {
    let mut last = None;
    let url = format!("{CUSTOMERS}?sort_by=updated_at&sort_order=asc&page_size=20");
    goal.follow(|seen| {
        loop {
            let after = last.as_ref().map(|cursor| format!("&cursor={cursor}"));
            let url = format!("{url}{}", after.unwrap_or_default());
            let (customers, next) = page(client, &url, "customers");
            see(seen, &customers);
            if next.is_none() {
                return;
            }
            last = next;
        }
    })
}

/// Exports what changed since the export before.
fn by_export(client: &Client, goal: &Goal<'_>) -> Seen {
    let mut since = None;
    goal.follow(|seen| {
        let after = since.as_ref().map(|at| format!("&updated_after={at}"));
        let url = format!("{EXPORT}{}", after.unwrap_or_default());
        let reply = client.get(&url).expect(200);
        since = Some(reply.header("x-next-updated-after").unwrap().to_owned());
        let lines = reply.text.lines().map(serde_json::from_str);
        let customers: Vec<Value> = lines.collect::<Result<_, _>>().unwrap();
        see(seen, &customers);
    })
}

/// Reads the trail from the time of the newest entry that was seen.
fn by_trail(client: &Client, goal: &Goal<'_>) -> Seen {
    let mut newest = BEGINNING.to_owned();
    goal.follow(|seen| {
        let entries = all(client, &format!("{TRAIL}&from={newest}"), "events");
        if let Some(first) = entries.first() {
            newest = text(&first["timestamp"]);
        }
        for entry in entries {
            let of_customer = seen.entry(text(&entry["customerId"])).or_default();
            of_customer.insert(text(&entry["id"]));
        }
    })
}
