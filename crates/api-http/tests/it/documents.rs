//! The requests about customers in the five source documents, exactly as the documents show them,
//! under both bases.

use crate::support::{Call, Key, Reply, TestApi, other_tenant};
use customer_domain::customer::Status;
use customer_testkit::builders::customer;
use http::Method;
use serde_json::{Value, json};

const BASES: [&str; 2] = ["/api/v1/customers", "/v1/customers"];

/// The members in the replies of the first and fourth document.
const MEMBERS: [&str; 33] = [
    "/id",
    "/email",
    "/profile/firstName",
    "/profile/lastName",
    "/profile/dateOfBirth",
    "/profile/gender",
    "/profile/phone",
    "/profile/avatar",
    "/segment/tier",
    "/segment/segment",
    "/segment/loyaltyPoints",
    "/segment/totalSpent",
    "/segment/orderCount",
    "/segment/averageOrderValue",
    "/preferences/language",
    "/preferences/currency",
    "/preferences/timezone",
    "/preferences/marketing/emailOptIn",
    "/preferences/marketing/smsOptIn",
    "/preferences/marketing/pushOptIn",
    "/preferences/notifications/orderUpdates",
    "/preferences/notifications/promotions",
    "/preferences/notifications/newsletters",
    "/status",
    "/registrationDate",
    "/lastLoginAt",
    "/createdAt",
    "/updatedAt",
    "/tenantId",
    "/userId",
    "/tags",
    "/customerType",
    "/deletedAt",
];

/// Returns the customer of a reply, which must have every member.
#[track_caller]
fn whole(reply: &Reply) -> Value {
    let customer = reply.customer();
    for member in MEMBERS {
        assert!(
            customer.pointer(member).is_some(),
            "{member} is missing: {reply}"
        );
    }
    customer
}

/// Stores the customer that the samples call `cust_456`, and returns its path segment.
async fn john(api: &TestApi) -> String {
    let john = customer().number(456).full().email("john.doe@example.com");
    let john = john.status(Status::Active).build_new();
    let id = john.customer.id;
    api.store_customers(&other_tenant(), vec![john]).await;
    format!("cust_{id}")
}

fn sample(text: &'static str) -> &'static str {
    serde_json::from_str::<Value>(text).expect("a sample");
    text
}

#[tokio::test]
async fn first_and_fourth_get() {
    for base in BASES {
        let api = TestApi::new().await;
        let id = john(&api).await;
        let found = whole(&api.get(format!("{base}/{id}"), Key::OtherRead).await);
        assert_eq!(found["email"], "john.doe@example.com");
        assert_eq!(format!("cust_{}", found["id"].as_str().unwrap()), id);
        assert_eq!(found["profile"]["dateOfBirth"], "1906-12-09");
        assert_eq!(found["lastLoginAt"], "2026-01-15T11:59:59.123456Z");
        // The id in the document matches neither of the formats that it describes.
        let reply = api.get(format!("{base}/cust_456"), Key::OtherRead).await;
        assert_eq!(reply.failure(), (400, "INVALID_CUSTOMER_ID".to_owned()));
    }
}

#[tokio::test]
async fn first_and_fourth_put() {
    let body = sample(
        r#"{
  "profile": {
    "firstName": "John",
    "lastName": "Doe",
    "phone": "+1-555-0124",
    "dateOfBirth": "1985-06-15"
  },
  "preferences": {
    "language": "en",
    "currency": "USD",
    "marketing": {
      "emailOptIn": true,
      "smsOptIn": true
    }
  }
}"#,
    );
    for base in BASES {
        let api = TestApi::new().await;
        let id = john(&api).await;
        let call = Call::put(format!("{base}/{id}"))
            .key(Key::OtherWrite)
            .bytes(body);
        let after = whole(&api.send(call).await);
        let profile = json!({
            "firstName": "John", "lastName": "Doe", "phone": "+1-555-0124",
            "dateOfBirth": "1985-06-15", "gender": "female",
            "avatar": "https://cdn.example.com/grace.jpg?size=2#top",
            "data": {"shoe": {"size": 38.5}, "newsletterName": "Amazing Grace"},
        });
        assert_eq!(
            after["profile"], profile,
            "what the sample leaves out stays"
        );
        let preferences = &after["preferences"];
        assert_eq!(
            (&preferences["language"], &preferences["currency"]),
            (&json!("en"), &json!("USD"))
        );
        let marketing = json!({"emailOptIn": true, "smsOptIn": true, "pushOptIn": true});
        assert_eq!(preferences["marketing"], marketing);
        assert_eq!(preferences["timezone"], "America/New_York");
        assert_eq!(after["version"], 2);
    }
}

