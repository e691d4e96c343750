//! The database that the program works on: the one that is configured, or a private one.

mod embedded;

use crate::config::{self, Config};
use crate::failure::Failure;
use customer_postgres::{MigrationError, MigrationStatus};
use embedded::Embedded;
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;

/// A database, and whatever had to be started for it.
pub(crate) struct Database {
    owner_url: SecretString,
    note: String,
    embedded: Option<Embedded>,
}

impl Database {
    /// The database of `DATABASE_URL`, or else a private PostgreSQL, started here.
    ///
    /// # Errors
    /// [`Stopped`](crate::failure::Stopped) when `stop` was cancelled meanwhile. On every error
    /// what was started is stopped.
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

    /// The role that owns the schema and migrates; serving connections take on lesser ones.
    pub(crate) fn owner_url(&self) -> &SecretString {
        &self.owner_url
    }

    /// Which database this is, for people.
    pub(crate) fn note(&self) -> &str {
        &self.note
    }

    /// Applies every migration that the database does not have yet.
    pub(crate) async fn migrate(&self) -> Result<(), Failure> {
        let migrated = customer_postgres::migrate(&self.owner_url).await;
        migrated.map_err(|error| self.explained(&error))
    }

    /// Takes back the last `steps` migrations.
    pub(crate) async fn migrate_down(&self, steps: usize) -> Result<(), Failure> {
        let reverted = customer_postgres::migrate_down(&self.owner_url, steps).await;
        reverted.map_err(|error| self.explained(&error))
    }

    /// Every migration, and whether the database has it.
    pub(crate) async fn migrations(&self) -> Result<Vec<MigrationStatus>, Failure> {
        let listed = customer_postgres::migration_status(&self.owner_url).await;
        listed.map_err(|error| self.explained(&error))
    }

    fn explained(&self, error: &MigrationError) -> Failure {
        format!("{}: {error}", self.note).into()
    }

    /// Stops what was started; `done` is what was done with it, whose failure counts before one
    /// to stop.
    pub(crate) async fn close(self, done: Result<(), Failure>) -> Result<(), Failure> {
        let stopped = match self.embedded {
            Some(embedded) => embedded.stop().await,
            None => Ok(()),
        };
        done.and(stopped)
    }
}
