//! The first API key, with which the service is administered.

use crate::client::Client;
use crate::service::{Folder, Service, eventually};
use customer_testkit::pg::TestDatabase;
use rustix::process::Signal;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// A root secret for tests of production.
const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

/// Master keys for tests of production.
const MASTER_KEYS: &str = "2026-11=4PyU0c7W2kF4yqkfh7s2E6t1GmQH0m3S9b8xV5nJZyo=";

#[tokio::test]
async fn production_leaves_no_file_makes_no_key_and_says_how_to_make_one() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let variables = [
        ("ENVIRONMENT", "production"),
        ("DATABASE_URL", &*database.owner_url()),
        ("CUSTOMER_SECRET_KEY", KEY),
        ("CUSTOMER_MASTER_KEYS", MASTER_KEYS),
        ("CUSTOMER_METRICS_PORT", "0"),
        ("CUSTOMER_HTTP_ADDR", "127.0.0.1"),
        ("CUSTOMER_SHUTDOWN_DELAY", "1s"),
    ];
    let mut service = Service::start(&folder, &variables);
    let hint = service.value_of("operator key").unwrap();
    assert!(hint.contains("customer-service key create"), "{hint}");
    assert_eq!(service.value_of("state"), None);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

    let made = ["key", "create", "--name", "operator", "--scope", "admin"];
    let made = folder.run(&made, &variables);
    assert_eq!(made.code, Some(0), "{made:#?}");
    let key = made.stdout.lines().last().unwrap();
    let client = Client::new(&service.base, key);
    client.create("ada@example.com").expect(201);
    client.get("/metrics").expect(404);
    let metrics = service.value_of("metrics").unwrap();
    let listener = Client::new(metrics.strip_suffix("/metrics").unwrap(), "none");
    let nothing = listener.get("/nothing").expect(404);
    assert_eq!(nothing.code(), "ROUTE_NOT_FOUND");
    assert_eq!(
        nothing.header("x-content-type-options"),
        Some("nosniff"),
        "as on every reply"
    );
    let metrics = listener.get("/metrics");
    for name in [
        "customer_requests_total",
        "customer_database_connections_open{role=\"customer_app\"}",
        "customer_database_connections_max{role=\"customer_worker\"} 8",
    ] {
        assert!(metrics.text.contains(name), "{name}\n{}", metrics.text);
    }
    assert!(metrics.header("content-type").unwrap().contains("0.0.4"));

    // It is not ready at once, but still serves requests that are on their way.
    service.signal(Signal::TERM);
    eventually(Duration::from_secs(1), "readiness ends", || {
        let ready = client.send("GET", "/health/ready", &[], None);
        ready.is_ok_and(|reply| reply.text.contains("the service is stopping"))
    });
    client.get("/api/v1/customers").expect(200);
    client.get("/health/live").expect(200);
    let status = service.wait(Duration::from_secs(20)).expect("it stops");
    assert!(status.success(), "{status}");

    let restarted = Service::start(&folder, &variables);
    assert_eq!(restarted.value_of("operator key"), None);
}

#[tokio::test]
async fn a_first_start_that_fails_leaves_the_key_to_the_next() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let variables = [("DATABASE_URL", &*database.owner_url())];
    let state = folder.path().join(".data");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, Permissions::from_mode(0o700)).unwrap();
    fs::write(state.join("root-secret"), "no secret").unwrap();
    let refused = folder.run(&[], &variables);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("root-secret"), "{}", refused.stderr);
    fs::remove_file(state.join("root-secret")).unwrap();

    let mut first = Service::start(&folder, &variables);
    let key = first.operator_key().to_owned();
    first.stop(Signal::TERM);
    // The operator may have missed it.
    let mut second = Service::start(&folder, &variables);
    let hint = second.value_of("operator key").unwrap();
    assert!(hint.contains("never used"), "{hint}");
    assert!(hint.contains("customer-service key create"), "{hint}");
    assert!(!hint.contains("stop the service"), "{hint}");
    let client = Client::new(&second.base, &key);
    client.get("/api/v1/customers").expect(200);
    second.stop(Signal::TERM);
    let third = Service::start(&folder, &variables);
    assert_eq!(third.value_of("operator key"), None, "{}", third.lines);
}
