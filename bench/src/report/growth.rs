//! What more customers cost: compares the larger sizes with the smallest.

use super::row::{Measurement, median};
use crate::case::Case;
use serde::Serialize;

/// How many times slower a case may be with more customers.
pub(super) const AIM: f64 = 1.3;

/// A case at a larger size, compared with the smallest.
#[derive(Debug, Serialize)]
pub(super) struct Growth {
    pub(super) case: Case,
    pub(super) clients: u32,
    pub(super) smaller: u64,
    pub(super) larger: u64,
    /// How many times slower the service is at the larger size: the median over the repetitions.
    pub(super) service: f64,
    /// The same for the bare program.
    pub(super) bare: f64,
}

impl Growth {
    /// Returns one for each case, number of clients and larger size.
    pub(super) fn all(measured: &[Measurement]) -> Vec<Self> {
        let Some(smaller) = measured.iter().map(|one| one.customers).min() else {
            return Vec::new();
        };
        let mut kinds: Vec<_> = measured
            .iter()
            .filter(|one| one.customers > smaller)
            .map(|one| (one.customers, one.case, one.clients))
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        let growth = |(larger, case, clients)| {
            let at = |customers| {
                measured.iter().filter(move |one| {
                    (one.customers, one.case, one.clients) == (customers, case, clients)
                })
            };
            let ratio = |rate: fn(&Measurement) -> f64| {
                let pairs = at(smaller).zip(at(larger));
                median(
                    pairs
                        .map(|(small, large)| rate(small) / rate(large))
                        .collect(),
                )
            };
            Some(Self {
                case,
                clients,
                smaller,
                larger,
                service: ratio(|one| one.service.rate)?,
                bare: ratio(|one| one.bare.rate)?,
            })
        };
        kinds.into_iter().filter_map(growth).collect()
    }
}
