//! State and changes are committed together, or nothing happened.

use super::Harness;
use super::steps::{begin, begin_in, insert, read, recorded, stored};
use crate::builders::{
    at, audit_entry, change, claim, context, customer, event, new_customer, operator_context, reply,
};
use crate::stored::{audit_of, events_of};
use customer_domain::audit::{AuditKind, FieldChange};
use customer_domain::customer::CustomerRef;
use customer_domain::outbox::EventKind;
use customer_domain::{Actor, ActorKind, Change, Claimed, Conflict, Context, StoreError};

fn audited(n: u64, kind: AuditKind) -> Change {
    audit_entry(n, kind).into()
}

pub async fn what_is_committed_is_there(h: &impl Harness) {
    let expected = stored(h, new_customer()).await;
    assert_eq!(read(h, expected.customer.id).await, Some(expected));
}

pub async fn what_is_committed_is_before_the_horizon(h: &impl Harness) {
    let work = begin(h).await;
    let now = work.now();
    work.commit().await.expect("commit");
    let transactions = h.transactions();
    let horizon = transactions.horizon(&context()).await.expect("a horizon");
    assert!(now < horizon, "{now} {horizon}");
    let next = begin(h).await;
    assert!(next.now() >= now);
    next.rollback().await.expect("rollback");
}

pub async fn what_is_rolled_back_never_happened(h: &impl Harness) {
    let new = new_customer();
    let mut work = begin(h).await;
    work.customers().insert(&new).await.expect("insert");
    work.rollback().await.expect("rollback");
    assert_eq!(read(h, new.customer.id).await, None);
    assert_eq!(insert(h, &new).await, Ok(()), "nothing of it is left");
}

pub async fn what_is_dropped_never_happened(h: &impl Harness) {
    let new = new_customer();
    let mut work = begin(h).await;
    work.customers().insert(&new).await.expect("insert");
    drop(work);
    assert_eq!(read(h, new.customer.id).await, None);
    assert_eq!(insert(h, &new).await, Ok(()), "nothing of it is left");
}

pub async fn nothing_shows_before_the_commit(h: &impl Harness) {
    let new = new_customer();
    let mut work = begin(h).await;
    work.customers().insert(&new).await.expect("insert");
    assert_eq!(read(h, new.customer.id).await, None);
    work.commit().await.expect("commit");
    assert!(read(h, new.customer.id).await.is_some());
}

pub async fn a_unit_of_work_sees_its_own_writes(h: &impl Harness) {
    let new = new_customer();
    let reference = CustomerRef::Id(new.customer.id);
    let mut work = begin(h).await;
    work.customers().insert(&new).await.expect("insert");
    let mut seen = work
        .customers()
        .find_for_update(reference)
        .await
        .expect("found");
    assert_eq!(seen.customer.profile, new.customer.profile);
    seen.customer.profile.first_name = Some("Augusta".to_owned());
    work.customers().save(&seen.customer).await.expect("save");
    let again = work
        .customers()
        .find_for_update(reference)
        .await
        .expect("found");
    assert_eq!(again.customer.profile, seen.customer.profile);
    work.rollback().await.expect("rollback");
}

pub async fn a_failed_statement_spoils_the_unit_of_work(h: &impl Harness) {
    let taken = stored(h, customer().number(1).build_new()).await.customer;
    let fine = customer().number(2).build_new();
    let refused = customer().number(3).email(taken.email.key()).build_new();
    let mut work = begin(h).await;
    work.customers().insert(&fine).await.expect("insert");
    work.record(audited(1, AuditKind::ProfileCreate));
    let refusal = work.customers().insert(&refused).await;
    assert_eq!(refusal, Err(StoreError::Conflict(Conflict::Email)));
    let later = customer().number(4).build_new();
    assert!(
        work.customers().insert(&later).await.is_err(),
        "no statement after a failed one"
    );
    assert!(
        work.commit().await.is_err(),
        "a commit that stores nothing says so"
    );
    for new in [&fine, &refused, &later] {
        assert_eq!(read(h, new.customer.id).await, None);
    }
    assert_eq!(h.audit(&context()).await, []);
}

