//! The database that the program works on: the configured one, or an embedded one.

mod embedded;

use crate::config::{self, Config};
use crate::failure::Failure;
use customer_postgres::{MigrationError, MigrationStatus, SCHEMA};
use embedded::Embedded;
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;

/// A database, and the embedded server if one was started for it.
pub(crate) struct Database {
    owner_url: SecretString,
    note: String,
    embedded: Option<Embedded>,
}

impl Database {
    /// Opens the database of `DATABASE_URL`, or else starts an embedded PostgreSQL.
    ///
    /// # Errors
    /// [`Stopped`](crate::failure::Stopped) if `stop` was cancelled meanwhile. On every error
    /// whatever was started is stopped.
    pub(crate) async fn open(config: &Config, stop: &CancellationToken) -> Result<Self, Failure> {
        let Some(url) = &config.database.url else {
            return Self::start(config, stop).await;
        };
        Ok(Self {
            owner_url: url.clone(),
            note: config::masked(url.expose_secret()),
            embedded: None,
        })
    }

    async fn start(config: &Config, stop: &CancellationToken) -> Result<Self, Failure> {
        let mut settings = embedded_postgres::Settings::new(&config.work_dir);
        settings.port = config.embedded.port;
        settings.bin_dir.clone_from(&config.embedded.bin_dir);
        settings.archive.clone_from(&config.embedded.archive);
        settings
            .download_base
            .clone_from(&config.embedded.download_base);
        let embedded = Embedded::start(settings, stop).await?;
        match embedded.provision().await {
            Ok(owner_url) => Ok(Self {
                owner_url,
                note: format!(
                    "embedded PostgreSQL on port {}, for development",
                    embedded.port()
                ),
                embedded: Some(embedded),
            }),
            Err(error) => {
                embedded.stop().await?;
                Err(error)
            }
        }
    }

    /// Returns the URL of the role that owns the schema and migrates; connections that serve
    /// requests use roles with fewer rights.
    pub(crate) fn owner_url(&self) -> &SecretString {
        &self.owner_url
    }

    /// Describes the database for operators, without passwords.
    pub(crate) fn note(&self) -> &str {
        &self.note
    }

    /// Applies every pending migration.
    pub(crate) async fn migrate(&self) -> Result<(), Failure> {
        let migrated = SCHEMA.apply(&self.owner_url).await;
        migrated.map_err(|error| self.explained(&error))
    }

    /// Reverts the last `steps` migrations.
    pub(crate) async fn migrate_down(&self, steps: usize) -> Result<(), Failure> {
        let reverted = SCHEMA.revert(&self.owner_url, steps).await;
        reverted.map_err(|error| self.explained(&error))
    }

    /// Returns every migration, and whether it is applied.
    pub(crate) async fn migrations(&self) -> Result<Vec<MigrationStatus>, Failure> {
        let listed = SCHEMA.status(&self.owner_url).await;
        listed.map_err(|error| self.explained(&error))
    }

    fn explained(&self, error: &MigrationError) -> Failure {
        format!("{}: {error}", self.note).into()
    }

    /// Stops the embedded server, if there is one. `done` is the result of the work on the
    /// database; its error takes precedence over one of stopping.
    pub(crate) async fn close(self, done: Result<(), Failure>) -> Result<(), Failure> {
        let stopped = match self.embedded {
            Some(embedded) => embedded.stop().await,
            None => Ok(()),
        };
        done.and(stopped)
    }
}
