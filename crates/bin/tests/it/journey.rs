//! A client's journey through the API, from the first request to the last.

use crate::service::{Folder, Service};
use customer_testkit::pg::TestDatabase;
use serde_json::json;

#[tokio::test]
async fn a_customer_is_created_read_changed_listed_suspended_reactivated_and_deleted() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let service = Service::start(&folder, &[("DATABASE_URL", &database.owner_url())]);
    let client = service.operator();

    let body = json!({
        "email": "Ada@Example.com",
        "password": "correct horse battery",
        "profile": {"firstName": "Ada", "lastName": "Lovelace"},
        "tags": ["early"],
    });
    let created = client.post("/api/v1/customers", &body).expect(201);
    let path = created.header("location").unwrap().to_owned();
    assert_eq!(path, format!("/api/v1/customers/{}", created.id()));
    assert_eq!(created.header("etag"), Some("\"1\""));
    assert_eq!(created.customer()["profile"]["firstName"], "Ada");
    assert!(!created.text.contains("correct horse"));

    let read = client.get(&path).expect(200);
    assert_eq!(read.customer(), created.customer());
    let tag = read.header("etag").unwrap();

    let change = json!({"profile": {"phone": "+44 20 7946 0000"}});
    let put = |tag: &str| {
        let headers = [("If-Match", tag)];
        client.send("PUT", &path, &headers, Some(&change)).unwrap()
    };
    let changed = put(tag).expect(200);
    assert_eq!(changed.header("etag"), Some("\"2\""));
    assert_eq!(changed.customer()["profile"]["firstName"], "Ada");
    assert_eq!(changed.customer()["profile"]["phone"], "+44 20 7946 0000");
    let stale = put(tag).expect(412);
    assert_eq!(stale.code(), "VERSION_CONFLICT");
    assert_eq!(
        stale.header("content-type"),
        Some("application/problem+json")
    );

    let listed = client
        .get("/api/v1/customers?sort_by=email&page_size=1")
        .expect(200);
    assert_eq!(listed.json()["data"]["total"], 1);
    assert_eq!(listed.json()["data"]["customers"][0], changed.customer());

    let step = |name: &str| client.post(&format!("{path}/{name}"), &json!({"reason": "a test"}));
    assert_eq!(
        step("suspend").expect(200).customer()["status"],
        "suspended"
    );
    assert_eq!(
        step("reactivate").expect(200).customer()["status"],
        "active"
    );
    let deleted = client.send("DELETE", &path, &[], None).unwrap().expect(200);
    assert_eq!(deleted.customer()["status"], "deleted");
    let listed = client.get("/api/v1/customers").expect(200);
    assert_eq!(listed.json()["data"]["total"], 0);
    let again = client.create("ada@example.com").expect(201);
    assert_ne!(again.id(), created.id());

    let alias = client.get(&path.replace("/api/v1", "/v1")).expect(200);
    assert_eq!(alias.customer(), deleted.customer());
}

