//! The isolation of tenants, as the database itself enforces it.

use crate::support::{Store, run};
use customer_domain::api_key::{ApiKey, Permission};
use customer_domain::customer::{CustomerRef, NewCustomer};
use customer_domain::outbox::EventKind;
use customer_testkit::builders::{
    PlainDigests, api_key, change, claim, context, customer, digest, full_address, note,
    other_context, other_tenant, reply, tenant,
};
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

/// Creates a store in which both tenants have a row in every table.
async fn filled() -> (Store, NewCustomer, NewCustomer) {
    let store = Store::fresh().await;
    let mine = customer().full().build_new();
    let theirs = customer().full().of(&other_tenant()).build_new();
    for (new, context) in [(&mine, context()), (&theirs, other_context())] {
        let begun = store.postgres.transactions().begin(&context).await;
        let mut work = begun.expect("begin");
        // The same e-mail addresses and ids in both: they are unique within a tenant.
        work.customers().insert(new).await.expect("insert");
        let id = CustomerRef::Id(new.customer.id);
        let locked = work.addresses().book_for_update(id).await;
        let mut book = locked.expect("a book").book;
        let added = book.add(full_address(1), true, 10);
        added.expect("added");
        let saved = work.addresses().save(&book.changes(&PlainDigests)).await;
        saved.expect("an address");
        let about = note(new.customer.id, 1);
        let found = work.notes().find_for_update(id, about.id).await;
        found.expect("a customer");
        work.notes().insert(&about).await.expect("a note");
        let record = crate::support::record_of(new);
        work.record(change(1, EventKind::Created, &record));
        let key = ApiKey {
            tenant: context.tenant,
            ..api_key(1, Permission::Admin)
        };
        let stored = work.api_keys().insert(&key, &digest(&key)).await;
        stored.expect("a key");
        work.store_reply(claim("k"), reply());
        work.commit().await.expect("commit");
    }
    // No use case writes these yet.
    let mut owner = store.database.admin().await;
    for rows in [
        "customer_statistics (tenant_id, customer_id, currency, updated_at) SELECT tenant_id, id, 'EUR', now()",
        "customer_keys (tenant_id, customer_id, id, wrapped) SELECT tenant_id, id, gen_random_uuid(), ''",
    ] {
        run(&mut owner, &format!("INSERT INTO {rows} FROM customers")).await;
    }
    (store, mine, theirs)
}

/// Returns the names that a query of the catalogue yields.
async fn names(connection: &mut PgConnection, sql: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_all(connection)
        .await
        .expect("the catalogue")
}

/// Tables of the service itself, which a request cannot read.
const OF_JOBS: [&str; 5] = [
    "audit_seals",
    "installation",
    "job_leases",
    "outbox_positions",
    "tenant_keys",
];

/// The tables that a request can read.
const TABLES: &str = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace \
     AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> '_sqlx_migrations' \
     AND has_table_privilege('customer_app', oid, 'SELECT') ORDER BY 1";

async fn count(connection: &mut PgConnection, table: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(connection)
        .await
        .expect("a count")
}

/// Returns the SQLSTATE with which a statement is refused, if it is.
async fn refusal(connection: &mut PgConnection, sql: &str) -> Option<String> {
    let outcome = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
    let refusal = outcome.err()?.into_database_error()?;
    Some(refusal.code()?.into_owned())
}

#[tokio::test]
async fn without_a_tenant_every_table_is_empty_and_with_one_it_shows_that_tenants_rows() {
    let (store, ..) = filled().await;
    let mut owner = store.database.admin().await;
    let tables = names(&mut owner, TABLES).await;
    assert!(tables.len() > 10, "{tables:?}");
    let mut inside = store.inside(tenant().id).await;
    let mut outside = store.inside(tenant().id).await;
    run(&mut outside, "RESET app.tenant_id").await;
    for table in &tables {
        assert_eq!(count(&mut outside, table).await, 0, "{table}");
        let mine = count(&mut inside, table).await;
        let all = count(&mut owner, table).await;
        assert!(mine > 0, "{table}");
        assert_eq!(all, mine * 2, "{table}");
    }
    for table in OF_JOBS {
        let refused = refusal(&mut inside, &format!("SELECT FROM {table}")).await;
        assert_eq!(refused.as_deref(), Some("42501"), "{table}");
    }
    // SET LOCAL leaves an empty string behind.
    run(&mut outside, "SET app.tenant_id = ''").await;
    assert_eq!(count(&mut outside, "customers").await, 0);
}

