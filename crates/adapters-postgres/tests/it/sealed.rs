//! Sealed values: they cannot be read from the disk, and none opens anywhere but in the place for
//! which it was sealed.

use crate::support::{Store, adapter, run};
use customer_domain::audit::{AuditEntry, AuditEvent, AuditFilter, AuditKind, FieldChange};
use customer_domain::customer::{CustomerRef, NewCustomer};
use customer_domain::outbox::{Event, EventKind};
use customer_domain::{Change, Context, KeyId, Origin, StoreError};
use customer_postgres::Postgres;
use customer_testkit::builders::{audit_entry, change, context, customer, sealing, tenant};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgConnection};

const CANARY: &str = "canary-7f3a";

/// Returns a context whose origin, which is sealed, can be recognised.
fn watched() -> Context {
    Context {
        origin: Origin {
            ip: Some("203.0.113.77".parse().expect("an address")),
            user_agent: Some(format!("agent {CANARY}")),
        },
        ..context()
    }
}

/// Returns an update of a customer whose values contain the canary.
fn profile_update(n: u64, new: &NewCustomer) -> (Event, AuditEntry) {
    let record = crate::support::record_of(new);
    let Change::Both(event, entry) = change(n, EventKind::ProfileUpdated, &record) else {
        unreachable!("it has both");
    };
    let changes = vec![FieldChange {
        field: "profile.firstName".to_owned(),
        old: json!(format!("old {n} {CANARY}")),
        new: json!(format!("new {n} {CANARY}")),
    }];
    let reason = Some(format!("reason {CANARY}"));
    (event, entry.with(changes).because(reason))
}

async fn create(postgres: &Postgres, n: u64) -> NewCustomer {
    let new = customer().number(n).named(CANARY, CANARY).build_new();
    let begun = postgres.transactions().begin(&watched()).await;
    let mut work = begun.expect("begin");
    work.customers().insert(&new).await.expect("insert");
    let record = crate::support::record_of(&new);
    work.record(change(n, EventKind::Created, &record));
    work.commit().await.expect("commit");
    new
}

async fn update(postgres: &Postgres, n: u64, new: &NewCustomer) -> Result<(), StoreError> {
    let begun = postgres.transactions().begin(&watched()).await;
    let mut work = begun.expect("begin");
    let id = CustomerRef::Id(new.customer.id);
    let found = work.customers().find_for_update(id).await.expect("found");
    let (mut event, entry) = profile_update(n, new);
    event.sequence = found.customer.event_seq;
    work.customers().save(&found.customer).await.expect("save");
    work.record((event, entry).into());
    work.commit().await
}

async fn trail(postgres: &Postgres) -> Result<Vec<AuditEvent>, StoreError> {
    let mut work = postgres.transactions().begin(&context()).await?;
    let page = work
        .audit()
        .list(&AuditFilter::default(), None, 100)
        .await?;
    work.rollback().await?;
    Ok(page.items)
}

async fn count(admin: &mut PgConnection, table: &str) -> i64 {
    let select = format!("SELECT count(*) FROM {table}");
    let count = sqlx::query_scalar(AssertSqlSafe(select));
    count.fetch_one(admin).await.expect("a count")
}

#[tokio::test]
async fn what_is_sealed_comes_back_and_is_nowhere_to_be_read() {
    let store = Store::fresh().await;
    let new = create(&store.postgres, 1).await;
    update(&store.postgres, 2, &new).await.expect("an update");
    let events = trail(&store.postgres).await.expect("the trail");
    let [updated, created, ..] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(created.ip, watched().origin.ip);
    assert_eq!(updated.user_agent, watched().origin.user_agent);
    assert_eq!(updated.reason, Some(format!("reason {CANARY}")));
    let old = updated.old_values.as_ref().expect("old values");
    assert_eq!(old["profile.firstName"], format!("old 2 {CANARY}"));

    // Everything in these tables, with the bytes of binary columns as text.
    let mut admin = store.database.admin().await;
    run(&mut admin, "SET bytea_output = 'escape'").await;
    for table in [
        "audit_events",
        "outbox_events",
        "(SELECT sealing_key FROM customers)",
        "tenant_keys",
    ] {
        let dump = format!("SELECT string_agg(t::text, '|') FROM {table} t");
        let dump: String = sqlx::query_scalar(AssertSqlSafe(dump))
            .fetch_one(&mut admin)
            .await
            .expect("a dump");
        assert!(!dump.contains(CANARY), "{table}: {dump}");
        assert!(!dump.contains("203.0.113.77"), "{table}: {dump}");
        assert!(dump.len() > 100, "{table}: {dump}");
    }
}

