//! The customer service.

#[expect(
    dead_code,
    unused_imports,
    reason = "the wiring that reads the configuration is not here yet"
)]
mod config;
#[expect(dead_code, reason = "nothing is logged before there is a server")]
mod telemetry;

use std::error::Error;
use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "customer-service",
    about = "The single source of truth about customers"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prints the effective configuration with secrets masked, or everything that is wrong with it.
    CheckConfig {
        /// Prints an example of every setting instead, in the form of a .env file.
        #[arg(long)]
        example: bool,
    },
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let written = io::Write::write_fmt(&mut io::stderr(), format_args!("{error}\n"));
            // With standard error gone, the exit code is all that is left to say.
            written.map_or(ExitCode::FAILURE, |()| ExitCode::FAILURE)
        }
    }
}

fn run(command: &Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::CheckConfig { example: true } => config::write_example(&mut io::stdout())?,
        Command::CheckConfig { example: false } => {
            let loaded = config::load(&std::env::current_dir()?, environment())?;
            loaded.effective.render(&mut io::stdout())?;
        }
    }
    Ok(())
}

/// The environment of the process; what is not UTF-8 in it fails where it is used.
#[expect(
    clippy::disallowed_methods,
    reason = "read once, here, and checked by the configuration"
)]
fn environment() -> impl Iterator<Item = (String, String)> {
    let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(move |(name, value)| (text(name), text(value)))
}
