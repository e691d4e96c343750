//! Every statement that the adapter sends keeps the rules of a distributed database: the tenant
//! in each WHERE and join, rows from VALUES, never from a SELECT.

use crate::proxy::Proxy;
use crate::support::{Store, adapter, record_of, settings};
use customer_domain::api_key::Permission;
use customer_domain::customer::{
    CustomerFilter, CustomerKey, CustomerRef, CustomerSort, CustomerType, Identifier, Lookup,
    SearchQuery, SortKey, Status, TimeSpan,
};
use customer_domain::group::Group;
use customer_domain::idempotency::Claimed;
use customer_domain::outbox::EventKind;
use customer_domain::tag::TagQuery;
use customer_domain::{PageAt, PageRequest, SortOrder};
use customer_postgres::{PgSettings, Postgres, ServiceRole};
use customer_testkit::builders::{
    PlainDigests, api_key, at, claim, customer, digest, email, external, fact, full_address, group,
    groups, legacy, operator_scope, presented, reply, scope, tag, third_tenant,
};

/// Uses every method of every port.
async fn use_everything(postgres: &Postgres) {
    write_customers(postgres).await;
    read_customers(postgres).await;
    keep_addresses(postgres).await;
    keep_groups(postgres).await;
    manage_keys(postgres).await;
    manage_tenants(postgres).await;
    postgres.health().ping().await.expect("an answer");
}

async fn write_customers(postgres: &Postgres) {
    let new = customer().full().build_new();
    let claimed = postgres
        .transactions()
        .begin_idempotent(&scope(), &claim("k"))
        .await;
    let Ok(Claimed::Fresh(mut work)) = claimed else {
        unreachable!("nobody else claims: {claimed:?}");
    };
    work.customers().insert(&new).await.expect("insert");
    work.record(fact(1, EventKind::Created, &record_of(&new)));
    work.remember(claim("k"), reply());
    work.commit().await.expect("commit");
    for named in [
        CustomerRef::Id(new.customer.id),
        CustomerRef::Legacy(new.customer.legacy_id.expect("a legacy id")),
    ] {
        let begun = postgres.transactions().begin(&scope()).await;
        let mut work = begun.expect("begin");
        let found = work
            .customers()
            .find_for_update(named)
            .await
            .expect("found");
        work.customers().save(&found.customer).await.expect("save");
        work.record(fact(2, EventKind::ProfileUpdated, &found));
        work.rollback().await.expect("rollback");
    }
}

async fn read_customers(postgres: &Postgres) {
    let new = customer().full().build_new().customer;
    let reads = postgres.customers();
    let found = reads.find(&scope(), CustomerRef::Id(new.id)).await;
    assert!(found.expect("a read").is_some());
    reads.find_many(&scope(), &[new.id]).await.expect("a read");
    for lookup in [
        Lookup::Email(new.email),
        Lookup::PhoneDigits("15550100199".to_owned()),
        Lookup::Legacy(new.legacy_id.expect("a legacy id")),
        Lookup::External(external("crm", "C-17")),
        Lookup::UserId(new.id),
    ] {
        let found = reads.look_up(&scope(), &lookup).await;
        assert!(found.expect("a read").is_some(), "{lookup:?}");
    }
    for (key, after) in [
        (SortKey::CreatedAt, CustomerKey::Time(at(0), new.id)),
        (SortKey::LastName, CustomerKey::Text("x".to_owned(), new.id)),
    ] {
        for at in [PageAt::Number(1), PageAt::Start, PageAt::After(after)] {
            let sort = CustomerSort {
                key,
                order: SortOrder::Descending,
            };
            for filter in filters() {
                let request = PageRequest {
                    size: 2,
                    at: at.clone(),
                };
                let listed = reads.list(&scope(), &filter, sort, &request).await;
                listed.expect("a page");
            }
        }
    }
}

/// Every condition, and every way to begin at one.
fn filters() -> [CustomerFilter; 4] {
    let whole = CustomerFilter {
        status: Some(Status::Suspended),
        search: SearchQuery::parse("grace hop").ok(),
        customer_type: Some(CustomerType::Business),
        group: Some(group("wholesale")),
        tag: Some(tag("navy")),
        known_as: Vec::new(),
        phone_digits: Some("15550100199".to_owned()),
        created: TimeSpan {
            after: Some(at(-1)),
            before: Some(at(1)),
        },
        updated: TimeSpan {
            after: Some(at(-1)),
            before: None,
        },
    };
    let known_as = [
        Identifier::Email(email("customer@example.com")),
        Identifier::Legacy(legacy(1)),
        Identifier::External(external("crm", "C-17")),
    ];
    [
        CustomerFilter::default(),
        CustomerFilter {
            status: Some(Status::Deleted),
            known_as: known_as.to_vec(),
            ..whole.clone()
        },
        CustomerFilter {
            known_as: known_as.to_vec(),
            ..CustomerFilter::default()
        },
        whole,
    ]
}

