//! What is searched for among the terms of customers.

use super::reversed;
use crate::support::country::Country;
use crate::support::hidden::hidden;
use crate::support::phone;
use crate::{InvalidValue, ValueFault, text};

/// The maximum length of a search, in characters.
pub const MAX_SEARCH: usize = 200;
/// The most words of a search.
pub const MAX_SEARCH_WORDS: usize = 8;

/// The fewest digits that may be the last ones of a phone number.
const MIN_LAST_DIGITS: usize = 4;
/// The fewest digits that are a phone number by themselves. Fewer, such as `10.20`, may as well be
/// words of an e-mail address.
const MIN_NUMBER_DIGITS: usize = 6;

/// The words of a search. A customer matches if each of them is found.
#[derive(Clone, PartialEq, Eq)]
pub struct SearchQuery(Vec<SearchWord>);

hidden!(SearchQuery);

/// A word of a search. It is found if one of its prefixes begins one of the customer's
/// [search terms](super::search_terms).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SearchWord {
    /// The folded word, or the digits of a number.
    text: String,
    /// What else begins the terms: the number in its country, or from its last digit back.
    others: Vec<String>,
}

hidden!(SearchWord);

impl SearchWord {
    /// Returns the folded word, or the digits of a number.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns what a term begins with, in one of several ways.
    pub fn prefixes(&self) -> impl Iterator<Item = &str> {
        let others = self.others.iter().map(String::as_str);
        std::iter::once(self.as_str()).chain(others)
    }

    /// Creates a word of a text. It may be the last digits of a phone number.
    fn word(text: String) -> Self {
        let digits = phone::digits(&text);
        let is_number = digits.len() >= MIN_LAST_DIGITS && text.chars().all(is_digit);
        let others = is_number.then(|| last_digits(&digits));
        Self {
            text,
            others: Vec::from_iter(others),
        }
    }

    /// Creates a phone number, or the beginning or the end of one.
    fn number(written: &str, country: Option<Country>) -> Self {
        let text = phone::digits(written);
        let has_country_code = written.trim_start_matches('(').starts_with(['+', '＋']);
        let country = country.filter(|_| !has_country_code);
        let in_country = || {
            let code = country.and_then(phone::country_code)?;
            Some(code + text.trim_start_matches('0'))
        };
        let known = phone::international(written, country).or_else(in_country);
        let mut others = Vec::from_iter(known.filter(|known| *known != text));
        if !has_country_code && text.len() >= MIN_LAST_DIGITS {
            others.push(last_digits(&text));
        }
        Self { text, others }
    }
}

/// Returns the beginning of the reversed term of a number that ends in these digits, less the zeros
/// that are dialled before an area code.
fn last_digits(digits: &str) -> String {
    let without_zeros = digits.trim_start_matches('0');
    let is_enough = without_zeros.len() >= MIN_LAST_DIGITS;
    reversed(if is_enough { without_zeros } else { digits })
}

impl SearchQuery {
    /// Parses a search. Numbers that people write in groups are one word; without a country code they
    /// are those of the tenant's `country`.
    ///
    /// # Errors
    /// Fails if it has neither a letter nor a digit, more than [`MAX_SEARCH`] characters or more
    /// than [`MAX_SEARCH_WORDS`] words.
    pub fn parse(text: &str, country: Option<Country>) -> Result<Self, InvalidValue> {
        if text.chars().count() > MAX_SEARCH {
            return Err(InvalidValue::new(
                ValueFault::TooLong,
                format!("at most {MAX_SEARCH} characters are accepted"),
            ));
        }
        let mut words = words(text, country);
        words.sort_unstable();
        words.dedup();
        match words.len() {
            0 => Err(InvalidValue::new(
                ValueFault::Invalid,
                "a search has at least one letter or digit",
            )),
            count if count > MAX_SEARCH_WORDS => Err(InvalidValue::new(
                ValueFault::TooLong,
                format!("a search has at most {MAX_SEARCH_WORDS} words"),
            )),
            _ => Ok(Self(words)),
        }
    }

    /// Returns the words, without duplicates.
    pub fn words(&self) -> &[SearchWord] {
        &self.0
    }
}

/// Returns the words of a text, of which neighbours that consist of digits and separators are parts
/// of one number.
fn words(text: &str, country: Option<Country>) -> Vec<SearchWord> {
    let is_of_number = |piece: &&str| piece.chars().all(|c| phone::is_separator(c) || is_digit(c));
    let text = phone::plain(text);
    if let Some(whole) = whole_number(&text, country) {
        return vec![whole];
    }
    let pieces = text.split_whitespace();
    // As a link to a number is copied.
    let pieces: Vec<_> = pieces
        .map(|piece| piece.strip_prefix("tel:").unwrap_or(piece))
        .collect();
    let runs = pieces.chunk_by(|one, next| is_of_number(one) == is_of_number(next));
    let words_of = |run: &[&str]| {
        let written = run.join(" ");
        let is_marked = written.starts_with(['+', '＋', '(']);
        let digits = phone::digits(&written).len();
        let is_number = run.iter().all(is_of_number)
            && (digits >= MIN_NUMBER_DIGITS || digits > 0 && is_marked);
        if is_number {
            vec![SearchWord::number(&written, country)]
        } else {
            let words = text::words(&written).into_iter();
            words.map(SearchWord::word).collect()
        }
    };
    runs.flat_map(words_of).collect()
}

