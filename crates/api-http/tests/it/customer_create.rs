//! `POST /customers`.

use crate::support::{BASE, CUSTOMERS, Call, Key, TestApi};
use insta::assert_snapshot;
use serde_json::{Value, json};

pub(crate) fn everything() -> Value {
    json!({
        "tenantId": "default",
        "email": "Jane.Smith@Example.com",
        "password": "securePassword123",
        "profile": {
            "firstName": "Jané",
            "lastName": "O’Smith",
            "dateOfBirth": "1985-06-15",
            "gender": "prefer_not_to_say",
            "phone": "+1-555-0125",
            "avatar": "https://cdn.example.com/avatars/jane.jpg",
        },
        "preferences": {
            "language": "pt_br",
            "currency": "eur",
            "timezone": "America/New_York",
            "marketing": {"emailOptIn": true, "smsOptIn": true, "pushOptIn": true},
            "notifications": {"orderUpdates": true, "promotions": true, "newsletters": true},
            "dataSharing": true,
            "analyticsTracking": true,
            "cookieConsent": true,
            "custom": {"theme": "dark"},
        },
        "customerType": "business",
        "groupId": "wholesale",
        "tags": ["vip", "early-adopter", "vip"],
        "legacyId": 4_294_967_295_u32,
        "externalIds": {"crm": "C-17", "ERP": "00042"},
        "registrationSource": "WEBSITE",
        "metadata": {"campaign": {"id": 7, "gone": null}, "scores": [1, 2.5, null]},
    })
}

#[tokio::test]
async fn an_address_alone_makes_an_active_guest_who_agreed_to_nothing() {
    let api = TestApi::new().await;
    let reply = api
        .post(CUSTOMERS, Key::Write, json!({"email": "ada@example.com"}))
        .await;
    assert_snapshot!(reply);
}

#[tokio::test]
async fn everything_that_can_be_given_is_kept() {
    let api = TestApi::new().await;
    let reply = api.post(CUSTOMERS, Key::Write, everything()).await;
    assert_snapshot!(reply);
    let location = reply.header("location").unwrap();
    assert_eq!(api.get(location, Key::Read).await.json(), reply.json());
}

