//! dump
#[test]
fn dump() {
    let d = serde_json::to_value(customer_http::document()).unwrap();
    std::fs::write("/tmp/http-doc.json", format!("{d:#}")).unwrap();
}
#[tokio::test]
async fn smoke() {
    use crate::support::*;
    let api = TestApi::new().await;
    let r = api
        .post(
            CUSTOMERS,
            Key::Write,
            serde_json::json!({"email":"a@example.com"}),
        )
        .await;
    std::fs::write("/tmp/http-reply.txt", r.to_string()).unwrap();
}
