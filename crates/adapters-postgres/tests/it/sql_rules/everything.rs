//! Every statement of the adapter, sent once.

use crate::job::hold_a_job;
use crate::support::record_of;
use customer_domain::api_key::Permission;
use customer_domain::audit::{AuditFilter, AuditKind, AuditSeal, SealedRange};
use customer_domain::customer::{
    CustomerFilter, CustomerKey, CustomerRef, CustomerSort, CustomerType, Identifier, Lookup,
    SearchQuery, SortKey, Status, TimeSpan,
};
use customer_domain::group::Group;
use customer_domain::note::Note;
use customer_domain::outbox::EventKind;
use customer_domain::tag::TagQuery;
use customer_domain::{Claimed, KeyId, PageAt, PageRequest, SortOrder};
use customer_postgres::Postgres;
use customer_testkit::builders::{
    PlainDigests, api_key, at, change, claim, context, customer, digest, email, external,
    full_address, full_note, group, groups, legacy, note, operator_context, phone_keys, presented,
    reply, seeded_id, signer, tag, third_tenant,
};

/// Uses every method of every port.
pub(crate) async fn use_everything(postgres: &Postgres) {
    write_customers(postgres).await;
    read_customers(postgres).await;
    keep_addresses(postgres).await;
    keep_notes(postgres).await;
    keep_groups(postgres).await;
    manage_keys(postgres).await;
    manage_tenants(postgres).await;
    work(postgres).await;
    postgres.health().ping().await.expect("an answer");
}

async fn write_customers(postgres: &Postgres) {
    let new = customer().full().build_new();
    let claimed = postgres
        .transactions()
        .begin_idempotent(&context(), &claim("k"))
        .await;
    let Ok(Claimed::Started(mut work)) = claimed else {
        unreachable!("nobody else claims: {claimed:?}");
    };
    work.customers().insert(&new).await.expect("insert");
    work.record(change(1, EventKind::Created, &record_of(&new)));
    work.store_reply(claim("k"), reply());
    work.commit().await.expect("commit");
    for named in [
        CustomerRef::Id(new.customer.id),
        CustomerRef::Legacy(new.customer.legacy_id.expect("a legacy id")),
    ] {
        let begun = postgres.transactions().begin(&context()).await;
        let mut work = begun.expect("begin");
        let found = work
            .customers()
            .find_for_update(named)
            .await
            .expect("found");
        work.customers().save(&found.customer).await.expect("save");
        work.record(change(2, EventKind::ProfileUpdated, &found));
        work.rollback().await.expect("rollback");
    }
}

async fn read_customers(postgres: &Postgres) {
    let new = customer().full().build_new().customer;
    let reads = postgres.customers();
    let found = reads.find(&context(), CustomerRef::Id(new.id)).await;
    assert!(found.expect("a read").is_some());
    reads
        .find_many(&context(), &[new.id])
        .await
        .expect("a read");
    for lookup in [
        Lookup::Email(new.email),
        Lookup::Phone(phone_keys("15550100199")),
        Lookup::Legacy(new.legacy_id.expect("a legacy id")),
        Lookup::External(external("crm", "C-17")),
        Lookup::UserId(new.id),
    ] {
        let found = reads.look_up(&context(), &lookup).await;
        assert!(found.expect("a read").is_some(), "{lookup:?}");
    }
    let jobs = postgres.job_customers();
    let seen = jobs.outdated_keys(&context(), None, 1).await;
    assert!(seen.expect("a look").last.is_some());
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
                let listed = reads.list(&context(), &filter, sort, &request).await;
                listed.expect("a page");
            }
        }
    }
}

