//! Durations with units: `250ms`, `30s`, `5m`, `1h30m`, `7d`.

use std::fmt::Write as _;
use std::time::Duration;

use super::Kind;

pub(in crate::config) const MILLISECOND: Duration = Duration::from_millis(1);
pub(in crate::config) const SECOND: Duration = Duration::from_secs(1);
pub(in crate::config) const MINUTE: Duration = Duration::from_mins(1);
pub(in crate::config) const HOUR: Duration = Duration::from_hours(1);
pub(in crate::config) const DAY: Duration = Duration::from_hours(24);

const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// A duration within bounds.
#[derive(Debug)]
pub(in crate::config) struct Span {
    min: Duration,
    max: Duration,
    plain_seconds: bool,
}

/// Returns the kind of durations from `min` to `max`, written with units.
pub(in crate::config) const fn duration(min: Duration, max: Duration) -> Span {
    Span {
        min,
        max,
        plain_seconds: false,
    }
}

/// Returns the kind of durations from `min` to `max`, written with units or as a plain number of
/// seconds.
pub(in crate::config) const fn seconds(min: Duration, max: Duration) -> Span {
    Span {
        min,
        max,
        plain_seconds: true,
    }
}

impl Kind for Span {
    type Value = Duration;

    fn parse(&self, line: &str) -> Option<Duration> {
        parse(line, self.plain_seconds).filter(|value| (self.min..=self.max).contains(value))
    }

    fn format(&self, value: &Duration) -> String {
        format(*value)
    }

    fn accepts(&self) -> String {
        let form = if self.plain_seconds {
            "seconds, or a duration such as 30s, 5m or 24h"
        } else {
            "a duration such as 250ms, 30s, 5m or 24h"
        };
        format!("{form}, from {} to {}", format(self.min), format(self.max))
    }
}

/// Parses a duration; if `plain_seconds` is set, a plain number of seconds too.
fn parse(text: &str, plain_seconds: bool) -> Option<Duration> {
    if plain_seconds && let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let mut rest = text;
    let mut millis: u64 = 0;
    loop {
        let (number, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, next) = tail.split_at(
            tail.find(|c: char| c.is_ascii_digit())
                .unwrap_or(tail.len()),
        );
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        millis = number
            .parse::<u64>()
            .ok()?
            .checked_mul(*scale)?
            .checked_add(millis)?;
        if next.is_empty() {
            return Some(Duration::from_millis(millis));
        }
        rest = next;
    }
}

/// Writes the shortest spelling that [`parse`] reads back as the same duration.
fn format(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, scale) in UNITS {
        if rest >= scale {
            // Writing to a String cannot fail.
            write!(text, "{}{unit}", rest / scale).unwrap_or_default();
            rest %= scale;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_with_units() {
        for (text, millis) in [
            ("250ms", 250),
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("7d", 604_800_000),
            ("0s", 0),
        ] {
            assert_eq!(
                parse(text, false),
                Some(Duration::from_millis(millis)),
                "{text}"
            );
            assert_eq!(format(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn a_bare_number_is_seconds_only_where_the_documents_write_it_so() {
        assert_eq!(parse("3600", true), Some(Duration::from_hours(1)));
        assert_eq!(parse("3600", false), None);
    }

    #[test]
    fn refuses_anything_else() {
        for text in [
            "",
            "s",
            "5",
            "5 m",
            "-5s",
            "5M",
            "5min",
            "1.5h",
            "99999999999999999999s",
            "s5",
        ] {
            assert_eq!(parse(text, false), None, "{text}");
        }
    }
}
