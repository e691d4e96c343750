//! What came out, as a table and as JSON.

use crate::case::Case;
use crate::load::Answered;
use crate::program::Memory;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::thread::available_parallelism;
use std::time::Duration;

/// What the service is to reach at least of the bare program, for one customer read or created.
const AIM: f64 = 0.75;
/// What it may have in memory at most, in MiB.
const MOST_MEMORY: f64 = 60.0;

/// One measurement of one program.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Speed {
    /// Requests per second.
    pub(crate) rate: f64,
    /// Latencies in milliseconds that half, 95 and 99 of a hundred requests stay below.
    p50: f64,
    p95: f64,
    p99: f64,
    /// Processor time of the program per request, in microseconds; PostgreSQL's is not in it.
    processor: Option<f64>,
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
    pub(crate) case: Case,
    pub(crate) clients: u32,
    pub(crate) service: Speed,
    pub(crate) bare: Speed,
    /// Transactions per second.
    pub(crate) pgbench: Option<f64>,
}

/// The medians over the repetitions of a case.
#[derive(Debug, Serialize)]
struct Row {
    case: Case,
    clients: u32,
    service: Speed,
    bare: Speed,
    /// The service's rate to the bare program's, within a repetition.
    to_bare: f64,
    pgbench: Option<f64>,
    to_pgbench: Option<f64>,
    round_trips: usize,
}

impl Row {
    fn new(repetitions: &[&Measurement], round_trips: usize) -> Option<Self> {
        let first = repetitions.first()?;
        let all = |of: &dyn Fn(&Measurement) -> Option<f64>| {
            median(
                repetitions
                    .iter()
                    .filter_map(|measured| of(measured))
                    .collect(),
            )
        };
        let speed = |of: fn(&Measurement) -> Speed| {
            Some(Speed {
                rate: all(&|measured| Some(of(measured).rate))?,
                p50: all(&|measured| Some(of(measured).p50))?,
                p95: all(&|measured| Some(of(measured).p95))?,
                p99: all(&|measured| Some(of(measured).p99))?,
                processor: all(&|measured| of(measured).processor),
            })
        };
        Some(Self {
            case: first.case,
            clients: first.clients,
            service: speed(|measured| measured.service)?,
            bare: speed(|measured| measured.bare)?,
            to_bare: all(&|measured| Some(measured.service.rate / measured.bare.rate))?,
            pgbench: all(&|measured| measured.pgbench),
            to_pgbench: all(&|measured| Some(measured.service.rate / measured.pgbench?)),
            round_trips,
        })
    }

    /// Whether the aim is for this case, and missed.
    fn falls_short(&self) -> bool {
        matches!(self.case, Case::Get | Case::Create) && self.to_bare < AIM
    }
}

/// Everything that was measured, and on what.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    machine: String,
    postgres: String,
    customers: u64,
    seconds: u64,
    repetitions: u32,
    /// Whether the programs were built optimised.
    optimised: bool,
    load_before: String,
    load_after: String,
    /// Resident memory of the service in MiB: at rest before the first request, after the last
    /// one, and at most.
    memory: Option<[f64; 3]>,
    rows: Vec<Row>,
}

/// What a report begins with.
pub(crate) struct Frame {
    pub(crate) postgres: String,
    pub(crate) customers: u64,
    pub(crate) seconds: u64,
    pub(crate) repetitions: u32,
    pub(crate) load_before: String,
    pub(crate) memory: Option<(Memory, Memory)>,
}

