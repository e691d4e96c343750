//! The subcommands.

mod audit;
mod key;
mod migrate;

use crate::config::{self, Config, Loaded};
use crate::database::Database;
use crate::failure::{Failure, Stopped};
use crate::secrets::OtherSecrets;
use crate::serve::JobMode;
use crate::telemetry::Levels;
use crate::{serve, signals, telemetry};
use clap::{Args, Parser, Subcommand};
use std::io::{self, Write};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

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
    /// Serves the API. This is the default command.
    Serve {
        /// Leaves the background jobs to other processes.
        #[arg(long)]
        no_jobs: bool,
        #[command(flatten)]
        secrets: SecretsArguments,
    },
    /// Runs the background jobs, and serves only health and metrics.
    Work {
        #[command(flatten)]
        secrets: SecretsArguments,
    },
    /// Applies, reverts and lists the migrations of the database.
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Creates, lists and revokes API keys.
    #[command(subcommand)]
    Key(key::Key),
    /// Checks the audit trail for tampering.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Prints the effective configuration with secrets masked, or everything that is wrong with it.
    CheckConfig {
        /// Prints every setting with its default instead, in the form of a .env file.
        #[arg(long)]
        example: bool,
    },
    /// Prints the `OpenAPI` document.
    Openapi,
}

/// What a start does with other secrets than those of the database.
#[derive(Debug, Default, Args)]
struct SecretsArguments {
    /// Starts with other secrets than those with which the database was written, from now on. Data
    /// that was sealed under lost keys cannot be read any more.
    #[arg(long)]
    adopt: bool,
}

impl SecretsArguments {
    fn on_other(&self) -> OtherSecrets {
        if self.adopt {
            OtherSecrets::Adopt
        } else {
            OtherSecrets::Refuse
        }
    }
}

/// Loads the configuration, sets up logging and runs the chosen command, `serve` by default.
pub(crate) fn run(
    arguments: Arguments,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<(), Failure> {
    let load =
        || -> Result<Loaded, Failure> { Ok(config::load(&std::env::current_dir()?, environment)?) };
    match arguments.command.unwrap_or_else(|| Command::Serve {
        no_jobs: false,
        secrets: SecretsArguments::default(),
    }) {
        Command::Serve { no_jobs, secrets } => {
            let (config, levels, not_built) = init_logging(load()?)?;
            let jobs = if no_jobs {
                JobMode::Elsewhere
            } else {
                JobMode::Inline
            };
            let start = (jobs, secrets.on_other());
            block_on(|stop| serve::run(config, levels, not_built, start, stop))
        }
        Command::Work { secrets } => {
            let (config, _levels, not_built) = init_logging(load()?)?;
            block_on(|stop| serve::work::run(config, not_built, secrets.on_other(), stop))
        }
        Command::Migrate(migrate) => {
            let config = init_quiet_logging(load()?)?;
            block_on(|stop| migrate.run(config, stop))
        }
        Command::Key(key) => {
            let config = init_quiet_logging(load()?)?;
            block_on(|stop| key.run(config, stop))
        }
        Command::Audit(audit) => {
            let config = init_quiet_logging(load()?)?;
            block_on(|stop| audit.run(config, stop))
        }
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

/// Starts logging at the configured level. Also returns the names of the settings that are set but
/// have no effect yet.
fn init_logging(loaded: Loaded) -> Result<(Config, Levels, Vec<&'static str>), Failure> {
    let levels = telemetry::init(&loaded.config.observability)?;
    Ok((loaded.config, levels, loaded.effective.set_but_not_built()))
}

/// Starts logging from `warn` upwards, for commands that print a result and end.
fn init_quiet_logging(loaded: Loaded) -> Result<Config, Failure> {
    let mut config = loaded.config;
    "warn".clone_into(&mut config.observability.log_level);
    // The level never changes: the command ends with its result.
    let _levels = telemetry::init(&config.observability)?;
    Ok(config)
}

/// Opens the database for a command, which cannot share the embedded one of a running service.
async fn open(config: &Config, stop: &CancellationToken) -> Result<Database, Failure> {
    let opened = Database::open(config, stop).await;
    opened.map_err(|error| {
        if let Some(embedded_postgres::Error::InUse { pid, .. }) = error.downcast_ref() {
            let process = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
            return format!(
                "the service runs in this folder{process}, and its embedded database with it: use its API \
                 (such as /api/v1/api-keys), stop it first, or set DATABASE_URL to another database"
            )
            .into();
        }
        error
    })
}

/// Runs `work` until it ends or `stop` is cancelled, then closes the database either way.
async fn on_database(
    config: &Config,
    stop: CancellationToken,
    work: impl AsyncFnOnce(&Database) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let database = open(config, &stop).await?;
    let done = stop.run_until_cancelled(work(&database)).await;
    database
        .close(done.unwrap_or_else(|| Err(Stopped.into())))
        .await
}

fn block_on<F>(work: impl FnOnce(CancellationToken) -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        let mut watching = JoinSet::new();
        watching.spawn(signals::watch(stop.clone())?);
        work(stop).await
    })
}
