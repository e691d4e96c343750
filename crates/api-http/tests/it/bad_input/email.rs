//! Valid and invalid e-mail addresses.

use crate::support::{CUSTOMERS, Call, Key, World};
use http::Method;
use serde_json::json;

#[tokio::test]
async fn what_is_no_address_is_refused_on_every_route_that_takes_one() {
    let local = format!("{}@example.com", "a".repeat(65));
    let label = format!("a@{}.com", "b".repeat(64));
    let world = World::new().await;
    let targets = [
        (Method::POST, CUSTOMERS.to_owned()),
        (Method::PUT, world.path()),
        (Method::POST, format!("{CUSTOMERS}/lookup")),
    ];
    for email in [
        "",
        " ",
        "@",
        "a@",
        "@b.co",
        "a",
        "a@b",
        "a b@c.co",
        "a..b@c.co",
        ".a@c.co",
        "a.@c.co",
        "a@b..co",
        "a@.b.co",
        "a@-b.co",
        "a@b-.co",
        "a@b_c.co",
        "a@1.2.3.4",
        "a@[127.0.0.1]",
        "a@b.c",
        "a@b@c.co",
        "\"a\"b\"@c.co",
        "a\u{200b}b@c.co",
        "a\r\n@b.co",
        "a@b.co\nBcc: x@y.z",
        "a@xn--a.example",
        "a@b.123",
        "<a@b.co>",
        "a@b.co, c@d.co",
        "a@b.co/",
        &local,
        &label,
    ] {
        for (method, target) in &targets {
            let call = Call::new(method.clone(), target)
                .key(Key::Write)
                .json(&json!({"email": email}));
            let reply = world.refused(call).await;
            let expected = (400, "INVALID_EMAIL_FORMAT");
            assert_eq!(
                (
                    reply.status,
                    reply.json()["code"].as_str().unwrap_or_default()
                ),
                expected,
                "{email:?}"
            );
            assert!(email.len() < 6 || !reply.text().contains(email), "{reply}");
        }
    }
    let long = format!("a@{}.com", "b.".repeat(130));
    for (method, target) in targets {
        let call = Call::new(method, target)
            .key(Key::Write)
            .json(&json!({"email": long}));
        assert_eq!(world.refused(call).await.status, 400);
    }
}

#[tokio::test]
async fn unusual_addresses_are_addresses() {
    let world = World::new().await;
    for email in [
        "o'brien@x.com",
        "a+b@x.co",
        "A@X.CO",
        "a@BÜCHER.example",
        "a@例え。テスト",
        "!#$%&'*+-/=?^_`{|}~@x.co",
        "a@z.co.",
        "a@xn--bcher-kva.de",
        " a@y.co ",
        "1@2.co",
    ] {
        let call = Call::post(CUSTOMERS)
            .key(Key::Write)
            .json(&json!({"email": email}));
        assert_eq!(world.api.send(call).await.status, 201, "{email:?}");
    }
}
