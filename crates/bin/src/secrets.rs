//! The secrets of the installation, and the services that are keyed with them.

use crate::config::Config;
use crate::failure::Failure;
use customer_app::privacy::{Compared, SecretsError, SecretsHealth, SecretsLeases};
use customer_domain::audit::SealSigner;
use customer_domain::job::JobLeases;
use customer_domain::privacy::KeyStore;
use customer_domain::{KeyedDigest, StoreHealth};
use customer_local::UuidV7Ids;
use customer_local::root_secret::load_or_create;
use customer_postgres::{Postgres, Sealing};
use customer_security::{
    AeadCipher, Ed25519SealSigner, HkdfDigests, MasterKeys, RootKeyStore, RootSecret,
};
use embedded_postgres::StateRoot;
use secrecy::ExposeSecret;
use std::path::Path;
use std::sync::Arc;

/// The services that depend on the installation's secrets.
pub(crate) struct Secrets {
    /// Where the service keeps files; `None` if it keeps none.
    pub(crate) state: Option<StateRoot>,
    /// Keyed digests of values that must be recognised but are not stored.
    pub(crate) digests: Arc<dyn KeyedDigest>,
    /// Encryption of stored personal data.
    pub(crate) sealing: Sealing,
    /// Signs the seals of the audit trail.
    pub(crate) signer: Arc<dyn SealSigner>,
    /// What has been compared with the database.
    compared: Compared,
}

impl Secrets {
    /// Opens the configured secrets, or those that a development machine generates.
    pub(crate) fn open(config: &Config) -> Result<Self, Failure> {
        let state = state(config)?;
        let root = root_secret(config, state.as_ref())?;
        let digests: Arc<dyn KeyedDigest> = Arc::new(HkdfDigests::new(&root));
        Ok(Self {
            sealing: Sealing {
                cipher: Arc::new(AeadCipher),
                key_store: key_store(config, &root)?,
                digests: Arc::clone(&digests),
                ids: Arc::new(UuidV7Ids),
            },
            signer: Arc::new(Ed25519SealSigner::new(&root)),
            state,
            digests,
            compared: Compared::default(),
        })
    }
}

/// What a start does if the database was written with other secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OtherSecrets {
    /// Ends, and says what to do.
    Refuse,
    /// Makes its own secrets those of the database.
    Adopt,
}

impl Secrets {
    /// Compares the secrets with those with which the database was written.
    pub(crate) async fn agree(
        &self,
        postgres: &Postgres,
        on_other: OtherSecrets,
    ) -> Result<(), Failure> {
        let own = self.compared_with(postgres);
        let agreed = match on_other {
            OtherSecrets::Refuse => own.agree().await,
            OtherSecrets::Adopt => own.adopt().await,
        };
        agreed.map_err(|error| advice(&error).into())
    }

    /// Returns the health of the database, which includes that its secrets are still these.
    pub(crate) fn health(&self, postgres: &Postgres) -> Arc<dyn StoreHealth> {
        Arc::new(SecretsHealth {
            store: postgres.health(),
            secrets: self.compared_with(postgres),
        })
    }

    /// Returns the leases of jobs, which are only given to a process whose secrets are still these.
    pub(crate) fn leases(&self, postgres: &Postgres) -> Arc<dyn JobLeases> {
        Arc::new(SecretsLeases {
            leases: postgres.jobs(),
            secrets: self.compared_with(postgres),
        })
    }

    fn compared_with(&self, postgres: &Postgres) -> customer_app::privacy::Secrets {
        customer_app::privacy::Secrets {
            installation: postgres.installation(),
            digests: Arc::clone(&self.digests),
            key_store: Arc::clone(&self.sealing.key_store),
            compared: self.compared.clone(),
        }
    }
}

/// Says what is wrong with the secrets, and what to do.
fn advice(error: &SecretsError) -> String {
    let advice = match error {
        SecretsError::OtherRoot => {
            "give CUSTOMER_SECRET_KEY its earlier value (in development it is kept in the file root-secret of the \
             state folder); if it is lost, start once with --adopt: nobody can verify the audit entries of before \
             then, and idempotency keys and cursors begin anew"
        }
        SecretsError::NoMaster(_) => {
            "add it to CUSTOMER_MASTER_KEYS again, after the newest; if it is lost, start with --adopt: what is \
             sealed under it cannot be read any more"
        }
        SecretsError::OtherMaster(_) => {
            "give it its earlier value in CUSTOMER_MASTER_KEYS, and a new key a name of its own; if the earlier \
             value is lost, start with --adopt: what is sealed under it cannot be read any more"
        }
        SecretsError::KeyStore(_) | SecretsError::Store(_) => return error.to_string(),
    };
    format!("{error}: {advice}")
}

/// Returns where files are kept: those of an embedded database, or a generated root secret. `None`
/// if both the database and the secret are configured.
fn state(config: &Config) -> Result<Option<StateRoot>, Failure> {
    let has_files = config.database.url.is_none() || config.security.secret_key.is_none();
    let root = has_files.then(|| embedded_postgres::state_root(&config.work_dir));
    Ok(root.transpose()?)
}

/// Returns the configured root secret, or one that a development machine generates and keeps.
fn root_secret(config: &Config, state: Option<&StateRoot>) -> Result<RootSecret, Failure> {
    if let Some(key) = &config.security.secret_key {
        return Ok(RootSecret::from_bytes(key.expose_secret())?);
    }
    let folder = state.map_or(Path::new("."), |state| &state.path);
    let path = folder.join("root-secret");
    let text = load_or_create(&path, || RootSecret::generate().to_base64())?;
    Ok(RootSecret::from_base64(text.expose_secret())
        .map_err(|error| format!("{}: {error}", path.display()))?)
}

/// Returns the configured master keys, or in development the one derived from the root secret.
fn key_store(config: &Config, root: &RootSecret) -> Result<Arc<dyn KeyStore>, Failure> {
    let Some(keys) = &config.security.master_keys else {
        return Ok(Arc::new(RootKeyStore::new(root)));
    };
    let keys = MasterKeys::from_text(keys.expose_secret());
    Ok(Arc::new(keys.map_err(|error| {
        format!("CUSTOMER_MASTER_KEYS: {error}")
    })?))
}