#[tokio::test]
async fn no_statement_writes_into_another_tenant() {
    let (store, mine, theirs) = filled().await;
    let mut inside = store.inside(tenant().id).await;
    let (ours, others) = (tenant().id, other_tenant().id);
    let (me, them) = (mine.customer.id, theirs.customer.id);
    for refused in [
        format!("INSERT INTO customer_tags VALUES ('{others}', '{them}', 'x')"),
        format!("UPDATE customer_tags SET tenant_id = '{others}' WHERE customer_id = '{me}'"),
        // No customer has this id here: the foreign key includes the tenant.
        format!(
            "INSERT INTO customer_notes SELECT '{ours}', '{}', gen_random_uuid(), 'x', false, 3, '', now(), NULL, NULL, NULL, 1",
            Uuid::from_u128(1)
        ),
        "DELETE FROM audit_events".to_owned(),
        "UPDATE audit_events SET reason = 'x'".to_owned(),
        "UPDATE tenants SET name = 'x'".to_owned(),
        "TRUNCATE customers".to_owned(),
        "SELECT * FROM audit_events_default".to_owned(),
        "ALTER TABLE customers DISABLE ROW LEVEL SECURITY".to_owned(),
    ] {
        let code = refusal(&mut inside, &refused).await;
        assert!(
            matches!(code.as_deref(), Some("42501" | "23503")),
            "{refused}: {code:?}"
        );
    }
    let hidden = format!("UPDATE customers SET first_name = 'x' WHERE tenant_id = '{others}'");
    let touched = sqlx::raw_sql(AssertSqlSafe(hidden))
        .execute(&mut inside)
        .await;
    assert_eq!(touched.expect("no error").rows_affected(), 0);
}

#[tokio::test]
async fn the_master_key_of_the_wall_is_not_made_inside_it() {
    let (store, ..) = filled().await;
    let mut inside = store.inside(tenant().id).await;
    // Like the stored key, except for its id, its digest and its reach.
    let copy = |all_tenants: bool, digit: u8| {
        format!(
            "INSERT INTO api_keys SELECT tenant_id, gen_random_uuid(), name, prefix, \
             decode(repeat('{digit}', 64), 'hex'), permissions, {all_tenants}, created_at \
             FROM api_keys LIMIT 1"
        )
    };
    run(&mut inside, &copy(false, 1)).await;
    for refused in [
        &copy(true, 2),
        "UPDATE api_keys SET all_tenants = true",
        "UPDATE api_keys SET permissions = '{1,2,3}'",
        "UPDATE api_keys SET digest = digest",
        "UPDATE api_keys SET expires_at = NULL",
    ] {
        let code = refusal(&mut inside, refused).await;
        assert_eq!(code.as_deref(), Some("42501"), "{refused}");
    }
    // A key for all tenants, created by an operator, can still be used and revoked.
    let mut owner = store.database.admin().await;
    run(&mut owner, "UPDATE api_keys SET all_tenants = true").await;
    let end = "UPDATE api_keys SET last_used_at = now(), revoked_at = now()";
    let ended = sqlx::raw_sql(end).execute(&mut inside).await;
    assert_eq!(ended.expect("allowed").rows_affected(), 2);
}

/// The tables below a customer whose rows live and die with it, written by the same statements.
const WITHOUT_FOREIGN_KEY: [&str; 6] = [
    "customer_credentials",
    "customer_identifiers",
    "customer_keys",
    "customer_search_terms",
    "customer_statistics",
    "customer_tags",
];

