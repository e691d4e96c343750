//! The checks and chores of this repository.
//!
//! A check is a pure function over the files or the dependency graph, tested on good and on bad samples; the code
//! that runs programs is in `suite`, `gate` and `chores`.

mod address_data;
mod chores;
mod cli;
mod console;
mod database;
mod gate;
mod openapi;
mod process;
mod schemathesis;
mod suite;
mod tokens;

pub mod layers;
pub mod migration;
pub mod repository;
pub mod slices;
pub mod tidy;

use std::fmt;
use std::process::ExitCode;

use clap::Parser as _;

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// An error, with a message for the user.
    Said(String),
    /// A signal (its number) stopped the command, and everything it had started is stopped.
    Interrupted(u8),
}

impl Failure {
    pub(crate) fn said(text: impl Into<String>) -> Self {
        Self::Said(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(text) => f.write_str(text),
            Self::Interrupted(signal) => write!(f, "interrupted by signal {signal}"),
        }
    }
}

pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;

/// Runs the command on this process's command line. The exit code is 1 for an error, 128 + n for signal n.
pub fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match cli::run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console::complain(&format!("error: {failure}"));
            match failure {
                Failure::Said(_) => ExitCode::FAILURE,
                Failure::Interrupted(signal) => ExitCode::from(128_u8.saturating_add(signal)),
            }
        }
    }
}
