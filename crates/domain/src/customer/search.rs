//! The terms by which customers are searched.

use super::Customer;
use crate::text;
use std::collections::BTreeSet;

/// The most search terms of a customer; the rest of a very long name cannot be searched.
pub const MAX_TERMS: usize = 32;

/// Returns the folded words of the e-mail address and the names, and the digits of the phone
/// number.
pub fn search_terms(customer: &Customer) -> BTreeSet<String> {
    let profile = &customer.profile;
    // The most significant first, because terms beyond the limit are dropped.
    let texts = [
        profile.last_name.as_deref(),
        profile.first_name.as_deref(),
        Some(customer.email.as_typed()),
        Some(customer.email.key()),
    ];
    let phone = profile
        .phone
        .as_ref()
        .map(|phone| phone.digits().to_owned());
    let words = texts.into_iter().flatten().flat_map(text::words);
    let mut terms = BTreeSet::new();
    for term in phone.into_iter().chain(words) {
        if terms.len() == MAX_TERMS {
            break;
        }
        terms.insert(term);
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::sample;
    use crate::profile::Phone;

    #[test]
    fn names_address_and_digits_are_found() {
        let mut customer = sample();
        customer.profile.first_name = Some("Zoë Ann".to_owned());
        customer.profile.last_name = Some("O'Brien".to_owned());
        customer.profile.phone = Phone::parse("+1-555-0123").unwrap();
        let terms = search_terms(&customer);
        for term in ["zoe", "ann", "obrien", "15550123", "ada", "example"] {
            assert!(terms.contains(term), "{term}");
        }
    }

    #[test]
    fn a_long_name_does_not_make_endless_terms() {
        let mut customer = sample();
        customer.profile.last_name =
            Some("a b c d e f g h i j k l m n o p q r s t u v w x y z ä ö ü ß á".to_owned());
        customer.profile.first_name = Some("zoe".to_owned());
        let terms = search_terms(&customer);
        assert!(terms.len() <= MAX_TERMS);
        assert!(
            terms.contains("zoe") && terms.contains("z"),
            "names come before the address"
        );
    }
}