#[tokio::test]
async fn first_and_fourth_post() {
    let body = sample(
        r#"{
  "email": "jane.smith@example.com",
  "password": "securePassword123",
  "profile": {
    "firstName": "Jane",
    "lastName": "Smith",
    "phone": "+1-555-0125"
  },
  "preferences": {
    "language": "en",
    "currency": "USD",
    "marketing": {
      "emailOptIn": true
    }
  }
}"#,
    );
    for base in BASES {
        let api = TestApi::new().await;
        let reply = api.send(Call::post(base).key(Key::Write).bytes(body)).await;
        assert_eq!(reply.status, 201, "{reply}");
        let jane = whole(&reply);
        assert_eq!(
            (&jane["status"], &jane["accountState"]),
            (&json!("active"), &json!("registered"))
        );
        assert_eq!(jane["preferences"]["marketing"]["smsOptIn"], false);
        let again = api.send(Call::post(base).key(Key::Write).bytes(body)).await;
        assert_eq!(again.failure(), (409, "EMAIL_ALREADY_EXISTS".to_owned()));
        let weak = body.replace("securePassword123", "secure");
        let reply = api.send(Call::post(base).key(Key::Write).bytes(weak)).await;
        assert_eq!(reply.failure(), (400, "WEAK_PASSWORD".to_owned()));
        let wrong = body.replace("@example.com", "@example");
        let reply = api
            .send(Call::post(base).key(Key::Write).bytes(wrong))
            .await;
        assert_eq!(reply.failure(), (400, "INVALID_EMAIL_FORMAT".to_owned()));
    }
}

#[tokio::test]
async fn first_and_fourth_delete() {
    for base in BASES {
        let api = TestApi::new().await;
        let id = john(&api).await;
        let gone = whole(&api.delete(format!("{base}/{id}"), Key::OtherWrite).await);
        assert_eq!(gone["status"], "deleted");
        assert_eq!(gone["deletedAt"], "2026-01-15T12:00:00Z");
    }
}

#[tokio::test]
async fn second_create_customer() {
    let body = sample(
        r#"{
  "email": "customer@example.com",
  "first_name": "John",
  "last_name": "Doe",
  "phone": "+1234567890",
  "date_of_birth": "1990-01-01T00:00:00Z",
  "gender": "MALE",
  "customer_type": "INDIVIDUAL",
  "registration_source": "WEBSITE"
}"#,
    );
    for base in BASES {
        let api = TestApi::new().await;
        let reply = api.send(Call::post(base).key(Key::Write).bytes(body)).await;
        assert_eq!(reply.status, 201, "{reply}");
        let john = whole(&reply);
        let profile = json!({
            "firstName": "John", "lastName": "Doe", "dateOfBirth": "1990-01-01",
            "gender": "male", "phone": "+1234567890", "avatar": null, "data": {},
        });
        assert_eq!(john["profile"], profile);
        assert_eq!(
            (&john["customerType"], &john["accountState"]),
            (&json!("individual"), &json!("guest"))
        );
        assert_eq!(john["registrationSource"], "WEBSITE");
        let path = format!("{base}/{}", john["id"].as_str().unwrap());
        assert_eq!(whole(&api.get(path, Key::Read).await), john);
    }
}

const THIRD_CREATE: &str = r#"{
  "tenantId": "tenant-123",
  "email": "customer@example.com",
  "firstName": "John",
  "lastName": "Doe",
  "phone": "+1234567890",
  "customerType": "RETAIL",
  "marketingOptIn": true,
  "tags": ["vip", "early-adopter"]
}"#;