#[tokio::test]
async fn a_link_across_tenants_is_refused_even_to_the_owner() {
    let store = Store::fresh().await;
    let mut owner = store.database.admin().await;
    let below = "SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
                 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'customer_id' \
                 AND c.relname LIKE 'customer\\_%' ORDER BY 1";
    let (mut linked, mut unlinked) = (Vec::new(), Vec::new());
    for table in names(&mut owner, below).await {
        let keys = format!(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = '{table}'::regclass"
        );
        let keys = names(&mut owner, &keys).await;
        let composite = "FOREIGN KEY (tenant_id, customer_id) REFERENCES customers(tenant_id, id)";
        if keys.iter().any(|key| key.starts_with(composite)) {
            linked.push(table);
        } else {
            unlinked.push(table);
        }
    }
    assert_eq!(linked, ["customer_addresses", "customer_notes"]);
    assert_eq!(unlinked, WITHOUT_FOREIGN_KEY);
    let new = customer().build_new();
    store.insert(&new).await.expect("insert");
    let (others, me) = (other_tenant().id, new.customer.id);
    let link = format!(
        "INSERT INTO customer_notes SELECT '{others}', '{me}', gen_random_uuid(), 'x', false, 3, '', now(), NULL, NULL, NULL, 1"
    );
    let refused = refusal(&mut owner, &link).await;
    assert_eq!(refused.as_deref(), Some("23503"));
}

#[tokio::test]
async fn every_table_is_walled_and_nothing_goes_around_the_wall() {
    let store = Store::fresh().await;
    let mut owner = store.database.admin().await;
    for (what, forbidden) in [
        (
            "tables without forced row-level security",
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace \
             AND relkind IN ('r', 'p') AND relname <> '_sqlx_migrations' \
             AND NOT (relrowsecurity AND relforcerowsecurity)",
        ),
        (
            "views that run as their owner",
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm') \
             AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)",
        ),
        (
            "functions that run as their owner, but the three of the audit trail",
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef \
             AND proname NOT IN ('audit_make_month', 'audit_drop_month', 'audit_trim_seals')",
        ),
        (
            "functions that anyone but the worker can call, or that look up names where anyone can put some, \
             but the two checks, which read nothing",
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace \
             AND proname NOT IN ('customers_check', 'customer_addresses_check') AND NOT ( \
             'search_path=public, pg_temp' = ANY (proconfig) \
             AND has_function_privilege('customer_worker', oid, 'EXECUTE') \
             AND NOT has_function_privilege('customer_app', oid, 'EXECUTE') \
             AND NOT EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0))",
        ),
        (
            "a schema in which a serving role can make something",
            "SELECT nspname::text FROM pg_namespace, unnest(ARRAY['customer_app', 'customer_worker']) AS r(role) \
             WHERE nspname = 'public' AND has_schema_privilege(role, oid, 'CREATE')",
        ),
        (
            "partitions that a role can reach past their parent",
            "SELECT relname::text FROM pg_class, unnest(ARRAY['customer_app', 'customer_worker']) AS r(role) \
             WHERE relispartition AND relkind = 'r' AND has_table_privilege(role, oid, 'SELECT, INSERT, UPDATE, DELETE')",
        ),
        (
            "grants to everyone, or on the migrator's own table",
            "SELECT table_name::text FROM information_schema.role_table_grants WHERE table_schema = 'public' \
             AND (grantee = 'PUBLIC' OR (grantee IN ('customer_app', 'customer_worker') AND table_name = '_sqlx_migrations'))",
        ),
        (
            "roles that the wall does not bind",
            "SELECT rolname::text FROM pg_roles WHERE rolname IN ('customer_app', 'customer_worker') \
             AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)",
        ),
        (
            "tables that a serving role owns",
            "SELECT relname::text FROM pg_class JOIN pg_roles r ON r.oid = relowner \
             WHERE rolname IN ('customer_app', 'customer_worker')",
        ),
        (
            "policies for anyone but the two roles, or of another form",
            "SELECT tablename || '.' || policyname FROM pg_policies, LATERAL (SELECT format( \
             $$(%I = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)$$, \
             CASE tablename WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END)) AS inside(tenant) \
             WHERE schemaname = 'public' AND NOT (roles = '{customer_app}' \
             AND (qual = tenant OR (cmd = 'INSERT' AND qual IS NULL)) AND (with_check = tenant OR cmd = 'SELECT' \
             OR (tablename = 'api_keys' AND with_check = '(' || tenant || ' AND (NOT all_tenants))')) \
             OR roles = '{customer_worker}' AND qual = 'true' AND with_check = 'true')",
        ),
        (
            "tables whose key does not begin with the tenant, but those about the service itself",
            "SELECT conrelid::regclass::text FROM pg_constraint c JOIN pg_attribute a \
             ON a.attrelid = conrelid AND a.attnum = conkey[1] \
             WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'f') AND attname <> 'tenant_id' \
             AND conrelid::regclass::text NOT IN ('tenants', 'audit_seals', 'installation', 'job_leases', '_sqlx_migrations')",
        ),
    ] {
        assert_eq!(
            names(&mut owner, forbidden).await,
            Vec::<String>::new(),
            "{what}"
        );
    }
}