#[tokio::test]
async fn two_sealed_values_that_change_places_are_an_error() {
    let store = Store::fresh().await;
    let new = create(&store.postgres, 1).await;
    let other = create(&store.postgres, 2).await;
    for (n, of) in [(3, &new), (4, &new), (5, &other)] {
        update(&store.postgres, n, of).await.expect("an update");
    }
    let mut admin = store.database.admin().await;
    let swapped = |column: &str, condition: &str| {
        format!(
            "UPDATE audit_events e SET {column} = o.{column} FROM audit_events o \
             WHERE e.id <> o.id AND {condition} AND e.event_type = 'customer.profile.update' \
             AND o.event_type = e.event_type"
        )
    };
    let same = "e.customer_id = o.customer_id";
    let another = "e.customer_id <> o.customer_id";
    for (what, forgery) in [
        ("rows of a customer", swapped("old_values", same)),
        ("reasons", swapped("reason", same)),
        ("rows of two customers", swapped("new_values", another)),
        (
            "columns",
            "UPDATE audit_events SET old_values = new_values, new_values = old_values".to_owned(),
        ),
        (
            "columns of the request",
            "UPDATE audit_events SET user_agent = ip_address".to_owned(),
        ),
        (
            "a bit",
            "UPDATE audit_events SET new_values = set_bit(new_values, length(new_values) * 8 - 1, \
             1 - get_bit(new_values, length(new_values) * 8 - 1))"
                .to_owned(),
        ),
        (
            "no sealed value at all",
            "UPDATE audit_events SET new_values = 'x'".to_owned(),
        ),
    ] {
        run(&mut admin, "BEGIN").await;
        run(
            &mut admin,
            "CREATE TABLE kept AS SELECT * FROM audit_events",
        )
        .await;
        run(&mut admin, &forgery).await;
        run(&mut admin, "COMMIT").await;
        let read = trail(&store.postgres).await;
        assert!(
            matches!(
                read,
                Err(StoreError::Corrupt {
                    table: "audit_events",
                    ..
                })
            ),
            "{what}: {read:?}"
        );
        for restored in [
            "DELETE FROM audit_events",
            "INSERT INTO audit_events SELECT * FROM kept",
            "DROP TABLE kept",
        ] {
            run(&mut admin, restored).await;
        }
        assert!(trail(&store.postgres).await.is_ok(), "{what}: restored");
    }
}

#[tokio::test]
async fn a_key_of_another_customer_or_tenant_opens_nothing() {
    let store = Store::fresh().await;
    let new = create(&store.postgres, 1).await;
    let other = create(&store.postgres, 2).await;
    let mut admin = store.database.admin().await;
    let swapped = format!(
        "UPDATE customers SET sealing_key = (SELECT sealing_key FROM customers WHERE id = '{}') WHERE id = '{}'",
        other.customer.id, new.customer.id
    );
    run(&mut admin, &swapped).await;
    let read = trail(&store.postgres).await;
    assert!(matches!(read, Err(StoreError::Corrupt { .. })), "{read:?}");
}

