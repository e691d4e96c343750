//! The configuration: one table of settings, five layers that may give each a value, one typed result.
//!
//! The layers, each overriding the one before it: the default in the table, `configs/config.yaml` in the working
//! folder, `.env` (development only), the environment, a file named by a `*_FILE` variable. An empty value is no value.
//! Every fault of every layer is reported at once.

mod effective;
mod faults;
mod kind;
mod production;
mod render;
mod settings;
mod sources;
mod typed;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub(crate) use effective::Effective;
pub(crate) use faults::Faults;
pub(crate) use kind::{log_level, masked};
pub(crate) use render::write_example;
pub(crate) use typed::{Config, Distributed, LogFormat, Observability};

use sources::Sources;

/// Variables by name, as the environment or a `.env` file gives them.
type Variables = BTreeMap<String, String>;

/// What the service runs as; `production` refuses what only development may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Environment {
    Development,
    Production,
}

impl FromStr for Environment {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Production => "production",
        })
    }
}

/// A configuration that holds, and where each of its values came from.
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
    effective.check(&mut faults);
    if effective.environment() == Some(Environment::Production) {
        production::check(&effective, sources.postgres_ssl_mode(), &mut faults);
    }
    faults.into_result()?;
    let config = typed::build(&effective, PathBuf::from(work_dir)).ok_or_else(|| {
        Faults::from("the table of settings and the typed configuration disagree: this is a bug")
    })?;
    Ok(Loaded { config, effective })
}

#[cfg(test)]
mod tests;
