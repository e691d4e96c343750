//! The log level over HTTP; the real implementation is tested with the service.

use crate::support::{BASE, Call, Key, World};
use http::Method;
use serde_json::{Value, json};

async fn put(world: &World, body: Value) -> crate::support::Reply {
    let target = format!("{BASE}/log-level");
    world.api.put(target, Key::Operator, body).await
}

#[tokio::test]
async fn a_level_is_read_changed_and_given_back() {
    let world = World::new().await;
    let read = world
        .api
        .get(format!("{BASE}/log-level"), Key::Operator)
        .await;
    let configured = json!({"level": "info", "configured": "info"});
    assert_eq!(read.json()["data"]["logLevel"], configured);

    let changed = put(&world, json!({"level": "warn,customer_http=debug"})).await;
    let expected = json!({"level": "warn,customer_http=debug", "configured": "info"});
    assert_eq!(changed.json()["data"]["logLevel"], expected);
    for kept in [json!({}), json!({"tenantId": "default"})] {
        let reply = put(&world, kept).await;
        assert_eq!(reply.json()["data"]["logLevel"], expected);
    }
    let back = put(&world, json!({"level": null})).await;
    assert_eq!(back.json()["data"]["logLevel"], configured);
}

#[tokio::test]
async fn what_is_no_directive_is_named_and_changes_nothing() {
    let world = World::new().await;
    for (level, named) in [
        ("inof", "\"inof\""),
        ("info,a=loud,b=debug,c", "\"a=loud\", \"c\""),
        ("", "\"\""),
        ("info,", "\"\""),
        ("3", "\"3\""),
    ] {
        let reply = put(&world, json!({"level": level})).await;
        assert_eq!(reply.failure(), (400, "VALIDATION_FAILED".to_owned()));
        let expected = [("/level".to_owned(), "INVALID_VALUE".to_owned())];
        assert_eq!(reply.faults(), expected, "{level}");
        let detail = reply.json()["errors"][0]["detail"].clone();
        let detail = detail.as_str().unwrap();
        assert!(detail.contains(named), "{level}: {detail}");
    }
    let call = Call::new(Method::GET, format!("{BASE}/log-level")).key(Key::Operator);
    let read = world.api.send(call).await;
    assert_eq!(read.json()["data"]["logLevel"]["level"], "info");
}
