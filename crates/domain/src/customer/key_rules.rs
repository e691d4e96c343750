//! The rules that make the keys of a customer: what it is found, compared and sorted by.

use super::Email;
use crate::CustomerId;
use crate::support::country::Country;

/// The rules that made the keys of a stored customer: their number, and the country whose phone
/// numbers have no country code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRules(String);

impl KeyRules {
    /// The number of the rules. To be raised when [`Email::parse`], [`Phone::keys`](crate::profile::Phone::keys),
    /// [`search_terms`](super::search_terms) or [`text::fold`](crate::text::fold) make other keys than before, through
    /// an update of a library too: stored customers then get theirs anew.
    pub const NUMBER: u16 = 1;

    /// Returns the rules of this program for a tenant of this country.
    pub fn of(country: Option<Country>) -> Self {
        let country = country.map(Country::code).unwrap_or_default();
        Self(format!("{}{country}", Self::NUMBER))
    }

    /// Returns the rules of a customer that is stored again, whose keys were made by `stored`: those of
    /// today, unless the key of its e-mail address, which a save keeps, is still an earlier one.
    pub fn of_saved(country: Option<Country>, stored: &Self, email: &Email) -> Self {
        let today = Self::of(country);
        if today.supersedes(stored) && email.renewed() != *email {
            stored.clone()
        } else {
            today
        }
    }

    /// Restores rules from the store. Not for input.
    pub fn from_store(stored: String) -> Self {
        Self(stored)
    }

    /// Returns the rules as they are stored: such as `1US`, at most 8 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether keys that `stored` made are to be made anew by these rules. Those of a later
    /// release are not: while it replaces this one, both would undo each other's work.
    pub fn supersedes(&self, stored: &Self) -> bool {
        stored != self && stored.number() <= Self::NUMBER
    }

    fn number(&self) -> u16 {
        let number = self.0.trim_end_matches(|c: char| !c.is_ascii_digit());
        number.parse().unwrap_or_default()
    }
}

/// Some of a tenant's customers, looked at for keys that earlier rules made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenKeys {
    /// The customers whose keys are to be made anew.
    pub outdated: Vec<CustomerId>,
    /// The number of customers that were looked at.
    pub seen: u32,
    /// The last customer that was looked at; `None` if there was none.
    pub last: Option<CustomerId>,
}

impl SeenKeys {
    /// Adds the next customer.
    pub fn add(&mut self, id: CustomerId, is_outdated: bool) {
        if is_outdated {
            self.outdated.push(id);
        }
        self.seen += 1;
        self.last = Some(id);
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

    /// What the rules with [`KeyRules::NUMBER`] make of that: the keys of address and name, and the terms, the
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
            "if this is meant, raise the number of the rules"
        );
    }

    #[test]
    fn rules_of_another_country_are_others() {
        let rules = |code| KeyRules::of(Country::from_store(code));
        assert_eq!(rules("US").as_str(), "1US");
        assert_ne!(rules("US"), rules("DE"));
        assert_eq!(KeyRules::of(None).as_str(), "1");
        assert!(rules("US").supersedes(&rules("DE")) && !rules("US").supersedes(&rules("US")));
    }

    #[test]
    fn keys_of_an_earlier_release_are_replaced_and_those_of_a_later_one_are_not() {
        let today = KeyRules::of(Country::from_store("US"));
        let stored = |text: &str| KeyRules::from_store(text.to_owned());
        assert!(today.supersedes(&stored("0US")) && today.supersedes(&stored("")));
        assert!(!today.supersedes(&stored("2US")) && !today.supersedes(&stored("10DE")));
    }

    #[test]
    fn a_save_that_keeps_an_earlier_key_of_the_address_keeps_the_earlier_rules() {
        let us = Country::from_store("US");
        let rules = |text: &str| KeyRules::from_store(text.to_owned());
        let old = Email::from_store("Ada@example.com".to_owned(), "Ada@example.com".to_owned());
        for (stored, email, saved) in [
            ("0US", &old, "0US"),
            ("0US", &old.renewed(), "1US"),
            ("1DE", &old, "1DE"),
            ("1US", &old, "1US"),
            // The other keys are of these rules now, so a later release has to make them anew.
            ("2US", &old, "1US"),
        ] {
            assert_eq!(
                KeyRules::of_saved(us, &rules(stored), email),
                rules(saved),
                "{stored}"
            );
        }
    }
}
