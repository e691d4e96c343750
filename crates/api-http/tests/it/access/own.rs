//! What a customer's own token gives access to: the customer's own record, and nothing else.

use super::{but_for_refusals, sent};
use crate::support::{CASES, CUSTOMERS, Call, Case, Key, Needs, Own, Reply, World};
use crate::support::{default_tenant, other_tenant};
use customer_testkit::builders::{all_tenants_token, new_customer, seeded_id, token};
use http::Method;
use serde_json::{Value, json};

/// The greatest age, in seconds, at which a proof of identity still counts as fresh.
const FRESH: i64 = 300;

/// Returns the token of the world's customer, who authenticated this many seconds ago.
fn own(world: &World, seconds: i64) -> String {
    let customer = world.customer.parse().expect("an id");
    token(customer, default_tenant().id, seconds)
}

fn cases(own: Own) -> impl Iterator<Item = &'static Case> {
    CASES.iter().filter(move |case| case.own == own)
}

/// Returns the operation's target with another customer in its path.
fn target(world: &World, case: &Case, customer: &str) -> String {
    let target = world.target(case.operation());
    target.replace(&world.customer, customer)
}

async fn sent_at(world: &World, case: &Case, target: &str, token: &str) -> Reply {
    world
        .api
        .send(case.call_at(world, target).token(token))
        .await
}

#[tokio::test]
async fn a_customer_may_do_to_itself_what_its_case_says() {
    for case in CASES.iter().filter(|case| case.needs != Needs::Nothing) {
        let world = World::new().await;
        let reply = sent(&world, case, |call| call.token(&own(&world, FRESH))).await;
        if case.own == Own::No {
            let denied = (403, "PERMISSION_DENIED".to_owned());
            assert_eq!(reply.failure(), denied, "{}", case.operation);
        } else {
            assert_eq!(reply.status, case.status, "{}: {reply}", case.operation);
        }
    }
}

#[tokio::test]
async fn me_and_the_legacy_id_name_the_customer_behind_the_token() {
    for case in cases(Own::Yes).chain(cases(Own::Fresh)) {
        for name in ["me", "7", &format!("cust_{}", World::new().await.customer)] {
            let world = World::new().await;
            let target = target(&world, case, name);
            let reply = sent_at(&world, case, &target, &own(&world, 0)).await;
            assert_eq!(
                reply.status, case.status,
                "{} {name}: {reply}",
                case.operation
            );
        }
    }
}

#[tokio::test]
async fn a_stale_proof_opens_nothing_that_needs_a_fresh_one() {
    for case in cases(Own::Yes) {
        let world = World::new().await;
        let reply = sent(&world, case, |call| call.token(&own(&world, FRESH + 1))).await;
        assert_eq!(reply.status, case.status, "{}: {reply}", case.operation);
    }
    for case in cases(Own::Fresh) {
        let world = World::new().await;
        let reply = sent(&world, case, |call| call.token(&own(&world, FRESH + 1))).await;
        let stale = (403, "STEP_UP_REQUIRED".to_owned());
        assert_eq!(reply.failure(), stale, "{}", case.operation);
    }
}

#[tokio::test]
async fn another_customer_of_any_tenant_answers_as_one_that_nobody_is() {
    for case in cases(Own::Yes).chain(cases(Own::Fresh)) {
        let world = World::new().await;
        let other = json!({"email": "eve@example.com", "legacyId": 8});
        let other = world.api.created(Key::Write, other).await;
        let foreign = json!({"email": "eve@example.com"});
        let foreign = world.api.created(Key::OtherWrite, foreign).await;
        let before = world.api.stored().await;
        let nobody = seeded_id(0xdead).to_string();
        let token = own(&world, 0);
        let missing = target(&world, case, &nobody);
        let missing = sent_at(&world, case, &missing, &token).await;
        let expected = (404, "CUSTOMER_NOT_FOUND".to_owned());
        assert_eq!(missing.failure(), expected, "{}", case.operation);
        for id in [other.as_str(), &foreign, "8", "9", "no-id"] {
            let reply = sent_at(&world, case, &target(&world, case, id), &token).await;
            assert_eq!(reply.failure(), expected, "{} {id}", case.operation);
            assert_eq!(reply.problem()["detail"], missing.problem()["detail"]);
        }
        assert_eq!(world.api.stored().await, before, "{}", case.operation);
    }
}

