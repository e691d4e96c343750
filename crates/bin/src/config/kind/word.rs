//! Values that are written as one of a few words.

use std::fmt::Debug;

use super::Kind;

/// A truth value.
#[derive(Debug)]
pub(in crate::config) struct Bool;

impl Kind for Bool {
    type Value = bool;

    fn parse(&self, line: &str) -> Option<bool> {
        match line.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    fn format(&self, value: &bool) -> String {
        value.to_string()
    }

    fn accepts(&self) -> String {
        "true or false".to_owned()
    }
}

/// One of these values, written as its word in upper or lower case.
#[derive(Debug)]
pub(in crate::config) struct OneOf<T: 'static>(
    pub(in crate::config) &'static [T],
    pub(in crate::config) fn(T) -> &'static str,
);

impl<T: Copy + Debug + Sync> Kind for OneOf<T> {
    type Value = T;

    fn parse(&self, line: &str) -> Option<T> {
        let Self(values, word) = self;
        let mut values = values.iter().copied();
        values.find(|value| word(*value).eq_ignore_ascii_case(line))
    }

    fn format(&self, value: &T) -> String {
        (self.1)(*value).to_owned()
    }

    fn accepts(&self) -> String {
        let Self(values, word) = self;
        let words: Vec<_> = values.iter().map(|value| word(*value)).collect();
        format!("one of {}", words.join(", "))
    }
}