#[tokio::test]
async fn a_customer_is_created_and_its_addresses_are_set_up() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let variables = [
        ("DATABASE_URL", &*database.owner_url()),
        ("MAX_ADDRESSES_PER_CUSTOMER", "3"),
    ];
    let service = Service::start(&folder, &variables);
    let client = service.operator();
    let created = client.create("ada@example.com").expect(201);
    let path = created.header("location").unwrap().to_owned();
    let book = format!("{path}/addresses");

    let home = json!({
        "address_type": "BOTH", "first_name": "Ada", "address_line_1": "10 Downing Street",
        "city": "London", "postal_code": "SW1A 2AA", "country_code": "gb",
    });
    let added = client.post(&book, &home).expect(201);
    let home_path = added.header("location").unwrap().to_owned();
    assert_eq!(added.address()["roles"], json!(["shipping", "billing"]));
    assert_eq!(
        client.post(&book, &home).expect(200).address(),
        added.address()
    );

    let office = json!({
        "type": "billing", "isDefault": true, "company": "Analytical Engines 株式会社",
        "street": "丸の内1丁目9−1", "city": "千代田区", "state": "東京都", "zipCode": "100-0005",
        "country": "JP",
    });
    let office = client.post(&book, &office).expect(201);
    let office_path = office.header("location").unwrap().to_owned();
    assert_eq!(office.address()["roles"], json!(["billing"]));
    assert_eq!(office.address()["validation"]["isValid"], true);
    assert_eq!(
        client.get(&home_path).expect(200).address()["roles"],
        json!(["shipping"])
    );

    let wrong = json!({"street": "1 Main St", "city": "New York", "state": "NY", "zip": "1000"});
    assert_eq!(
        client.post(&book, &wrong).expect(400).json()["errors"][0]["pointer"],
        "/zip"
    );
    let checked = client.post(&format!("{book}/validate"), &wrong).expect(200);
    assert_eq!(checked.json()["data"]["validation"]["isValid"], false);

    let cabin = json!({"street": "1 Main St", "city": "New York", "state": "NY", "zip": "10001"});
    let cabin = client.post(&book, &cabin).expect(201);
    let cabin_path = cabin.header("location").unwrap().to_owned();
    let fourth = json!({"street": "2 Main St", "city": "New York", "zip": "10001"});
    let refused = client.post(&book, &fourth).expect(400);
    assert_eq!(refused.code(), "ADDRESS_LIMIT_EXCEEDED");
    assert_eq!(refused.json()["limit"], 3);

    let put = |tag: &str| {
        let change = json!({"label": "Summer"});
        let headers = [("If-Match", tag)];
        client
            .send("PUT", &cabin_path, &headers, Some(&change))
            .unwrap()
    };
    assert_eq!(put("\"1\"").expect(200).address()["label"], "Summer");
    assert_eq!(put("\"1\"").expect(412).code(), "VERSION_CONFLICT");

    let set = client.post(
        &format!("{home_path}/set-default"),
        &json!({"role": "billing"}),
    );
    assert_eq!(
        set.expect(200).address()["roles"],
        json!(["shipping", "billing"])
    );
    client
        .send("DELETE", &home_path, &[], None)
        .unwrap()
        .expect(200);
    client.get(&home_path).expect(404);
    let read = client.get(&format!("{path}?expand=addresses")).expect(200);
    let left = read.customer()["addresses"].clone();
    assert_eq!(left[0], client.get(&office_path).expect(200).address());
    assert_eq!(left[0]["roles"], json!(["billing"]));
    assert_eq!(left[1], client.get(&cabin_path).expect(200).address());
    assert_eq!(left[1]["roles"], json!(["shipping"]));
    assert_eq!(left[2], serde_json::Value::Null);
    let version = &read.customer()["version"];
    assert_eq!(version, 1, "the customer itself did not change");
    assert_eq!(client.get(&path).header("etag"), Some("\"1\""));
}

#[tokio::test]
async fn the_service_tells_how_it_is_and_what_it_offers() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let service = Service::start(&folder, &[("DATABASE_URL", &database.owner_url())]);
    let client = service.operator();
    for path in [
        "/health",
        "/health/live",
        "/health/ready",
        "/ready",
        "/api/v1/customers/health",
    ] {
        client.get(path).expect(200);
    }
    let created = client.create("one@example.com").expect(201);
    client.create("one@example.com").expect(409);
    let book = format!("{}/addresses", created.header("location").unwrap());
    let home = json!({"street": "1 Main St", "city": "New York", "state": "NY", "zip": "10001"});
    client.post(&book, &home).expect(201);
    client.post(&book, &home).expect(200);
    let metrics = client.get("/metrics").expect(200);
    for line in [
        "customer_requests_total{endpoint=\"/api/v1/customers\",method=\"POST\",status=\"201\"} 1",
        "customer_requests_total{endpoint=\"/api/v1/customers\",method=\"POST\",status=\"409\"} 1",
        "customer_created_total 1",
        "customer_addresses_total 1",
        "audit_events_total{event_type=\"customer.address.create\"} 1",
    ] {
        assert!(metrics.text.contains(line), "{line}\n{}", metrics.text);
    }
    let document = client.get("/api-docs/openapi.json").expect(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(document["paths"]["/customers"]["post"].is_object());
    let page = client.get("/docs/").expect(200);
    assert!(page.text.contains("<html"), "{}", page.text);
    assert!(!page.text.contains("https://"), "nothing from elsewhere");
}

#[tokio::test]
async fn a_key_opens_its_own_tenant_alone() {
    let (folder, database) = (Folder::new(), TestDatabase::fresh().await);
    let service = Service::start(&folder, &[("DATABASE_URL", &database.owner_url())]);
    let operator = service.operator();
    let tenant = json!({"id": "tenant-123", "name": "Another shop"});
    operator.post("/api/v1/tenants", &tenant).expect(201);
    let key = json!({"name": "shop", "scopes": ["customers:write"], "tenantId": "tenant-123"});
    let key = operator.post("/api/v1/api-keys", &key).expect(201).json();
    let secret = key["data"]["secret"].as_str().unwrap();
    let shop = crate::client::Client::new(&service.base, secret);

    let ours = shop.create("ada@example.com").expect(201);
    assert_eq!(ours.customer()["tenantId"], "tenant-123");
    let theirs = operator.create("ada@example.com").expect(201);
    let path = format!("/api/v1/customers/{}", theirs.id());
    shop.get(&path).expect(404);
    operator.get(&path).expect(200);
    let nobody = crate::client::Client::new(&service.base, "csk_nothing");
    nobody.get(&path).expect(401);
}
