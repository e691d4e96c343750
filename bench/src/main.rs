//! How fast the service is, compared with what PostgreSQL and axum alone reach.
//!
//! The benchmark seeds customers, records what the service sends to PostgreSQL for each kind of
//! request, and then drives three programs with the same requests or statements in turn: the
//! service, a bare axum program that sends the recorded statements and does nothing else, and
//! pgbench. `docs/performance.md` says how to read the result.

mod bare;
mod case;
mod database;
mod export;
mod load;
mod pgbench;
mod plan;
mod program;
mod record;
mod recorded;
mod report;
mod run;
mod seed;
mod site;
mod template;

use clap::builder::PossibleValue;
use clap::{Parser, Subcommand, ValueEnum};
use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

/// An error, as a sentence for the user of the benchmark.
type Failure = Box<dyn Error + Send + Sync>;

/// Measures the customer service against a bare program and pgbench.
#[derive(Debug, Parser)]
#[command(name = "customer-bench")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves recorded statements, to compare the service with. Started by the benchmark
    #[command(hide = true)]
    Bare,
}

/// What to measure, and for how long.
#[derive(Debug, clap::Args)]
struct Options {
    /// Customers to seed, with two addresses each; several numbers are measured in turns and
    /// compared
    #[arg(long, value_delimiter = ',', default_value = "100000", value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
    customers: Vec<u64>,
    /// How long each measurement takes
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Concurrent clients; several numbers are measured one after the other
    #[arg(long, value_delimiter = ',', default_value = "16,64", value_parser = clap::value_parser!(u32).range(1..=500))]
    connections: Vec<u32>,
    /// How often everything is measured; medians are reported
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=50))]
    repeat: u32,
    /// Measures only these cases
    #[arg(long, visible_alias = "case", value_delimiter = ',', default_values_t = Choice::all())]
    cases: Vec<Choice>,
    /// Also records with perf where the service spends its time in these cases
    #[arg(long, value_name = "CASE", value_delimiter = ',')]
    profile: Vec<case::Case>,
    /// The folder to write these recordings to
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    profile_to: PathBuf,
    /// Connections to PostgreSQL, each of the service and of the bare program
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=150))]
    database_connections: u32,
    /// URL of an empty database, as the role that owns it; without it a private server is started.
    /// `DATABASE_URL` does the same
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// The folder of an installed PostgreSQL to start the private server from
    #[arg(long, value_name = "FOLDER")]
    postgres_bin_dir: Option<PathBuf>,
    /// A service to measure instead of the one that was built together with this program
    #[arg(long, value_name = "FILE")]
    service: Option<PathBuf>,
    /// Another build of the service to compare with, on the same database and in turns
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Also writes the result as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What can be measured: repeated requests, or an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Case(case::Case),
    Export,
}

impl Choice {
    fn all() -> Vec<Self> {
        let cases = case::Case::value_variants().iter().copied();
        cases.map(Self::Case).chain([Self::Export]).collect()
    }

    fn case(self) -> Option<case::Case> {
        match self {
            Self::Case(case) => Some(case),
            Self::Export => None,
        }
    }
}

impl Display for Choice {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let value = self.case().and_then(|case| case.to_possible_value());
        out.write_str(value.as_ref().map_or("export", PossibleValue::get_name))
    }
}

impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all = Self::all().into_iter();
        all.find(|choice| choice.to_string() == text)
            .ok_or_else(|| {
                let names: Vec<_> = Self::all().iter().map(Self::to_string).collect();
                format!("the cases are {}", names.join(", "))
            })
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Some(Command::Bare) => bare::serve(),
        None => run::run(&arguments.options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Reports progress on standard error; ignores that it may be closed.
fn say(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}

/// Returns an environment variable; `None` if it is unset, empty or not UTF-8.
#[expect(
    clippy::disallowed_methods,
    reason = "the benchmark is a tool: it reads where PostgreSQL is and passes on where programs are"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
