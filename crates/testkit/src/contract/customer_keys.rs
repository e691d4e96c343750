//! The keys of customers say which rules made them, and a save makes them anew.

use super::Harness;
use super::steps::{begin_in, read, stored};
use crate::builders::{context, customer, other_context};
use customer_domain::address::Country;
use customer_domain::customer::{CustomerReads, CustomerRef, Email, Lookup, SeenKeys};
use customer_domain::profile::Phone;
use customer_domain::{Context, CustomerId};
use std::sync::Arc;

const PHONE: &str = "0711 5550101";

fn in_country(code: &str) -> Context {
    Context {
        country: Country::from_store(code),
        ..context()
    }
}

async fn seen(
    h: &impl Harness,
    context: &Context,
    after: Option<CustomerId>,
    most: u32,
) -> SeenKeys {
    let seen = h.customers().outdated_keys(context, after, most).await;
    seen.expect("a look")
}

async fn found(reads: &Arc<dyn CustomerReads>, written: &str, country: &str) -> Option<CustomerId> {
    let context = in_country(country);
    let phone = Phone::parse(written).expect("a number").expect("digits");
    let lookup = Lookup::Phone(phone.keys(context.country));
    let record = reads.look_up(&context, &lookup).await.expect("a read");
    record.map(|record| record.customer.id)
}

pub async fn keys_of_another_country_are_outdated_until_the_customer_is_saved(h: &impl Harness) {
    let new = customer().number(1).phone(PHONE).build_new();
    let id = new.customer.id;
    let mut work = begin_in(h, &in_country("US")).await;
    work.customers().insert(&new).await.expect("stored");
    work.commit().await.expect("commit");
    let german = in_country("DE");
    let outdated = |outdated: &[CustomerId]| SeenKeys {
        outdated: outdated.to_vec(),
        seen: 1,
        last: Some(id),
    };
    assert_eq!(seen(h, &in_country("US"), None, 9).await, outdated(&[]));
    assert_eq!(seen(h, &german, None, 9).await, outdated(&[id]));
    let reads = h.customers();
    assert_eq!(found(&reads, "+49 711 5550101", "DE").await, None);
    let before = read(h, id).await.expect("stored");

    let mut work = begin_in(h, &german).await;
    let locked = work.customers().find_for_update(CustomerRef::Id(id)).await;
    let mut same = locked.expect("stored").customer;
    same.event_seq -= 1;
    work.customers().save(&same).await.expect("saved");
    work.commit().await.expect("commit");
    assert_eq!(seen(h, &german, None, 9).await, outdated(&[]));
    assert_eq!(seen(h, &in_country("US"), None, 9).await, outdated(&[id]));
    assert_eq!(found(&reads, "+49 711 5550101", "DE").await, Some(id));
    assert_eq!(
        read(h, id).await.expect("stored"),
        before,
        "nothing else changed"
    );
}

pub async fn a_save_that_keeps_an_earlier_key_of_the_address_leaves_it_outdated(h: &impl Harness) {
    let typed = "Ada@Example.com".to_owned();
    let mut new = customer().number(1).build_new();
    new.customer.email = Email::from_store(typed.clone(), typed);
    let id = new.customer.id;
    let german = in_country("DE");
    let mut work = begin_in(h, &in_country("US")).await;
    work.customers().insert(&new).await.expect("stored");
    work.commit().await.expect("commit");
    for (is_renewed, outdated) in [(false, vec![id]), (true, vec![])] {
        let mut work = begin_in(h, &german).await;
        let locked = work.customers().find_for_update(CustomerRef::Id(id)).await;
        let mut edited = locked.expect("stored").customer;
        if is_renewed {
            edited.email = edited.email.renewed();
        }
        work.customers().save(&edited).await.expect("saved");
        work.commit().await.expect("commit");
        assert_eq!(seen(h, &german, None, 9).await.outdated, outdated);
    }
    let lookup = Lookup::Email(new.customer.email.renewed());
    let found = h.customers().look_up(&german, &lookup).await;
    assert!(found.expect("a read").is_some());
}

pub async fn customers_are_looked_at_by_id_and_a_few_at_a_time(h: &impl Harness) {
    let mut ids = Vec::new();
    for number in 1..=3 {
        let new = customer().number(number).build_new();
        ids.push(stored(h, new).await.customer.id);
    }
    ids.sort();
    let german = in_country("DE");
    let first = seen(h, &german, None, 2).await;
    assert_eq!(first.outdated, ids[..2]);
    assert_eq!(first.last, Some(ids[1]));
    let second = seen(h, &german, first.last, 2).await;
    assert_eq!(second.outdated, ids[2..]);
    let end = seen(h, &german, second.last, 2).await;
    assert_eq!(end, SeenKeys::default());
    assert_eq!(
        seen(h, &other_context(), None, 9).await,
        SeenKeys::default()
    );
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_customer_keys {
    ($each:path) => {
        $each! { customer_keys {
            keys_of_another_country_are_outdated_until_the_customer_is_saved,
            a_save_that_keeps_an_earlier_key_of_the_address_leaves_it_outdated,
            customers_are_looked_at_by_id_and_a_few_at_a_time,
        } }
    };
}
