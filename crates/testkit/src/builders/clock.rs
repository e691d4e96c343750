//! A clock that stands still and ids that count, so that whole replies can be compared.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use customer_domain::{Clock, IdSource};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// Returns the start of every test, 2026-01-15T12:00:00Z, plus `seconds`.
pub fn at(seconds: i64) -> DateTime<Utc> {
    let start = DateTime::from_timestamp(1_768_478_400, 0).expect("a real time");
    start + TimeDelta::seconds(seconds)
}

/// A clock that moves only when a test moves it.
#[derive(Debug)]
pub struct FixedClock(Mutex<DateTime<Utc>>);

impl Default for FixedClock {
    fn default() -> Self {
        Self::at(at(0))
    }
}

impl FixedClock {
    /// Creates a clock that shows `now`, truncated to microseconds as every clock is.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Mutex::new(truncated(now)))
    }

    /// Moves the clock to `now`, forwards or back.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = truncated(now);
    }

    /// Moves the clock forward, and returns the new time.
    pub fn advance(&self, by: TimeDelta) -> DateTime<Utc> {
        self.set(self.now() + by);
        self.now()
    }
}

impl Clock for FixedClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn truncated(time: DateTime<Utc>) -> DateTime<Utc> {
    time.duration_trunc(TimeDelta::microseconds(1))
        .unwrap_or(time)
}

/// Returns the n-th id of [`SeededIds`]: `00000000-0000-7000-8000-` and `n` in hexadecimal digits.
pub fn seeded_id(n: u64) -> Uuid {
    Uuid::from_u128(0x7000_8000_0000_0000_0000 | u128::from(n))
}

/// Ids that count from 1.
#[derive(Debug, Default)]
pub struct SeededIds(AtomicU64);

impl SeededIds {
    /// Creates a source of ids that count from `first`.
    pub fn from(first: u64) -> Self {
        Self(AtomicU64::new(first.saturating_sub(1)))
    }
}

impl IdSource for SeededIds {
    fn new_id(&self) -> Uuid {
        seeded_id(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_count_in_the_form_of_version_7() {
        let ids = SeededIds::default();
        assert_eq!(
            ids.new_id().to_string(),
            "00000000-0000-7000-8000-000000000001"
        );
        assert_eq!(
            ids.new_id().to_string(),
            "00000000-0000-7000-8000-000000000002"
        );
        assert_eq!(ids.new_id().get_version_num(), 7);
    }

    #[test]
    fn a_clock_moves_only_when_told_and_shows_whole_microseconds() {
        let clock = FixedClock::default();
        assert_eq!(clock.now().to_rfc3339(), "2026-01-15T12:00:00+00:00");
        assert_eq!(
            clock.advance(TimeDelta::nanoseconds(1_999)),
            at(0) + TimeDelta::microseconds(1)
        );
        assert_eq!(clock.now(), clock.now());
        clock.set(at(-5));
        assert_eq!(clock.now(), at(-5));
    }
}
