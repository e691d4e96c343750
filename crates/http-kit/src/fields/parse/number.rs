//! Parses numbers.

use std::ops::RangeInclusive;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::Number;

use super::{Parse, refuse};
use crate::fault::{self, Fault};
use crate::json::Node;

/// A whole number; see [`super::super::Fields::integer`].
#[derive(Debug)]
pub struct Integer(RangeInclusive<i64>);

impl Integer {
    pub(crate) fn new(range: RangeInclusive<i64>) -> Self {
        Self(range)
    }
}

impl Parse for Integer {
    type Output = i64;

    fn parse(&self, value: Node, at: &str) -> Result<i64, Vec<Fault>> {
        let range = format!(
            "must be a whole number from {} to {}",
            self.0.start(),
            self.0.end()
        );
        let Node::Number(number) = value else {
            return refuse(at, fault::INVALID_TYPE, range);
        };
        match whole(&number) {
            Whole::Fits(value) if self.0.contains(&value) => Ok(value),
            Whole::Fits(_) | Whole::Larger => refuse(at, fault::OUT_OF_RANGE, range),
            Whole::Fraction => refuse(at, fault::INVALID_TYPE, range),
        }
    }

    fn query_value(&self, text: &str) -> Node {
        text.parse::<i64>().map_or_else(
            |_| Node::Text(text.to_owned()),
            |value| Node::Number(value.into()),
        )
    }
}

enum Whole {
    Fits(i64),
    Larger,
    Fraction,
}

/// Converts a number to a whole number; `7.0` is 7, as in JSON Schema.
fn whole(number: &Number) -> Whole {
    if let Some(value) = number.as_i64() {
        return Whole::Fits(value);
    }
    match number.as_f64() {
        Some(value) if value.fract() == 0.0 => Decimal::try_from(value)
            .ok()
            .and_then(|value| value.to_i64())
            .map_or(Whole::Larger, Whole::Fits),
        _ => Whole::Fraction,
    }
}
