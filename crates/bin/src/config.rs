//! The configuration: a table of settings, five layers that may each set them, one typed result.
//!
//! The layers, each overriding the one before it: the default in the table, `configs/config.yaml` in the working
//! folder, `.env` (development only), the environment, a file named by a `*_FILE` variable. An empty value counts as
//! not set. Every fault of every layer is reported at once.

mod check;
mod effective;
mod faults;
mod kind;
mod production;
mod render;
mod settings;
mod sources;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

pub(crate) use effective::Effective;
pub(crate) use faults::Faults;
pub(crate) use kind::{log_level, masked};
pub(crate) use render::write_example;
pub(crate) use settings::database::Distributed;
pub(crate) use settings::observability::{LogFormat, Observability};

use settings::customers::Customers;
use settings::database::Database;
use settings::embedded::Embedded;
use settings::jobs::Jobs;
use settings::security::Security;
use settings::server::Server;
use settings::service::CUSTOMER_ENVIRONMENT;
use sources::Sources;

/// Variables by name, as the environment or a `.env` file gives them.
type Variables = BTreeMap<String, String>;

/// Where the service runs; `production` rejects what is only safe in development.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Environment {
    Development,
    Production,
}

impl Environment {
    const ALL: [Self; 2] = [Self::Development, Self::Production];

    fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The configuration as the rest of the program sees it.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) environment: Environment,
    /// The folder in which the process was started.
    pub(crate) work_dir: PathBuf,
    pub(crate) server: Server,
    pub(crate) database: Database,
    pub(crate) security: Security,
    pub(crate) customers: Customers,
    pub(crate) jobs: Jobs,
    pub(crate) observability: Observability,
    pub(crate) embedded: Embedded,
}

impl Config {
    fn read(from: &Effective, work_dir: PathBuf) -> Result<Self, Faults> {
        Ok(Self {
            environment: from.get(&CUSTOMER_ENVIRONMENT)?,
            work_dir,
            server: Server::read(from)?,
            database: Database::read(from)?,
            security: Security::read(from)?,
            customers: Customers::read(from)?,
            jobs: Jobs::read(from)?,
            observability: Observability::read(from)?,
            embedded: Embedded::read(from),
        })
    }
}

/// A valid configuration, and where each of its values was set.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    pub(crate) effective: Effective,
}

/// Reads every layer and checks it.
///
/// `variables` is the environment of the process; `work_dir` is where `configs/config.yaml` and `.env` are looked for
/// and what relative `*_FILE` paths are relative to.
///
/// # Errors
/// [`Faults`] lists everything that is wrong, in every layer.
pub(crate) fn load(
    work_dir: &Path,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Faults> {
    let mut faults = Faults::default();
    let sources = Sources::read(work_dir, &variables.into_iter().collect(), &mut faults);
    let effective = Effective::resolve(&sources, &mut faults);
    let config = Config::read(&effective, work_dir.to_owned())?;
    config.check(&mut faults);
    if config.environment == Environment::Production {
        production::check(&effective, sources.postgres_ssl_mode(), &mut faults);
    }
    faults.into_result()?;
    Ok(Loaded { config, effective })
}

#[cfg(test)]
mod tests;
