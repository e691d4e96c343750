//! After a tenant moved to another country, its customers are found by that country's spellings.

use crate::service::{Folder, Service, eventually};
use customer_testkit::pg::TestDatabase;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_tenant_that_moves_finds_its_customers_by_the_numbers_of_its_new_country() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let variables = [
        ("DATABASE_URL", &*database.owner_url()),
        ("CUSTOMER_KEYS_REFRESH_INTERVAL", "1s"),
    ];
    let service = Service::start(&folder, &variables);
    let client = service.operator();
    let person = json!({"email": "jo@example.com", "profile": {"phone": "0711 5550101"}});
    let id = client.post("/api/v1/customers", &person).expect(201).id();
    let before = client.get(&format!("/api/v1/customers/{id}")).expect(200);
    let number = json!({"phone": "+49 711 5550101"});
    let found = || client.post("/api/v1/customers/lookup", &number);
    assert_eq!(found().status, 404);

    let moved = json!({"settings": {"country": "DE"}});
    let changed = client.send("PUT", "/api/v1/tenants/default", &[], Some(&moved));
    changed.expect("a reply").expect(200);
    eventually(Duration::from_secs(20), "the number is found", || {
        found().status == 200
    });
    let after = client.get(&format!("/api/v1/customers/{id}")).expect(200);
    assert_eq!(after.json()["data"], before.json()["data"]);
    let text = client.get("/metrics").text;
    let connections = r#"customer_database_connections_max{role="customer_app_jobs"} 4"#;
    assert!(text.contains(connections), "{text}");
}
