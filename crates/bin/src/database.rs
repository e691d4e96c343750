//! The database that the program works on: the one that is configured, or a private one.

mod embedded;

use crate::command::Failure;
use crate::config::Config;
use embedded::Embedded;
use secrecy::SecretString;
use std::path::{Path, PathBuf};

/// A database, and whatever had to be started for it.
pub(crate) struct Database {
    owner_url: SecretString,
    state_dir: PathBuf,
    note: Option<String>,
    embedded: Option<Embedded>,
}

impl Database {
    /// The database of `DATABASE_URL`, or else a private PostgreSQL, started here.
    pub(crate) async fn open(config: &Config) -> Result<Self, Failure> {
        let Some(url) = &config.database.url else {
            return Self::start(config).await;
        };
        let state = embedded_postgres::state_root(&config.work_dir)?;
        Ok(Self {
            owner_url: url.clone(),
            state_dir: state.path,
            note: None,
            embedded: None,
        })
    }

    async fn start(config: &Config) -> Result<Self, Failure> {
        let mut settings = embedded_postgres::Settings::new(&config.work_dir);
        settings.port = config.embedded.port;
        settings.bin_dir.clone_from(&config.embedded.bin_dir);
        settings.archive.clone_from(&config.embedded.archive);
        settings
            .download_base
            .clone_from(&config.embedded.download_base);
        let embedded = Embedded::start(settings).await?;
        let owner_url = embedded.provision().await?;
        Ok(Self {
            owner_url,
            state_dir: embedded.state_dir().to_owned(),
            note: Some(embedded.note()),
            embedded: Some(embedded),
        })
    }

    /// The role that owns the schema and migrates; serving connections take on lesser ones.
    pub(crate) fn owner_url(&self) -> &SecretString {
        &self.owner_url
    }

    /// Where files of this service lie, such as the root secret of a development machine.
    pub(crate) fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// What a person should know about a private database.
    pub(crate) fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Stops what was started.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        match self.embedded {
            Some(embedded) => embedded.stop().await,
            None => Ok(()),
        }
    }
}
