//! Dates and moments.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Parse, Text, refuse};
use crate::http::fault::{self, Fault};
use crate::http::json::Node;

/// A calendar date; see [`super::super::Fields::date`].
#[derive(Debug)]
pub struct Date;

impl Parse for Date {
    type Output = NaiveDate;

    fn parse(&self, value: Node, at: &str) -> Result<NaiveDate, Vec<Fault>> {
        let text = Text::default().parse(value, at)?;
        // The date as written: a date of birth never shifts by an offset.
        let written = DateTime::parse_from_rfc3339(&text)
            .map(|moment| moment.date_naive())
            .ok();
        match written.or_else(|| plain_date(&text)) {
            Some(date) => Ok(date),
            None => refuse(
                at,
                fault::INVALID_VALUE,
                "must be a date such as 2001-12-31",
            ),
        }
    }
}

/// `YYYY-MM-DD` exactly: chrono alone would also take `2001-1-1` and `+12001-01-01`.
fn plain_date(text: &str) -> Option<NaiveDate> {
    let shape = text.len() == 10
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
    shape
        .then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
        .flatten()
}

/// A moment; see [`super::super::Fields::date_time`].
#[derive(Debug)]
pub struct DateTimeUtc;

impl Parse for DateTimeUtc {
    type Output = DateTime<Utc>;

    fn parse(&self, value: Node, at: &str) -> Result<DateTime<Utc>, Vec<Fault>> {
        let text = Text::default().parse(value, at)?;
        match DateTime::parse_from_rfc3339(&text) {
            Ok(moment) => Ok(moment.to_utc()),
            Err(_) => refuse(
                at,
                fault::INVALID_VALUE,
                "must be a date-time with an offset, such as 2001-12-31T23:59:59Z",
            ),
        }
    }
}
