//! A made-up word goes into every field of every request: no log line may contain it, however the request ends, at
//! the most verbose level.

mod body;
mod operation;
mod walk;
mod wire;

use crate::service::{Folder, Service, eventually};
use customer_testkit::pg::TestDatabase;
use rustix::process::Signal;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use walk::Walk;
use wire::Call;

/// Part of every text that is sent.
pub(crate) const CANARY: &str = "zqcanary";
/// A phone number. [`TRACES`] has the parts by which it is recognised.
pub(crate) const PHONE: &str = "+70 47113-5799";
/// Text that only the requests contain, compared without case.
const TRACES: [&str; 8] = [
    CANARY,
    "7a7163616e617279", // in hexadecimal digits
    "47113-5799",
    "70471135799",
    "1903-07-29",
    "198.51.100.77",
    "2001:db8::7047",
    "Bearer",
];

/// The most verbose level for every library that logs.
const LOUDEST: &str =
    "trace,sqlx=trace,hyper=trace,hyper_util=trace,tower=trace,axum=trace,sea_orm=trace";

fn start(folder: &Folder, database: &TestDatabase, level: &str, format: &str) -> Service {
    let variables = [
        ("DATABASE_URL", &*database.owner_url()),
        ("CUSTOMER_LOG_LEVEL", level),
        ("CUSTOMER_LOG_FORMAT", format),
    ];
    Service::start(folder, &variables)
}

/// Stops the service and returns the lines of its log, once every request has one.
fn finished(service: &mut Service, answered: usize) -> Vec<String> {
    service.stop(Signal::TERM);
    let served =
        |log: &str| log.matches("request served").count() + log.matches("request failed").count();
    eventually(Duration::from_secs(20), "a line for every request", || {
        served(&service.log()) >= answered
    });
    let log = service.log();
    assert_eq!(served(&log), answered, "one line for every request");
    log.lines().map(str::to_owned).collect()
}

/// Returns the first line that contains what no line may.
fn tainted<'a>(lines: &'a [String], secrets: &[String]) -> Option<&'a String> {
    lines.iter().find(|line| {
        let folded = line.to_lowercase();
        let mut traces = TRACES.iter().map(|trace| trace.to_lowercase());
        traces.any(|trace| folded.contains(&trace))
            || secrets.iter().any(|secret| line.contains(secret))
    })
}

#[test]
fn a_line_with_a_trace_of_someone_is_found() {
    let secrets = ["csk_17".to_owned()];
    for tainted_line in [
        "to ZQCanary@example.com",
        "call +70 47113-5799",
        "born 1903-07-29",
        "key csk_17",
    ] {
        let lines = ["GET /".to_owned(), tainted_line.to_owned()];
        assert_eq!(tainted(&lines, &secrets), Some(&lines[1]));
    }
}

fn read(line: &str) -> Map<String, Value> {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[tokio::test]
async fn no_request_leaves_a_trace_of_anyone_in_the_log_as_json() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let mut service = start(&folder, &database, LOUDEST, "json");
    let walk = Walk::through(&service);
    let lines = finished(&mut service, walk.answered);
    assert_eq!(tainted(&lines, &walk.secrets), None);
    let mut by_correlation: BTreeMap<String, usize> = BTreeMap::new();
    let lines: Vec<_> = lines.iter().map(|line| read(line)).collect();
    for line in &lines {
        for own in ["level", "ts", "caller", "msg", "target"] {
            assert!(line.contains_key(own), "{own} in {line:?}");
        }
        if let Some("request served" | "request failed") = line["msg"].as_str() {
            let id = line["correlation_id"].as_str().unwrap().to_owned();
            *by_correlation.entry(id).or_default() += 1;
        }
    }
    for id in &walk.correlations {
        assert_eq!(by_correlation.get(id), Some(&1), "{id}");
    }
    walk.assert_seen_enough();
    assert_eq!(untimed(&lines), Vec::<String>::new());
}

/// Routes that need no use case or no query.
const IN_MEMORY: [&str; 3] = ["/log-level", "/tenants", "/health"];

/// Returns the routes that succeeded but never logged how long a use case, or the database, took.
fn untimed(lines: &[Map<String, Value>]) -> Vec<String> {
    let mut routes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for served in lines.iter().filter(|line| line["msg"] == "request served") {
        let route = served["route"].as_str().unwrap_or_default();
        let is_in_memory = IN_MEMORY.iter().any(|end| route.ends_with(end));
        if served["status"].as_u64().unwrap() >= 300
            || !route.starts_with("/api/v1")
            || is_in_memory
        {
            continue;
        }
        let ended = lines.iter().filter(|line| {
            line.get("trace_id") == served.get("trace_id") && line.contains_key("time.busy")
        });
        let route = format!("{} {route}", served["method"].as_str().unwrap());
        let spans = routes.entry(route).or_default();
        spans.extend(ended.filter_map(|line| line["msg"].as_str()));
    }
    assert!(routes.len() > 20, "{routes:?}");
    let timed = |spans: &[&str], layer| spans.iter().any(|span| span.starts_with(layer));
    let untimed = routes
        .into_iter()
        .filter(|(_, spans)| !timed(spans, "app.") || !timed(spans, "db."));
    untimed
        .map(|(route, spans)| format!("{route}: {spans:?}"))
        .collect()
}

