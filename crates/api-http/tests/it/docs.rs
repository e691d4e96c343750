//! The OpenAPI document and its rendering without internet access.

use crate::support::{CONTRACT, CUSTOMERS, Call, Key, Reply, TestApi};
use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::json;
use std::collections::BTreeSet;

async fn get(api: &TestApi, target: &str) -> Reply {
    api.send_unchecked(Call::new(Method::GET, target)).await
}

/// Returns the values of `src` and `href` in a page.
fn links(page: &str) -> BTreeSet<String> {
    let attributes = page.split(['<', '>', ' ', '\n']);
    attributes
        .filter_map(|attribute| {
            let value = attribute
                .strip_prefix("src=")
                .or(attribute.strip_prefix("href="))?;
            Some(
                value
                    .trim_matches(['"', '\'', '/'])
                    .trim_start_matches("./")
                    .to_owned(),
            )
        })
        .collect()
}

#[tokio::test]
async fn the_document_is_served_as_it_is() {
    let api = TestApi::new().await;
    let reply = get(&api, "/api-docs/openapi.json").await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (200, Some("application/json"))
    );
    assert_eq!(reply.json(), CONTRACT.document);
}

#[tokio::test]
async fn the_page_and_all_that_it_loads_come_from_here() {
    let api = TestApi::new().await;
    let moved = get(&api, "/docs").await;
    assert_eq!(
        (moved.status, moved.header("location")),
        (307, Some("/docs/"))
    );
    let page = get(&api, "/docs/").await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    let links = links(page.text());
    assert!(links.len() >= 4, "{links:?}");
    for link in links {
        assert!(
            !link.contains(':') && !link.starts_with("//"),
            "{link} is not from here"
        );
        let file = get(&api, &format!("/docs/{link}")).await;
        assert_eq!(file.status, 200, "{link}");
        assert!(!file.body.is_empty(), "{link}");
    }
}

#[tokio::test]
async fn the_page_shows_our_document_and_asks_nobody_about_it() {
    let api = TestApi::new().await;
    let setup = get(&api, "/docs/swagger-initializer.js").await;
    let setup = setup.text();
    assert!(setup.contains("/api-docs/openapi.json"), "{setup}");
    assert!(
        !setup.contains("http:") && !setup.contains("https:"),
        "{setup}"
    );
    // By default the page sends the document to a validator on the internet.
    assert!(setup.contains(r#""validatorUrl": "none""#), "{setup}");
}

#[tokio::test]
async fn the_page_may_load_from_here_alone() {
    let api = TestApi::new().await;
    let policy = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";
    let page = get(&api, "/docs/").await;
    assert_eq!(page.header("content-security-policy"), Some(policy));
    let inline = page.text().split("<script").skip(1);
    for script in inline {
        let (_, body) = script.split_once('>').expect("a whole tag");
        assert!(
            body.trim_start().starts_with("</script>"),
            "a script that the policy forbids"
        );
    }
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
}

#[tokio::test]
async fn other_files_are_not_there() {
    let api = TestApi::new().await;
    for target in [
        "/docs/nothing.js",
        "/docs/..%2fCargo.toml",
        "/docs/a/b",
        "/docs/%00",
    ] {
        let reply = get(&api, target).await;
        assert!(
            [400, 404].contains(&reply.status),
            "{target}: {}",
            reply.status
        );
        assert_eq!(reply.json()["success"], false);
    }
}

#[tokio::test]
async fn every_problem_has_its_page() {
    let api = TestApi::new().await;
    let problem = get(&api, "/api/v1/nothing").await.json();
    let page = get(&api, problem["type"].as_str().unwrap()).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("ROUTE_NOT_FOUND"));
}

#[tokio::test]
async fn the_type_of_a_problem_leads_to_its_page() {
    let api = TestApi::new().await;
    let body = json!({"email": "ada@example.com"});
    api.created(Key::Write, body.clone()).await;
    let problem = api.post(CUSTOMERS, Key::Write, body).await.json();
    let page = get(&api, problem["type"].as_str().unwrap()).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers[CONTENT_TYPE], "text/markdown; charset=utf-8");
    assert!(page.text().starts_with("# EMAIL_ALREADY_EXISTS\n"));
    for page in ["nope", "%2e%2e%2fREADME", "EMAIL_ALREADY_EXISTS"] {
        let reply = get(&api, &format!("/docs/problems/{page}")).await;
        assert_eq!(reply.code(), "ROUTE_NOT_FOUND", "{page}");
    }
}