#[tokio::test]
async fn third_create() {
    for base in BASES {
        for key in [Key::OtherWrite, Key::Operator] {
            let api = TestApi::new().await;
            let reply = api
                .send(Call::post(base).key(key).bytes(THIRD_CREATE))
                .await;
            assert_eq!(reply.status, 201, "{reply}");
            let john = whole(&reply);
            assert_eq!(
                (&john["tenantId"], &john["userId"]),
                (&json!("tenant-123"), &Value::Null)
            );
            assert_eq!(
                (&john["groupId"], &john["customerType"]),
                (&json!("retail"), &json!("individual"))
            );
            assert_eq!(john["tags"], json!(["early-adopter", "vip"]));
            assert_eq!(john["preferences"]["marketing"]["emailOptIn"], true);
        }
        let api = TestApi::new().await;
        let reply = api
            .send(Call::post(base).key(Key::Write).bytes(THIRD_CREATE))
            .await;
        assert_eq!(reply.failure(), (404, "TENANT_NOT_FOUND".to_owned()));
    }
}

#[tokio::test]
async fn third_get_update_and_delete() {
    let body = sample(r#"{"firstName": "Jane", "status": "ACTIVE", "tags": ["vip"]}"#);
    for base in BASES {
        let api = TestApi::new().await;
        let reply = api
            .send(Call::post(base).key(Key::OtherWrite).bytes(THIRD_CREATE))
            .await;
        let id = whole(&reply)["id"].as_str().unwrap().to_owned();
        let target = format!("{base}/{id}?tenant_id=tenant-123");
        assert_eq!(
            whole(&api.get(&target, Key::OtherRead).await),
            reply.customer()
        );

        // Sending the same status needs no administrator, changing it does.
        let call = Call::put(&target).key(Key::OtherWrite).bytes(body);
        let after = whole(&api.send(call).await);
        assert_eq!(
            (&after["profile"]["firstName"], &after["tags"]),
            (&json!("Jane"), &json!(["vip"]))
        );
        let blocked = body.replace("ACTIVE", "BLOCKED");
        let call = Call::put(&target)
            .key(Key::OtherWrite)
            .bytes(blocked.clone());
        assert_eq!(
            api.send(call).await.failure(),
            (403, "PERMISSION_DENIED".to_owned())
        );
        let call = Call::put(&target).key(Key::OtherAdmin).bytes(blocked);
        assert_eq!(whole(&api.send(call).await)["status"], "suspended");

        let elsewhere = format!("{base}/{id}?tenant_id=default");
        for method in [Method::GET, Method::DELETE] {
            let call = Call::new(method, &elsewhere).key(Key::OtherWrite);
            assert_eq!(
                api.send(call).await.failure(),
                (404, "CUSTOMER_NOT_FOUND".to_owned())
            );
        }
        assert_eq!(
            whole(&api.delete(&target, Key::OtherWrite).await)["status"],
            "deleted"
        );
        assert_eq!(api.get(&target, Key::OtherRead).await.status, 200);
    }
}

#[tokio::test]
async fn third_list() {
    for base in BASES {
        let api = TestApi::new().await;
        api.send(Call::post(base).key(Key::OtherWrite).bytes(THIRD_CREATE))
            .await;
        for (filter, found) in [
            ("status=ACTIVE", 1),
            ("status=INACTIVE", 0),
            ("status=BLOCKED", 0),
            ("search=customer@example.com&status=ACTIVE", 1),
            ("search=john&customer_type=RETAIL", 1),
            ("search=doe&customer_type=WHOLESALE", 0),
            ("customer_type=VIP", 0),
        ] {
            let query = format!(
                "tenant_id=tenant-123&{filter}&page=1&page_size=20&sort_by=created_at&sort_order=desc"
            );
            let reply = api.get(format!("{base}?{query}"), Key::OtherRead).await;
            assert_eq!(
                reply.data("customers").as_array().map(Vec::len),
                Some(found)
            );
            for (name, value) in [
                ("total", found),
                ("page", 1),
                ("pageSize", 20),
                ("totalPages", found),
            ] {
                assert_eq!(reply.data(name), value, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn third_notes() {
    let api = TestApi::new().await;
    let body = sample(
        r#"{
  "tenantId": "tenant-123",
  "note": "Customer requested expedited shipping"
}"#,
    );
    let id = john(&api).await;
    let path = format!("/api/v1/customers/{id}/notes");
    let call = Call::post(&path).key(Key::OtherWrite).bytes(body);
    let added = api.send(call).await;
    assert_eq!(added.status, 201, "{added}");
    let target = format!("{path}?tenant_id=tenant-123");
    let notes = api.get(target, Key::OtherRead).await.data("notes");
    assert_eq!(notes[0]["text"], "Customer requested expedited shipping");
    assert_eq!(notes, json!([added.data("note")]));
}