pub async fn a_spoilt_unit_of_work_rolls_back_without_complaint(h: &impl Harness) {
    let taken = stored(h, customer().number(1).build_new()).await.customer;
    let refused = customer().number(2).email(taken.email.key()).build_new();
    let mut work = begin(h).await;
    assert!(work.customers().insert(&refused).await.is_err());
    assert_eq!(work.rollback().await, Ok(()));
    let fine = customer().number(3).build_new();
    assert_eq!(
        insert(h, &fine).await,
        Ok(()),
        "the next unit of work is not affected"
    );
}

pub async fn facts_are_kept_with_the_state_that_caused_them(h: &impl Harness) {
    let record = customer().build_record();
    let changes = [change(1, EventKind::Created, &record)];
    let mut work = begin(h).await;
    work.customers()
        .insert(&new_customer())
        .await
        .expect("insert");
    work.record(changes[0].clone());
    assert_eq!(h.events(&context()).await, [], "not before the commit");
    assert_eq!(h.audit(&context()).await, [], "not before the commit");
    work.commit().await.expect("commit");
    assert!(read(h, record.customer.id).await.is_some());
    assert_eq!(h.events(&context()).await, events_of(&context(), &changes));
    assert_eq!(h.audit(&context()).await, audit_of(&context(), &changes));
}

pub async fn facts_that_are_not_committed_are_gone(h: &impl Harness) {
    let record = stored(h, new_customer()).await;
    let mut work = begin(h).await;
    work.record(change(1, EventKind::Created, &record));
    work.rollback().await.expect("rollback");
    let mut work = begin(h).await;
    work.record(change(2, EventKind::Created, &record));
    drop(work);
    assert_eq!(h.events(&context()).await, []);
    assert_eq!(h.audit(&context()).await, []);
}

pub async fn a_fact_without_an_event_is_audited_alone(h: &impl Harness) {
    let changes = [audited(1, AuditKind::ApiKeyCreate)];
    recorded(h, &context(), &changes).await;
    assert_eq!(h.events(&context()).await, []);
    assert_eq!(h.audit(&context()).await, audit_of(&context(), &changes));
}

pub async fn an_event_without_an_entry_is_told_alone(h: &impl Harness) {
    let record = stored(h, new_customer()).await;
    let changes = [event(1, EventKind::ProfileUpdated, &record).into()];
    recorded(h, &context(), &changes).await;
    assert_eq!(h.events(&context()).await, events_of(&context(), &changes));
    assert_eq!(h.events(&context()).await.len(), 1);
    assert_eq!(h.audit(&context()).await, []);
}

pub async fn an_event_without_an_entry_is_told_beside_a_reply(h: &impl Harness) {
    let record = stored(h, new_customer()).await;
    let claim = claim("k");
    let begun = async || h.transactions().begin_idempotent(&context(), &claim).await;
    let Ok(Claimed::Started(mut work)) = begun().await else {
        unreachable!("the claim is free");
    };
    let change = Change::from(event(1, EventKind::ProfileUpdated, &record));
    work.record(change.clone());
    work.store_reply(claim.clone(), reply());
    work.commit().await.expect("commit");
    assert_eq!(h.events(&context()).await, events_of(&context(), &[change]));
    assert_eq!(h.audit(&context()).await, []);
    let Ok(Claimed::Replay(again)) = begun().await else {
        unreachable!("the reply is stored");
    };
    assert_eq!(again, reply());
}

pub async fn changes_with_and_without_event_and_entry_are_kept_together(h: &impl Harness) {
    let mut record = stored(h, new_customer()).await;
    let mut changes = vec![audited(1, AuditKind::ApiKeyCreate)];
    for n in [2, 4] {
        changes.push(change(n, EventKind::ProfileUpdated, &record));
        record.customer.event_seq += 1;
        changes.push(event(n + 1, EventKind::ProfileUpdated, &record).into());
        record.customer.event_seq += 1;
    }
    recorded(h, &context(), &changes).await;
    let (events, audit) = (h.events(&context()).await, h.audit(&context()).await);
    assert_eq!((events.len(), audit.len()), (4, 3));
    assert_eq!(events, events_of(&context(), &changes));
    assert_eq!(audit, audit_of(&context(), &changes));
}