/// Returns filters that use every condition, and every condition that a list can start from.
fn filters() -> [CustomerFilter; 4] {
    let whole = CustomerFilter {
        status: Some(Status::Suspended),
        search: SearchQuery::parse("grace hop", context().country).ok(),
        customer_type: Some(CustomerType::Business),
        group: Some(group("wholesale")),
        tag: Some(tag("navy")),
        known_as: Vec::new(),
        phone: Some(phone_keys("15550100199")),
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
    let begun = postgres.transactions().begin(&context()).await;
    let mut work = begun.expect("begin");
    // An insert, a default that moves, a removal.
    for (named, n) in [(id, 1), (by_legacy, 2), (id, 3)] {
        let locked = work.addresses().book_for_update(named).await;
        let mut book = locked.expect("a book").book;
        let changed = match n {
            3 => book.remove(full_address(2).id, at(9)).map(drop),
            n => book.add(full_address(n), true, 10).map(|_| ()),
        };
        changed.expect("changed");
        let saved = work.addresses().save(&book.changes(&PlainDigests)).await;
        saved.expect("saved");
    }
    work.commit().await.expect("commit");
    let reads = postgres.addresses();
    for named in [id, by_legacy] {
        let book = reads.book(&context(), named).await.expect("a read");
        assert_eq!(book.expect("a book").addresses().len(), 1);
    }
    let books = reads.books(&context(), &[owner.id]).await;
    assert_eq!(books.expect("a read").len(), 1);
}

async fn keep_notes(postgres: &Postgres) {
    let owner = customer().full().build_new().customer;
    let by_legacy = CustomerRef::Legacy(owner.legacy_id.expect("a legacy id"));
    let begun = postgres.transactions().begin(&context()).await;
    let mut work = begun.expect("begin");
    let notes = work.notes();
    for (named, n) in [(CustomerRef::Id(owner.id), 1), (by_legacy, 2)] {
        let new = note(owner.id, n);
        let found = notes.find_for_update(named, new.id).await;
        assert_eq!(found.expect("a customer").1, None);
        notes.insert(&new).await.expect("insert");
    }
    let full = full_note(owner.id, 1);
    notes
        .save(&Note { version: 2, ..full })
        .await
        .expect("save");
    let last = note(owner.id, 2);
    for after in [None, Some(last.key())] {
        let listed = notes.list(by_legacy, after, 1).await;
        let (_, page) = listed.expect("a page");
        assert_eq!(page.next.is_some(), after.is_none());
    }
    notes.delete(&last).await.expect("delete");
    work.commit().await.expect("commit");
}

async fn keep_groups(postgres: &Postgres) {
    let begun = postgres.transactions().begin(&context()).await;
    let mut work = begun.expect("begin");
    let groups = work.groups();
    let new = Group::new(group("trade"), "Trade".to_owned(), at(0));
    groups.insert(&new).await.expect("insert");
    let found = groups.find_for_update(&new.id).await.expect("found");
    groups.save(&found).await.expect("save");
    groups.delete(&new.id).await.expect("delete");
    work.commit().await.expect("commit");
    let reads = postgres.groups();
    let found = reads.find(&context(), &group("vip")).await;
    assert!(found.expect("a read").is_some());
    for after in [None, Some(group("vip"))] {
        let listed = reads.list(&context(), after, 1).await;
        assert_eq!(listed.expect("a read").len(), 1);
    }
    for (prefix, after) in [("", None), ("V", Some(tag("A")))] {
        let query = TagQuery {
            prefix: prefix.to_owned(),
            after,
            limit: 9,
        };
        let listed = postgres.tags().list(&context(), &query).await;
        assert!(!listed.expect("a read").items.is_empty(), "{query:?}");
    }
}

async fn manage_keys(postgres: &Postgres) {
    let key = api_key(1, Permission::Read);
    let begun = postgres.transactions().begin(&context()).await;
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
    assert_eq!(keys.list(&context()).await.expect("a read").len(), 1);
    let begun = postgres.transactions().begin(&context()).await;
    let mut work = begun.expect("begin");
    work.api_keys().revoke(key.id, at(9)).await.expect("revoke");
    work.commit().await.expect("commit");
}

async fn manage_tenants(postgres: &Postgres) {
    let operator = postgres.operator_transactions();
    let mut work = operator.begin(&operator_context()).await.expect("begin");
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

async fn work(postgres: &Postgres) {
    hold_a_job(postgres).await;
    let installation = postgres.installation();
    installation
        .introduce_root([1; 32])
        .await
        .expect("a digest");
    installation.replace_root([2; 32]).await.expect("a digest");
    let keys = installation.keys_in_use().await.expect("a read");
    assert!(!keys.is_empty());
    let unknown = KeyId(seeded_id(0));
    let given_up = installation.give_up(keys[0].tenant, unknown).await;
    given_up.expect("no key");
    let known = installation.known_secrets().await.expect("a read");
    assert_eq!(known.root, Some([2; 32]));
    let purged = postgres.idempotency_purge();
    let purged = purged.purge(context().tenant, None, at(0), 9).await;
    assert_eq!(purged.expect("a look").seen, 1);
    let months = postgres.audit_months();
    let there = months.list().await.expect("months");
    assert_eq!(months.create(there[0]).await, Ok(false));
    let before = there[0].checked_sub_months(chrono::Months::new(24));
    let gone = months.remove(before.expect("a month")).await;
    assert_eq!(gone, Ok(false));
    let ledger = postgres.audit_ledger();
    let last = ledger.last().await.expect("a read");
    let pending = ledger.pending(None, 9).await.expect("entries").entries;
    ledger.horizon().await.expect("a number");
    let month = there[0];
    let dropped = AuditSeal::after(
        last.as_ref(),
        month,
        SealedRange::Dropped { begins: 1 },
        pending.first().map(|entry| entry.position),
        at(0),
        &*signer(),
    );
    ledger.append(&[dropped]).await.expect("a seal");
    assert_eq!(ledger.seals(0, 9).await.expect("seals").len(), 1);
    assert_eq!(ledger.dropped().await.expect("seals").len(), 1);
    assert_eq!(ledger.first_needed(&[month]).await, Ok(None));
    assert_eq!(ledger.trim(10).await, Ok(0));
    ledger.months().await.expect("months");
    let through = pending.first().map(|entry| entry.position);
    let entries = ledger.entries(month, None, through, 9).await;
    entries.expect("entries");
    let begun = postgres.transactions().begin(&context()).await;
    let mut work = begun.expect("begin");
    for kinds in [None, Some(AuditKind::with_prefix("customer.address."))] {
        let filter = AuditFilter {
            kinds,
            ..AuditFilter::default()
        };
        work.audit().list(&filter, None, 9).await.expect("entries");
        work.audit().tally(&filter).await.expect("counts");
    }
    work.rollback().await.expect("the end");
}