#[tokio::test]
async fn no_request_leaves_a_trace_of_anyone_in_the_log_as_text() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let mut service = start(&folder, &database, LOUDEST, "text");
    let walk = Walk::through(&service);
    let lines = finished(&mut service, walk.answered);
    assert_eq!(tainted(&lines, &walk.secrets), None);
    for line in &lines {
        let mut words = line.split_whitespace();
        let time = words.next().unwrap_or_default();
        assert!(time.ends_with('Z') && time.starts_with("20"), "{line}");
        let level = words.next().unwrap_or_default();
        assert!(
            ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&level),
            "{line}"
        );
        assert!(!line.contains(char::is_control), "{line:?}");
    }
    walk.assert_seen_enough();
}

#[tokio::test]
async fn a_store_that_is_gone_is_told_of_without_what_was_asked() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let mut service = start(&folder, &database, LOUDEST, "json");
    let mut walk = Walk::begin(&service);
    let customer = walk.customer();
    database.take_down().await;
    let path = format!("/api/v1/customers/{customer}");
    let body = json!({"firstName": CANARY, "phone": PHONE});
    let statuses: Vec<_> = [
        Call::new("GET", &format!("/api/v1/customers?search={CANARY}")),
        Call::new("GET", &path),
        Call::new("PUT", &path).json(&body),
        Call::new("POST", "/api/v1/customers/lookup")
            .json(&json!({"email": format!("{CANARY}@example.com")})),
    ]
    .into_iter()
    .map(|call| walk.send(call).status)
    .collect();
    assert_eq!(statuses, [503; 4]);
    let answered = walk.answered;
    // Without its store it cannot end well: how it ends is not checked.
    service.signal(Signal::TERM);
    assert!(service.wait(Duration::from_secs(40)).is_some());
    let lines: Vec<_> = service.log().lines().map(str::to_owned).collect();
    assert_eq!(tainted(&lines, &walk.secrets), None);
    let failed = lines.iter().filter(|line| line.contains("request failed"));
    assert_eq!(failed.count(), 4);
    assert!(answered > 4);
}

#[tokio::test]
async fn the_line_of_a_request_names_route_tenant_caller_customer_and_trace() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let mut service = start(&folder, &database, "info", "json");
    let mut walk = Walk::begin(&service);
    let customer = walk.customer();
    let path = format!("/v1/customers/{customer}?expand=addresses");
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let call = Call::new("GET", &path)
        .header("traceparent", &format!("00-{trace}-00f067aa0ba902b7-01"))
        .header("x-correlation-id", "order:17");
    let reply = walk.send(call);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("x-correlation-id"), Some("order:17"));
    let stranger = Call::new("GET", &path)
        .header("x-correlation-id", "stranger")
        .without_key();
    assert_eq!(walk.send(stranger).status, 401);
    let lines = finished(&mut service, walk.answered);
    let of = |id: &str| {
        let lines = lines.iter().map(|line| read(line));
        let mut found = lines.filter(|line| line.get("correlation_id") == Some(&json!(id)));
        found.next().expect("its line")
    };
    let line = of("order:17");
    for (name, expected) in [
        ("level", json!("info")),
        ("msg", json!("request served")),
        ("method", json!("GET")),
        ("route", json!("/api/v1/customers/{customerId}")),
        ("status", json!(200)),
        ("trace_id", json!(trace)),
        ("tenant", json!("default")),
        ("customer_id", json!(customer)),
    ] {
        assert_eq!(line[name], expected, "{name}");
    }
    assert!(line["duration_ms"].as_f64().unwrap() > 0.0);
    assert!(line["actor_id"].as_str().unwrap().len() == 36);
    let line = of("stranger");
    for name in ["tenant", "customer_id", "actor_id"] {
        assert!(!line.contains_key(name), "{line:?}");
    }
}

#[tokio::test]
async fn the_level_changes_while_the_service_runs() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let mut service = start(&folder, &database, "warn", "json");
    let mut walk = Walk::begin(&service);
    let mut level = |level: Value| {
        let call = Call::new("PUT", "/api/v1/log-level").json(&json!({ "level": level }));
        let reply = walk.send(call);
        assert_eq!(reply.status, 200, "{}", reply.text());
        let state = reply.json()["data"]["logLevel"].clone();
        walk.send(Call::new("GET", "/health/live"));
        state
    };
    let state = level(json!("info"));
    assert_eq!(state, json!({"level": "info", "configured": "warn"}));
    let state = level(json!(null));
    assert_eq!(state, json!({"level": "warn", "configured": "warn"}));
    service.stop(Signal::TERM);
    eventually(Duration::from_secs(20), "the change back is logged", || {
        service.log().matches("the log level is changed").count() == 2
    });
    let log = service.log();
    let lines: Vec<_> = log.lines().map(read).collect();
    let changed = lines
        .iter()
        .filter(|line| line["msg"] == "the log level is changed");
    for line in changed {
        assert_eq!(line["level"], "warn");
        assert!(line["actor_id"].as_str().unwrap().len() == 36, "{line:?}");
    }
    // The request that changed the level, and the one before the level was changed back.
    let served = lines.iter().filter(|line| line["msg"] == "request served");
    assert_eq!(served.count(), 2);
}
