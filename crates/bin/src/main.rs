//! The customer service: one program that serves, migrates and administers.

mod command;
mod config;
mod database;
mod failure;
mod metrics;
mod secrets;
mod serve;
mod signals;
mod telemetry;
mod wire;

use clap::Parser;
use command::Arguments;
use std::io::{self, Write};
use std::process::ExitCode;

/// Faster than the system's allocator under many small values, and gives memory back after a peak: its
/// own thread does, even when the service is idle. Measured in `docs/performance.md`.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match command::run(Arguments::parse(), environment()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let written = writeln!(io::stderr(), "customer-service: {error}");
            // If standard error is closed, only the exit code can report the failure.
            written.map_or(ExitCode::FAILURE, |()| ExitCode::FAILURE)
        }
    }
}

/// Returns the environment of the process; variables that are not UTF-8 fail where they are used.
#[expect(
    clippy::disallowed_methods,
    reason = "read once, here, and checked by the configuration"
)]
fn environment() -> impl Iterator<Item = (String, String)> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(move |(name, value)| (text(name), text(value)))
}
