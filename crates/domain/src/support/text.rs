//! Normalisation of text for input and for search.

use crate::{InvalidValue, ValueFault};
use icu_properties::props::{BinaryProperty as _, DefaultIgnorableCodePoint};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Trims a text, and checks that it has at most `max` characters and no control characters; `None`
/// if nothing is left.
///
/// # Errors
/// [`ValueFault::TooLong`] or [`ValueFault::Invalid`].
pub fn line(text: &str, max: usize) -> Result<Option<String>, InvalidValue> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(InvalidValue::new(
            ValueFault::Invalid,
            "control characters are not accepted",
        ));
    }
    if text.chars().count() > max {
        return Err(InvalidValue::new(
            ValueFault::TooLong,
            format!("at most {max} characters are accepted"),
        ));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Returns whether a character is normally not displayed, such as a zero-width space or a soft
/// hyphen: pasted text often has some, and nobody types them.
pub fn is_invisible(c: char) -> bool {
    DefaultIgnorableCodePoint::for_char(c)
}

/// Returns the form in which text is compared, sorted and searched: lower case, without accents and
/// invisible characters, compatibility forms unified. `Müller` and `muller` are the same, and so are
/// `Łukasz` and `lukasz`; scripts without case stay as they are.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let is_shown = |c: &char| !is_combining_mark(*c) && !is_invisible(*c);
    for c in text.nfkd().filter(is_shown) {
        match c {
            'ß' | 'ẞ' => folded.push_str("ss"),
            'æ' | 'Æ' => folded.push_str("ae"),
            'œ' | 'Œ' => folded.push_str("oe"),
            'þ' | 'Þ' => folded.push_str("th"),
            'ø' | 'Ø' => folded.push('o'),
            'ł' | 'Ł' => folded.push('l'),
            'đ' | 'Đ' | 'ð' | 'Ð' => folded.push('d'),
            'ħ' | 'Ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            // The form of sigma at the end of a word.
            'ς' => folded.push('σ'),
            other => folded.extend(other.to_lowercase().filter(|c| !is_combining_mark(*c))),
        }
    }
    folded.nfc().collect()
}

/// The number of characters of a word that a search term keeps; a longer word is found by its
/// start.
pub const MAX_TERM: usize = 64;

/// Returns the folded words of a text: letters and digits, with apostrophes removed, so that
/// `O'Brien` is one word and `jane.doe@example.com` is four.
pub fn words(text: &str) -> Vec<String> {
    // Apostrophes are removed before folding, which decomposes some of them.
    let is_apostrophe = |c: &char| matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`' | '´');
    let joined: String = text.chars().filter(|c| !is_apostrophe(c)).collect();
    fold(&joined)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(MAX_TERM).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_found_as_people_type_them() {
        for (text, expected) in [
            ("Müller", vec!["muller"]),
            ("Łukasz", vec!["lukasz"]),
            ("O'Brien", vec!["obrien"]),
            ("陳", vec!["陳"]),
            ("Straße", vec!["strasse"]),
            (
                "jane.doe@example.com",
                vec!["jane", "doe", "example", "com"],
            ),
            ("İstanbul", vec!["istanbul"]),
            ("ΠΑΠΑΔΟΠΟΥΛΟΣ", vec!["παπαδοπουλοσ"]),
            ("Παπαδόπουλος", vec!["παπαδοπουλοσ"]),
            ("O´Brien O‘Brien", vec!["obrien", "obrien"]),
            ("Smi\u{200b}th", vec!["smith"]),
            ("Hyphen\u{ad}ated", vec!["hyphenated"]),
            ("  ", vec![]),
            ("%_", vec![]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(line(" Ada ", 3), Ok(Some("Ada".to_owned())));
        assert_eq!(line("   ", 3), Ok(None));
        assert_eq!(line("Adam", 3).unwrap_err().fault, ValueFault::TooLong);
        assert_eq!(line("A\u{0}a", 3).unwrap_err().fault, ValueFault::Invalid);
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