impl Report {
    pub(crate) fn new(
        frame: Frame,
        measured: &[Measurement],
        round_trips: impl Fn(Case) -> usize,
    ) -> Self {
        let mut kinds: Vec<_> = measured.iter().map(|one| (one.case, one.clients)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let rows = kinds.into_iter().filter_map(|kind| {
            let same = measured
                .iter()
                .filter(|one| (one.case, one.clients) == kind);
            Row::new(&same.collect::<Vec<_>>(), round_trips(kind.0))
        });
        let mib = |kib: u64| number(kib) / 1024.0;
        Self {
            machine: machine(),
            postgres: frame.postgres,
            customers: frame.customers,
            seconds: frame.seconds,
            repetitions: frame.repetitions,
            optimised: !cfg!(debug_assertions),
            load_before: frame.load_before,
            load_after: load_average(),
            memory: frame
                .memory
                .map(|(idle, loaded)| [mib(idle.now), mib(loaded.now), mib(loaded.most)]),
            rows: rows.collect(),
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
        writeln!(out, "{}; {}; {build} build", self.machine, self.postgres)?;
        writeln!(
            out,
            "{} customers, {} s a measurement, medians of {}; load before {}, after {}\n",
            self.customers, self.seconds, self.repetitions, self.load_before, self.load_after
        )?;
        writeln!(
            out,
            "| case | clients | to bare | to pgbench | req/s | p50 ms | p95 ms | p99 ms | bare req/s | pgbench tps | \
             round trips | CPU µs, service / bare |"
        )?;
        writeln!(out, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")?;
        for row in &self.rows {
            write!(out, "| {} | {} ", row.case.name(), row.clients)?;
            write!(
                out,
                "| **{:.2}** | {} ",
                row.to_bare,
                optional(row.to_pgbench, 2)
            )?;
            let Speed {
                rate,
                p50,
                p95,
                p99,
                processor,
            } = row.service;
            write!(out, "| {rate:.0} | {p50:.2} | {p95:.2} | {p99:.2} ")?;
            write!(
                out,
                "| {:.0} | {} ",
                row.bare.rate,
                optional(row.pgbench, 0)
            )?;
            let bare = optional(row.bare.processor, 0);
            writeln!(
                out,
                "| {} | {} / {bare} |",
                row.round_trips,
                optional(processor, 0)
            )?;
        }
        writeln!(out)?;
        if self.rows.iter().any(|row| row.pgbench.is_none()) {
            writeln!(
                out,
                "MISSING: the ratio to pgbench, which is not installed here"
            )?;
        }
        for row in self.rows.iter().filter(|row| row.falls_short()) {
            let (case, clients) = (row.case.name(), row.clients);
            writeln!(
                out,
                "SHORT of {AIM}: {case} with {clients} clients, {:.2}",
                row.to_bare
            )?;
        }
        match self.memory {
            Some([idle, loaded, most]) => {
                let verdict = if most < MOST_MEMORY {
                    "under"
                } else {
                    "NOT under"
                };
                writeln!(
                    out,
                    "resident memory of the service: {idle:.1} MiB at rest, {loaded:.1} MiB after the load, \
                     {most:.1} MiB at most: {verdict} {MOST_MEMORY} MiB"
                )
            }
            None => writeln!(
                out,
                "resident memory of the service: not known on this system"
            ),
        }
    }
}

fn optional(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

/// The middle one, or the mean of the middle two.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get((values.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

/// Exact up to four billion, which nothing here exceeds.
fn number(value: u64) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}

/// The machine's load averages, where it tells them.
pub(crate) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<_> = text.split(' ').take(3).collect();
    if averages.len() < 3 {
        "unknown".to_owned()
    } else {
        averages.join(" ")
    }
}

fn machine() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == "model name").then(|| value.trim().to_owned())
    });
    let cores = available_parallelism().map_or(1, usize::from);
    format!(
        "{cores} cores of {}",
        model.as_deref().unwrap_or(std::env::consts::ARCH)
    )
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
            case,
            clients: 16,
            service: speed(service),
            bare: speed(bare),
            pgbench,
        }
    }

    fn report(measured: &[Measurement]) -> Report {
        let frame = Frame {
            postgres: "PostgreSQL 15".to_owned(),
            customers: 100,
            seconds: 1,
            repetitions: 3,
            load_before: String::new(),
            memory: None,
        };
        Report::new(frame, measured, |_| 4)
    }

    #[test]
    fn ratios_are_taken_within_a_repetition_and_their_median_reported() {
        let report = report(&[
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
        let text = report(&[
            measured(Case::Get, 70.0, 100.0, None),
            measured(Case::Page, 10.0, 100.0, None),
        ])
        .to_string();
        assert!(
            text.contains("SHORT of 0.75: get by id with 16 clients, 0.70"),
            "{text}"
        );
        assert!(!text.contains("SHORT of 0.75: list"), "{text}");
        assert!(text.contains("MISSING"), "{text}");
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
