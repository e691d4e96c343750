//! The terms by which customers are searched, and what is searched for among them.

mod query;

pub use query::{MAX_SEARCH, MAX_SEARCH_WORDS, SearchQuery, SearchWord};

use super::Customer;
use crate::text;
use std::collections::BTreeSet;
use std::iter;

/// The most search terms of a customer; the rest of a very long name cannot be searched.
pub const MAX_TERMS: usize = 24;

/// What the reversed digits of a phone number begin with, so that no word is taken for their
/// beginning.
const REVERSED: char = '<';

/// Returns the folded words of the e-mail address and the names, and the
/// [key](crate::profile::PhoneKeys::key) of the phone number: from its first digit on, and from its
/// last one back.
pub fn search_terms(customer: &Customer, phone_key: Option<&str>) -> BTreeSet<String> {
    let profile = &customer.profile;
    // The most significant first, because terms beyond the limit are dropped.
    let texts = [
        profile.last_name.as_deref(),
        profile.first_name.as_deref(),
        Some(customer.email.as_typed()),
        Some(customer.email.key()).filter(|key| *key != customer.email.as_typed()),
    ];
    let phone_key = phone_key.filter(|key| !key.is_empty());
    let phone = [phone_key.map(str::to_owned), phone_key.map(reversed)];
    let words = texts.into_iter().flatten().flat_map(text::words);
    let mut terms = BTreeSet::new();
    for term in phone.into_iter().flatten().chain(words) {
        if terms.len() == MAX_TERMS {
            break;
        }
        terms.insert(term);
    }
    terms
}

/// Returns the term by which a phone number is found from its last digit back.
fn reversed(digits: &str) -> String {
    iter::once(REVERSED).chain(digits.chars().rev()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::sample;

    #[test]
    fn names_address_and_digits_are_found() {
        let mut customer = sample();
        customer.profile.first_name = Some("Zoë Ann".to_owned());
        customer.profile.last_name = Some("O'Brien".to_owned());
        let terms = search_terms(&customer, Some("15550123"));
        for term in [
            "zoe",
            "ann",
            "obrien",
            "15550123",
            "<32105551",
            "ada",
            "example",
        ] {
            assert!(terms.contains(term), "{term}");
        }
    }

    #[test]
    fn a_long_name_does_not_make_endless_terms() {
        let mut customer = sample();
        customer.profile.last_name = Some("a b c d e f g h i j k l m n o p q r s t u".to_owned());
        customer.profile.first_name = Some("zoe ann bob carl".to_owned());
        let terms = search_terms(&customer, None);
        assert_eq!(terms.len(), MAX_TERMS);
        assert!(
            terms.contains("zoe") && terms.contains("u") && !terms.contains("ada"),
            "names come before the address"
        );
    }
}
