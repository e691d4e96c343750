//! `GET` of a customer, `POST /customers/batch-get` and `/customers/lookup`.

use crate::support::{CUSTOMERS, Call, Key, TestApi, default_tenant};
use customer_domain::customer::Status;
use customer_testkit::builders::{at, customer, seeded_id};
use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

const LOOKUP: &str = "/api/v1/customers/lookup";
const BATCH: &str = "/api/v1/customers/batch-get";

fn fault(pointer: &str, code: &str) -> (String, String) {
    (pointer.to_owned(), code.to_owned())
}

#[tokio::test]
async fn a_customer_is_shown_with_everything_that_is_known_of_it() {
    let api = TestApi::new().await;
    let full = customer().number(7).full().build_new();
    let id = full.customer.id;
    api.store_customers(&default_tenant(), vec![full]).await;
    let reply = api.get(format!("{CUSTOMERS}/{id}"), Key::Read).await;
    assert_snapshot!(reply);
    assert!(reply.text().contains(r#""totalSpent":1234.57,"#), "{reply}");
    assert!(
        reply.text().contains(r#""averageOrderValue":72.62}"#),
        "{reply}"
    );
}

#[tokio::test]
async fn every_name_of_a_customer_leads_to_it_on_both_bases() {
    let api = TestApi::new().await;
    let body = json!({"email": "a@example.com", "legacyId": 4_294_967_295_u32});
    let id = api.created(Key::Write, body).await;
    for base in ["/api/v1", "/v1"] {
        for name in [
            id.clone(),
            id.to_uppercase(),
            format!("cust_{id}"),
            "4294967295".to_owned(),
        ] {
            let target = format!("{base}/customers/{name}?tenant_id=default");
            assert_eq!(
                api.get(target, Key::Read).await.customer()["id"],
                *id,
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn what_names_no_customer_is_told_apart_from_one_who_is_not_there() {
    let api = TestApi::new().await;
    for name in [
        "cust_456",
        "0",
        "-1",
        "007",
        "4294967296",
        "1.0",
        "abc",
        "cust_",
        "cust_12",
        "me%20",
        "%EF%BC%91",
        "99999999999999999999",
        "00000000000070008000000000000001",
    ] {
        let reply = api.get(format!("{CUSTOMERS}/{name}"), Key::Read).await;
        assert_eq!(
            reply.failure(),
            (400, "INVALID_CUSTOMER_ID".to_owned()),
            "{name}"
        );
        assert_eq!(
            reply.faults(),
            [fault("{customerId}", "INVALID_CUSTOMER_ID")]
        );
    }
    for name in [seeded_id(0xdead).to_string(), "4711".to_owned()] {
        let reply = api.get(format!("{CUSTOMERS}/{name}"), Key::Read).await;
        assert_eq!(
            reply.failure(),
            (404, "CUSTOMER_NOT_FOUND".to_owned()),
            "{name}"
        );
    }
    assert_snapshot!(api.get(format!("{CUSTOMERS}/4711"), Key::Read).await);
}

#[tokio::test]
async fn behind_an_api_key_there_is_no_customer_who_could_be_me() {
    let api = TestApi::new().await;
    let path = format!("{CUSTOMERS}/me");
    for call in [
        Call::new(Method::GET, path.as_str()),
        Call::put(path.as_str()).json(&json!({"firstName": "Ada"})),
        Call::delete(path.as_str()),
        Call::post(format!("{path}/suspend")).json(&json!({"reason": "x"})),
    ] {
        let reply = api.send(call.key(Key::Admin)).await;
        assert_eq!(reply.failure(), (404, "CUSTOMER_NOT_FOUND".to_owned()));
    }
}

#[tokio::test]
async fn a_wrong_id_and_a_wrong_parameter_are_named_together() {
    let api = TestApi::new().await;
    let reply = api
        .get(
            format!("{CUSTOMERS}/abc?colour=red&tenant_id=%ff"),
            Key::Read,
        )
        .await;
    assert_eq!(
        reply.faults(),
        [
            fault("?colour", "UNKNOWN_FIELD"),
            fault("?tenant_id", "INVALID_VALUE"),
            fault("{customerId}", "INVALID_CUSTOMER_ID"),
        ]
    );
}

#[tokio::test]
async fn fixed_words_win_over_ids() {
    let api = TestApi::new().await;
    let health = api.get(format!("{CUSTOMERS}/health"), Key::Read).await;
    assert_eq!(health.data("health")["status"], "up");
    for word in ["lookup", "batch-get"] {
        let call = Call::new(Method::GET, format!("{CUSTOMERS}/{word}")).key(Key::Read);
        let reply = api.send_unchecked(call).await;
        assert_eq!(reply.failure(), (405, "METHOD_NOT_ALLOWED".to_owned()));
    }
}

#[tokio::test]
async fn the_etag_is_an_edit_token_and_never_answers_not_modified() {
    let api = TestApi::new().await;
    let id = api
        .created(Key::Write, json!({"email": "a@example.com"}))
        .await;
    let call = Call::new(Method::GET, format!("{CUSTOMERS}/{id}")).key(Key::Read);
    let reply = api.send(call.header("if-none-match", "\"1\"")).await;
    assert_eq!((reply.status, reply.header("etag")), (200, Some("\"1\"")));
}

#[tokio::test]
async fn a_customer_is_found_by_whatever_it_is_known_by() {
    let api = TestApi::new().await;
    let body = json!({
        "email": "Jane@Bücher.example", "phone": "+1-555-0125", "legacyId": 7,
        "externalIds": {"crm": "C-17"}, "password": "securePassword123",
    });
    let id = api.created(Key::Write, body).await;
    for known_by in [
        json!({"email": "jane@xn--bcher-kva.example."}),
        json!({"phone": "1 (555) 0125"}),
        json!({"legacyId": 7}),
        json!({"legacy_id": 7, "email": null, "external_id": null}),
        json!({"externalId": {"system": "CRM", "id": "C-17"}}),
        json!({"external_id": {"system": "crm", "id": " C-17 "}, "phone": ""}),
        json!({"userId": id}),
        json!({"user_id": id, "tenant_id": "default"}),
    ] {
        let reply = api.post(LOOKUP, Key::Read, known_by.clone()).await;
        assert_eq!(reply.customer()["id"], *id, "{known_by}");
        assert_eq!(reply.header("etag"), Some("\"1\""));
    }
    for unknown in [
        json!({"email": "john@bücher.example"}),
        json!({"phone": "15550126"}),
        json!({"legacyId": 8}),
        json!({"externalId": {"system": "crm", "id": "c-17"}}),
        json!({"userId": seeded_id(9)}),
    ] {
        let reply = api.post(LOOKUP, Key::Read, unknown.clone()).await;
        assert_eq!(
            reply.failure(),
            (404, "CUSTOMER_NOT_FOUND".to_owned()),
            "{unknown}"
        );
    }
}

#[tokio::test]
async fn a_guest_has_no_user_and_a_deleted_customer_no_address() {
    let api = TestApi::new().await;
    let body = json!({"email": "a@example.com", "phone": "5550125", "legacyId": 7});
    let id = api.created(Key::Write, body).await;
    assert_eq!(
        api.post(LOOKUP, Key::Read, json!({"userId": id}))
            .await
            .status,
        404
    );
    api.delete(format!("{CUSTOMERS}/{id}"), Key::Write).await;
    for (known_by, status) in [
        (json!({"email": "a@example.com"}), 404),
        (json!({"phone": "5550125"}), 404),
        (json!({"legacyId": 7}), 200),
    ] {
        assert_eq!(api.post(LOOKUP, Key::Read, known_by).await.status, status);
    }
}

#[tokio::test]
async fn of_several_with_one_number_the_longest_standing_is_found() {
    let api = TestApi::new().await;
    let numbered = |n, since| {
        customer()
            .number(n)
            .phone("555-0125")
            .since(at(since))
            .build_new()
    };
    let customers = vec![numbered(1, 9), numbered(2, 3), numbered(3, 6)];
    let oldest = customers[1].customer.id.to_string();
    api.store_customers(&default_tenant(), customers).await;
    let found = api
        .post(LOOKUP, Key::Read, json!({"phone": "5550125"}))
        .await;
    assert_eq!(found.customer()["id"], oldest);
}

#[tokio::test]
async fn a_lookup_needs_exactly_one_thing() {
    let api = TestApi::new().await;
    let two = json!({"email": "a@example.com", "legacyId": 7});
    for (body, expected) in [
        (json!({}), vec![fault("", "REQUIRED")]),
        (
            json!({"email": null, "externalId": null}),
            vec![fault("", "REQUIRED")],
        ),
        (
            json!({"externalId": {}}),
            vec![fault("/externalId", "INVALID_TYPE")],
        ),
        (json!({"phone": " "}), vec![fault("", "REQUIRED")]),
        (two, vec![fault("", "INVALID_VALUE")]),
        (
            json!({"email": "a@b"}),
            vec![fault("/email", "INVALID_EMAIL_FORMAT")],
        ),
        (
            json!({"emial": "a@b.co"}),
            vec![fault("/emial", "UNKNOWN_FIELD")],
        ),
        (
            json!({"legacyId": "7"}),
            vec![fault("/legacyId", "INVALID_TYPE")],
        ),
        (
            json!({"external_id": "C-17"}),
            vec![fault("/external_id", "INVALID_TYPE")],
        ),
        (
            json!({"externalId": {"system": "crm"}}),
            vec![fault("/externalId/id", "REQUIRED")],
        ),
        (
            json!({"external_id": {"system": "no system", "id": "1"}}),
            vec![fault("/external_id/system", "INVALID_VALUE")],
        ),
        (
            json!({"externalId": {"system": 1, "id": 2, "at": 3}}),
            vec![
                fault("/externalId/at", "UNKNOWN_FIELD"),
                fault("/externalId/id", "INVALID_TYPE"),
                fault("/externalId/system", "INVALID_TYPE"),
            ],
        ),
        (
            json!({"userId": "7"}),
            vec![fault("/userId", "INVALID_VALUE")],
        ),
    ] {
        let reply = api.post(LOOKUP, Key::Read, body.clone()).await;
        assert_eq!(reply.status, 400, "{body}");
        assert_eq!(reply.faults(), expected, "{body}");
    }
}

#[tokio::test]
async fn a_batch_answers_each_id_once_in_the_order_asked_for() {
    let api = TestApi::new().await;
    let numbered = |n| customer().number(n).status(Status::Active).build_new();
    let customers: Vec<_> = (1..=3).map(numbered).collect();
    let ids: Vec<_> = customers
        .iter()
        .map(|new| new.customer.id.to_string())
        .collect();
    api.store_customers(&default_tenant(), customers).await;
    let (nobody, no_one) = (seeded_id(0xdead).to_string(), seeded_id(0xbeef).to_string());
    let asked = json!({"ids": [
        &nobody, &ids[2], format!("cust_{}", ids[0]), &no_one, &ids[2], &nobody, ids[0].to_uppercase(),
    ]});
    let reply = api.post(BATCH, Key::Read, asked).await;
    let found = reply.data("customers");
    let found: Vec<&Value> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(found, [&ids[2], &ids[0]]);
    assert_eq!(reply.data("missing"), json!([nobody, no_one]));
}

#[tokio::test]
async fn a_batch_of_nobody_is_no_failure() {
    let api = TestApi::new().await;
    let reply = api
        .post(BATCH, Key::Read, json!({"ids": [seeded_id(9)]}))
        .await;
    assert_snapshot!(reply);
}

#[tokio::test]
async fn every_id_of_a_batch_that_is_none_is_named() {
    let api = TestApi::new().await;
    let good = seeded_id(1).to_string();
    let many = |n| json!({"ids": vec![good.clone(); n]});
    assert_eq!(api.post(BATCH, Key::Read, many(100)).await.status, 200);
    let invalid = |at: usize| fault(&format!("/ids/{at}"), "INVALID_CUSTOMER_ID");
    for (body, expected) in [
        (many(101), vec![fault("/ids", "TOO_LONG")]),
        (many(0), vec![fault("/ids", "TOO_SHORT")]),
        (json!({}), vec![fault("/ids", "REQUIRED")]),
        (json!({"ids": null}), vec![fault("/ids", "REQUIRED")]),
        (json!({"ids": good}), vec![fault("/ids", "INVALID_TYPE")]),
        (
            json!({"ids": [good, "x", 7, "4711"]}),
            vec![invalid(1), fault("/ids/2", "INVALID_TYPE"), invalid(3)],
        ),
    ] {
        let reply = api.post(BATCH, Key::Read, body.clone()).await;
        assert_eq!(reply.status, 400, "{body}");
        assert_eq!(reply.faults(), expected, "{body}");
    }
}
