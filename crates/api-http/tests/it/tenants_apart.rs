//! Two tenants cannot reach each other's data.

use crate::support::{CUSTOMERS, Call, Key, TestApi, World, default_tenant, other_tenant};
use http::Method;
use serde_json::{Value, json};

const LOOKUP: &str = "/api/v1/customers/lookup";
const BATCH: &str = "/api/v1/customers/batch-get";

#[tokio::test]
async fn the_same_person_can_be_a_customer_of_both() {
    let api = TestApi::new().await;
    let jane = json!({"email": "jane@example.com", "legacyId": 7, "externalIds": {"crm": "C-1"}});
    let here = api.created(Key::Write, jane.clone()).await;
    let there = api.created(Key::OtherWrite, jane).await;
    assert_ne!(here, there);
    for known_by in [
        json!({"email": "JANE@example.com"}),
        json!({"legacyId": 7}),
        json!({"externalId": {"system": "crm", "id": "C-1"}}),
    ] {
        for (key, id) in [(Key::Read, &here), (Key::OtherRead, &there)] {
            let found = api.post(LOOKUP, key, known_by.clone()).await.customer();
            assert_eq!(found["id"], **id, "{known_by}");
        }
    }
    for (key, id, tenant) in [
        (Key::Read, here, "default"),
        (Key::OtherRead, there, "tenant-123"),
    ] {
        let found = api.get(format!("{CUSTOMERS}/7"), key).await.customer();
        assert_eq!(
            (&found["id"], &found["tenantId"]),
            (&json!(id), &json!(tenant))
        );
    }
}

#[tokio::test]
async fn nothing_that_a_customer_is_known_by_reaches_it_from_elsewhere() {
    let world = World::new().await;
    let known_by = [
        json!({"email": "ada@example.com"}),
        json!({"phone": "5550125"}),
        json!({"legacyId": 7}),
        json!({"externalId": {"system": "crm", "id": "C-17"}}),
        json!({"userId": world.customer}),
    ];
    let nobody = world
        .api
        .post(LOOKUP, Key::OtherRead, json!({"legacyId": 9}))
        .await;
    for known_by in known_by {
        let home = world.api.post(LOOKUP, Key::Read, known_by.clone()).await;
        assert_eq!(home.status, 200, "{known_by}");
        let away = world
            .api
            .post(LOOKUP, Key::OtherRead, known_by.clone())
            .await;
        assert_eq!(
            away.failure(),
            (404, "CUSTOMER_NOT_FOUND".to_owned()),
            "{known_by}"
        );
        assert_eq!(away.problem(), nobody.problem(), "{known_by}");
    }
    for name in [
        world.customer.clone(),
        format!("cust_{}", world.customer),
        "7".to_owned(),
    ] {
        let away = world
            .api
            .get(format!("{CUSTOMERS}/{name}"), Key::OtherAdmin)
            .await;
        assert_eq!(
            away.failure(),
            (404, "CUSTOMER_NOT_FOUND".to_owned()),
            "{name}"
        );
    }
    let batch = json!({"ids": [world.customer]});
    let away = world.api.post(BATCH, Key::OtherRead, batch).await;
    assert_eq!(away.data("missing"), json!([world.customer]));
    assert_eq!(away.data("customers"), json!([]));
    assert_eq!(
        world.api.get(CUSTOMERS, Key::OtherRead).await.data("total"),
        0
    );
}

#[tokio::test]
async fn the_tenant_that_a_body_or_a_query_names_must_be_the_callers() {
    let world = World::new().await;
    let before = world.api.stored().await;
    let path = world.path();
    let address = format!("{path}/addresses/{}", world.address);
    for (method, target, body) in [
        (
            Method::POST,
            CUSTOMERS.to_owned(),
            json!({"email": "new@example.com"}),
        ),
        (Method::POST, LOOKUP.to_owned(), json!({"legacyId": 7})),
        (
            Method::POST,
            BATCH.to_owned(),
            json!({"ids": [world.customer]}),
        ),
        (Method::PUT, path.clone(), json!({"firstName": "Eve"})),
        (Method::PATCH, path.clone(), json!({"firstName": "Eve"})),
        (Method::DELETE, path.clone(), json!({})),
        (Method::POST, format!("{path}/suspend"), json!({})),
        (
            Method::POST,
            format!("{path}/addresses"),
            json!({"street": "1 Main St", "city": "New York", "zipCode": "10001"}),
        ),
        (
            Method::POST,
            format!("{path}/addresses/validate"),
            json!({"street": "1 Main St"}),
        ),
        (Method::PUT, address.clone(), json!({"label": "Eve's"})),
        (Method::PATCH, address.clone(), json!({"label": "Eve's"})),
        (Method::POST, format!("{address}/set-default"), json!({})),
        (Method::POST, format!("{path}/reactivate"), json!({})),
        (
            Method::POST,
            "/api/v1/api-keys".to_owned(),
            json!({"name": "a", "scopes": ["customers:read"]}),
        ),
    ] {
        let send = async |query: &str, members: Value| {
            let mut sent = body.clone();
            for (name, value) in members.as_object().unwrap() {
                sent[name] = value.clone();
            }
            let call = Call::new(method.clone(), format!("{target}{query}"));
            world.api.send(call.key(Key::OtherAdmin).json(&sent)).await
        };
        let replies = [
            send("", json!({"tenantId": "default"})).await,
            send("", json!({"tenant_id": "default"})).await,
            send("", json!({"tenantId": "nobody"})).await,
            send("", json!({"tenantId": default_tenant().id.to_string()})).await,
            send("?tenant_id=default", json!({})).await,
            send("?tenantId=default", json!({})).await,
            send("?tenant_id=default", json!({"tenantId": "tenant-123"})).await,
            send("?tenant_id=tenant-123", json!({"tenantId": "default"})).await,
        ];
        for reply in &replies {
            assert_eq!(reply.status, 404, "{method} {target}: {reply}");
            assert_eq!(reply.problem(), replies[0].problem(), "{method} {target}");
        }
    }
    assert_eq!(world.api.stored().await, before);
}

