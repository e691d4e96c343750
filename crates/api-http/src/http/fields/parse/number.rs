//! Numbers.

use std::ops::RangeInclusive;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde_json::Number;

use super::{Parse, refuse};
use crate::http::fault::{self, Fault};
use crate::http::json::Node;

/// A JSON number is a double to most clients; it keeps this many decimal digits whatever they are.
const EXACT_DIGITS: usize = 15;

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

/// `7.0` is the whole number 7, as in JSON Schema.
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

/// A decimal number; see [`super::super::Fields::decimal`].
#[derive(Debug)]
pub struct Decimals;

impl Parse for Decimals {
    type Output = Decimal;

    fn parse(&self, value: Node, at: &str) -> Result<Decimal, Vec<Fault>> {
        let text = match value {
            Node::Text(text) => text,
            Node::Number(number) if number.is_f64() => {
                // The shortest text that reads back as the same double is what the client wrote, up to 15 digits.
                let text = number
                    .as_f64()
                    .map(|value| value.to_string())
                    .unwrap_or_default();
                let digits = text
                    .trim_start_matches(['-', '0', '.'])
                    .bytes()
                    .filter(u8::is_ascii_digit)
                    .count();
                if digits > EXACT_DIGITS {
                    let detail =
                        format!("has more than {EXACT_DIGITS} digits: send it as a string");
                    return refuse(at, fault::INVALID_VALUE, detail);
                }
                text
            }
            Node::Number(number) => number.to_string(),
            Node::Null | Node::Bool(_) | Node::List(_) | Node::Object(_) => {
                return refuse(
                    at,
                    fault::INVALID_TYPE,
                    "must be a number or a string such as \"19.90\"",
                );
            }
        };
        match plain_decimal(&text) {
            Some(value) => Ok(value),
            None => refuse(
                at,
                fault::INVALID_VALUE,
                "must be a decimal number such as 19.90, of at most 28 digits",
            ),
        }
    }
}

/// Digits with an optional sign and point; no exponent, no grouping.
fn plain_decimal(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(fraction))
        .then(|| Decimal::from_str_exact(text).ok())
        .flatten()
}
