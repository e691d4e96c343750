//! The secrets of the installation, and what is made of them.

use crate::config::Config;
use crate::failure::Failure;
use customer_domain::KeyedDigest;
use customer_domain::audit::SealSigner;
use customer_domain::privacy::KeyStore;
use customer_local::UuidV7Ids;
use customer_local::root_secret::load_or_create;
use customer_postgres::Sealing;
use customer_security::{
    AeadCipher, Ed25519SealSigner, HkdfDigests, MasterKeys, RootKeyStore, RootSecret,
};
use embedded_postgres::StateRoot;
use secrecy::ExposeSecret;
use std::path::Path;
use std::sync::Arc;

/// What only this installation has.
pub(crate) struct Secrets {
    /// Where files of the service lie, if there are any.
    pub(crate) state: Option<StateRoot>,
    /// Recognises what is not kept.
    pub(crate) digests: Arc<dyn KeyedDigest>,
    /// Seals what nobody is to read.
    pub(crate) sealing: Sealing,
    /// Signs the audit trail.
    pub(crate) signer: Arc<dyn SealSigner>,
}

impl Secrets {
    /// Takes the configured secrets, or those that a development machine makes for itself.
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
        })
    }
}

/// Where files lie: those of a private database, or the root secret that nobody configured.
fn state(config: &Config) -> Result<Option<StateRoot>, Failure> {
    let has_files = config.database.url.is_none() || config.security.secret_key.is_none();
    let root = has_files.then(|| embedded_postgres::state_root(&config.work_dir));
    Ok(root.transpose()?)
}

/// The configured root secret, or one that a development machine makes for itself.
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

/// The configured master keys, or the one that development derives from the root secret.
fn key_store(config: &Config, root: &RootSecret) -> Result<Arc<dyn KeyStore>, Failure> {
    let Some(keys) = &config.security.master_keys else {
        return Ok(Arc::new(RootKeyStore::new(root)));
    };
    let keys = MasterKeys::from_text(keys.expose_secret());
    Ok(Arc::new(keys.map_err(|error| {
        format!("CUSTOMER_MASTER_KEYS: {error}")
    })?))
}
