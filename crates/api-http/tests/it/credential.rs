//! Passwords set when a customer is created.

use crate::customer_create::everything;
use crate::support::{CUSTOMERS, Key, TestApi, context_of, default_tenant};
use customer_testkit::PlainHasher;
use insta::assert_snapshot;
use serde_json::json;

#[tokio::test]
async fn a_password_makes_an_account_and_is_shown_nowhere() {
    let api = TestApi::new().await;
    let reply = api.post(CUSTOMERS, Key::Write, everything()).await;
    let customer = reply.customer();
    assert_eq!(customer["accountState"], "registered");
    assert_eq!(customer["userId"], customer["id"]);
    let id = customer["id"].as_str().unwrap().parse().unwrap();
    let hash = api.store.password_hash(&context_of(&default_tenant()), id);
    assert_eq!(hash, Some(PlainHasher::hash_of("securePassword123")));
    let told = format!("{reply} {:?}", api.stored().await);
    assert!(!told.contains("securePassword123"));
}

#[tokio::test]
async fn a_weak_password_has_a_code_of_its_own() {
    let api = TestApi::new().await;
    for password in [
        "",
        "1q2w3e4",
        "password",
        "xxjane.smithxx",
        "Jane-2026!",
        &"p".repeat(129),
    ] {
        let body = json!({
            "email": "jane.smith@example.com", "password": password, "firstName": "Jane",
        });
        let reply = api.post(CUSTOMERS, Key::Write, body).await;
        assert_eq!(
            reply.failure(),
            (400, "WEAK_PASSWORD".to_owned()),
            "{password}"
        );
        assert_eq!(
            reply.faults(),
            [("/password".to_owned(), "WEAK_PASSWORD".to_owned())]
        );
        assert!(!reply.text().contains("2026!"), "{reply}");
    }
    assert!(api.stored().await.customers.is_empty());
}

#[tokio::test]
async fn a_hasher_without_room_asks_to_wait() {
    let api = TestApi::new().await;
    api.hasher.set_busy(true);
    let body = json!({"email": "a@example.com", "password": "securePassword123"});
    assert_snapshot!(api.post(CUSTOMERS, Key::Write, body).await);
    let guest = api
        .post(CUSTOMERS, Key::Write, json!({"email": "a@example.com"}))
        .await;
    assert_eq!(guest.status, 201);
}
