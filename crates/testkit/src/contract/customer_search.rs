//! A search finds customers by the words that they are known by, as people type them.

use super::Harness;
use super::customer_filter::{found, search};
use super::steps::{edit, stored, stored_all};
use crate::builders::{at, customer};
use customer_domain::customer::{CustomerFilter, NewCustomer, Status};

/// The numbers, from 0, of those people whom a search finds.
async fn numbers(h: &impl Harness, people: &[NewCustomer], text: &str) -> Vec<usize> {
    let found = found(h, &search(text)).await;
    let places = people.iter().enumerate();
    let mut numbers: Vec<_> = places
        .filter(|(_, new)| found.contains(&new.customer.id))
        .map(|(at, _)| at)
        .collect();
    assert_eq!(numbers.len(), found.len(), "{text}");
    numbers.sort_unstable();
    numbers
}

async fn people(h: &impl Harness, names: &[(&str, &str)]) -> Vec<NewCustomer> {
    let people = (1..).zip(names).map(|(number, (first, last))| {
        let one = customer().number(number).named(first, last);
        one.email(&format!("mail{number}@shop{number}.example"))
            .build_new()
    });
    let people: Vec<_> = people.collect();
    stored_all(h, &people).await;
    people
}

pub async fn names_are_found_as_people_type_them(h: &impl Harness) {
    let names = [
        ("Thomas", "Müller"),
        ("Łukasz", "Żak"),
        ("Conan", "O'Brien"),
        ("陳", "大文"),
        ("Straße", "İstanbul"),
        ("힣", "𠀀𠀁"),
        ("Ærø", "Þór"),
    ];
    let people = people(h, &names).await;
    for (text, expected) in [
        ("muller", vec![0]),
        ("MÜLL", vec![0]),
        ("Mu\u{308}ller", vec![0]),
        ("lukasz", vec![1]),
        ("łuk zak", vec![1]),
        ("obrien", vec![2]),
        ("O’Brien", vec![2]),
        ("o'b conan", vec![2]),
        ("brien", vec![]),
        ("陳", vec![3]),
        ("大", vec![3]),
        ("文", vec![]),
        ("strasse istanbul", vec![4]),
        ("힣", vec![5]),
        ("𠀀", vec![5]),
        ("aero thor", vec![6]),
    ] {
        assert_eq!(numbers(h, &people, text).await, expected, "{text}");
    }
}

pub async fn every_word_of_a_search_is_the_beginning_of_some_term(h: &impl Harness) {
    let names = [
        ("Anna Maria", "Smith-Jones"),
        ("Anna", "Smithers"),
        ("Maria", "Annan"),
    ];
    let people = people(h, &names).await;
    for (text, expected) in [
        ("anna", vec![0, 1, 2]),
        ("an", vec![0, 1, 2]),
        ("annan", vec![2]),
        ("maria anna", vec![0, 2]),
        ("smith", vec![0, 1]),
        ("smith jones", vec![0]),
        ("smithj", vec![]),
        ("anna nobody", vec![]),
        ("mail1@shop1.example", vec![0]),
        ("shop", vec![0, 1, 2]),
        ("shop2 anna", vec![1]),
        ("ail1", vec![]),
    ] {
        assert_eq!(numbers(h, &people, text).await, expected, "{text}");
    }
}

pub async fn a_search_finds_a_phone_from_either_end(h: &impl Harness) {
    let one = customer().number(1).phone("+1 (555) 010-0199").build_new();
    let other = customer().number(2).phone("555 0100").build_new();
    let people = [one, other];
    stored_all(h, &people).await;
    for (text, expected) in [
        ("+1-555-010", vec![0, 1]),
        ("+1-555-010-0", vec![0, 1]),
        ("+1-555-010-01", vec![0]),
        ("15550100199", vec![0]),
        ("555", vec![]),
        ("(555)", vec![0, 1]),
        ("(555) 0100", vec![0, 1]),
        ("555 010 0199", vec![0]),
        ("0199", vec![0]),
        ("0100", vec![1]),
        ("customer-2 0100", vec![1]),
        ("customer +1 555 0100", vec![0, 1]),
        ("0198", vec![]),
        ("<9910", vec![]),
    ] {
        assert_eq!(numbers(h, &people, text).await, expected, "{text}");
    }
}

pub async fn wildcards_and_quotes_in_a_search_are_letters_or_nothing(h: &impl Harness) {
    let names = [
        ("Mu", "Er"),
        ("Muller", "Percent"),
        ("100", "Under_score"),
        ("Back\\slash", "D'Arcy"),
    ];
    let people = people(h, &names).await;
    for (text, expected) in [
        ("mu%er", vec![0]),
        ("mu_er", vec![0]),
        ("m%", vec![0, 1, 2, 3]),
        ("100%", vec![2]),
        ("under_score", vec![2]),
        ("u_d%", vec![]),
        ("back\\slash", vec![3]),
        ("back\\\\'; drop table customers; --", vec![]),
        ("d'arcy", vec![3]),
        ("d''arcy", vec![3]),
        ("[a-z]", vec![]),
        ("mu.*", vec![0, 1]),
    ] {
        assert_eq!(numbers(h, &people, text).await, expected, "{text}");
    }
}

pub async fn a_search_follows_the_customer(h: &impl Harness) {
    let id = stored(h, customer().named("Old", "Name").build_new())
        .await
        .customer
        .id;
    let renamed = edit(h, id, |customer| {
        customer.profile.first_name = Some("New".to_owned());
    });
    renamed.await.expect("saved");
    assert_eq!(found(h, &search("old")).await, []);
    assert_eq!(found(h, &search("new name")).await, [id]);
    let deleted = edit(h, id, |customer| {
        customer.status = Status::Deleted;
        customer.deleted_at = Some(at(500));
    });
    deleted.await.expect("saved");
    assert_eq!(found(h, &search("new")).await, []);
    let filter = CustomerFilter {
        status: Some(Status::Deleted),
        ..search("new")
    };
    assert_eq!(found(h, &filter).await, [id]);
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_customer_search {
    ($each:path) => {
        $each! { customer_search {
            names_are_found_as_people_type_them,
            every_word_of_a_search_is_the_beginning_of_some_term,
            a_search_finds_a_phone_from_either_end,
            wildcards_and_quotes_in_a_search_are_letters_or_nothing,
            a_search_follows_the_customer,
        } }
    };
}
