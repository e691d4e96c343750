//! `audit verify` names what was forged by a superuser of the database.

use crate::client::Client;
use crate::service::{Ended, Folder, Service};
use customer_testkit::pg::TestDatabase;
use serde_json::json;
use sqlx::{AssertSqlSafe, PgConnection};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than it takes to seal new entries.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A service with an audit trail, stopped.
struct Shop {
    folder: Folder,
    database: TestDatabase,
    /// The file with the last seal, as if kept elsewhere.
    kept: PathBuf,
    key: String,
}

impl Shop {
    async fn with_a_trail() -> Self {
        let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
        let kept = folder.path().join("kept.json");
        let mut shop = Self {
            folder,
            database,
            kept,
            key: String::new(),
        };
        let service = shop.serve(&shop.database);
        shop.key = service.operator_key().to_owned();
        let client = service.operator();
        for n in 0..3 {
            act(&client, n);
            // Each customer's entries get a separate seal.
            shop.all_sealed(&shop.database).await;
        }
        drop(service);
        let printed = shop.run(&shop.database, &["audit", "seal"]);
        assert_eq!(printed.code, Some(0), "{}", printed.stderr);
        std::fs::write(&shop.kept, printed.stdout).unwrap();
        shop
    }

    fn serve(&self, database: &TestDatabase) -> Service {
        Service::start(&self.folder, &[("DATABASE_URL", &database.owner_url())])
    }

    fn run(&self, database: &TestDatabase, arguments: &[&str]) -> Ended {
        let url = database.owner_url();
        self.folder.run(arguments, &[("DATABASE_URL", &url)])
    }

    fn verify(&self, database: &TestDatabase) -> Ended {
        let kept = self.kept.to_str().unwrap();
        self.run(database, &["audit", "verify", "--seal", kept])
    }

