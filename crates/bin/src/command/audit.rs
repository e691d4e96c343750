//! `customer-service audit verify|seal`: checks the audit trail for tampering.

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
    /// Checks every entry of the trail against its seal, and every seal against the one before it.
    /// Names the first that was altered. It may run while the service runs.
    Verify {
        /// A seal that `audit seal` printed and that was kept elsewhere. Only such a seal reveals
        /// that the end of the trail was cut off, or that all of it was rewritten.
        #[arg(long = "seal", value_name = "FILE")]
        seals: Vec<PathBuf>,
        /// A public key whose seals are accepted in addition to that of the current root secret; 64
        /// hexadecimal digits.
        #[arg(long = "trust", value_name = "KEY", value_parser = digest)]
        trusted: Vec<[u8; 32]>,
    },
    /// Prints the last seal, to be stored where those who can change the database cannot change it.
    Seal,
}

/// The last seal as `audit seal` prints it and `audit verify --seal` reads it.
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
            Self::Verify { seals, .. } => read_seals(seals)?,
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
                    Ok(verified) => Ok(report(&verified)?),
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

/// How long, in seconds, an entry may stay unsealed before `audit verify` warns.
const MAX_WAIT: i64 = 60;

fn report(verified: &Verified) -> io::Result<()> {
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
        "the audit trail is intact: {sealed} entries in {seals} seals, {unsealed} not sealed yet, \
         {dropped} months dropped"
    )?;
    let now = SystemClock.now();
    if let Some(since) = unsealed_since.filter(|since| (now - since).num_seconds() > MAX_WAIT) {
        writeln!(
            io::stderr(),
            "the oldest unsealed entry is from {since}: no replica runs `audit.seal`, or a transaction is still open"
        )?;
    }
    if *outdated > 0 {
        writeln!(
            io::stderr(),
            "{outdated} of the kept seals belong to months that were dropped and prove nothing any more: keep a newer one"
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

fn read_seals(files: &[PathBuf]) -> Result<Vec<KeptSeal>, Failure> {
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
    bytes.ok_or_else(|| "64 hexadecimal digits are expected".to_owned())
}
