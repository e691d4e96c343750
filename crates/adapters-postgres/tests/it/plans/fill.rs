//! A hundred thousand customers, inserted in bulk.

use super::trail;
use crate::support::{Store, run};
use customer_testkit::builders::{at, tenant};

/// The number of customers in the tenant of the tests.
pub(super) const ROWS: i64 = 100_000;

/// Fills the store with customers whose values repeat with different periods, so that every
/// condition meets every other.
///
/// | what | who |
/// |---|---|
/// | status | two in fifty deleted, and one each suspended, pending and inactive; the rest active |
/// | customer type | one in 500 a business |
/// | group | one in 1,000 `vip`, seven in ten `retail`, the rest `wholesale` |
/// | tags | one in three `common`, one in 2,000 `rare` |
/// | names | 200 given names, 3,000 family names |
/// | phone | 5550001 and so on |
pub(super) async fn fill(store: &Store) {
    let mut owner = store.database.admin().await;
    // The rows are consistent; checking that would take most of the time.
    run(&mut owner, "SET session_replication_role = replica").await;
    let (tenant, first) = (tenant().id, at(0));
    let people = format!(
        "CREATE TEMP TABLE p AS SELECT n, '{tenant}'::uuid AS t, \
         ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id, \
         '{first}'::timestamptz + n * interval '1 second' AS made, \
         '{first}'::timestamptz + (n * 7919 % {ROWS}) * interval '1 second' AS changed, \
         CASE n % 50 WHEN 0 THEN 5 WHEN 1 THEN 5 WHEN 2 THEN 4 WHEN 3 THEN 3 WHEN 4 THEN 1 ELSE 2 END AS status, \
         'first' || n * 7919 % 200 AS given, 'last' || n * 104729 % 3000 AS family, \
         (5550000 + n)::text AS phone \
         FROM generate_series(1::bigint, {ROWS}) n"
    );
    run(&mut owner, &people).await;
    for (table, rows) in [
        (
            "customers (tenant_id, id, version, event_seq, registration_date, created_at, updated_at, \
             tier_achieved_at, segment_achieved_at, loyalty_points, order_count, status, account_state, customer_type, \
             tier, email_verified, phone_verified, email_marketing, sms_marketing, push_notifications, order_updates, \
             promotional_emails, newsletter, data_sharing, analytics_tracking, cookie_consent, total_currency, \
             total_spent, lifetime_value, segment, email_key, last_name_key, key_rules, tags, terms, metadata, \
             custom_preferences, profile_data, external_ids, legacy_id, group_id, email, first_name, last_name, phone, phone_key, \
             deleted_at)",
            "t, id, 1, 1, made, made, changed, made, made, 0, 0, status, 3, CASE n % 500 WHEN 7 THEN 2 ELSE 1 END, 1, \
             false, false, false, false, false, false, false, false, false, false, false, 'USD', 0, 0, \
             'new_customer', 'u' || n || '@example.com', family, '0', \
             array_remove(ARRAY[CASE WHEN n % 3 = 0 THEN 'common' END, CASE WHEN n % 2000 = 10 THEN 'rare' END], NULL), \
             ARRAY[given, family, 'u' || n, 'example', phone, '<' || reverse(phone)], '{}', '{}', '{}', jsonb_build_object('crm', 'C-' || n), n, \
             CASE WHEN status = 5 THEN NULL WHEN n % 1000 = 8 THEN 'vip' WHEN n % 10 < 7 THEN 'retail' ELSE 'wholesale' END, \
             'u' || n || '@example.com', given, family, phone, phone, \
             CASE status WHEN 5 THEN changed END FROM p",
        ),
        (
            "customer_identifiers",
            "t, id, k.kind, k.before || n || k.behind, CASE status WHEN 5 THEN changed END FROM p, (VALUES ('email', 'u', '@example.com'), \
             ('legacy', '', ''), ('external:crm', 'C-', '')) AS k (kind, before, behind)",
        ),
        (
            "customer_tags",
            "t, id, 'common' FROM p WHERE n % 3 = 0 UNION ALL SELECT t, id, 'rare' FROM p WHERE n % 2000 = 10",
        ),
        (
            "customer_search_terms",
            "t, w, id FROM p, unnest(ARRAY[given, family, 'u' || n, 'example', phone, '<' || reverse(phone)]) w",
        ),
        (
            "customer_addresses (tenant_id, customer_id, id, type, default_shipping, default_billing, \
             address_line_1, country_code, is_verified, metadata, digest, version, created_at, updated_at)",
            "t, p.id, gen_random_uuid(), 1, k = 1, false, k, 'HK', false, '{}', sha256(k::text::bytea), 1, \
             made, made FROM p, generate_series(1, 2) k WHERE n % 10 = 7",
        ),
        (
            "api_keys (tenant_id, id, name, prefix, digest, permissions, all_tenants, created_at)",
            "t, id, 'key', 'csk_', sha256(n::text::bytea), '{1}', false, made FROM p WHERE n <= 10000",
        ),
        (
            "idempotency_keys",
            "t, 'caller', 'POST /customers', n, sha256('x'), 201, NULL, NULL, '', made, made + interval '1 day' FROM p WHERE n <= 10000",
        ),
    ]
    .into_iter()
    .chain(trail::ROWS)
    {
        run(&mut owner, &format!("INSERT INTO {table} SELECT {rows}")).await;
    }
    run(&mut owner, "VACUUM ANALYZE").await;
}