#[tokio::test]
async fn a_callers_own_tenant_may_be_named() {
    let world = World::new().await;
    for query in ["?tenant_id=default", "?tenantId=default", "?tenant_id="] {
        let reply = world
            .api
            .get(format!("{}{query}", world.path()), Key::Read)
            .await;
        assert_eq!(reply.status, 200, "{query}");
    }
    let body = json!({"tenantId": "default", "firstName": "Ada"});
    let target = format!("{}?tenant_id=default", world.path());
    assert_eq!(world.api.put(target, Key::Write, body).await.status, 200);
}

#[tokio::test]
async fn an_operator_acts_in_the_tenant_that_is_named_and_else_in_the_default_one() {
    let api = TestApi::new().await;
    let jane = json!({"email": "jane@example.com", "tenantId": "tenant-123"});
    let id = api.created(Key::Operator, jane).await;
    let path = format!("{CUSTOMERS}/{id}");
    assert_eq!(api.get(&path, Key::Operator).await.status, 404);
    let named = format!("{path}?tenant_id=tenant-123");
    assert_eq!(
        api.get(&named, Key::Operator).await.customer()["tenantId"],
        "tenant-123"
    );
    assert_eq!(api.get(&path, Key::OtherRead).await.status, 200);
    let here = api
        .created(Key::Operator, json!({"email": "jane@example.com"}))
        .await;
    assert_eq!(
        api.get(format!("{CUSTOMERS}/{here}"), Key::Read)
            .await
            .status,
        200
    );
    let nobody = json!({"email": "jane@example.com", "tenantId": "nobody"});
    let reply = api.post(CUSTOMERS, Key::Operator, nobody).await;
    assert_eq!(reply.failure(), (404, "TENANT_NOT_FOUND".to_owned()));
    let tenants: Vec<_> = api
        .store
        .events()
        .iter()
        .map(|event| event.tenant)
        .collect();
    assert_eq!(tenants, [other_tenant().id, default_tenant().id]);
}

#[tokio::test]
async fn a_conflict_never_names_a_customer_of_another_tenant() {
    let world = World::new().await;
    let there = json!({"email": "john@example.com", "legacyId": 8});
    let id = world.api.created(Key::OtherWrite, there).await;
    for body in [json!({"email": "ada@example.com"}), json!({"legacyId": 7})] {
        let reply = world
            .api
            .put(format!("{CUSTOMERS}/{id}"), Key::OtherWrite, body)
            .await;
        assert_eq!(reply.status, 200, "{reply}");
    }
}

#[tokio::test]
async fn a_secret_that_names_another_tenant_opens_nothing() {
    let world = World::new().await;
    let secret = Key::Admin.secret();
    let (own, other) = (default_tenant().id.0.simple(), other_tenant().id.0.simple());
    let moved = secret.replace(&own.to_string(), &other.to_string());
    assert_ne!(moved, secret);
    let call = Call::new(Method::GET, CUSTOMERS).header("x-api-key", &moved);
    assert_eq!(
        world.api.send(call).await.failure(),
        (401, "UNAUTHENTICATED".to_owned())
    );
}

#[tokio::test]
async fn the_keys_of_a_tenant_are_its_own() {
    let api = TestApi::new().await;
    let keys = api
        .get("/api/v1/api-keys", Key::OtherAdmin)
        .await
        .data("apiKeys");
    let names: Vec<_> = keys
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["name"].clone())
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(
        names
            .iter()
            .all(|name| name.as_str().unwrap().starts_with("Other")),
        "{names:?}"
    );
    let call = Call::delete(format!("/api/v1/api-keys/{}", Key::Write.id())).key(Key::OtherAdmin);
    assert_eq!(
        api.send(call).await.failure(),
        (404, "API_KEY_NOT_FOUND".to_owned())
    );
    assert_eq!(api.get(CUSTOMERS, Key::Write).await.status, 200);
}