async fn keep_addresses(postgres: &Postgres) {
    let owner = customer().full().build_new().customer;
    let id = CustomerRef::Id(owner.id);
    let by_legacy = CustomerRef::Legacy(owner.legacy_id.expect("a legacy id"));
    let begun = postgres.transactions().begin(&scope()).await;
    let mut work = begun.expect("begin");
    // An insert, a default that moves, a removal.
    for (named, n) in [(id, 1), (by_legacy, 2), (id, 3)] {
        let locked = work.addresses().book_for_update(named).await;
        let mut book = locked.expect("a book").book;
        let changed = match n {
            3 => book.remove(full_address(2).id, at(9)).map(drop),
            n => book
                .add(full_address(n), true, 10, &PlainDigests)
                .map(|_| ()),
        };
        changed.expect("changed");
        let saved = work.addresses().save(&book.changes(&PlainDigests)).await;
        saved.expect("saved");
    }
    work.commit().await.expect("commit");
    let reads = postgres.addresses();
    for named in [id, by_legacy] {
        let book = reads.book(&scope(), named).await.expect("a read");
        assert_eq!(book.expect("a book").addresses().len(), 1);
    }
    let books = reads.books(&scope(), &[owner.id]).await;
    assert_eq!(books.expect("a read").len(), 1);
}

async fn keep_groups(postgres: &Postgres) {
    let begun = postgres.transactions().begin(&scope()).await;
    let mut work = begun.expect("begin");
    let groups = work.groups();
    let new = Group::new(group("trade"), "Trade".to_owned(), at(0));
    groups.insert(&new).await.expect("insert");
    let found = groups.find_for_update(&new.id).await.expect("found");
    groups.save(&found).await.expect("save");
    groups.delete(&new.id).await.expect("delete");
    work.commit().await.expect("commit");
    let reads = postgres.groups();
    let found = reads.find(&scope(), &group("vip")).await;
    assert!(found.expect("a read").is_some());
    for after in [None, Some(group("vip"))] {
        let listed = reads.list(&scope(), after, 1).await;
        assert_eq!(listed.expect("a read").len(), 1);
    }
    for (prefix, after) in [("", None), ("V", Some(tag("A")))] {
        let query = TagQuery {
            prefix: prefix.to_owned(),
            after,
            limit: 9,
        };
        let listed = postgres.tags().list(&scope(), &query).await;
        assert!(!listed.expect("a read").items.is_empty(), "{query:?}");
    }
}

async fn manage_keys(postgres: &Postgres) {
    let key = api_key(1, Permission::Read);
    let begun = postgres.transactions().begin(&scope()).await;
    let mut work = begun.expect("begin");
    work.api_keys()
        .insert(&key, &digest(&key))
        .await
        .expect("insert");
    work.commit().await.expect("commit");
    let keys = postgres.api_keys();
    let found = keys.find_by_secret(&presented(&key)).await;
    assert!(found.expect("a read").is_some());
    keys.touch(&key, at(9)).await.expect("a touch");
    assert_eq!(keys.list(&scope()).await.expect("a read").len(), 1);
    let begun = postgres.transactions().begin(&scope()).await;
    let mut work = begun.expect("begin");
    work.api_keys().revoke(key.id, at(9)).await.expect("revoke");
    work.commit().await.expect("commit");
}

async fn manage_tenants(postgres: &Postgres) {
    let operator = postgres.operator_transactions();
    let mut work = operator.begin(&operator_scope()).await.expect("begin");
    let tenant = third_tenant();
    let tenants = work.tenants();
    tenants
        .insert(&tenant, &groups(&["retail"]))
        .await
        .expect("insert");
    let found = tenants.find_for_update(tenant.id).await.expect("found");
    tenants.save(&found).await.expect("save");
    work.commit().await.expect("commit");
    assert_eq!(postgres.tenants().all().await.expect("tenants").len(), 3);
}

/// A statement's text cut at its parentheses: each piece is one scope, and what lies deeper is
/// left out of it.
fn scopes(statement: &str) -> Vec<String> {
    let mut open = vec![String::new()];
    let mut closed = Vec::new();
    for character in statement.chars() {
        match character {
            '(' => open.push(String::new()),
            ')' => {
                closed.extend(open.pop());
                open.last_mut().expect("a parenthesis was opened").push('#');
            }
            _ => open.last_mut().expect("the outermost").push(character),
        }
    }
    closed.extend(open);
    closed
}

/// The tables that a scope reads or changes, each with the name it goes by.
fn sources(scope: &str) -> Vec<(String, String)> {
    let words: Vec<_> = scope
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .map(|word| {
            word.trim_matches('"')
                .replace("\".\"", ".")
                .replace('"', "")
        })
        .collect();
    let mut sources = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let is_conflict_clause = at > 0 && words[at - 1] == "DO";
        let is_lock = at > 0 && words[at - 1] == "FOR";
        if !matches!(word.as_str(), "FROM" | "JOIN" | "UPDATE") || is_conflict_clause || is_lock {
            continue;
        }
        let Some(table) = words.get(at + 1) else {
            continue;
        };
        let alias = match words.get(at + 2).map(String::as_str) {
            None | Some("SET" | "WHERE" | "ON" | "ORDER" | "LEFT" | "JOIN" | "LIMIT") => table,
            Some("AS") => &words[at + 3],
            Some(_) => &words[at + 2],
        };
        sources.push((table.clone(), alias.clone()));
    }
    sources
}