pub async fn every_kind_of_fact_is_kept_whole(h: &impl Harness) {
    let mut record = stored(h, customer().full().build_new()).await;
    let mut changes = Vec::new();
    for (n, kind) in (1..).zip(EventKind::ALL) {
        changes.push(change(n, kind, &record));
        record.customer.event_seq += 1;
    }
    for (n, kind) in (101..).zip(AuditKind::ALL) {
        let bare = audit_entry(n, kind).because(None).with(Vec::new());
        changes.push(bare.into());
    }
    recorded(h, &context(), &changes).await;
    assert_eq!(h.events(&context()).await, events_of(&context(), &changes));
    assert_eq!(h.audit(&context()).await, audit_of(&context(), &changes));
}

pub async fn the_audit_trail_names_who_acted_and_in_which_trace(h: &impl Harness) {
    let kinds = [ActorKind::Customer, ActorKind::ApiKey, ActorKind::System];
    let mut expected = Vec::new();
    for (n, kind) in (1..).zip(kinds) {
        let acting = Context {
            actor: Actor {
                kind,
                id: format!("actor-{n}"),
            },
            correlation_id: format!("correlation-{n}"),
            trace_id: format!("{n:032x}"),
            ..context()
        };
        let changes = [audited(n, AuditKind::ProfileUpdate)];
        recorded(h, &acting, &changes).await;
        expected.extend(audit_of(&acting, &changes));
    }
    assert_eq!(h.audit(&context()).await, expected);
}

pub async fn texts_of_facts_come_back_as_written(h: &impl Harness) {
    let awkward = "it's \"quoted\" \\ 100% {json} $1 — 陳 😀";
    let acting = Context {
        correlation_id: awkward.to_owned(),
        ..operator_context()
    };
    let record = stored(h, customer().named(awkward, "Null\\u0000").build_new()).await;
    let event = event(1, EventKind::Created, &record);
    let entry = audit_entry(1, AuditKind::ProfileCreate).because(Some(awkward.to_owned()));
    let entry = entry.with([awkward, ""].map(FieldChange::named).to_vec());
    let changes = [(event, entry).into()];
    recorded(h, &acting, &changes).await;
    assert_eq!(h.events(&acting).await, events_of(&acting, &changes));
    assert_eq!(h.audit(&acting).await, audit_of(&acting, &changes));
}

pub async fn events_keep_the_order_of_their_customer(h: &impl Harness) {
    let record = stored(h, new_customer()).await;
    let mut expected = vec![change(1, EventKind::Created, &record)];
    recorded(h, &context(), &expected).await;
    for n in 2..5 {
        let mut work = begin(h).await;
        let reference = CustomerRef::Id(record.customer.id);
        let mut edited = work
            .customers()
            .find_for_update(reference)
            .await
            .expect("found");
        edited.customer.updated_at = at(60);
        work.customers().save(&edited.customer).await.expect("save");
        let told = change(n, EventKind::ProfileUpdated, &edited);
        work.record(told.clone());
        work.commit().await.expect("commit");
        expected.push(told);
    }
    let events = h.events(&context()).await;
    assert_eq!(events, events_of(&context(), &expected));
    let sequence: Vec<_> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequence, [1, 2, 3, 4]);
}

pub async fn a_unit_of_work_may_end_without_facts(h: &impl Harness) {
    assert_eq!(begin_in(h, &context()).await.commit().await, Ok(()));
    assert_eq!(begin_in(h, &context()).await.rollback().await, Ok(()));
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_unit_of_work {
    ($each:path) => {
        $each! { unit_of_work {
            what_is_committed_is_there,
            what_is_committed_is_before_the_horizon,
            what_is_rolled_back_never_happened,
            what_is_dropped_never_happened,
            nothing_shows_before_the_commit,
            a_unit_of_work_sees_its_own_writes,
            a_failed_statement_spoils_the_unit_of_work,
            a_spoilt_unit_of_work_rolls_back_without_complaint,
            facts_are_kept_with_the_state_that_caused_them,
            facts_that_are_not_committed_are_gone,
            a_fact_without_an_event_is_audited_alone,
            an_event_without_an_entry_is_told_alone,
            an_event_without_an_entry_is_told_beside_a_reply,
            changes_with_and_without_event_and_entry_are_kept_together,
            every_kind_of_fact_is_kept_whole,
            the_audit_trail_names_who_acted_and_in_which_trace,
            texts_of_facts_come_back_as_written,
            events_keep_the_order_of_their_customer,
            a_unit_of_work_may_end_without_facts,
        } }
    };
}
