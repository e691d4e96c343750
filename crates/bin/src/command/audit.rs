//! `customer-service audit verify|seal`: whether the audit trail is as it was written.

use crate::config::Config;
use crate::database::Database;
use crate::failure::Failure;
use crate::secrets::Secrets;
use crate::wire;
use clap::Subcommand;
use customer_app::audit::{AuditVerifier, KeptSeal, Verified};
use customer_domain::Clock as _;
use customer_domain::audit::AuditSeal;
use customer_local::SystemClock;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Holds every entry of the trail against its seal, and every seal against the one before it;
    /// names the first that is not as it was written. It may run beside the service.
    Verify {
        /// A seal that `audit seal` printed and that was kept elsewhere: only with one is it noticed
        /// that the end of the trail was cut off, or all of it written anew.
        #[arg(long = "seal", value_name = "FILE")]
        seals: Vec<PathBuf>,
        /// A key that may have signed beside that of the present root secret; 64 hexadecimal digits.
        #[arg(long = "trust", value_name = "KEY", value_parser = digest)]
        trusted: Vec<[u8; 32]>,
    },
    /// Prints the last seal, to be kept where nobody can change it who can change the database.
    Seal,
}

/// A seal as it is kept elsewhere.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PrintedSeal {
    number: i64,
    digest: String,
    sealed_at: String,
    public_key: String,
}

impl Audit {
    pub(super) async fn run(self, config: Config, stop: CancellationToken) -> Result<(), Failure> {
        super::on_database(&config, stop, async |database| {
            self.on(&config, database).await
        })
        .await
    }

    async fn on(self, config: &Config, database: &Database) -> Result<(), Failure> {
        let kept = match &self {
            Self::Verify { seals, .. } => kept(seals)?,
            Self::Seal => Vec::new(),
        };
        let secrets = Secrets::open(config)?;
        let postgres = wire::connect(config, database, &secrets).await?;
        let ledger = postgres.audit_ledger();
        let done = match self {
            Self::Verify { trusted, .. } => {
                let trail = AuditVerifier {
                    ledger,
                    signer: secrets.signer,
                    trusted,
                    kept,
                };
                match trail.verify().await {
                    Ok(verified) => Ok(tell(&verified)?),
                    Err(error) => Err(error.into()),
                }
            }
            Self::Seal => match ledger.last().await {
                Ok(Some(seal)) => Ok(print(&seal)?),
                Ok(None) => Err("nothing is sealed yet".into()),
                Err(error) => Err(error.into()),
            },
        };
        postgres.close().await;
        done
    }
}

/// Seconds for which an entry may wait to be sealed without being told of.
const PATIENCE: i64 = 60;

fn tell(verified: &Verified) -> io::Result<()> {
    let Verified {
        seals,
        sealed,
        unsealed,
        unsealed_since,
        dropped,
        outdated,
    } = verified;
    writeln!(
        io::stdout(),
        "the audit trail is as it was written: {sealed} entries in {seals} seals, {unsealed} not sealed yet, \
         {dropped} months dropped"
    )?;
    let now = SystemClock.now();
    if let Some(since) = unsealed_since.filter(|since| (now - since).num_seconds() > PATIENCE) {
        writeln!(
            io::stderr(),
            "the oldest entry that is not sealed is of {since}: no replica runs `audit.seal`, or a transaction stays open"
        )?;
    }
    if *outdated > 0 {
        writeln!(
            io::stderr(),
            "{outdated} of the kept seals went with a month that was dropped, and prove nothing any more: keep a younger one"
        )?;
    }
    Ok(())
}

fn print(seal: &AuditSeal) -> Result<(), Failure> {
    let printed = PrintedSeal {
        number: seal.number,
        digest: hex::encode(seal.digest),
        sealed_at: seal.sealed_at.to_rfc3339(),
        public_key: hex::encode(seal.public_key),
    };
    Ok(writeln!(
        io::stdout(),
        "{}",
        serde_json::to_string(&printed)?
    )?)
}

fn kept(files: &[PathBuf]) -> Result<Vec<KeptSeal>, Failure> {
    let mut kept = Vec::with_capacity(files.len());
    for file in files {
        let unreadable = |why: String| format!("{}: {why}", file.display());
        let text = fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
        let seal: PrintedSeal = serde_json::from_str(&text)
            .map_err(|error| unreadable(format!("not what `audit seal` prints: {error}")))?;
        kept.push(KeptSeal {
            number: seal.number,
            digest: digest(&seal.digest).map_err(unreadable)?,
        });
    }
    Ok(kept)
}

fn digest(text: &str) -> Result<[u8; 32], String> {
    let bytes = hex::decode(text).ok();
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| "64 hexadecimal digits are accepted".to_owned())
}
