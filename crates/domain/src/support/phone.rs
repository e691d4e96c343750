//! Phone numbers.

use super::country::Country;
use super::hidden::hidden;
use crate::{InvalidValue, ValueFault, text};
use icu_properties::props::{BinaryProperty as _, Dash};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, Region};
use std::iter;
use unicode_normalization::UnicodeNormalization as _;

/// The maximum length of a phone number as it was written, in characters. The documents have 20
/// (DAT-10), which is too short for a number with its extension.
pub const MAX_PHONE: usize = 40;

/// A phone number as it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone(String);

hidden!(Phone);

/// What a phone number is compared by (D-40).
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneKeys {
    /// Country code and national number (E.164 without the plus sign). What is no possible number,
    /// neither by its own country code nor in the tenant's country, has its digits.
    pub key: String,
    /// The digits as they were written: the country code may be among them without a plus sign.
    pub digits: String,
}

hidden!(PhoneKeys);

impl Phone {
    /// Parses a phone number; `None` if it is blank.
    ///
    /// # Errors
    /// Fails if it is longer than [`MAX_PHONE`] or has no digit. Its form does not matter.
    pub fn parse(text: &str) -> Result<Option<Self>, InvalidValue> {
        let Some(written) = text::line(text, MAX_PHONE)? else {
            return Ok(None);
        };
        if digits(&written).is_empty() {
            let detail = "a phone number has digits, grouped in any way";
            return Err(InvalidValue::new(ValueFault::Invalid, detail));
        }
        Ok(Some(Self(written)))
    }

    /// Restores a phone number from the store, as it was written, without checks: the rule for new
    /// numbers may be stricter. Not for input.
    pub fn from_store(written: String) -> Self {
        Self(written)
    }

    /// Returns the number as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what the number is compared by: numbers without a country code are read as those of
    /// `country`. An extension is left out.
    pub fn keys(&self, country: Option<Country>) -> PhoneKeys {
        let digits = digits(&self.0);
        let key = international(&self.0, country).unwrap_or_else(|| digits.clone());
        PhoneKeys { key, digits }
    }

    /// Returns what two numbers of a country have in common if they reach the same telephone: the
    /// key and the extension.
    pub(crate) fn comparable(&self, country: Option<Country>) -> String {
        match number(&self.0, country) {
            Some(number) => {
                let extension = number.extension.as_deref().unwrap_or_default();
                format!("{} {extension}", without_plus(&number))
            }
            None => digits(&self.0),
        }
    }
}

/// Returns all digits of a text, of any script, as ASCII digits.
pub(crate) fn digits(text: &str) -> String {
    PHONE_NUMBER_UTIL.normalize_digits_only(text)
}

/// Returns the country code and the national number, if the text is a possible number.
pub(crate) fn international(text: &str, country: Option<Country>) -> Option<String> {
    number(text, country).map(|number| without_plus(&number))
}

/// Returns whether the text is a possible number with an extension.
pub(crate) fn has_extension(text: &str, country: Option<Country>) -> bool {
    number(text, country).is_some_and(|number| number.extension.is_some())
}

fn number(text: &str, country: Option<Country>) -> Option<PhoneNumber> {
    let text = plain(text);
    let region: Option<Region> = country.and_then(|country| country.code().parse().ok());
    let written = PHONE_NUMBER_UTIL.parse(&text, region).ok();
    let with_plus = international_digits(&text, region).and_then(|digits| {
        let extension = written.as_ref().and_then(|number| number.extension.clone());
        let own = extension
            .as_deref()
            .and_then(|its| digits.strip_suffix(its));
        let international = format!("+{}", own.unwrap_or(&digits));
        let mut number = PHONE_NUMBER_UTIL.parse(international, None).ok()?;
        number.extension = extension;
        Some(number)
    });
    with_plus
        .filter(|number| PHONE_NUMBER_UTIL.is_valid_number(number))
        .or_else(|| written.filter(|number| PHONE_NUMBER_UTIL.is_possible_number(number)))
}

/// Returns the digits that follow the plus sign which was left out: most of the world dials 00 for
/// it, and programs often drop it before the country's own code. Australia dials 0011.
fn international_digits(text: &str, region: Option<Region>) -> Option<String> {
    if text.contains(['+', '＋']) {
        return None;
    }
    let digits = digits(text);
    if let Some(rest) = digits.strip_prefix("00") {
        return (!rest.starts_with("11")).then(|| rest.to_owned());
    }
    let code = PHONE_NUMBER_UTIL.get_country_code_for_region(region?)?;
    digits.starts_with(&code.to_string()).then_some(digits)
}

fn without_plus(number: &PhoneNumber) -> String {
    let written = PHONE_NUMBER_UTIL.format(number, PhoneNumberFormat::E164);
    written.trim_start_matches('+').to_owned()
}

/// Returns the country code of a country, such as `49`.
pub(crate) fn country_code(country: Country) -> Option<String> {
    let region = country.code().parse().ok()?;
    let code = PHONE_NUMBER_UTIL.get_country_code_for_region(region)?;
    Some(code.to_string())
}

/// Returns whether a character separates the groups of a phone number, in any width.
pub(crate) fn is_separator(c: char) -> bool {
    let is_sign = |c| matches!(c, '+' | '(' | ')' | '[' | ']' | '.' | '/' | ',');
    c.is_whitespace() || Dash::for_char(c) || iter::once(c).nfkc().any(is_sign)
}