#[tokio::test]
async fn without_its_key_what_was_sealed_is_gone_and_the_rest_is_there() {
    let store = Store::fresh().await;
    let new = create(&store.postgres, 1).await;
    update(&store.postgres, 2, &new).await.expect("an update");
    let mut admin = store.database.admin().await;
    run(&mut admin, "UPDATE customers SET sealing_key = NULL").await;
    let events = trail(&store.postgres).await.expect("the trail");
    assert_eq!(events[0].changed_fields, ["profile.firstName"]);
    assert_eq!((&events[0].old_values, &events[0].ip), (&None, &None));
    // A customer without a key is given one with the next change.
    update(&store.postgres, 3, &new).await.expect("an update");
    let key = "SELECT sealing_key FROM customers";
    let made: Vec<u8> = sqlx::query_scalar(key)
        .fetch_one(&mut admin)
        .await
        .expect("a key");
    let events = trail(&store.postgres).await.expect("the trail");
    assert!(events[0].old_values.is_some());
    update(&store.postgres, 4, &new).await.expect("an update");
    let kept: Vec<u8> = sqlx::query_scalar(key)
        .fetch_one(&mut admin)
        .await
        .expect("a key");
    assert_eq!(kept, made);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_root_secrets_at_the_first_start_one_is_that_of_the_database() {
    let store = Store::fresh().await;
    let installation = store.postgres.installation();
    let known = installation.known_secrets().await.expect("a read");
    assert_eq!(known.root, None);
    let introduced = (1..=8).map(|n| installation.introduce_root([n; 32]));
    for outcome in futures_util::future::join_all(introduced).await {
        assert_eq!(outcome, Ok(()));
    }
    let known = installation.known_secrets().await.expect("a read");
    let first = known.root.expect("one of them");
    installation.introduce_root([9; 32]).await.expect("a no-op");
    let again = installation.known_secrets().await.expect("a read");
    assert_eq!(again.root, Some(first));
    installation.replace_root([9; 32]).await.expect("adopted");
    // Once there are keys, one for each master key.
    create(&store.postgres, 1).await;
    let known = installation.known_secrets().await.expect("a read");
    assert_eq!(known.root, Some([9; 32]));
    let [sample] = &known.samples[..] else {
        panic!("{known:?}");
    };
    let key_store = sealing().key_store;
    let opened = key_store
        .unwrap(sample.tenant, sample.id, &sample.wrapped)
        .await;
    assert!(opened.is_ok(), "{opened:?}");
}

#[tokio::test]
async fn what_is_sealed_under_a_lost_master_key_is_gone_and_the_rest_goes_on() {
    let store = Store::fresh().await;
    let new = create(&store.postgres, 1).await;
    let installation = store.postgres.installation();
    let known = installation.known_secrets().await.expect("a read");
    let key = &known.samples[0];
    let given_up = installation.give_up(key.tenant, key.id).await;
    given_up.expect("given up");
    // This process has the key in memory until it compares its secrets with the database again.
    installation.known_secrets().await.expect("a read");
    update(&store.postgres, 2, &new).await.expect("an update");
    let events = trail(&store.postgres).await.expect("the trail");
    let ips: Vec<_> = events.iter().map(|event| event.ip).collect();
    assert_eq!(ips, [watched().origin.ip, None]);
    // Whoever finds the lost master key again finds the customer's key too.
    let mut admin = store.database.admin().await;
    assert_eq!(count(&mut admin, "customer_keys").await, 1);
    let known = installation.known_secrets().await.expect("a read");
    assert_eq!(known.samples.len(), 1, "the new key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_gets_one_key_however_many_make_it() {
    let store = Store::with_connections(8).await;
    let new = create(&store.postgres, 1).await;
    let mut admin = store.database.admin().await;
    run(&mut admin, "UPDATE customers SET sealing_key = NULL").await;
    let written = (2..18).map(|n| {
        let transactions = store.postgres.transactions();
        let entry = audit_entry(n, AuditKind::GroupUpdate).about(new.customer.id);
        async move {
            let mut work = transactions.begin(&watched()).await?;
            work.record(entry.into());
            work.commit().await
        }
    });
    for written in futures_util::future::join_all(written).await {
        written.expect("written");
    }
    let events = trail(&store.postgres).await.expect("the trail");
    let opened = events.iter().filter(|event| event.ip.is_some());
    assert_eq!(opened.count(), 16, "all but the first, whose key is gone");
}

#[tokio::test]
async fn what_was_sealed_with_an_older_key_is_opened() {
    let store = Store::fresh().await;
    let new = create(&store.postgres, 1).await;
    let mut admin = store.database.admin().await;
    let moved = "WITH old AS (INSERT INTO customer_keys (tenant_id, customer_id, id, wrapped) \
                 SELECT tenant_id, id, encode(substr(sealing_key, 1, 16), 'hex')::uuid, substr(sealing_key, 17) \
                 FROM customers) UPDATE customers SET sealing_key = NULL";
    run(&mut admin, moved).await;
    update(&store.postgres, 2, &new).await.expect("an update");
    let events = trail(&store.postgres).await.expect("the trail");
    let ips: Vec<_> = events.iter().map(|event| event.ip).collect();
    assert_eq!(ips, [watched().origin.ip; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_gets_one_key_however_many_make_it() {
    let store = Store::fresh().await;
    let url = store.database.owner_url();
    let mut admin = store.database.admin().await;
    run(&mut admin, "DELETE FROM tenant_keys").await;
    let (one, two) = (adapter(&url, 4).await, adapter(&url, 4).await);
    let begun = (0..16).map(|n| {
        let postgres = if n % 2 == 0 { &one } else { &two };
        let transactions = postgres.transactions();
        async move {
            let mut work = transactions.begin(&context()).await?;
            work.record(audit_entry(n, AuditKind::TenantUpdate).into());
            work.commit().await
        }
    });
    for written in futures_util::future::join_all(begun).await {
        written.expect("written");
    }
    assert_eq!(count(&mut admin, "tenant_keys").await, 1);
    assert_eq!(trail(&one).await.expect("the trail").len(), 16);
}

#[tokio::test]
async fn what_another_replica_seals_with_a_newer_key_of_the_tenant_is_opened() {
    let store = Store::fresh().await;
    let reading = &store.postgres;
    let new = create(reading, 1).await;
    // The reading replica has the tenant's first key in memory.
    let sealing = sealing();
    let newer = sealing.cipher.generate(KeyId(sealing.ids.new_id()));
    let wrapped = sealing.key_store.wrap(tenant().id, &newer).await;
    let wrapped = wrapped.expect("a wrapped key");
    let insert = "INSERT INTO tenant_keys (tenant_id, number, id, master, wrapped) VALUES ($1, 2, $2, $3, $4)";
    let inserted = sqlx::query(insert)
        .bind(tenant().id.0)
        .bind(newer.id.0)
        .bind(&wrapped.master)
        .bind(&wrapped.bytes)
        .execute(&mut store.database.admin().await)
        .await;
    inserted.expect("a second key");
    let writing = adapter(&store.database.owner_url(), 2).await;
    update(&writing, 2, &new).await.expect("an update");
    create(&writing, 3).await;
    let begun = writing.transactions().begin(&watched()).await;
    let mut work = begun.expect("begin");
    work.record(audit_entry(4, AuditKind::TenantUpdate).into());
    work.commit().await.expect("commit");
    let events = trail(reading).await.expect("the trail");
    let ips: Vec<_> = events.iter().map(|event| event.ip).collect();
    assert_eq!(ips, [watched().origin.ip; 4], "{events:?}");
}

#[tokio::test]
async fn when_the_entry_cannot_be_written_the_change_is_not_made() {
    let store = Store::fresh().await;
    let new = create(&store.postgres, 1).await;
    let mut admin = store.database.admin().await;
    let refused = "ALTER TABLE audit_events ADD CONSTRAINT refused \
                   CHECK (event_type <> 'customer.profile.update') NOT VALID";
    run(&mut admin, refused).await;
    let before = (
        count(&mut admin, "outbox_events").await,
        count(&mut admin, "audit_events").await,
    );
    let written = update(&store.postgres, 2, &new).await;
    assert!(written.is_err(), "{written:?}");
    let after = (
        count(&mut admin, "outbox_events").await,
        count(&mut admin, "audit_events").await,
    );
    assert_eq!(after, before);
    let found = store.postgres.customers();
    let found = found
        .find(&context(), CustomerRef::Id(new.customer.id))
        .await;
    let found = found.expect("a read").expect("the customer").customer;
    assert_eq!(found.event_seq, new.customer.event_seq);
}
