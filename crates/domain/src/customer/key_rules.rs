//! The rules that make the keys of a customer: what it is found, compared and sorted by.

use super::{Customer, Email};
use crate::CustomerId;
use crate::support::country::Country;

/// The number of the rules. To be raised when [`Email::parse`], [`Phone::keys`](crate::profile::Phone::keys),
/// [`search_terms`](super::search_terms) or [`text::fold`](crate::text::fold) make other keys than before, through an
/// update of a library too: stored customers then get theirs anew.
const NUMBER: u16 = 1;

/// The rules that made the keys of a stored customer: their number, and the country whose phone
/// numbers have no country code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRules(String);

impl KeyRules {
    /// Returns the rules of this program for a tenant of this country.
    pub fn of(country: Option<Country>) -> Self {
        let country = country.map(Country::code).unwrap_or_default();
        Self(format!("{NUMBER}{country}"))
    }

    /// Returns the rules as they are stored: such as `1US`, at most 8 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Some of a tenant's customers, looked at for keys that other rules made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenKeys {
    /// The customers whose keys were made by other rules.
    pub outdated: Vec<CustomerId>,
    /// The last customer that was looked at; `None` if there was none.
    pub last: Option<CustomerId>,
}

impl Customer {
    /// Makes the key of the e-mail address anew. The other keys are made when the customer is stored.
    pub fn renew_keys(&mut self) {
        // An address that would be refused today keeps its key.
        if let Ok(email) = Email::parse(self.email.as_typed()) {
            self.email = email;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customer::{sample, search_terms};
    use crate::profile::Phone;
    use crate::text;

    /// E-mail address, family name and phone number.
    const WRITTEN: [[&str; 3]; 4] = [
        [
            "Zoë.O'Brien+shop@Bücher.example.",
            "O’Brien-Łukasiewicz",
            "(0711) 555 01-01 ext. 7",
        ],
        ["STRASSE@example.com", "Straße", "+1 555 010 0199"],
        ["ı@example.com", "Nguyễn Thị", "００４４ 7921 123456"],
        ["a@例え.example", "佐藤", "12"],
    ];

    /// What the rules with [`NUMBER`] make of that: the keys of address and name, and the terms, the
    /// key of the phone number among them.
    const MADE: [&str; 4] = [
        "zoë.o'brien+shop@xn--bcher-kva.example o’brien-lukasiewicz: 497115550101 <101055511794 bcher bucher example \
         kva lukasiewicz obrien shop xn zoe",
        "strasse@example.com strasse: 15550100199 <99100105551 com example strasse",
        "ı@example.com nguyen thi: 447921123456 <654321129744 com example i nguyen thi",
        "a@xn--r8jz45g.example 佐藤: 4912 <2194 a example r8jz45g xn 佐藤 例え",
    ];

    #[test]
    fn other_keys_need_another_number() {
        let made = WRITTEN.map(|[email, name, phone]| {
            let mut customer = sample();
            customer.email = Email::parse(email).unwrap();
            customer.profile.first_name = None;
            customer.profile.last_name = Some(name.to_owned());
            let phone = Phone::parse(phone).unwrap().unwrap();
            let phone = phone.keys(Country::from_store("DE")).key;
            let terms = Vec::from_iter(search_terms(&customer, Some(&phone))).join(" ");
            format!("{} {}: {terms}", customer.email.key(), text::fold(name))
        });
        assert_eq!(
            made, MADE,
            "if this is meant, raise the number of the rules, which is {NUMBER}"
        );
    }

    #[test]
    fn rules_of_another_country_are_others() {
        let rules = |code| KeyRules::of(Country::from_store(code));
        assert_eq!(rules("US").as_str(), "1US");
        assert_ne!(rules("US"), rules("DE"));
        assert_eq!(KeyRules::of(None).as_str(), "1");
    }

    #[test]
    fn an_address_that_would_be_refused_keeps_its_key() {
        let mut customer = sample();
        customer.email = Email::from_store("no address".to_owned(), "old".to_owned());
        customer.renew_keys();
        assert_eq!(customer.email.key(), "old");
        customer.email = Email::from_store("Ada@Example.com".to_owned(), "old".to_owned());
        customer.renew_keys();
        assert_eq!(customer.email.key(), "ada@example.com");
        assert_eq!(customer.email.as_typed(), "Ada@Example.com");
    }
}
