//! The invariants of the stored rows, whatever was killed while they were written.

use sqlx::{Connection, PgConnection};
use std::collections::BTreeMap;

/// Queries that each find incomplete customers, or rows without a customer.
const HALVES: [(&str, &str); 7] = [
    (
        "not exactly one e-mail identifier",
        "SELECT id FROM customers c WHERE 1 <> (SELECT count(*) FROM customer_identifiers i \
         WHERE (i.tenant_id, i.customer_id, i.kind) = (c.tenant_id, c.id, 'email') AND i.value = c.email_key)",
    ),
    (
        "other search terms than in its row",
        "SELECT id FROM customers c WHERE c.terms IS DISTINCT FROM (SELECT array_agg(t.term::text ORDER BY t.term) \
         FROM customer_search_terms t WHERE (t.tenant_id, t.customer_id) = (c.tenant_id, c.id))",
    ),
    (
        "other tags than in its row",
        "SELECT id FROM customers c WHERE c.tags IS DISTINCT FROM (SELECT coalesce(array_agg(t.tag::text ORDER BY t.tag), '{}') \
         FROM customer_tags t WHERE (t.tenant_id, t.customer_id) = (c.tenant_id, c.id))",
    ),
    (
        "rows of nobody",
        "SELECT r.customer_id FROM (SELECT tenant_id, customer_id FROM customer_credentials \
         UNION SELECT tenant_id, customer_id FROM customer_identifiers UNION SELECT tenant_id, customer_id FROM customer_keys \
         UNION SELECT tenant_id, customer_id FROM customer_search_terms \
         UNION SELECT tenant_id, customer_id FROM customer_statistics UNION SELECT tenant_id, customer_id FROM customer_tags) r \
         WHERE NOT EXISTS (SELECT FROM customers c WHERE (c.tenant_id, c.id) = (r.tenant_id, r.customer_id))",
    ),
    (
        "events that do not count from 1 to event_seq",
        "SELECT c.id FROM customers c LEFT JOIN outbox_events o \
         ON (o.tenant_id, o.customer_id) = (c.tenant_id, c.id) GROUP BY c.tenant_id, c.id, c.event_seq \
         HAVING (min(o.sequence), max(o.sequence), count(o.id)) IS DISTINCT FROM (1::bigint, c.event_seq, c.event_seq)",
    ),
    (
        "not one audit entry for each event",
        "SELECT c.id FROM customers c WHERE c.event_seq <> (SELECT count(*) FROM audit_events a \
         WHERE (a.tenant_id, a.customer_id) = (c.tenant_id, c.id))",
    ),
    (
        "an event or audit entry of a customer who is not there",
        "SELECT r.customer_id FROM (SELECT tenant_id, customer_id FROM outbox_events UNION \
         SELECT tenant_id, customer_id FROM audit_events WHERE customer_id IS NOT NULL) r \
         WHERE NOT EXISTS (SELECT FROM customers c WHERE (c.tenant_id, c.id) = (r.tenant_id, r.customer_id))",
    ),
];

/// Asserts that every customer is complete, and that the acknowledged ones are stored with at least
/// the acknowledged version. `admin` is a superuser. Returns the number of customers.
pub(crate) async fn assert_whole(
    admin: &mut PgConnection,
    acknowledged: &BTreeMap<String, i64>,
) -> usize {
    for (fault, query) in HALVES {
        let found: Vec<sqlx::types::Uuid> = sqlx::query_scalar(query)
            .fetch_all(&mut *admin)
            .await
            .unwrap();
        assert!(found.is_empty(), "{fault}: {found:?}");
    }
    let versions = versions(admin).await;
    for (id, version) in acknowledged {
        let stored = versions.get(id);
        assert!(
            stored.is_some_and(|stored| stored >= version),
            "{id} was acknowledged at version {version} and is stored at {stored:?}"
        );
    }
    versions.len()
}

async fn versions(admin: &mut PgConnection) -> BTreeMap<String, i64> {
    let rows: Vec<(String, i64)> = sqlx::query_as("SELECT id::text, version FROM customers")
        .fetch_all(admin)
        .await
        .unwrap();
    rows.into_iter().collect()
}

/// Connects as a superuser to an embedded database, with what its folder contains.
pub(crate) async fn embedded_admin(instance: &std::path::Path) -> PgConnection {
    let read = |name| std::fs::read_to_string(instance.join(name)).unwrap();
    let (password, port) = (read("password"), read("port"));
    let (password, port) = (password.trim(), port.trim());
    let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/customer");
    PgConnection::connect(&url).await.unwrap()
}
