//! Parses dates and moments.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, SubsecRound as _, Utc};

use super::{Parse, Text, refuse};
use crate::fault::{self, Fault};
use crate::json::Node;

/// A calendar date; see [`super::super::Fields::date`].
#[derive(Debug)]
pub struct Date;

impl Parse for Date {
    type Output = NaiveDate;

    fn parse(&self, value: Node, at: &str) -> Result<NaiveDate, Vec<Fault>> {
        let text = Text::default().parse(value, at)?;
        // The date as written: an offset must not shift a date of birth.
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

/// Parses exactly `YYYY-MM-DD`: chrono alone would also accept `2001-1-1` and `+12001-01-01`.
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

/// A moment to the microsecond, or a date, which means its beginning in UTC. Years 1 to 9999.
#[derive(Debug)]
pub struct Moment;

impl Parse for Moment {
    type Output = DateTime<Utc>;

    fn parse(&self, value: Node, at: &str) -> Result<DateTime<Utc>, Vec<Fault>> {
        let text = Text::default().parse(value, at)?;
        let beginning = || Some(plain_date(&text)?.and_time(NaiveTime::MIN).and_utc());
        let moment = DateTime::parse_from_rfc3339(&with_plus(&text))
            .map(|moment| moment.to_utc().trunc_subsecs(6))
            .ok()
            .or_else(beginning);
        match moment.filter(|moment| (1..=9999).contains(&moment.year())) {
            Some(moment) => Ok(moment),
            None => refuse(
                at,
                fault::INVALID_VALUE,
                "must be a date such as 2001-12-31, or a date-time with an offset, such as 2001-12-31T23:59:59Z",
            ),
        }
    }
}

/// Restores the plus sign before an offset, which decoding turned into a blank if the query did not
/// escape it.
fn with_plus(text: &str) -> String {
    match text
        .len()
        .checked_sub("+00:00".len())
        .and_then(|at| text.split_at_checked(at))
    {
        Some((moment, offset)) if offset.starts_with(' ') => moment.to_owned() + "+" + &offset[1..],
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_date_time_or_the_beginning_of_a_day() {
        for (text, expected) in [
            ("2026-01-15", Some("2026-01-15T00:00:00Z")),
            ("2026-01-15T12:00:00Z", Some("2026-01-15T12:00:00Z")),
            ("2026-01-15T12:00:00+02:00", Some("2026-01-15T10:00:00Z")),
            ("2026-01-15T12:00:00 02:00", Some("2026-01-15T10:00:00Z")),
            ("2026-01-15T12:00:00-02:00", Some("2026-01-15T14:00:00Z")),
            (
                "2026-01-15T12:00:00.1234567Z",
                Some("2026-01-15T12:00:00.123456Z"),
            ),
            ("0001-01-01", Some("0001-01-01T00:00:00Z")),
            ("9999-12-31", Some("9999-12-31T00:00:00Z")),
            ("0001-01-01T00:00:00+00:01", None),
            ("9999-12-31T23:59:59-00:01", None),
            ("2026-1-5", None),
            ("2026-02-30", None),
            ("2026-01-15T12:00:00", None),
            ("2026-01-15T12:00:00  02:00", None),
            ("+12026-01-15", None),
            ("é 02:00", None),
            ("", None),
        ] {
            let moment = Moment.parse(Node::Text(text.to_owned()), "?at").ok();
            let expected =
                expected.map(|text| DateTime::parse_from_rfc3339(text).unwrap().to_utc());
            assert_eq!(moment, expected, "{text}");
        }
    }
}