#[tokio::test]
async fn a_token_of_another_tenant_opens_nothing_here() {
    for case in cases(Own::Yes).chain(cases(Own::Fresh)) {
        let world = World::new().await;
        let before = world.api.stored().await;
        let customer = world.customer.parse().expect("an id");
        let foreign = token(customer, other_tenant().id, 0);
        let target = world.target(case.operation());
        for target in [format!("{target}?tenant_id=default"), target] {
            let reply = sent_at(&world, case, &target, &foreign).await;
            assert_eq!(reply.status, 404, "{}: {reply}", case.operation);
        }
        let after = but_for_refusals(world.api.stored().await);
        assert_eq!(after, before, "{}", case.operation);
    }
}

#[tokio::test]
async fn who_is_let_in_as_itself_names_no_other_tenant() {
    for case in cases(Own::Yes).chain(cases(Own::Fresh)) {
        let world = World::new().await;
        let customer = world.customer.parse().expect("an id");
        let mut namesake = new_customer();
        namesake.customer.id = customer;
        let namesakes = vec![namesake];
        world.api.store_customers(&other_tenant(), namesakes).await;
        let token = all_tenants_token(customer, default_tenant().id, 0);
        let at = |tenant: &str| format!("{}?tenant_id={tenant}", world.target(case.operation()));
        for tenant in ["tenant-123", "nowhere"] {
            let reply = sent_at(&world, case, &at(tenant), &token).await;
            let expected = (404, "CUSTOMER_NOT_FOUND".to_owned());
            assert_eq!(reply.failure(), expected, "{} {tenant}", case.operation);
        }
        let reply = sent_at(&world, case, &at("default"), &token).await;
        assert_eq!(reply.status, case.status, "{}: {reply}", case.operation);
    }
}

#[tokio::test]
async fn a_customer_changes_neither_its_status_nor_what_staff_decides() {
    let world = World::new().await;
    let token = own(&world, 0);
    for body in [
        json!({"status": "inactive"}),
        json!({"status": "active"}),
        json!({"groupId": World::GROUP}),
        json!({"customerType": "business"}),
        json!({"tags": ["vip"]}),
    ] {
        let before = but_for_refusals(world.api.stored().await);
        let call = Call::new(Method::PATCH, format!("{CUSTOMERS}/me"));
        let reply = world.api.send(call.token(&token).json(&body)).await;
        let denied = (403, "PERMISSION_DENIED".to_owned());
        assert_eq!(reply.failure(), denied, "{body}: {reply}");
        let after = but_for_refusals(world.api.stored().await);
        assert_eq!(after, before, "{body}");
    }
    // What the customer read may be sent back.
    let body = json!({"customerType": "individual", "tags": [], "firstName": "Augusta"});
    let call = Call::new(Method::PATCH, format!("{CUSTOMERS}/me"));
    let reply = world.api.send(call.token(&token).json(&body)).await;
    assert_eq!(reply.status, 200, "{reply}");
}

/// Sends a request of the world's customer about itself.
async fn sent_by_itself(world: &World, method: Method, target: &str, body: &Value) -> Reply {
    let call = Call::new(method, target).token(&own(world, 0));
    world.api.send(call.json(body)).await
}

/// Succeeds if the request was rejected, exactly for these members.
#[track_caller]
fn expect_refused(reply: &Reply, pointers: &[&str]) {
    let denied = (403, "PERMISSION_DENIED".to_owned());
    assert_eq!(reply.failure(), denied, "{reply}");
    let fault = |pointer: &&str| ((*pointer).to_owned(), "PERMISSION_DENIED".to_owned());
    let faults: Vec<_> = pointers.iter().map(fault).collect();
    assert_eq!(reply.faults(), faults, "{reply}");
}

