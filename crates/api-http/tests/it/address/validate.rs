//! `POST …/addresses/validate`

use super::{ada, fault, home};
use crate::support::{CUSTOMERS, Key, TestApi};
use insta::assert_snapshot;
use serde_json::json;

#[tokio::test]
async fn an_address_is_shown_as_the_post_would_write_it() {
    let api = TestApi::new().await;
    let target = format!("{}/addresses/validate", ada(&api).await);
    let before = api.stored().await;
    let body = json!({
        "firstName": " Émile ", "addressLine1": "1200  rue   Sherbrooke", "city": "Montréal",
        "region": "Québec", "zip": "h3z 2y7", "countryCode": "ca",
    });
    assert_snapshot!(api.post(&target, Key::Write, body).await);
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let api = TestApi::new().await;
    let target = format!("{}/addresses/validate", ada(&api).await);
    let body = json!({"street": "", "state": "Bavaria", "zipCode": "1000"});
    assert_snapshot!(api.post(&target, Key::Write, body).await);
    let reply = api.post(&target, Key::Write, json!({})).await;
    let validation = reply.data("validation");
    assert_eq!(validation["isValid"], false);
    let problems = validation["problems"].as_array().unwrap();
    let named: Vec<_> = problems.iter().map(|one| &one["field"]).collect();
    assert_eq!(named, ["street", "city", "state", "zipCode"]);
}

#[tokio::test]
async fn a_stored_address_shows_advice_about_its_region() {
    let api = TestApi::new().await;
    let path = ada(&api).await;
    let mut body = home();
    body["state"] = json!("Bavaria");
    let reply = api
        .post(format!("{path}/addresses"), Key::Write, body)
        .await;
    assert_eq!(
        (reply.status, &reply.address()["state"]),
        (201, &json!("Bavaria"))
    );
    let validation = &reply.address()["validation"];
    assert_eq!(validation["isValid"], false);
    assert_eq!(validation["problems"][0]["field"], "state");
    assert_eq!(validation["problems"][0]["code"], "INVALID_VALUE");
}

#[tokio::test]
async fn what_can_be_no_address_is_refused_as_everywhere() {
    let api = TestApi::new().await;
    let target = format!("{}/addresses/validate", ada(&api).await);
    let body = json!({"street": 1, "country": "Germany", "city": "x".repeat(101), "color": "red"});
    let expected = [
        fault("/city", "TOO_LONG"),
        fault("/color", "UNKNOWN_FIELD"),
        fault("/country", "INVALID_VALUE"),
        fault("/street", "INVALID_TYPE"),
    ];
    assert_eq!(api.post(&target, Key::Write, body).await.faults(), expected);
    let other = json!({"customerId": 71});
    let reply = api
        .post(
            format!("{CUSTOMERS}/70/addresses/validate"),
            Key::Write,
            other,
        )
        .await;
    assert_eq!(reply.faults(), [fault("/customerId", "READ_ONLY_FIELD")]);
    let own = json!({"customerId": 70});
    let reply = api
        .post(
            format!("{CUSTOMERS}/70/addresses/validate"),
            Key::Write,
            own,
        )
        .await;
    assert_eq!(reply.status, 200);
}
