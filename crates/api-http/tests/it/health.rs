//! Liveness, readiness, and the behaviour while the database is down.

use crate::support::{CASES, CUSTOMERS, Call, Key, Needs, TestApi, World};
use customer_domain::job::{Acquisition, JobName, JobOutcome};
use customer_http::health::PATHS;
use customer_testkit::builders::seeded_id;
use http::Method;
use insta::assert_snapshot;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_service_with_its_database_is_up() {
    let api = TestApi::new().await;
    let get = async |target: &str| api.send(Call::new(Method::GET, target)).await;
    let version = env!("CARGO_PKG_VERSION");
    for target in ["/health/ready", "/ready"] {
        let reply = get(target).await;
        let up = json!({"status": "up", "database": "up", "version": version});
        assert_eq!(
            (reply.status, reply.data("health")),
            (200, up.clone()),
            "{target}"
        );
    }
    for target in [
        "/health",
        "/api/v1/customers/health",
        "/v1/customers/health",
    ] {
        let reply = get(target).await;
        let up = json!({"status": "up", "database": "up", "version": version, "jobs": []});
        assert_eq!(
            (reply.status, reply.data("health")),
            (200, up.clone()),
            "{target}"
        );
    }
    assert_snapshot!(get("/health/live").await);
    assert_snapshot!("metrics", get("/metrics").await);
}

#[tokio::test]
async fn whoever_watches_a_full_service_is_served() {
    let api = TestApi::with_places(0).await;
    let get = async |target: &str| api.send(Call::new(Method::GET, target)).await;
    assert_eq!(get(CUSTOMERS).await.status, 503);
    for target in PATHS {
        assert_eq!(get(target).await.status, 200, "{target}");
    }
}

#[tokio::test]
async fn every_job_is_shown_with_how_it_is_and_when_it_is_due() {
    let api = TestApi::new().await;
    let (jobs, holder) = (api.store.jobs(), seeded_id(1));
    let minute = Duration::from_mins(1);
    for (name, outcome) in [
        ("a.runs", None),
        ("b.rests", Some(JobOutcome::Succeeded { processed: 7 })),
        ("c.fails", Some(JobOutcome::Failed { code: "too_slow" })),
    ] {
        let acquired = jobs.acquire(JobName(name), holder, minute).await;
        let Ok(Acquisition::Acquired(lease)) = acquired else {
            unreachable!("it is free: {acquired:?}");
        };
        if let Some(outcome) = outcome {
            assert_eq!(jobs.finish(&lease, outcome, minute).await, Ok(true));
        }
    }
    let reply = api.send(Call::new(Method::GET, "/health")).await;
    let shown = reply.data("health")["jobs"].clone();
    let states: Vec<_> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|job| {
            [
                &job["name"],
                &job["state"],
                &job["lastError"],
                &job["processed"],
            ]
        })
        .map(|shown| shown.map(ToString::to_string).join(" "))
        .collect();
    assert_eq!(
        states,
        [
            r#""a.runs" "running" null 0"#,
            r#""b.rests" "idle" null 7"#,
            r#""c.fails" "failing" "too_slow" 0"#
        ]
    );
    assert!(shown[1]["lastSuccessAt"].is_string() && shown[2]["lastSuccessAt"].is_null());
    assert!(shown[1]["dueAt"].as_str() > shown[1]["lastSuccessAt"].as_str());
    assert!(shown[2]["lastErrorAt"].is_string());
    assert_eq!(api.send(Call::new(Method::GET, "/ready")).await.status, 200);
}

#[tokio::test]
async fn without_its_database_it_lives_and_is_not_ready() {
    let api = TestApi::new().await;
    api.store.set_down(true);
    let get = async |target: &str| api.send(Call::new(Method::GET, target)).await;
    assert_eq!(get("/health/live").await.status, 200);
    assert_eq!(get("/metrics").await.status, 200);
    for target in [
        "/health",
        "/health/ready",
        "/ready",
        "/api/v1/customers/health",
    ] {
        let reply = get(target).await;
        assert_eq!(reply.failure(), (503, "UNAVAILABLE".to_owned()), "{target}");
    }
    assert_snapshot!(get("/ready").await);
    api.store.set_down(false);
    assert_eq!(get("/ready").await.status, 200);
}

#[tokio::test]
async fn a_service_that_is_to_stop_is_unready_says_why_and_still_serves() {
    let api = TestApi::new().await;
    api.stopping.cancel();
    for target in ["/health", "/health/ready", "/ready"] {
        let reply = api.send(Call::new(Method::GET, target)).await;
        assert_eq!(reply.failure(), (503, "UNAVAILABLE".to_owned()), "{target}");
        assert_eq!(reply.json()["detail"], "the service is stopping");
        assert_eq!(reply.json()["checks"], json!(null), "nothing is wrong");
    }
    assert_eq!(api.get(CUSTOMERS, Key::Read).await.status, 200);
}

#[tokio::test]
async fn every_route_on_data_asks_to_come_back_later() {
    for case in CASES.iter().filter(|case| case.needs != Needs::Nothing) {
        for remembered in [true, false] {
            let world = World::new().await;
            let key = case.needs.weakest();
            if remembered {
                world.api.get("/api/v1/customers", key).await;
            }
            let before = world.api.stored().await;
            let call = case.call(&world).key(key);
            world.api.store.set_down(true);
            let reply = world.api.send(call).await;
            world.api.store.set_down(false);
            // The log level belongs to the process, and is needed most when the store is down.
            if remembered && case.operation.ends_with("LogLevel") {
                assert_eq!(reply.status, 200, "{reply}");
                continue;
            }
            assert_eq!(
                reply.failure(),
                (503, "UNAVAILABLE".to_owned()),
                "{}",
                case.operation
            );
            assert_eq!(reply.header("retry-after"), Some("1"));
            assert_eq!(reply.json()["retryable"], true);
            assert!(!reply.text().contains("fake"), "{reply}");
            assert_eq!(world.api.stored().await, before, "{}", case.operation);
        }
    }
}

#[tokio::test]
async fn a_broken_row_is_a_fault_of_the_service_and_tells_nothing() {
    use customer_domain::StoreError;
    use customer_testkit::fake::Step;
    let world = World::new().await;
    world.api.get(world.path(), Key::Read).await;
    let row = "secret-row".to_owned();
    let corrupt = StoreError::Corrupt {
        table: "customers",
        row,
    };
    world.api.store.fail_next_at(Step::Read, corrupt);
    let reply = world.api.get(world.path(), Key::Read).await;
    assert_eq!(reply.failure(), (500, "INTERNAL".to_owned()));
    assert!(
        !reply.text().contains("secret-row") && !reply.text().contains("table"),
        "{reply}"
    );
}

#[tokio::test]
async fn a_database_that_is_slow_is_no_fault_of_the_caller() {
    use customer_domain::StoreError;
    use customer_testkit::fake::Step;
    let api = TestApi::new().await;
    let id = api
        .created(Key::Write, json!({"email": "a@example.com"}))
        .await;
    let path = format!("{CUSTOMERS}/{id}");
    for (step, call) in [
        (Step::Read, Call::new(Method::GET, path.as_str())),
        (
            Step::Begin,
            Call::put(path.as_str()).json(&json!({"firstName": "A"})),
        ),
    ] {
        api.store.fail_next_at(step, StoreError::TooSlow);
        let reply = api.send(call.key(Key::Write)).await;
        assert_eq!(reply.failure(), (503, "UNAVAILABLE".to_owned()));
        assert!(reply.header("retry-after").is_some());
    }
}