/// Returns a text in the characters that the library knows: blanks and dashes of every kind are
/// one, and what is not displayed is dropped.
pub(crate) fn plain(text: &str) -> String {
    let shown = text.chars().filter(|c| !text::is_invisible(*c));
    let plain = shown.map(|c| match c {
        blank if blank.is_whitespace() => ' ',
        dash if Dash::for_char(dash) => '-',
        other => other,
    });
    plain.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn country(code: &str) -> Option<Country> {
        Country::from_store(code)
    }

    fn keys(text: &str, code: &str) -> PhoneKeys {
        let phone = Phone::parse(text).unwrap().unwrap();
        assert_eq!(phone.as_str(), text.trim());
        phone.keys(country(code))
    }

    #[test]
    fn any_writing_is_kept_and_known_by_one_key() {
        for (texts, code, key) in [
            (
                &[
                    "+1 (555) 010-0199 ext. 1234",
                    "555-010-0199 x123",
                    "555\u{2011}010\u{2011}0199",
                    "\u{202d}+1 (555) 010-0199\u{202c}",
                    "+1 555 010 0199,,123#",
                    "1 555 010 0199",
                    "tel:+1-555-010-0199",
                    "５５５．０１０．０１９９",
                ][..],
                "US",
                "15550100199",
            ),
            (
                &[
                    "+49 711 5550101",
                    "+49 (0)711 5550101",
                    "0049 711 5550101",
                    "+49 (0711) 5550101",
                    "0711/5550101",
                    "0711\u{a0}555\u{202f}01\u{2013}01",
                    "0049 711 5550101 ext. 12",
                    "49 711 5550101 x12",
                ],
                "DE",
                "497115550101",
            ),
            (
                &["0049 711 5550101", "00 49 (711) 555 01 01"],
                "US",
                "497115550101",
            ),
            (&["٠٥٠١٢٣٤٥٦٧", "+966 50 123 4567"], "SA", "966501234567"),
            (
                &["０３−１２３４−５６７８", "03-1234-5678"],
                "JP",
                "81312345678",
            ),
            (
                &["(+44) 79 2112 3456", "079 2112 3456"],
                "GB",
                "447921123456",
            ),
            // The plus sign is 00 even where another number could begin so, or was left out.
            (
                &["4915112345678", "+49 151 12345678", "0151 12345678"],
                "DE",
                "4915112345678",
            ),
            (&["0049 711 5550101"], "JP", "497115550101"),
            (&["0044 20 7946 0958"], "RU", "442079460958"),
            (&["0033 1 23 45 67 89"], "AU", "33123456789"),
            (
                &["0011 61 2 5550 4321", "02 5550 4321"],
                "AU",
                "61255504321",
            ),
            (&["0049 711 5550101"], "SG", "497115550101"),
            (&["0041 44 668 18 00"], "BR", "41446681800"),
        ] {
            for text in texts {
                assert_eq!(keys(text, code).key, key, "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_possible_number_is_known_by_its_digits() {
        for (text, code, key) in [
            ("+1234567890", "US", "1234567890"),
            ("497115550101", "US", "497115550101"),
            ("12", "", "12"),
            ("call 12", "", "12"),
            ("0711 5550101", "", "07115550101"),
        ] {
            let keys = keys(text, code);
            assert_eq!(
                (keys.key.as_str(), keys.digits.as_str()),
                (key, key),
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_compare_equal_if_they_reach_the_same_telephone() {
        let comparable = |text: &str| {
            let phone = Phone::parse(text).unwrap().unwrap();
            phone.comparable(country("DE"))
        };
        for (one, other, is_same) in [
            ("+49 711 5550101", "0711/5550101", true),
            ("0711 5550101 ext. 12", "+49 711 5550101 x12", true),
            ("0049 711 5550101 x12", "+49 711 5550101 x12", true),
            ("49 711 5550101 ext. 12", "0711 5550101 x12", true),
            ("0049 711 5550101 x12", "0049 711 5550101 x13", false),
            ("0711 5550101 x12", "0711 5550101 x13", false),
            ("0711 5550101 x12", "0711 5550101", false),
            ("0711 5550101", "0711 5550102", false),
            ("call 12", "12", true),
        ] {
            assert_eq!(
                comparable(one) == comparable(other),
                is_same,
                "{one} {other}"
            );
        }
    }

    #[test]
    fn a_number_has_digits_and_at_most_forty_characters() {
        assert_eq!(Phone::parse("  "), Ok(None));
        let long = "1".repeat(MAX_PHONE + 1);
        for (bad, fault) in [
            ("call me", ValueFault::Invalid),
            ("+-()", ValueFault::Invalid),
            ("1\u{0}2", ValueFault::Invalid),
            (long.as_str(), ValueFault::TooLong),
        ] {
            assert_eq!(Phone::parse(bad).unwrap_err().fault, fault, "{bad}");
        }
        assert!(Phone::parse(&long[1..]).is_ok());
    }

    proptest! {
        #[test]
        fn every_text_has_keys_that_fit_a_search_term(text in "\\PC{0,40}", digits in "[0-9+() .x#;=-]{0,40}") {
            for text in [text, digits] {
                if let Ok(Some(phone)) = Phone::parse(&text) {
                    let keys = phone.keys(country("AR"));
                    prop_assert!(!keys.key.is_empty() && keys.key.len() < text::MAX_TERM);
                    prop_assert!(keys.key.bytes().all(|c| c.is_ascii_digit()), "{}", keys.key);
                }
            }
        }
    }
}
