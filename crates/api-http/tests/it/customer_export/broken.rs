//! Exports during which the store fails, before and after their first byte.

use super::{export, for_good, many, response, rest, text};
use crate::observed::Lines;
use crate::support::TestApi;
use customer_domain::StoreError;
use customer_testkit::fake::Step;

#[tokio::test]
async fn what_fails_before_the_first_byte_is_a_problem() {
    let api = TestApi::new().await;
    many(&api, 3).await;
    text(&api, "").await;
    let away = || StoreError::Unavailable("away".to_owned());
    for (step, error, status, code) in [
        (Step::Read, StoreError::TooSlow, 400, "FILTER_TOO_BROAD"),
        (Step::Read, away(), 503, "UNAVAILABLE"),
        (Step::Begin, away(), 503, "UNAVAILABLE"),
        (Step::Commit, away(), 503, "UNAVAILABLE"),
    ] {
        let before = api.stored().await;
        api.store.fail_next_at(step, error);
        let reply = api.send(export("")).await;
        assert_eq!(reply.failure(), (status, code.to_owned()), "{step:?}");
        assert_eq!(api.stored().await, before, "{step:?}");
    }
}

#[tokio::test]
async fn what_fails_later_cuts_the_body() {
    let api = TestApi::new().await;
    many(&api, 1_200).await;
    for (query, first_chunk) in [("", 500), ("format=csv", 501), ("expand=addresses", 100)] {
        let mut body = response(&api, query).await.into_body();
        api.store.fail_next_at(Step::Read, for_good());
        // A client would take a complete body for the whole export.
        assert_eq!(rest(&mut body).await, (first_chunk, false), "{query}");
    }
}

#[tokio::test]
async fn a_hiccup_of_the_store_costs_no_export() {
    let api = TestApi::new().await;
    many(&api, 600).await;
    let hiccups = [
        StoreError::Unavailable("away".to_owned()),
        StoreError::Contended,
        StoreError::TooSlow,
    ];
    let mut body = response(&api, "").await.into_body();
    for error in hiccups {
        api.store.fail_next_at(Step::Read, error);
    }
    assert_eq!(rest(&mut body).await, (600, true));
}

#[tokio::test]
async fn a_store_that_stays_away_ends_an_export() {
    let api = TestApi::new().await;
    many(&api, 600).await;
    let mut body = response(&api, "").await.into_body();
    for _ in 0..4 {
        api.store.fail_next_at(Step::Read, StoreError::TooSlow);
    }
    assert_eq!(rest(&mut body).await, (500, false));
}

#[tokio::test]
async fn how_an_export_ended_is_logged_with_its_rows() {
    let api = TestApi::new().await;
    many(&api, 600).await;
    let lines = Lines::default();
    // The reason for the second one is documented at `observed`.
    let _second = tracing::Dispatch::new(Lines::default());
    let guard = tracing::subscriber::set_default(lines.clone());
    text(&api, "").await;
    drop(response(&api, "").await);
    let mut body = response(&api, "").await.into_body();
    api.store.fail_next_at(Step::Read, for_good());
    rest(&mut body).await;
    drop(guard);
    let lines = lines.0.lock().unwrap();
    let ended = lines.iter().filter(|line| line.contains("an export ended"));
    let ends: Vec<_> = ended
        .map(|line| line.replace("message=an export ended ", ""))
        .collect();
    assert_eq!(
        ends,
        [
            "rows=600 outcome=\"complete\" ",
            "rows=0 outcome=\"abandoned\" ",
            "rows=500 outcome=\"broken\" ",
        ]
    );
}