    /// Waits until every entry is sealed.
    async fn all_sealed(&self, database: &TestDatabase) {
        let start = Instant::now();
        let mut admin = database.admin().await;
        let open = "SELECT (SELECT count(*) FROM audit_events) - \
                    (SELECT coalesce(sum(length(digests)), 0) / 32 FROM audit_seals)::bigint";
        while number(&mut admin, open).await > 0 {
            assert!(start.elapsed() < TIMEOUT, "entries are not sealed");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Returns a copy of the database, changed by a superuser.
    async fn forged(&self, statements: &str) -> TestDatabase {
        let copy = self.database.copy().await;
        execute(&mut copy.admin().await, statements).await;
        copy
    }
}

/// Creates a customer, changes it and adds an address.
fn act(client: &Client, n: usize) {
    let created = client.create(&format!("one-{n}@example.com")).expect(201);
    let path = created.header("location").unwrap().to_owned();
    let change = json!({"firstName": "Ada"});
    let changed = client.send("PATCH", &path, &[], Some(&change));
    changed.unwrap().expect(200);
    let home = json!({"street": "1 Main St", "city": "New York", "state": "NY", "zip": "10001"});
    client.post(&format!("{path}/addresses"), &home).expect(201);
}

async fn execute(admin: &mut PgConnection, statements: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(statements))
        .execute(admin)
        .await;
    done.unwrap();
}

async fn number(admin: &mut PgConnection, select: &str) -> i64 {
    let number = sqlx::query_scalar(AssertSqlSafe(select));
    number.fetch_one(admin).await.unwrap()
}

async fn text(admin: &mut PgConnection, select: &str) -> String {
    let text = sqlx::query_scalar(AssertSqlSafe(select));
    text.fetch_one(admin).await.unwrap()
}

/// Returns SQL for the id of the entry at this place of the ledger, from 0.
fn nth(place: usize) -> String {
    format!("(SELECT id FROM audit_events ORDER BY transaction_id, id OFFSET {place} LIMIT 1)")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_superuser_forges_is_named() {
    let shop = Shop::with_a_trail().await;
    let untouched = shop.forged("SELECT 1").await;
    let verified = shop.verify(&untouched);
    assert_eq!((verified.code, &*verified.stderr), (Some(0), ""));
    assert!(
        verified.stdout.contains(" 0 not sealed"),
        "{}",
        verified.stdout
    );

    let mut admin = shop.database.admin().await;
    let entry = text(&mut admin, &format!("SELECT {}::text", nth(5))).await;
    let next = text(&mut admin, &format!("SELECT {}::text", nth(6))).await;
    let last = number(&mut admin, "SELECT max(number) FROM audit_seals").await;
    let of_the_last = format!(
        "(transaction_id, id) >= (SELECT first_transaction, first_id FROM audit_seals WHERE number = {last})"
    );
    let inserted = uuid::Uuid::from_u128(u128::MAX);
    let forgeries = [
        (
            "edited",
            format!("UPDATE audit_events SET actor_id = 'nobody' WHERE id = '{entry}'"),
            vec![format!("entry {entry} "), "was changed".to_owned()],
        ),
        (
            "deleted",
            format!("DELETE FROM audit_events WHERE id = '{entry}'"),
            vec![format!("before entry {next}"), "is missing".to_owned()],
        ),
        (
            "reordered",
            format!(
                "UPDATE audit_events e SET transaction_id = o.transaction_id FROM audit_events o \
                 WHERE (e.id, o.id) IN (('{entry}', '{next}'), ('{next}', '{entry}'))"
            ),
            vec![
                format!("entry {next} "),
                "stands at another place".to_owned(),
            ],
        ),
        (
            "inserted",
            format!(
                "INSERT INTO audit_events SELECT (jsonb_populate_record(e, jsonb_build_object('id', '{inserted}'))).* FROM audit_events e WHERE id = '{entry}'"
            ),
            vec![
                format!("entry {inserted} "),
                "written by somebody else".to_owned(),
            ],
        ),
        (
            "inserted with a digest of its own, to be sealed as it is",
            format!(
                "INSERT INTO audit_events SELECT (jsonb_populate_record(e, jsonb_build_object('id', '{inserted}', \
                 'digest', '\\x' || repeat('00', 32), 'transaction_id', pg_current_xact_id()))).* FROM audit_events e WHERE id = '{entry}'"
            ),
            vec![
                format!("entry {inserted} "),
                "written by somebody else".to_owned(),
            ],
        ),
        (
            "inserted into a month that was never sealed",
            format!(
                "INSERT INTO audit_events SELECT (jsonb_populate_record(e, jsonb_build_object('id', '{inserted}', \
                 'created_at', '1999-12-31T00:00:00Z'))).* FROM audit_events e WHERE id = '{entry}'"
            ),
            vec![
                format!("entry {inserted} "),
                "written by somebody else".to_owned(),
            ],
        ),
        (
            "the beginning cut off",
            "DELETE FROM audit_events e USING audit_seals s WHERE s.number = 1 \
             AND (e.transaction_id, e.id) <= (s.last_transaction, s.last_id); DELETE FROM audit_seals WHERE number = 1"
                .to_owned(),
            vec!["begins behind seal 1".to_owned()],
        ),
        (
            "cut off",
            format!(
                "DELETE FROM audit_events WHERE {of_the_last}; DELETE FROM audit_seals WHERE number = {last}"
            ),
            vec![format!("ends before seal {last}")],
        ),
        (
            "a seal edited",
            format!(
                "UPDATE audit_seals SET sealed_at = sealed_at - interval '1 hour' WHERE number = {last} - 1"
            ),
            vec![format!("seal {} was changed", last - 1)],
        ),
        (
            "a seal deleted",
            format!("DELETE FROM audit_seals WHERE number = {last} - 1"),
            vec![format!("seal {} is missing", last - 1)],
        ),
    ];
    // A database can only be copied while it has no connections.
    drop(admin);
    for (what, statements, said) in forgeries {
        let copy = shop.forged(&statements).await;
        let ended = shop.verify(&copy);
        assert_eq!(ended.code, Some(1), "{what}: {}", ended.stdout);
        for said in said {
            assert!(ended.stderr.contains(&said), "{what}: {}", ended.stderr);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_that_was_written_anew_with_every_secret_is_not_the_one_that_was_kept() {
    let shop = Shop::with_a_trail().await;
    let anew = shop
        .forged("DELETE FROM audit_events; DELETE FROM audit_seals")
        .await;
    // The service itself, with its keys, writes a different history.
    let service = shop.serve(&anew);
    let client = Client::new(&service.base, &shop.key);
    for n in 10..14 {
        act(&client, n);
        shop.all_sealed(&anew).await;
    }
    drop(service);
    let sound = shop.run(&anew, &["audit", "verify"]);
    assert_eq!(
        sound.code,
        Some(0),
        "in itself it is sound: {}",
        sound.stderr
    );
    let ended = shop.verify(&anew);
    assert_eq!(ended.code, Some(1), "{}", ended.stdout);
    assert!(
        ended.stderr.contains("was kept elsewhere") || ended.stderr.contains("that was kept"),
        "{}",
        ended.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_is_sound_while_eight_write() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let url = database.owner_url();
    let service = Service::start(&folder, &[("DATABASE_URL", &url)]);
    let client = service.operator();
    let stop = AtomicBool::new(false);
    let written = thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let (client, stop) = (client.clone(), &stop);
                scope.spawn(move || {
                    let mut count = 0;
                    while !stop.load(Ordering::Relaxed) {
                        act(&client, writer * 1_000 + count);
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        for _ in 0..3 {
            thread::sleep(Duration::from_millis(700));
            let ended = folder.run(&["audit", "verify"], &[("DATABASE_URL", &url)]);
            assert_eq!((ended.code, &*ended.stderr), (Some(0), ""));
        }
        stop.store(true, Ordering::Relaxed);
        let counts = writers.into_iter().map(|writer| writer.join().unwrap());
        counts.sum::<usize>()
    });
    assert!(written > 8, "{written}");
}