/// Returns what a role may do: one line for each table, with the columns where not all are meant.
async fn privileges(owner: &mut PgConnection, role: &str) -> Vec<String> {
    let granted = format!(
        "WITH granted AS ( \
         SELECT c.oid, privilege_type FROM pg_class c, aclexplode(relacl) WHERE grantee = '{role}'::regrole \
         UNION ALL SELECT c.oid, format('%s (%s)', privilege_type, string_agg(attname, ', ' ORDER BY attname)) \
         FROM pg_class c JOIN pg_attribute ON attrelid = c.oid, aclexplode(attacl) \
         WHERE grantee = '{role}'::regrole GROUP BY c.oid, privilege_type) \
         SELECT format('%s: %s', oid::regclass, string_agg(privilege_type, ', ' ORDER BY privilege_type)) \
         FROM granted GROUP BY oid ORDER BY oid::regclass::text COLLATE \"C\""
    );
    names(owner, &granted).await
}

#[tokio::test]
async fn a_request_has_these_privileges_and_no_others() {
    let store = Store::fresh().await;
    let expected = [
        "api_keys: INSERT, SELECT, UPDATE (last_used_at, revoked_at)",
        "audit_events: INSERT, SELECT",
        "customer_addresses: INSERT, SELECT, UPDATE",
        "customer_credentials: INSERT, SELECT, UPDATE",
        "customer_groups: DELETE, INSERT, SELECT, UPDATE (description, discount_class, name, updated_at, version)",
        "customer_identifiers: DELETE, INSERT, SELECT, UPDATE",
        "customer_keys: INSERT, SELECT",
        "customer_notes: DELETE, INSERT, SELECT, UPDATE (editor_id, editor_type, is_pinned, text, updated_at, version)",
        "customer_preferences: SELECT",
        "customer_profiles: SELECT",
        "customer_search_terms: DELETE, INSERT, SELECT, UPDATE",
        "customer_statistics: INSERT, SELECT, UPDATE",
        "customer_tags: DELETE, INSERT, SELECT, UPDATE",
        "customer_tiers: SELECT",
        "customers: INSERT, SELECT, UPDATE",
        "idempotency_keys: INSERT, SELECT, UPDATE",
        "outbox_events: INSERT, SELECT",
        "tenants: SELECT",
    ];
    let mut owner = store.database.admin().await;
    assert_eq!(privileges(&mut owner, "customer_app").await, expected);
}

#[tokio::test]
async fn the_worker_reaches_the_tables_of_its_jobs_and_no_customer() {
    let (store, ..) = filled().await;
    let expected = [
        "api_keys: INSERT, SELECT, UPDATE",
        "audit_events: INSERT, SELECT",
        "audit_seals: INSERT, SELECT",
        "customer_groups: INSERT, SELECT",
        "idempotency_keys: DELETE, INSERT, SELECT, UPDATE",
        "installation: INSERT, SELECT, UPDATE",
        "job_leases: INSERT, SELECT, UPDATE",
        "outbox_events: DELETE, INSERT, SELECT, UPDATE",
        "outbox_positions: INSERT, SELECT, UPDATE",
        "tenant_keys: INSERT, SELECT, UPDATE (is_lost)",
        "tenants: INSERT, SELECT, UPDATE",
    ];
    let mut owner = store.database.admin().await;
    assert_eq!(privileges(&mut owner, "customer_worker").await, expected);
    run(&mut owner, "SET ROLE customer_worker").await;
    assert_eq!(count(&mut owner, "tenants").await, 2);
}
