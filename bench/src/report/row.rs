//! Measurements, and the medians over their repetitions.

use crate::case::Case;
use crate::load::Answered;
use serde::Serialize;
use std::time::Duration;

/// The share of the bare program's rate that the service must reach, unless it is fast enough
/// anyway.
pub(super) const AIM: f64 = 0.75;

/// The speed of one program in one measurement.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Speed {
    /// Requests per second.
    pub(crate) rate: f64,
    /// Latencies in milliseconds that 50, 95 and 99 percent of the requests stay below.
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) p99: f64,
    /// Processor time of the program per request, in microseconds, without that of PostgreSQL.
    pub(super) processor: Option<f64>,
}

impl Speed {
    pub(crate) fn new(answered: &Answered, processor: Option<Duration>) -> Self {
        let requests = number(answered.latencies.len());
        let millis = |share| number(answered.latencies.value_at_quantile(share)) / 1000.0;
        Self {
            rate: requests / answered.time.as_secs_f64(),
            p50: millis(0.50),
            p95: millis(0.95),
            p99: millis(0.99),
            processor: processor.map(|time| time.as_secs_f64() * 1e6 / requests),
        }
    }
}

/// One case with one number of clients, measured once.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measurement {
    pub(crate) customers: u64,
    pub(crate) case: Case,
    pub(crate) clients: u32,
    pub(crate) service: Speed,
    pub(crate) bare: Speed,
    /// The other build of the service.
    pub(crate) other: Option<Speed>,
    /// Transactions per second.
    pub(crate) pgbench: Option<f64>,
}

/// One case with one number of customers and clients: the medians over its repetitions.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) customers: u64,
    pub(super) case: Case,
    pub(super) clients: u32,
    pub(super) service: Speed,
    pub(super) bare: Speed,
    /// The service's rate relative to the bare program's, within a repetition.
    pub(super) to_bare: f64,
    /// The other build of the service.
    pub(super) other: Option<Speed>,
    /// The service's rate relative to that of the other build, within a repetition.
    pub(super) to_other: Option<f64>,
    pub(super) pgbench: Option<f64>,
    pub(super) to_pgbench: Option<f64>,
    pub(super) round_trips: usize,
}

impl Row {
    pub(super) fn new(repetitions: &[&Measurement], round_trips: usize) -> Option<Self> {
        let first = repetitions.first()?;
        let all = |of: &dyn Fn(&Measurement) -> Option<f64>| {
            let values = repetitions.iter().filter_map(|measured| of(measured));
            median(values.collect())
        };
        let speed = |of: fn(&Measurement) -> Option<Speed>| {
            Some(Speed {
                rate: all(&|measured| Some(of(measured)?.rate))?,
                p50: all(&|measured| Some(of(measured)?.p50))?,
                p95: all(&|measured| Some(of(measured)?.p95))?,
                p99: all(&|measured| Some(of(measured)?.p99))?,
                processor: all(&|measured| of(measured)?.processor),
            })
        };
        Some(Self {
            customers: first.customers,
            case: first.case,
            clients: first.clients,
            service: speed(|measured| Some(measured.service))?,
            bare: speed(|measured| Some(measured.bare))?,
            to_bare: all(&|measured| Some(measured.service.rate / measured.bare.rate))?,
            other: speed(|measured| measured.other),
            to_other: all(&|measured| Some(measured.service.rate / measured.other?.rate)),
            pgbench: all(&|measured| measured.pgbench),
            to_pgbench: all(&|measured| Some(measured.service.rate / measured.pgbench?)),
            round_trips,
        })
    }

    /// Returns whether the service misses its aim.
    pub(super) fn falls_short(&self) -> bool {
        let is_enough = |enough| self.service.rate >= enough;
        self.to_bare < AIM && !self.case.enough().is_some_and(is_enough)
    }
}

/// Returns the middle value, or the mean of the middle two; `None` if there are no values.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

/// Converts to a floating-point number; exact for every value that occurs here.
pub(crate) fn number(value: u64) -> f64 {
    let half = |bits| f64::from(u32::try_from(bits).unwrap_or(u32::MAX));
    half(value >> 32).mul_add(4_294_967_296.0, half(value & 0xffff_ffff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_larger_than_four_billion_are_kept() {
        assert!((number(10_000_000_001) - 10_000_000_001.0).abs() < 0.5);
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
