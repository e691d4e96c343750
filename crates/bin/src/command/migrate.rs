//! `customer-service migrate up|down|status`

use super::Failure;
use crate::config::Config;
use crate::database::Database;
use clap::Subcommand;
use std::io::{self, Write};

#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    /// Applies every migration that the database does not have.
    Up,
    /// Takes back the last migrations. Data that only they can hold is lost.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1)]
        steps: usize,
    },
    /// Lists the migrations, and which of them the database has.
    Status,
}

impl Migrate {
    pub(super) async fn run(self, config: Config) -> Result<(), Failure> {
        let database = Database::open(&config).await?;
        let done = self.on(&database).await;
        database.close().await?;
        done
    }

    async fn on(self, database: &Database) -> Result<(), Failure> {
        let url = database.owner_url();
        match self {
            Self::Up => customer_postgres::migrate(url).await?,
            Self::Down { steps } => customer_postgres::migrate_down(url, steps).await?,
            Self::Status => {}
        }
        let mut out = io::stdout();
        for migration in customer_postgres::migration_status(url).await? {
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
