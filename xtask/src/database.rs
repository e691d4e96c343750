//! The PostgreSQL that the tests run on.

use std::error::Error as _;
use std::path::{Path, PathBuf};

use embedded_postgres::{Cluster, Settings};

use crate::process::variable;
use crate::{Failure, Result, console};

/// The variable that the tests read: the URL of a superuser, with whom each test creates its database.
pub(crate) const TEST_URL: &str = "CUSTOMER_TEST_DATABASE_URL";
/// The variable that users set to run the tests on their own PostgreSQL.
pub(crate) const USER_URL: &str = "DATABASE_URL";
/// Every variable that points the service to a database; each also exists with `_FILE`, for the path of a file.
pub(crate) const SERVICE_URLS: [&str; 5] = [
    USER_URL,
    "CUSTOMER_DATABASE_URL",
    "CUSTOMER_DATABASE_DSN",
    "CUSTOMER_DATABASE_APP_URL",
    "CUSTOMER_DATABASE_WORKER_URL",
];

// Variables that the service reads for its embedded server, and that the errors of that server suggest setting.
pub(crate) const BIN_DIR: &str = "CUSTOMER_POSTGRES_BIN_DIR";
pub(crate) const ARCHIVE: &str = "CUSTOMER_POSTGRES_ARCHIVE";
pub(crate) const DOWNLOAD_BASE: &str = "CUSTOMER_POSTGRES_DOWNLOAD_BASE";

/// The server for one run of the tests.
pub(crate) struct Database {
    url: String,
    /// The private server, removed with its files at the end of the run; `None` if the server is the user's.
    cluster: Option<Cluster>,
}

impl Database {
    /// Uses the user's server if a variable names one and no `bin_dir` is given; otherwise starts a private one.
    pub(crate) fn start(bin_dir: Option<&Path>) -> Result<Self> {
        let named = [TEST_URL, USER_URL]
            .into_iter()
            .find_map(|name| Some((name, variable(name)?)));
        match (bin_dir, named) {
            (None, Some((name, url))) => {
                console::say(&format!(
                    "the tests run on the PostgreSQL that {name} names"
                ));
                Ok(Self { url, cluster: None })
            }
            (bin_dir, _) => Self::start_private(bin_dir),
        }
    }

    fn start_private(bin_dir: Option<&Path>) -> Result<Self> {
        let mut settings = Settings::throwaway();
        settings.bin_dir = bin_dir
            .map(Path::to_owned)
            .or_else(|| variable(BIN_DIR).map(PathBuf::from));
        settings.archive = variable(ARCHIVE).map(PathBuf::from);
        settings.download_base = variable(DOWNLOAD_BASE);
        let cluster = Cluster::start(&settings).map_err(|error| failed("start", &error))?;
        Ok(Self {
            url: cluster.superuser_url("postgres"),
            cluster: Some(cluster),
        })
    }

    /// Returns the URL for `CUSTOMER_TEST_DATABASE_URL`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Stops a private server and removes its files; leaves the user's server alone.
    pub(crate) fn stop(self) -> Result {
        match self.cluster {
            Some(cluster) => cluster.stop().map_err(|error| failed("stop", &error)),
            None => Ok(()),
        }
    }
}

fn failed(doing: &str, error: &embedded_postgres::Error) -> Failure {
    let mut text = format!("cannot {doing} a private PostgreSQL for the tests: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    Failure::said(format!("{text}; {USER_URL} may name a server instead"))
}
