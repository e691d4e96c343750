//! Whole numbers.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use super::Kind;

/// A whole number within bounds.
#[derive(Debug)]
pub(in crate::config) struct Integer<T> {
    min: T,
    max: T,
}

pub(in crate::config) const fn integer<T: Copy>(min: T, max: T) -> Integer<T> {
    Integer { min, max }
}

/// 0 lets the system choose a free port.
pub(in crate::config) const PORT: Integer<u16> = integer(0, u16::MAX);
pub(in crate::config) const FIXED_PORT: Integer<u16> = integer(1, u16::MAX);
pub(in crate::config) const COUNT: Integer<usize> = integer(1, 1_000_000);

impl<T> Kind for Integer<T>
where
    T: Debug + Display + FromStr + PartialOrd + Sync,
{
    type Value = T;

    fn parse(&self, line: &str) -> Option<T> {
        let number = line.parse().ok()?;
        (self.min <= number && number <= self.max).then_some(number)
    }

    fn format(&self, value: &T) -> String {
        value.to_string()
    }

    fn accepts(&self) -> String {
        format!("an integer from {} to {}", self.min, self.max)
    }
}