#[tokio::test]
async fn amounts_have_the_decimals_of_their_currency() {
    let api = TestApi::new().await;
    let reply = api
        .post(CUSTOMERS, Key::Write, json!({"email": "ada@example.com"}))
        .await;
    assert!(reply.text().contains(r#""totalSpent":0.00,"#), "{reply}");
    assert!(
        reply.text().contains(r#""averageOrderValue":0.00}"#),
        "{reply}"
    );
}

#[tokio::test]
async fn the_event_and_the_audit_entry_come_with_the_customer() {
    let api = TestApi::new().await;
    let call = Call::post(CUSTOMERS).key(Key::Write).json(&everything());
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let call = call
        .header("x-correlation-id", "order-17")
        .header("traceparent", trace);
    api.send(call).await;
    let stored = api.stored().await;
    let [event] = stored.events.as_slice() else {
        panic!("{:?}", stored.events);
    };
    assert_eq!(event.topic, "customers.customer.created");
    assert_snapshot!(format!("{:#}\n{:#?}", event.envelope, stored.audit));
}

#[tokio::test]
async fn every_spelling_says_the_same() {
    let spellings = [
        json!({
            "email": "a@example.com",
            "profile": {"firstName": "John", "lastName": "Doe", "dateOfBirth": "1990-01-01",
                "gender": "male", "phone": "+1234567890", "avatar": "https://x.example/a.png"},
            "preferences": {"marketing": {"emailOptIn": true, "smsOptIn": true, "pushOptIn": true},
                "notifications": {"orderUpdates": true, "promotions": true, "newsletters": true},
                "custom": {"a_b": 1}, "dataSharing": true},
            "customerType": "individual", "groupId": "retail", "legacyId": 7,
            "registrationSource": "WEBSITE", "externalIds": {"crm": "1"},
        }),
        json!({
            "email": "a@example.com",
            "first_name": "John", "last_name": "Doe", "date_of_birth": "1990-01-01T00:00:00Z",
            "gender": "MALE", "phone": "+1234567890", "avatar_url": "https://x.example/a.png",
            "preferences": {"email_marketing": true, "sms_marketing": true,
                "push_notifications": true, "order_updates": true, "promotional_emails": true,
                "newsletter": true, "custom_preferences": {"a_b": 1}, "data_sharing": true},
            "customer_type": "INDIVIDUAL", "customer_group_id": "RETAIL", "legacy_id": 7,
            "registration_source": "WEBSITE", "external_ids": {"crm": "1"},
        }),
        json!({
            "email": "a@example.com",
            "firstName": "John", "lastName": "Doe", "dateOfBirth": "1990-01-01T23:59:59-11:00",
            "gender": "Male", "phone": "+1234567890", "avatar": "https://x.example/a.png",
            "marketingOptIn": true,
            "preferences": {"marketing": {"sms_opt_in": true, "push_opt_in": true},
                "notifications": {"order_updates": true, "promotions": true, "newsletters": true},
                "custom": {"a_b": 1}, "dataSharing": true},
            "customerType": "Individual", "groupId": "retail", "legacyId": 7,
            "registrationSource": "WEBSITE", "externalIds": {"CRM": "1"},
        }),
    ];
    let mut replies = Vec::new();
    for spelling in spellings {
        let api = TestApi::new().await;
        let reply = api.post(CUSTOMERS, Key::Write, spelling).await;
        assert_eq!(reply.status, 201, "{reply}");
        replies.push(reply.json());
    }
    assert_eq!(replies[0], replies[1]);
    assert_eq!(replies[0], replies[2]);
    assert_eq!(
        replies[0]["data"]["customer"]["profile"]["dateOfBirth"],
        "1990-01-01"
    );
}

#[tokio::test]
async fn one_member_in_two_spellings_must_have_one_value() {
    let api = TestApi::new().await;
    let body = json!({"email": "a@example.com", "firstName": "A", "profile": {"first_name": "A"}});
    assert_eq!(api.post(CUSTOMERS, Key::Write, body).await.status, 201);
    let body = json!({"email": "b@example.com", "firstName": "A", "profile": {"first_name": "B"}});
    let reply = api.post(CUSTOMERS, Key::Write, body).await;
    assert_eq!(reply.failure(), (400, "VALIDATION_FAILED".to_owned()));
    let expected = ("/profile/first_name".to_owned(), "DUPLICATE_KEY".to_owned());
    assert_eq!(reply.faults(), [expected]);
}

#[tokio::test]
async fn the_name_of_a_group_as_the_type_sets_the_group() {
    let api = TestApi::new().await;
    for (number, (given, kind, group)) in [
        (
            json!({"customerType": "RETAIL"}),
            "individual",
            json!("retail"),
        ),
        (
            json!({"customerType": "Wholesale"}),
            "individual",
            json!("wholesale"),
        ),
        (
            json!({"customerType": "vip", "groupId": "vip"}),
            "individual",
            json!("vip"),
        ),
        (
            json!({"customerType": "BUSINESS", "groupId": "vip"}),
            "business",
            json!("vip"),
        ),
        (json!({"customerType": "business"}), "business", Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = given;
        body["email"] = json!(format!("a{number}@example.com"));
        let customer = api.post(CUSTOMERS, Key::Write, body).await.customer();
        assert_eq!(customer["customerType"], kind, "{number}");
        assert_eq!(customer["groupId"], group, "{number}");
    }
}

#[tokio::test]
async fn a_group_that_the_tenant_does_not_have_is_named_as_it_was_sent() {
    let api = TestApi::new().await;
    let before = api.stored().await;
    for (member, code) in [
        ("groupId", "/groupId"),
        ("customer_group_id", "/customer_group_id"),
    ] {
        let body = json!({"email": "a@example.com", member: "staff"});
        let reply = api.post(CUSTOMERS, Key::Write, body).await;
        assert_eq!(reply.failure(), (400, "VALIDATION_FAILED".to_owned()));
        assert_eq!(
            reply.faults(),
            [(code.to_owned(), "INVALID_VALUE".to_owned())]
        );
    }
    let body = json!({"email": "a@example.com", "customerType": "RETAIL", "group_id": "vip"});
    let reply = api.post(CUSTOMERS, Key::Write, body).await;
    assert_eq!(
        reply.faults(),
        [("/group_id".to_owned(), "DUPLICATE_KEY".to_owned())]
    );
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_at_once() {
    let api = TestApi::new().await;
    let before = api.stored().await;
    let body = json!({
        "email": "no address",
        "password": "short",
        "profile": {"firstName": "x".repeat(101), "phone": "call me", "date_of_birth": "2026-01-16"},
        "gender": "unknown",
        "avatarUrl": "http://insecure.example/a.png",
        "preferences": {"language": "english", "currency": "EURO", "timezone": "?",
            "marketing": {"emailOptIn": "yes"}, "colour": "blue"},
        "customerType": "robot",
        "groupId": "no group",
        "tags": ["ok", "", 5, "y".repeat(51)],
        "legacyId": 0,
        "externalIds": {"crm": 5, "no system": "1", "erp": ""},
        "registrationSource": "z".repeat(51),
        "metadata": [],
        "emial": "a@example.com",
        "status": "active",
    });
    let target = format!("{CUSTOMERS}?page=1&tenant_id=default");
    let call = Call::post(target)
        .key(Key::Write)
        .json(&body)
        .header("idempotency-key", "a b");
    assert_snapshot!(api.send(call).await);
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn an_address_that_is_none_has_a_code_of_its_own() {
    let api = TestApi::new().await;
    let reply = api
        .post(CUSTOMERS, Key::Write, json!({"email": "a@b"}))
        .await;
    assert_snapshot!(reply);
    let body = json!({"email": "a@b", "firstName": 1});
    let reply = api.post(CUSTOMERS, Key::Write, body).await;
    assert_eq!(reply.failure(), (400, "VALIDATION_FAILED".to_owned()));
}

#[tokio::test]
async fn an_address_is_taken_in_every_spelling_and_the_holder_is_named() {
    let api = TestApi::new().await;
    let holder = api
        .created(Key::Write, json!({"email": "Jane@Bücher.example"}))
        .await;
    let before = api.stored().await;
    let body = json!({"email": " jane@XN--BCHER-KVA.example. "});
    let reply = api.post(CUSTOMERS, Key::Write, body).await;
    assert_eq!(reply.json()["customerId"], *holder);
    assert_snapshot!(reply);
    for email in ["JANE@bücher.example", "jane@BÜCHER.EXAMPLE."] {
        let reply = api
            .post(CUSTOMERS, Key::Write, json!({"email": email}))
            .await;
        assert_eq!(
            reply.failure(),
            (409, "EMAIL_ALREADY_EXISTS".to_owned()),
            "{email}"
        );
    }
    assert_eq!(api.stored().await, before);
}

#[tokio::test]
async fn ids_of_other_systems_are_unique_too() {
    let api = TestApi::new().await;
    let body = json!({"email": "a@example.com", "legacyId": 7, "externalIds": {"crm": "C-1"}});
    let holder = api.created(Key::Write, body).await;
    for taken in [
        json!({"legacyId": 7}),
        json!({"externalIds": {"crm": "C-1", "erp": "2"}}),
    ] {
        let mut body = taken;
        body["email"] = json!("b@example.com");
        let reply = api.post(CUSTOMERS, Key::Write, body).await;
        assert_eq!(
            reply.failure(),
            (409, "IDENTIFIER_ALREADY_EXISTS".to_owned())
        );
        assert_eq!(reply.json()["customerId"], *holder);
    }
    let body = json!({"email": "b@example.com", "externalIds": {"erp": "C-1"}});
    assert_eq!(api.post(CUSTOMERS, Key::Write, body).await.status, 201);
}

#[tokio::test]
async fn what_cannot_be_given_is_unknown() {
    let api = TestApi::new().await;
    for member in [
        "id",
        "status",
        "version",
        "emailVerified",
        "segment",
        "createdAt",
        "userId",
    ] {
        let body = json!({"email": "a@example.com", member: "1"});
        let reply = api.post(CUSTOMERS, Key::Admin, body).await;
        let expected = (format!("/{member}"), "UNKNOWN_FIELD".to_owned());
        assert_eq!(reply.faults(), [expected], "{reply}");
    }
}

#[tokio::test]
async fn text_of_blanks_is_no_text() {
    let api = TestApi::new().await;
    let body = json!({
        "email": " a@example.com\t", "firstName": "  ", "lastName": " Doe ", "phone": "",
        "avatar": " ", "registrationSource": "",
    });
    let customer = api.post(CUSTOMERS, Key::Write, body).await.customer();
    assert_eq!(customer["email"], "a@example.com");
    assert_eq!(customer["profile"]["firstName"], Value::Null);
    assert_eq!(customer["profile"]["lastName"], "Doe");
    assert_eq!(customer["profile"]["phone"], Value::Null);
    assert_eq!(customer["profile"]["avatar"], Value::Null);
    assert_eq!(customer["registrationSource"], Value::Null);
}

#[tokio::test]
async fn totals_are_counted_in_the_currency_of_the_tenant() {
    let api = TestApi::new().await;
    let settings = json!({"settings": {"currency": "JPY"}});
    api.put(
        format!("{BASE}/tenants/tenant-123"),
        Key::Operator,
        settings,
    )
    .await;
    let body = json!({"email": "a@example.com", "tenantId": "tenant-123"});
    let reply = api.post(CUSTOMERS, Key::Operator, body).await;
    assert_eq!(reply.customer()["segment"]["currency"], "JPY");
    assert!(reply.text().contains(r#""totalSpent":0,"#), "{reply}");
}
