//! The subcommands.

mod key;
mod migrate;

use crate::config::{self, Config, Loaded};
use crate::{serve, telemetry};
use clap::{Parser, Subcommand};
use std::error::Error;
use std::io::{self, Write};

/// What any command may fail with: a sentence for the operator.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

#[derive(Debug, Parser)]
#[command(
    name = "customer-service",
    version,
    about = "The single source of truth about customers"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the API; this is what happens without a command.
    Serve,
    /// Brings the schema of the database up to date, or takes steps of it back.
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Makes, lists and revokes API keys.
    #[command(subcommand)]
    Key(key::Key),
    /// Prints the effective configuration with secrets masked, or everything that is wrong with it.
    CheckConfig {
        /// Prints an example of every setting instead, in the form of a .env file.
        #[arg(long)]
        example: bool,
    },
    /// Prints the `OpenAPI` document.
    Openapi,
}

/// Runs the command that was given.
pub(crate) fn run(
    arguments: Arguments,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<(), Failure> {
    let load =
        || -> Result<Loaded, Failure> { Ok(config::load(&std::env::current_dir()?, environment)?) };
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            let loaded = load()?;
            telemetry::init(&loaded.config.observability)?;
            let not_built = loaded.effective.set_but_not_built();
            block_on(serve::run(loaded.config, not_built))
        }
        Command::Migrate(migrate) => block_on(migrate.run(quiet(load()?)?)),
        Command::Key(key) => block_on(key.run(quiet(load()?)?)),
        Command::CheckConfig { example: true } => Ok(config::write_example(&mut io::stdout())?),
        Command::CheckConfig { example: false } => {
            Ok(load()?.effective.render(&mut io::stdout())?)
        }
        Command::Openapi => {
            let document = serde_json::to_string_pretty(&customer_http::document())?;
            Ok(writeln!(io::stdout(), "{document}")?)
        }
    }
}

/// Commands that print an answer log only what goes wrong.
fn quiet(loaded: Loaded) -> Result<Config, Failure> {
    let mut config = loaded.config;
    "warn".clone_into(&mut config.observability.log_level);
    telemetry::init(&config.observability)?;
    Ok(config)
}

fn block_on(future: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(future)
}
