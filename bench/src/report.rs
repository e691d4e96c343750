//! Prints the result as tables, or writes it as JSON.

mod growth;
mod machine;
mod row;
mod tables;

pub(crate) use machine::load_average;
pub(crate) use row::{Measurement, Speed, number};

use crate::case::Case;
use crate::export::Export;
use crate::program::Memory;
use growth::Growth;
use row::Row;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

/// The limit that the peak of the service's resident memory must stay below, in MiB. The report
/// says whether it does.
const MAX_MEMORY: f64 = 60.0;
/// The share of the rate of `COPY` that an export must reach.
const EXPORT_AIM: f64 = 0.5;
/// How much memory may grow during an export, in MiB: an amount that does not depend on its length.
const FLAT: f64 = 16.0;

/// Everything that was measured, and where.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: String,
    /// Whether this is an optimised build.
    optimised: bool,
    load_after: String,
    rows: Vec<Row>,
    growth: Vec<Growth>,
    #[serde(flatten)]
    frame: Frame,
}

/// The surroundings of the measurements in a report.
#[derive(Debug, Serialize)]
pub(crate) struct Frame {
    pub(crate) postgres: String,
    pub(crate) seconds: u64,
    pub(crate) repetitions: u32,
    pub(crate) load_before: String,
    #[serde(skip)]
    pub(crate) measured: Vec<Measurement>,
    /// Exports, each with the number of customers.
    pub(crate) exports: Vec<(u64, Export)>,
    pub(crate) sizes: Vec<Size>,
}

/// A number of customers, and what was observed of the service with so many.
#[derive(Debug, Serialize)]
pub(crate) struct Size {
    pub(crate) customers: u64,
    pub(crate) round_trips: BTreeMap<Case, usize>,
    /// Memory at rest before the first request, and after the last.
    pub(crate) memory: Option<(Memory, Memory)>,
}

impl Report {
    pub(crate) fn new(mut frame: Frame) -> Self {
        frame.exports = typical(&frame.exports);
        let measured = &frame.measured;
        let kind = |one: &Measurement| (one.customers, one.case, one.clients);
        let mut kinds: Vec<_> = measured.iter().map(kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let rows = kinds.into_iter().filter_map(|wanted| {
            let same = measured.iter().filter(|one| kind(one) == wanted);
            let size = frame.sizes.iter().find(|size| size.customers == wanted.0);
            let trips = size.and_then(|size| size.round_trips.get(&wanted.1).copied());
            Row::new(&same.collect::<Vec<_>>(), trips.unwrap_or_default())
        });
        Self {
            machine: machine::describe(),
            optimised: !cfg!(debug_assertions),
            load_after: load_average(),
            rows: rows.collect(),
            growth: Growth::all(measured),
            frame,
        }
    }
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let build = if self.optimised {
            "release"
        } else {
            "DEV (figures mean nothing)"
        };
        let frame = &self.frame;
        writeln!(out, "{}; {}; {build} build", self.machine, frame.postgres)?;
        writeln!(
            out,
            "{} s a measurement, medians of {}; load before {}, after {}\n",
            frame.seconds, frame.repetitions, frame.load_before, self.load_after
        )?;
        if !self.rows.is_empty() {
            self.write_rows(out)?;
        }
        if self.rows.iter().any(|row| row.other.is_some()) {
            self.write_others(out)?;
        }
        if !self.growth.is_empty() {
            self.write_growth(out)?;
        }
        if !frame.exports.is_empty() {
            self.write_exports(out)?;
        }
        self.write_shortfalls(out)?;
        self.write_memory(out)
    }
}

impl Report {
    fn write_shortfalls(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if self.rows.iter().any(|row| row.pgbench.is_none()) {
            writeln!(
                out,
                "MISSING: the ratio to pgbench, which is not installed here"
            )?;
        }
        for row in self.rows.iter().filter(|row| row.falls_short()) {
            let (case, clients, customers) = (row.case.name(), row.clients, row.customers);
            let (aim, ratio) = (row::AIM, row.to_bare);
            writeln!(
                out,
                "SHORT of {aim}: {case} with {clients} clients and {customers} customers, {ratio:.2}"
            )?;
        }
        let slower = |growth: &&Growth| growth.service > growth::AIM;
        for growth in self.growth.iter().filter(slower) {
            let (case, clients, larger) = (growth.case.name(), growth.clients, growth.larger);
            let (aim, times) = (growth::AIM, growth.service);
            writeln!(
                out,
                "MORE THAN {aim} times slower: {case} with {clients} clients and {larger} customers, {times:.2}"
            )?;
        }
        for (customers, export) in &self.frame.exports {
            let ratio = export.to_copy();
            if ratio < EXPORT_AIM {
                writeln!(
                    out,
                    "SHORT of {EXPORT_AIM} of COPY: {export} ({customers} customers)"
                )?;
            }
            if let Some([before, most, _]) = export.memory
                && most > before + FLAT
            {
                writeln!(
                    out,
                    "NOT FLAT: memory grew by {:.1} MiB: {export} ({customers} customers)",
                    most - before
                )?;
            }
        }
        Ok(())
    }

