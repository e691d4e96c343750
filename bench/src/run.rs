//! The benchmark from start to end.

use crate::case::Case;
use crate::database::Server;
use crate::export::Format;
use crate::program::service_beside;
use crate::report::{Frame, Report, Size, load_average};
use crate::site::{Run, Site};
use crate::{Choice, Failure, Options};
use std::fs;
use std::io::{self, Write};
use std::time::Duration;

/// Measures, and prints the report. A slow program is not an error; one that answers wrongly is.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let service = match &options.service {
        Some(file) => fs::canonicalize(file)?,
        None => service_beside()?,
    };
    let given = options
        .database_url
        .clone()
        .or_else(|| crate::variable("DATABASE_URL"));
    let server = Server::start(given, options.postgres_bin_dir.clone())?;
    if options.customers.len() > 1 && !server.is_private() {
        return Err(
            "several sizes need several databases: leave the database to the benchmark".into(),
        );
    }
    // One thread for all clients, so that the cores are left to the programs that are measured.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let bench = Bench {
        options,
        server: &server,
        cases: options
            .cases
            .iter()
            .filter_map(|choice| choice.case())
            .collect(),
    };
    let outcome = runtime.block_on(bench.run(&service));
    drop(runtime);
    server.stop()?;
    let report = outcome?;
    if let Some(file) = &options.json {
        fs::write(file, serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(write!(io::stdout(), "{report}")?)
}

struct Bench<'a> {
    options: &'a Options,
    server: &'a Server,
    cases: Vec<Case>,
}

impl Bench<'_> {
    async fn run(&self, service: &std::path::Path) -> Result<Report, Failure> {
        let mut sites = Vec::new();
        for customers in &self.options.customers {
            let opened = Site::open(self.server, service, self.options, &self.cases, *customers);
            sites.push(opened.await?);
        }
        self.server.checkpoint().await?;
        let mut frame = Frame {
            postgres: match sites.first() {
                Some(site) => site.describe().await?,
                None => return Err("no customers to measure with".into()),
            },
            seconds: self.options.seconds,
            repetitions: self.options.repeat,
            load_before: load_average(),
            measured: Vec::new(),
            exports: Vec::new(),
            sizes: Vec::new(),
        };
        for repetition in 0..self.options.repeat {
            self.measure(&mut sites, repetition, &mut frame).await?;
            self.export(&sites, &mut frame).await?;
        }
        for site in sites {
            let customers = site.customers;
            let trips = self
                .cases
                .iter()
                .map(|case| (*case, site.round_trips(*case)));
            frame.sizes.push(Size {
                customers,
                round_trips: trips.collect(),
                memory: site.close().await?,
            });
        }
        Ok(Report::new(frame))
    }

    /// Measures every case at each size in turn, so that other load on the machine affects all
    /// sizes alike.
    async fn measure(
        &self,
        sites: &mut [Site],
        repetition: u32,
        frame: &mut Frame,
    ) -> Result<(), Failure> {
        for clients in &self.options.connections {
            for case in &self.cases {
                for site in &mut *sites {
                    let is_profiled = self.options.profile.contains(case);
                    let run = Run {
                        case: *case,
                        clients: *clients,
                        time: Duration::from_secs(self.options.seconds),
                        repetition,
                        profile: is_profiled.then_some(self.options.profile_to.as_path()),
                    };
                    frame.measured.push(site.measure(run).await?);
                }
            }
        }
        Ok(())
    }

    async fn export(&self, sites: &[Site], frame: &mut Frame) -> Result<(), Failure> {
        if !self.options.cases.contains(&Choice::Export) {
            return Ok(());
        }
        for format in Format::ALL {
            for site in sites {
                let export = site.export(format).await?;
                frame.exports.push((site.customers, export));
            }
        }
        Ok(())
    }
}