#[tokio::test]
async fn a_customer_is_told_every_field_that_it_may_not_change_of_itself() {
    let world = World::new().await;
    let path = format!("{CUSTOMERS}/me");
    for (body, pointers) in [
        (json!({"email": "augusta@example.com"}), vec!["/email"]),
        (json!({"legacyId": null}), vec!["/legacyId"]),
        (
            json!({"external_ids": {"crm": "C-18"}}),
            vec!["/external_ids"],
        ),
        (json!({"metadata": {"vip": true}}), vec!["/metadata"]),
        (json!({"customerType": "vip"}), vec!["/customerType"]),
        (
            json!({
                "firstName": "Augusta", "email": "augusta@example.com", "metadata": {"vip": true},
                "legacy_id": 8, "externalIds": {"pos": "1"}, "groupId": World::GROUP,
                "customerType": "business", "tags": ["vip"], "status": "inactive",
            }),
            vec![
                "/customerType",
                "/email",
                "/externalIds",
                "/groupId",
                "/legacy_id",
                "/metadata",
                "/status",
                "/tags",
            ],
        ),
    ] {
        let before = but_for_refusals(world.api.stored().await);
        let reply = sent_by_itself(&world, Method::PATCH, &path, &body).await;
        expect_refused(&reply, &pointers);
        let after = but_for_refusals(world.api.stored().await);
        assert_eq!(after, before, "{body}");
    }
}

#[tokio::test]
async fn a_customer_may_send_back_what_it_read_of_itself() {
    let world = World::new().await;
    let path = format!("{CUSTOMERS}/me");
    let read = Call::new(Method::GET, &path).token(&own(&world, 0));
    let mut body = world.api.send(read).await.customer();
    // A customer may not send its status, even alone.
    let members = body.as_object_mut().expect("an object");
    members.remove("status");
    members.insert("email".to_owned(), json!("ada@example.com"));
    let before = world.api.stored().await;
    let reply = sent_by_itself(&world, Method::PUT, &path, &body).await;
    assert_eq!(reply.status, 200, "{reply}");
    assert_eq!(world.api.stored().await, before);
    body["profile"]["firstName"] = json!("Augusta");
    body["preferences"]["language"] = json!("de");
    let reply = sent_by_itself(&world, Method::PUT, &path, &body).await;
    assert_eq!(
        reply.customer()["profile"]["firstName"],
        "Augusta",
        "{reply}"
    );
}

#[tokio::test]
async fn a_customer_neither_verifies_its_address_nor_changes_what_the_shop_keeps_with_it() {
    let world = World::new().await;
    let book = format!("{CUSTOMERS}/me/addresses");
    let place = format!("{book}/{}", world.address);
    let staff = json!({"is_verified": true, "metadata": {"gate": 4}, "legacyId": 10});
    let mut new = json!({"street": "2 Nathan Road", "state": "Kowloon", "country": "HK"});
    for (name, value) in staff.as_object().expect("an object") {
        new[name] = value.clone();
    }
    let pointers = ["/is_verified", "/legacyId", "/metadata"];
    let before = but_for_refusals(world.api.stored().await);
    for (method, target, body) in [
        (Method::POST, &book, &new),
        (Method::PUT, &place, &staff),
        (Method::PATCH, &place, &staff),
    ] {
        let reply = sent_by_itself(&world, method, target, body).await;
        expect_refused(&reply, &pointers);
    }
    let forgotten = json!({"legacyId": null});
    let reply = sent_by_itself(&world, Method::PATCH, &place, &forgotten).await;
    expect_refused(&reply, &["/legacyId"]);
    assert_eq!(but_for_refusals(world.api.stored().await), before);
}

#[tokio::test]
async fn a_customer_moves_and_names_its_address_whoever_verified_it() {
    let world = World::new().await;
    let place = format!("{}/addresses/{}", world.path(), world.address);
    let verified = json!({"isVerified": true, "metadata": {"gate": 4}});
    let reply = world.api.put(&place, Key::Write, verified).await;
    let mut body = reply.address();
    body["label"] = json!("Home");
    let reply = sent_by_itself(&world, Method::PUT, &place, &body).await;
    assert_eq!(reply.address()["label"], "Home", "{reply}");
    assert_eq!(reply.address()["isVerified"], true, "{reply}");
    let moved = json!({"street": "3 Nathan Road"});
    let reply = sent_by_itself(&world, Method::PATCH, &place, &moved).await;
    assert_eq!(reply.address()["isVerified"], false, "{reply}");
    let claimed = json!({"isVerified": true});
    let reply = sent_by_itself(&world, Method::PATCH, &place, &claimed).await;
    expect_refused(&reply, &["/isVerified"]);
}