    fn write_memory(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let mib = |kib: u64| number(kib) / 1024.0;
        for size in &self.frame.sizes {
            let customers = thousands(size.customers);
            let Some((idle, loaded)) = size.memory else {
                writeln!(
                    out,
                    "resident memory of the service: not known on this system"
                )?;
                continue;
            };
            let most = mib(loaded.most);
            let verdict = if most < MAX_MEMORY {
                "under"
            } else {
                "NOT under"
            };
            writeln!(
                out,
                "resident memory of the service with {customers} customers: {:.1} MiB at rest, {:.1} MiB after the \
                 load, {most:.1} MiB at most: {verdict} {MAX_MEMORY} MiB",
                mib(idle.now),
                mib(loaded.now),
            )?;
        }
        Ok(())
    }
}

/// Returns, of the repetitions of each export, the one with the median ratio to `COPY`.
fn typical(exports: &[(u64, Export)]) -> Vec<(u64, Export)> {
    let mut kinds: BTreeMap<_, Vec<Export>> = BTreeMap::new();
    for (customers, export) in exports {
        let same = kinds.entry((*customers, export.format)).or_default();
        same.push(*export);
    }
    let middle = |((customers, _), mut same): ((u64, _), Vec<Export>)| {
        same.sort_unstable_by(|one, other| one.to_copy().total_cmp(&other.to_copy()));
        let export = same.get(same.len() / 2)?;
        Some((customers, *export))
    };
    kinds.into_iter().filter_map(middle).collect()
}

fn optional(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

/// Formats a number with commas between the thousands.
fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(case: Case, service: f64, bare: f64, pgbench: Option<f64>) -> Measurement {
        let speed = |rate| Speed {
            rate,
            p50: 1.0,
            p95: 2.0,
            p99: 3.0,
            processor: None,
        };
        Measurement {
            customers: 100,
            case,
            clients: 16,
            service: speed(service),
            bare: speed(bare),
            other: None,
            pgbench,
        }
    }

    fn report(measured: Vec<Measurement>) -> Report {
        Report::new(Frame {
            postgres: "PostgreSQL 15".to_owned(),
            seconds: 1,
            repetitions: 3,
            load_before: String::new(),
            measured,
            exports: Vec::new(),
            sizes: Vec::new(),
        })
    }

    #[test]
    fn ratios_are_taken_within_a_repetition_and_their_median_reported() {
        let report = report(vec![
            measured(Case::Get, 80.0, 100.0, Some(160.0)),
            measured(Case::Get, 45.0, 50.0, Some(100.0)),
            measured(Case::Get, 10.0, 100.0, Some(100.0)),
        ]);
        let row = &report.rows[0];
        assert!((row.to_bare - 0.8).abs() < 1e-9);
        assert_eq!(row.to_pgbench, Some(0.45));
        assert!((row.service.rate - 45.0).abs() < 1e-9);
    }

    #[test]
    fn what_falls_short_or_is_missing_is_said() {
        let text = report(vec![
            measured(Case::Get, 70.0, 100.0, None),
            measured(Case::Next, 5_000.0, 10_000.0, None),
        ])
        .to_string();
        assert!(
            text.contains("SHORT of 0.75: get by id with 16 clients and 100 customers, 0.70"),
            "{text}"
        );
        assert!(!text.contains("SHORT of 0.75: list"), "{text}");
        assert!(text.contains("MISSING"), "{text}");
    }

    #[test]
    fn a_larger_size_is_compared_with_the_smallest() {
        let larger = |rate| Measurement {
            customers: 1_000,
            ..measured(Case::Deep, rate, 100.0, None)
        };
        let report = report(vec![
            measured(Case::Deep, 100.0, 100.0, None),
            larger(50.0),
            measured(Case::Deep, 90.0, 100.0, None),
            larger(60.0),
        ]);
        let growth = &report.growth[0];
        assert!((growth.service - 1.75).abs() < 1e-9, "{growth:?}");
        let text = report.to_string();
        assert!(
            text.contains("| 1,000 against 100 | **1.75** | 1.00 |"),
            "{text}"
        );
        assert!(text.contains("MORE THAN 1.3 times slower"), "{text}");
    }

    #[test]
    fn another_build_is_compared_within_a_repetition() {
        let beside = |rate: f64, other: f64| {
            let one = measured(Case::Create, rate, 100.0, None);
            let other = Speed {
                rate: other,
                ..one.bare
            };
            Measurement {
                other: Some(other),
                ..one
            }
        };
        let report = report(vec![
            beside(80.0, 100.0),
            beside(45.0, 50.0),
            beside(70.0, 100.0),
        ]);
        let text = report.to_string();
        assert!(
            text.contains("| 100 | create | 16 | **0.80** | 70 | 100 |"),
            "{text}"
        );
    }

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000_000), "1,000,000");
    }
}