/// Returns a text that is one number with letters: an extension, or a number that is spelled out in
/// letters beside digits. A name behind a number is a word.
fn whole_number(text: &str, country: Option<Country>) -> Option<SearchWord> {
    let begins_a_number = |c| is_digit(c) || "+＋(（".contains(c);
    let digits = phone::digits(text);
    let has_letters = |text: &str| text.contains(char::is_alphabetic);
    let is_number = text.trim_start().starts_with(begins_a_number)
        && has_letters(text)
        && digits.len() >= MIN_NUMBER_DIGITS;
    let is_spelled = || {
        let mut pieces = text.split_whitespace();
        pieces.all(|piece| piece.contains(is_digit) || !has_letters(piece))
    };
    if !is_number || !(phone::has_extension(text, country) || is_spelled()) {
        return None;
    }
    let key = phone::international(text, country)?;
    Some(SearchWord {
        text: digits,
        others: vec![key],
    })
}

/// Returns whether a character is a digit of any script.
fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || (c.is_numeric() && !phone::digits(c.encode_utf8(&mut [0; 4])).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, code: &str) -> Vec<Vec<String>> {
        let query = SearchQuery::parse(text, Country::from_store(code)).unwrap();
        let words = query.words().iter();
        words
            .map(|word| word.prefixes().map(str::to_owned).collect())
            .collect()
    }

    #[test]
    fn a_search_is_read_as_folded_words() {
        for (text, words) in [
            ("Müller", vec!["muller"]),
            ("doe  JANE jane", vec!["doe", "jane"]),
            ("O'Brien", vec!["obrien"]),
            ("陳", vec!["陳"]),
            ("jane@example.com", vec!["com", "example", "jane"]),
            ("10.20", vec!["10", "20"]),
            ("flat 12", vec!["12", "flat"]),
            ("50%_x", vec!["50", "x"]),
        ] {
            let words: Vec<_> = words
                .into_iter()
                .map(|word| vec![word.to_owned()])
                .collect();
            assert_eq!(parsed(text, "US"), words, "{text}");
        }
    }

    #[test]
    fn a_number_is_one_word_that_is_found_from_either_end() {
        for (text, code, words) in [
            ("+1-555-0123", "US", vec![vec!["15550123"]]),
            ("(+44) 79 21", "US", vec![vec!["447921"]]),
            ("(555)", "US", vec![vec!["555", "1555"]]),
            (
                "(555) 01 23",
                "US",
                vec![vec!["5550123", "15550123", "<3210555"]],
            ),
            ("555-0123", "", vec![vec!["5550123", "<3210555"]]),
            ("+1 55", "US", vec![vec!["155"]]),
            (
                "0711 5550101",
                "DE",
                vec![vec!["07115550101", "497115550101", "<1010555117"]],
            ),
            ("0711/55", "DE", vec![vec!["071155", "4971155", "<55117"]]),
            ("0199", "US", vec![vec!["0199", "<9910"]]),
            ("000012", "US", vec![vec!["000012", "112", "<210000"]]),
            (
                "1234-5678",
                "US",
                vec![vec!["12345678", "112345678", "<87654321"]],
            ),
            (
                "0711 5550101 Ana",
                "DE",
                vec![
                    vec!["07115550101", "497115550101", "<1010555117"],
                    vec!["ana"],
                ],
            ),
            (
                "0711 5550101 ext. 12",
                "DE",
                vec![vec!["0711555010112", "497115550101"]],
            ),
            (
                "0049 711 5550101 ext. 12",
                "DE",
                vec![vec!["0049711555010112", "497115550101"]],
            ),
            // Letters between blanks are a word.
            (
                "1 800 555 000 CALL",
                "US",
                vec![
                    vec!["1800555000", "11800555000", "<0005550081"],
                    vec!["call"],
                ],
            ),
            ("1-800-555-CALL", "US", vec![vec!["1800555", "18005552255"]]),
            (
                "Ana +1 555 010 0199",
                "DE",
                vec![vec!["15550100199"], vec!["ana"]],
            ),
            (
                "٠٥٠ ١٢٣ ٤٥٦٧",
                "SA",
                vec![vec!["0501234567", "966501234567", "<765432105"]],
            ),
        ] {
            assert_eq!(parsed(text, code), words, "{text}");
        }
    }

    #[test]
    fn a_search_without_letter_or_digit_or_without_end_is_refused() {
        let endless = "a ".repeat(MAX_SEARCH);
        for (text, fault) in [
            ("", ValueFault::Invalid),
            ("%_*'", ValueFault::Invalid),
            ("+-()", ValueFault::Invalid),
            (endless.as_str(), ValueFault::TooLong),
            ("a b c d e f g h i", ValueFault::TooLong),
        ] {
            let refused = SearchQuery::parse(text, None).unwrap_err();
            assert_eq!(refused.fault, fault, "{text}");
        }
    }
}
