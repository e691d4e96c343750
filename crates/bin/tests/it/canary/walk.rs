//! Calls every operation of the OpenAPI document, in every way in which a request can end.

use super::body;
use super::operation::{Operation, operations};
use super::wire::{self, Call, Reply};
use super::{CANARY, PHONE};
use crate::service::Service;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Headers that identify a person, or could.
const TALKATIVE: [(&str, &[u8]); 9] = [
    (
        "user-agent",
        b"zqcanary/1.0 \xff\xfe {\"level\":\"error\"} \" = \\",
    ),
    ("x-forwarded-for", b"198.51.100.77, 2001:db8::7047"),
    ("forwarded", b"for=198.51.100.77;by=zqcanary"),
    ("x-real-ip", b"198.51.100.77"),
    (
        "referer",
        b"https://zqcanary.example.com/?email=zqcanary@example.com",
    ),
    ("cookie", b"session=zqcanary"),
    ("accept-language", b"zqcanary"),
    ("from", b"zqcanary@example.com"),
    ("x-zqcanary", b"zqcanary"),
];

/// Operations whose bodies have no free text, and `lookupCustomer`, which takes one of several members and is called
/// separately.
const NO_WORDS: [&str; 4] = [
    "batchGetCustomers",
    "lookupCustomer",
    "setDefaultAddress",
    "setLogLevel",
];

/// The requests sent so far, and their results.
pub(crate) struct Walk {
    host: String,
    key: String,
    document: Value,
    n: u64,
    /// The number of requests that must have a log line.
    pub(crate) answered: usize,
    /// The correlation ids of the requests.
    pub(crate) correlations: Vec<String>,
    /// Secrets that no log may contain.
    pub(crate) secrets: Vec<String>,
    statuses: BTreeMap<u16, usize>,
    /// The operations that never succeeded with the canary in their body, each with its last reply.
    empty: BTreeMap<String, String>,
}

impl Walk {
    pub(crate) fn begin(service: &Service) -> Self {
        let host = service.base.strip_prefix("http://").unwrap().to_owned();
        let key = service.operator_key().to_owned();
        let mut walk = Self {
            host,
            secrets: vec![key.clone()],
            key,
            document: Value::Null,
            n: 0,
            answered: 0,
            correlations: Vec::new(),
            statuses: BTreeMap::new(),
            empty: BTreeMap::new(),
        };
        let reply = walk.send(Call::new("GET", "/api-docs/openapi.json"));
        walk.document = reply.json();
        walk
    }

    /// Calls every operation, and sends requests that match no operation.
    pub(crate) fn through(service: &Service) -> Self {
        let mut walk = Self::begin(service);
        for operation in operations(&walk.document) {
            walk.operation(&operation);
        }
        walk.lookups();
        walk.outside();
        walk.refused_heads();
        walk
    }

    /// Asserts that the walk reached what it should: a canary that was never accepted proves nothing.
    pub(crate) fn assert_seen_enough(&self) {
        assert!(self.answered > 500, "{}", self.answered);
        for status in [200, 201, 400, 401, 404, 405, 409, 412, 413, 415, 422, 431] {
            assert!(
                self.statuses.contains_key(&status),
                "{status}: {:?}",
                self.statuses
            );
        }
        let failed = self.statuses.keys().filter(|status| **status >= 500);
        assert_eq!(failed.count(), 0, "{:?}", self.statuses);
        let empty: Vec<_> = self.empty.keys().collect();
        assert_eq!(empty, NO_WORDS, "{:#?}", self.empty);
    }

    /// Sends a request with every header that could identify a person.
    pub(crate) fn send(&mut self, mut call: Call) -> Reply {
        self.n += 1;
        if !call.has("x-correlation-id") {
            let id = format!("walk-{}", self.n);
            self.correlations.push(id.clone());
            call = call.header("x-correlation-id", &id);
        }
        if call.has_key {
            call = call.header("x-api-key", &self.key.clone());
        }
        for (name, value) in TALKATIVE {
            call.headers.push((name.to_owned(), value.to_vec()));
        }
        let reply = wire::send(&self.host, &call);
        let reply = reply.unwrap_or_else(|| panic!("no reply to {} {}", call.method, call.target));
        self.answered += 1;
        *self.statuses.entry(reply.status).or_default() += 1;
        if let Some(secret) = reply.json().pointer("/data/secret") {
            self.secrets.push(secret.as_str().unwrap().to_owned());
        }
        reply
    }

    fn made(&mut self, path: &str, body: &Value, id: &str) -> String {
        let reply = self.send(Call::new("POST", path).json(body));
        assert!(
            matches!(reply.status, 200 | 201),
            "{path}: {}",
            reply.text()
        );
        let made = reply
            .json()
            .pointer(id)
            .and_then(Value::as_str)
            .map(str::to_owned);
        made.unwrap_or_else(|| panic!("{id} in {}", reply.text()))
    }

