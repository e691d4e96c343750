//! Every statement that the adapter sends follows the rules of a distributed database: the tenant
//! in each WHERE and join, rows from VALUES, never from a SELECT. A change of a customer's row raises
//! its revision.

mod everything;
mod rules;

use crate::proxy::Proxy;
use crate::support::{Store, adapter, settings};
use customer_postgres::{PgSettings, Postgres, ServiceRole};
use customer_testkit::builders::sealing;
use everything::use_everything;
use rules::faults;

/// Statements of jobs on all tenants. Of several servers, each would be queried separately.
const ACROSS_TENANTS: [&str; 6] = [
    "SELECT i.root_digest",
    "FROM tenant_keys t WHERE NOT t.is_lost",
    "WITH RECURSIVE months AS ( (SELECT s.month FROM audit_seals s",
    "FROM audit_events e WHERE e.transaction_id < pg_snapshot_xmin",
    "FROM audit_events e WHERE e.created_at >= ",
    "FROM audit_events e WHERE e.transaction_id >= pg_snapshot_xmin",
];

fn is_across(statement: &str) -> bool {
    ACROSS_TENANTS.iter().any(|part| statement.contains(part)) && !statement.contains("tenant_id =")
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
        "customer_addresses",
        "customer_credentials",
        "customer_identifiers",
        "customer_tags",
        "customer_search_terms",
        "customer_groups",
        "customer_notes",
        "api_keys",
        "idempotency_keys",
        "outbox_events",
        "audit_events",
        "audit_seals",
        "customer_keys",
        "installation",
        "job_leases",
        "tenant_keys",
        "tenants",
    ] {
        let used = statements.iter().any(|statement| statement.contains(table));
        assert!(used, "no statement about {table} was seen");
    }
    let of_tenants = statements
        .into_iter()
        .filter(|statement| !is_across(statement));
    for statement in of_tenants {
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
    let connected = Postgres::connect(&distributed(app), &distributed(worker), sealing()).await;
    use_everything(&connected.expect("the adapter connects")).await;
    let messages = proxy.take().statements;
    assert!(messages.len() > 50, "{messages:?}");
    for message in messages {
        // SET LOCAL is the only setting that reaches the server on which a statement is executed.
        assert!(
            !message.contains(';') && !message.contains("set_config"),
            "{message}"
        );
    }
}