/// The names that a statement gives to selects of its own; their tables are in scopes of their own.
fn named_selects(statement: &str) -> Vec<&str> {
    let words: Vec<_> = statement.split_whitespace().collect();
    let named = words.windows(3).filter_map(|words| match words {
        [name, "AS", rest] if *rest == "MATERIALIZED" => Some(*name),
        _ => None,
    });
    named.collect()
}

/// What a statement does that a distributed database refuses.
fn faults(statement: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let own = named_selects(statement);
    for scope in scopes(statement) {
        let insert = scope.find("INSERT INTO").map(|at| &scope[at..]);
        if insert.is_some_and(|insert| insert.contains("SELECT") || !insert.contains("VALUES")) {
            faults.push(format!("rows that do not come from VALUES: {scope}"));
        }
        for (table, alias) in sources(&scope) {
            // The reference table is everywhere; `#` is a subselect, a scope of its own, and what
            // follows on LATERAL is one.
            if matches!(table.as_str(), "tenants" | "#" | "LATERAL")
                || own.contains(&table.as_str())
            {
                continue;
            }
            let bare = scope.replace('"', "");
            let named = [
                format!("{alias}.tenant_id ="),
                format!("= {alias}.tenant_id"),
            ];
            let alone = sources(&scope).len() == 1 && bare.contains(" tenant_id =");
            if !alone && !named.iter().any(|name| bare.contains(name)) {
                faults.push(format!("{table} without its tenant: {scope}"));
            }
        }
    }
    faults
}

#[tokio::test]
async fn every_statement_names_the_tenant_and_inserts_values() {
    let store = Store::fresh().await;
    let proxy = Proxy::before(&store.database.owner_url()).await;
    let postgres = adapter(proxy.url(), 2).await;
    use_everything(&postgres).await;
    let messages = proxy.take().statements;
    let statements: Vec<_> = messages
        .iter()
        .flat_map(|message| message.split(';'))
        .collect();
    for table in [
        "customers",
        "customer_profiles",
        "customer_preferences",
        "customer_addresses",
        "customer_credentials",
        "customer_identifiers",
        "customer_tags",
        "customer_statistics",
        "customer_tiers",
        "customer_search_terms",
        "customer_groups",
        "api_keys",
        "idempotency_keys",
        "outbox_events",
        "audit_events",
        "tenants",
    ] {
        let used = statements.iter().any(|statement| statement.contains(table));
        assert!(used, "no statement about {table} was seen");
    }
    for statement in statements {
        assert_eq!(faults(statement), Vec::<String>::new(), "in: {statement}");
    }
}

#[tokio::test]
async fn a_distributed_server_is_never_sent_two_statements_in_one_message() {
    let store = Store::fresh().await;
    let proxy = Proxy::before(&store.database.owner_url()).await;
    let distributed = |role| PgSettings {
        distributed: true,
        ..settings(proxy.url(), role, 2)
    };
    let (app, worker) = (ServiceRole::App, ServiceRole::Worker);
    let connected = Postgres::connect(&distributed(app), &distributed(worker)).await;
    use_everything(&connected.expect("the adapter connects")).await;
    let messages = proxy.take().statements;
    assert!(messages.len() > 50, "{messages:?}");
    for message in messages {
        assert!(!message.contains(';'), "{message}");
    }
}

#[test]
fn the_rules_find_what_they_are_there_for() {
    for bad in [
        "SELECT * FROM customers c WHERE c.id = $1",
        "SELECT * FROM customers c JOIN customer_tags t ON t.customer_id = c.id WHERE c.tenant_id = $1",
        "SELECT (SELECT count(*) FROM customer_tags t WHERE t.customer_id = c.id) FROM customers c WHERE c.tenant_id = $1",
        "SELECT * FROM customers c CROSS JOIN LATERAL (SELECT t.tag FROM customer_tags t WHERE t.customer_id = c.id) t WHERE c.tenant_id = $1",
        "INSERT INTO customer_tags (tenant_id, tag) SELECT $1, unnest($2)",
        "WITH a AS (UPDATE customers SET version = 1 WHERE id = $2) SELECT 1",
        "DELETE FROM customer_tags WHERE customer_id = $2",
        "WITH s AS MATERIALIZED (SELECT id FROM customers) SELECT id FROM s",
    ] {
        assert_ne!(faults(bad), Vec::<String>::new(), "{bad}");
    }
    for good in [
        "SELECT * FROM customers c LEFT JOIN customer_tags t ON t.tenant_id = c.tenant_id WHERE c.tenant_id = $1",
        "INSERT INTO customer_tags (tenant_id, tag) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        "DELETE FROM customer_tags WHERE tenant_id = $1 AND tag <> ALL($2)",
        "WITH s AS MATERIALIZED (SELECT id FROM customers WHERE tenant_id = $1) SELECT id FROM s",
    ] {
        assert_eq!(faults(good), Vec::<String>::new(), "{good}");
    }
}