    /// Creates a customer with every field set, and returns its id.
    pub(crate) fn customer(&mut self) -> String {
        let n = self.n;
        let body = json!({
            "email": format!("{CANARY}{n}@example.com"), "phone": PHONE, "firstName": CANARY,
            "lastName": format!("{CANARY} {n}"), "dateOfBirth": "1903-07-29", "tags": [format!("{CANARY} tag")],
            "legacyId": 2_000_000 + n, "externalIds": {"zqcanary": format!("{CANARY}-{n}")},
            "avatar": format!("https://{CANARY}.example.com/a.png"), "registrationSource": CANARY,
            "metadata": {"zqcanarykey": CANARY}, "preferences": {"custom": {"zqcanarykey": CANARY}},
            "profileData": {"zqcanarykey": CANARY},
        });
        self.made("/api/v1/customers", &body, "/data/customer/id")
    }

    /// Creates new records for the parameters of a path.
    fn segments(&mut self) -> BTreeMap<&'static str, String> {
        let customer = self.customer();
        let n = self.n;
        let body = json!({
            "street": format!("{CANARY} street {n}"), "city": CANARY, "state": "NY", "zipCode": "10002", "country": "US",
            "firstName": CANARY, "lastName": CANARY, "company": CANARY, "phone": PHONE, "label": CANARY,
        });
        let book = format!("/api/v1/customers/{customer}/addresses");
        let address = self.made(&book, &body, "/data/address/id");
        let body = json!({"text": format!("{CANARY}\n{PHONE}")});
        let notes = format!("/api/v1/customers/{customer}/notes");
        let note = self.made(&notes, &body, "/data/note/id");
        let body = json!({"name": format!("{CANARY} {n}"), "id": format!("{CANARY}-{n}"), "description": CANARY});
        let group = self.made("/api/v1/customers/groups", &body, "/data/group/id");
        let body = json!({"name": CANARY, "scopes": ["customers:read"]});
        let key = self.made("/api/v1/api-keys", &body, "/data/apiKey/id");
        let body = json!({"id": format!("tenant-{n}"), "name": CANARY});
        let tenant = self.made("/api/v1/tenants", &body, "/data/tenant/id");
        let tag = format!("{CANARY}%20tag");
        BTreeMap::from([
            ("customerId", customer),
            ("addressId", address),
            ("noteId", note),
            ("groupId", group),
            ("keyId", key),
            ("tenantId", tenant),
            ("tag", tag),
        ])
    }

    fn operation(&mut self, operation: &Operation) {
        let segments = self.segments();
        let target = segments
            .iter()
            .fold(operation.path.clone(), |path, (name, value)| {
                path.replace(&format!("{{{name}}}"), value)
            });
        assert!(!target.contains('{'), "{target}: a name has no record");
        let call = |target: &str| Call::new(&operation.method, target);
        self.refused(operation, &target);
        if let Some((schema, example)) = &operation.body {
            for wrong in body::wrong(&self.document.clone(), schema, example) {
                self.send(call(&target).json(&wrong));
            }
            self.broken_bodies(&call(&target));
            if let Err(said) = self.succeeds_when_full(operation, &target, schema, example) {
                self.empty.insert(operation.id.clone(), said);
            }
        } else {
            self.send(call(&target));
        }
        if operation.id == "setLogLevel" {
            self.send(call(&target).json(&json!({"level": null})));
        }
    }

    /// Sends requests that are refused for their path, query, headers or key.
    fn refused(&mut self, operation: &Operation, target: &str) {
        let call = |target: &str| Call::new(&operation.method, target);
        let body = operation
            .body
            .as_ref()
            .map(|_| json!({"zqcanarymember": CANARY}));
        let with_body = |call: Call| match &body {
            Some(body) => call.json(body),
            None => call,
        };
        for segment in [
            CANARY,
            "%7Aqcanary%0d%0a%1b%5b31m",
            "cust_zqcanary",
            "%ffzqcanary",
        ] {
            let mut path = operation.path.clone();
            while let Some((before, rest)) = path.split_once('{') {
                let (_, after) = rest.split_once('}').unwrap();
                path = format!("{before}{segment}{after}");
            }
            if path != operation.path {
                self.send(with_body(call(&path)));
            }
        }
        for name in &operation.query {
            self.send(with_body(call(&format!("{target}?{name}={CANARY}"))));
        }
        for query in [
            "zqcanary=zqcanary",
            "zqcanary",
            "%zz=zqcanary",
            "search=zqcanary%0d%0a&search=zqcanary",
        ] {
            self.send(with_body(call(&format!("{target}?{query}"))));
        }
        for name in &operation.headers {
            self.send(with_body(call(target).header(name, CANARY)));
            self.send(with_body(call(target).header(name, "\"99\"")));
        }
        self.send(with_body(call(target)).without_key());
        let unknown = call(target).without_key().header("x-api-key", CANARY);
        self.send(with_body(unknown));
        let bearer = call(target)
            .without_key()
            .header("authorization", "Bearer zqcanary");
        self.send(with_body(bearer));
        let trace = call(target)
            .header("traceparent", CANARY)
            .header("origin", "https://zqcanary.example");
        self.send(with_body(trace));
    }

    fn broken_bodies(&mut self, call: &Call) {
        for bytes in [
            &b"{\"email\": \"zqcanary"[..],
            b"{\"email\": \"zqcanary\xff\xfe\"}",
            b"zqcanary",
            b"[\"zqcanary\"]",
            b"{\"zqcanary\": 1, \"zqcanary\": 2}",
            b"{\"zqcanary\\u0000\": \"zqcanary\\u0000\"}",
        ] {
            self.send(call.clone().bytes(bytes));
        }
        self.send(call.clone().bytes(CANARY.repeat(40_000).as_bytes()));
        let mut text = call.clone().bytes(b"email=zqcanary");
        text.headers = vec![("content-type".to_owned(), b"text/zqcanary".to_vec())];
        self.send(text);
    }

    /// Sends a body with the canary wherever it is accepted, until it is. Then sends the same again, a different one
    /// under the same idempotency key, the same without a key, and a change of a version that never existed. Fails
    /// with the last reply, or with a body that had no canary.
    fn succeeds_when_full(
        &mut self,
        operation: &Operation,
        target: &str,
        schema: &Value,
        example: &Value,
    ) -> Result<(), String> {
        let mut said = String::new();
        let mut full = body::full(&self.document, schema, example, self.n);
        let call = |body: &Value| Call::new(&operation.method, target).json(body);
        let once = |body: &Value| call(body).header("idempotency-key", "zqcanary-once");
        for _ in 0..6 {
            let reply = self.send(once(&full));
            if reply.status < 300 {
                for again in [
                    once(&full),
                    once(example),
                    call(&full),
                    call(&full).header("if-match", "\"12345\""),
                ] {
                    self.send(again);
                }
                let sent = full.to_string();
                let has_canary = sent.contains(CANARY) || sent.contains(PHONE);
                return has_canary.then_some(()).ok_or(sent);
            }
            said = format!("{full}: {}", reply.text());
            full = body::mended(full, &reply.json(), example);
        }
        Err(said)
    }

    fn lookups(&mut self) {
        self.customer();
        let email = format!("{CANARY}{}@example.com", self.n - 1);
        for (known, status) in [
            (json!({"email": email}), 200),
            (json!({"phone": PHONE}), 200),
            (
                json!({"externalId": {"system": "zqcanary", "id": CANARY}}),
                404,
            ),
        ] {
            let reply = self.send(Call::new("POST", "/api/v1/customers/lookup").json(&known));
            assert_eq!(reply.status, status, "{known}: {}", reply.text());
        }
        for query in [
            "search=zqcanary",
            "tag=zqcanary%20tag",
            "phone=%2B70471135799",
            "expand=addresses",
        ] {
            for path in ["/api/v1/customers", "/api/v1/exports/customers"] {
                let reply = self.send(Call::new("GET", &format!("{path}?{query}")));
                assert_eq!(reply.status, 200, "{path}?{query}: {}", reply.text());
            }
        }
    }

    /// Sends requests that match no operation.
    fn outside(&mut self) {
        let long = "zqcanary".repeat(3_000);
        for call in [
            Call::new("GET", "/zqcanary?zqcanary=zqcanary"),
            Call::new("GET", "/api/v1/zqcanary"),
            Call::new("GET", "/docs/problems/zqcanary"),
            Call::new("GET", "/docs/zqcanary"),
            Call::new("ZQCANARY", "/api/v1/customers"),
            Call::new("TRACE", "/api/v1/customers"),
            Call::new("DELETE", "/api/v1/customers?email=zqcanary"),
            Call::new("OPTIONS", "/api/v1/customers").header("origin", "https://zqcanary.example"),
            Call::new("HEAD", "/api/v1/customers?search=zqcanary"),
            Call::new("GET", "/api/v1/customers").header("x-long", &long),
        ] {
            self.send(call);
        }
    }

    /// Sends request heads that cannot be parsed; these have no log line.
    fn refused_heads(&self) {
        for head in [
            &b"zqcanary\r\n\r\n"[..],
            b"GET /zqcanary HTTP/9.9\r\nhost: zqcanary\r\n\r\n",
            b"GET /zqcanary zqcanary HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nhost: a\r\nuser-agent: zqcanary\x1b[31m\x00\r\n\r\n",
            b"GET / HTTP/1.1\r\nzq canary: zqcanary\r\n\r\n",
            b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: zqcanary\r\n\r\nzqcanary",
        ] {
            wire::exchange(&self.host, head);
        }
    }
}
