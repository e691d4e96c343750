//! Phone numbers.

use super::hidden::hidden;
use crate::{InvalidValue, ValueFault, text};

/// The maximum length of a phone number as it was written, in characters (DAT-10).
pub const MAX_PHONE: usize = 20;

/// A phone number as it was written, along with its digits for look-ups (D-40).
#[derive(Clone, PartialEq, Eq)]
pub struct Phone {
    written: String,
    digits: String,
}

hidden!(Phone);

impl Phone {
    /// Parses a phone number; `None` if it is blank.
    ///
    /// # Errors
    /// Fails if it is longer than [`MAX_PHONE`], has fewer than 4 digits, or contains anything but
    /// digits, spaces and `+ - . / ( )`.
    pub fn parse(text: &str) -> Result<Option<Self>, InvalidValue> {
        let Some(written) = text::line(text, MAX_PHONE)? else {
            return Ok(None);
        };
        let phone = Self::from_store(written);
        let shaped = phone
            .written
            .chars()
            .enumerate()
            .all(|(at, c)| c.is_ascii_digit() || " -./()".contains(c) || (c == '+' && at == 0));
        if !shaped || phone.digits.len() < 4 {
            return Err(InvalidValue::new(
                ValueFault::Invalid,
                "a phone number has at least 4 digits, may begin with '+', and is grouped by spaces, '-', '.', '/' or parentheses",
            ));
        }
        Ok(Some(phone))
    }

    /// Restores a phone number from the store, as it was written, without checks: the rule for new
    /// numbers may be stricter. Not for input.
    pub fn from_store(written: String) -> Self {
        let digits = written.chars().filter(char::is_ascii_digit).collect();
        Self { written, digits }
    }

    /// Returns the number as it was written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Returns only the digits, which look-ups compare.
    pub fn digits(&self) -> &str {
        &self.digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_of_the_source_documents_are_taken_as_written() {
        for (text, digits) in [("+1-555-0123", "15550123"), ("+1234567890", "1234567890")] {
            let phone = Phone::parse(text).unwrap().unwrap();
            assert_eq!((phone.as_str(), phone.digits()), (text, digits));
        }
        assert_eq!(Phone::parse("  "), Ok(None));
        for bad in ["123", "call me", "1+234567", "123456789012345678901"] {
            assert!(Phone::parse(bad).is_err(), "{bad}");
        }
    }
}
