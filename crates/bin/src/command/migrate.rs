//! `customer-service migrate up|down|status`

use crate::config::Config;
use crate::database::Database;
use crate::failure::Failure;
use clap::Subcommand;
use std::io::{self, Write};
use tokio_util::sync::CancellationToken;

#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    /// Applies every migration that is still pending.
    Up,
    /// Reverts the last migrations. Data in the tables and columns that they added is lost.
    Down {
        /// How many migrations to revert.
        #[arg(long, default_value_t = 1)]
        steps: usize,
    },
    /// Lists the migrations and whether each is applied.
    Status,
}

impl Migrate {
    pub(super) async fn run(self, config: Config, stop: CancellationToken) -> Result<(), Failure> {
        super::on_database(&config, stop, async |database| self.on(database).await).await
    }

    async fn on(self, database: &Database) -> Result<(), Failure> {
        match self {
            Self::Up => database.migrate().await?,
            Self::Down { steps } => database.migrate_down(steps).await?,
            Self::Status => {}
        }
        let mut out = io::stdout();
        for migration in database.migrations().await? {
            let state = if migration.applied {
                "applied"
            } else {
                "pending"
            };
            writeln!(out, "{:04} {state} {}", migration.version, migration.name)?;
        }
        Ok(())
    }
}
