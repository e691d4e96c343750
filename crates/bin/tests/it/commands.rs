//! `migrate`, `key` and `openapi`.

use crate::client::Client;
use crate::service::{Ended, Folder, Service};
use customer_testkit::pg::TestDatabase;
use serde_json::Value;

struct Place {
    folder: Folder,
    database: TestDatabase,
}

impl Place {
    async fn new() -> Self {
        Self {
            folder: Folder::new(),
            database: TestDatabase::fresh().await,
        }
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let variables = [("DATABASE_URL", &*self.database.owner_url())];
        self.folder.run(arguments, &variables)
    }

    /// Runs a command that must succeed, and returns what it printed.
    #[track_caller]
    fn printed(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        ended.stdout
    }
}

/// Returns the states of the migrations, in order.
fn states(printed: &str) -> Vec<&str> {
    let words = printed.lines().map(|line| line.split_whitespace().nth(1));
    words.map(Option::unwrap).collect()
}

#[tokio::test]
async fn migrations_are_listed_taken_back_and_applied_again() {
    let place = Place::new().await;
    let listed = place.printed(&["migrate", "status"]);
    assert!(listed.starts_with("0001 applied roles\n"), "{listed}");
    let count = listed.lines().count();
    assert_eq!(states(&listed), vec!["applied"; count]);
    assert_eq!(place.printed(&["migrate", "up"]), listed);

    let down = place.printed(&["migrate", "down"]);
    assert_eq!(states(&down)[count - 1], "pending");
    assert_eq!(states(&down)[..count - 1], vec!["applied"; count - 1]);
    let down = place.printed(&["migrate", "down", "--steps", "1000"]);
    assert_eq!(states(&down), vec!["pending"; count]);
    assert_eq!(place.printed(&["migrate", "down"]), down, "nothing is left");
    let refused = place.run(&["key", "list"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("migrat"), "{}", refused.stderr);
    assert_eq!(place.printed(&["migrate", "up"]), listed);
}

#[tokio::test]
async fn a_key_is_made_opens_the_service_is_listed_and_revoked() {
    let place = Place::new().await;
    // Before the service has ever run: the tenant is created with the first key.
    let made = place.printed(&[
        "key",
        "create",
        "--name",
        "back office",
        "--scope",
        "admin",
        "--all-tenants",
    ]);
    let secret = made.lines().last().unwrap();
    assert!(secret.starts_with("csk_"), "{made}");
    let reader = place.printed(&["key", "create", "--name", "reader"]);

    let variables = [("DATABASE_URL", &*place.database.owner_url())];
    let service = Service::start(&place.folder, &variables);
    let shown = service.value_of("operator key").unwrap();
    assert!(shown.starts_with("never used so far"), "{shown}");
    let office = Client::new(&service.base, secret);
    let created = office.create("ada@example.com").expect(201);
    let path = format!("/api/v1/customers/{}", created.id());
    let reading = Client::new(&service.base, reader.lines().last().unwrap());
    reading.get(&path).expect(200);
    reading.create("jane@example.com").expect(403);

    let listed = place.printed(&["key", "list"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
    for part in [
        "back office",
        "reader",
        "customers:admin",
        "all tenants",
        "live",
    ] {
        assert!(listed.contains(part), "{part}\n{listed}");
    }
    assert!(!listed.contains(secret), "{listed}");

    let id = reader.split_whitespace().next().unwrap();
    let revoked = place.printed(&["key", "revoke", id]);
    assert!(revoked.contains("revoked 20"), "{revoked}");
    assert_eq!(place.printed(&["key", "revoke", id]), revoked, "once more");
    // The service caches a key for some seconds.
    crate::service::eventually(
        std::time::Duration::from_secs(10),
        "it opens nothing",
        || reading.get(&path).status == 401,
    );
    let last = made.split_whitespace().next().unwrap();
    let refused = place.run(&["key", "revoke", last]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("last key"), "{}", refused.stderr);
}

#[tokio::test]
async fn what_a_key_cannot_be_is_told_in_one_sentence() {
    let place = Place::new().await;
    for (arguments, reason) in [
        (
            &["key", "create", "--name", "x", "--tenant", "nowhere"][..],
            "there is no tenant \"nowhere\"",
        ),
        (&["key", "create", "--name", " "], "a key needs a name"),
        (
            &["key", "revoke", "00000000-0000-7000-8000-000000000000"],
            "no such key",
        ),
    ] {
        let refused = place.run(arguments);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
        assert!(refused.stderr.contains(reason), "{}", refused.stderr);
        assert_eq!(refused.stderr.lines().count(), 1, "{}", refused.stderr);
    }
    let refused = place.run(&["key", "revoke", "not-an-id"]);
    assert_eq!(refused.code, Some(2), "a misuse: {}", refused.stderr);
}

#[test]
fn commands_share_the_embedded_database_of_a_service_that_is_stopped() {
    let folder = Folder::new();
    let made = ["key", "create", "--name", "operator", "--scope", "admin"];
    let made = folder.run(&made, &[]);
    assert_eq!(made.code, Some(0), "{made:#?}");
    assert_eq!(folder.postmaster(), None);
    let service = Service::start(&folder, &[]);
    let shown = service.value_of("operator key").unwrap();
    assert!(shown.ends_with("(stop the service first)"), "{shown}");
    let client = Client::new(&service.base, made.stdout.lines().last().unwrap());
    client.create("ada@example.com").expect(201);
}

#[test]
fn the_document_is_printed_without_a_configuration() {
    let folder = Folder::new();
    let ended = folder.run(&["openapi"], &[("CUSTOMER_HTPP_PORT", "a fault")]);
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{ended:?}"
    );
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/customers"].is_object());
}
