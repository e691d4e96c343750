//! Whether the secrets of this process are those with which its data was written.

use async_trait::async_trait;
use customer_domain::job::{
    Acquisition, HolderId, JobLease, JobLeases, JobName, JobOutcome, JobState, Progress,
};
use customer_domain::privacy::{Installation, KeyStore, KeyStoreError, KnownSecrets, SampleKey};
use customer_domain::{DigestPurpose, KeyedDigest, StoreError, StoreHealth};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;
use tracing::{error, instrument, warn};

/// The message whose digest shows which root secret a process has.
const ROOT: &[u8] = b"root";

/// Compares the secrets of this process with what the store knows of them.
#[derive(Clone)]
pub struct Secrets {
    /// Knows the secrets with which the data was written.
    pub installation: Arc<dyn Installation>,
    /// Computes digests with the root secret of this process.
    pub digests: Arc<dyn KeyedDigest>,
    /// Has the master keys of this process.
    pub key_store: Arc<dyn KeyStore>,
    /// What has been compared.
    pub compared: Compared,
}

/// The keys of tenants that a process has opened.
#[derive(Debug, Clone, Default)]
pub struct Compared(Arc<Mutex<Vec<SampleKey>>>);

/// The reason why a process cannot work with the data of its database.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SecretsError {
    /// The root secret is another one.
    #[error("the root secret is not the one with which this database was written")]
    OtherRoot,
    /// The process has no master key of this name, and keys are wrapped with it.
    #[error("there is no master key {0}, with which keys in this database are wrapped")]
    NoMaster(String),
    /// The master key of this name is another one.
    #[error("the master key {0} is not the one with which keys in this database are wrapped")]
    OtherMaster(String),
    /// The key store cannot be reached.
    #[error("the key store is unavailable: {0}")]
    KeyStore(String),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Secrets {
    /// Compares the secrets at the start of a process. The very first start makes its root secret
    /// that of the database; of several at the same time, one.
    ///
    /// # Errors
    /// As [`SecretsError`] lists.
    #[instrument(name = "app.privacy.agree", level = "debug", skip_all)]
    pub async fn agree(&self) -> Result<(), SecretsError> {
        self.installation.introduce_root(self.root()).await?;
        self.compare().await
    }

    /// Makes the root secret of this process that of the database, and gives up the keys of tenants
    /// that it cannot open: what is sealed under them cannot be read any more.
    ///
    /// # Errors
    /// [`SecretsError::KeyStore`], [`SecretsError::Store`].
    #[instrument(name = "app.privacy.adopt", level = "debug", skip_all)]
    pub async fn adopt(&self) -> Result<(), SecretsError> {
        self.installation.introduce_root(self.root()).await?;
        let known = self.installation.known_secrets().await?;
        if known.root != Some(self.root()) {
            warn!("the root secret is adopted in place of another");
            self.installation.replace_root(self.root()).await?;
        }
        for key in self.installation.keys_in_use().await? {
            match self.open(&key).await {
                Err(error @ (SecretsError::NoMaster(_) | SecretsError::OtherMaster(_))) => {
                    warn!(%error, tenant = %key.tenant, "what is sealed under this key is given up");
                    self.installation.give_up(key.tenant, key.id).await?;
                }
                opened => opened?,
            }
        }
        Ok(())
    }

    /// Compares the secrets with what the store knows of them by now.
    ///
    /// # Errors
    /// As [`SecretsError`] lists.
    pub async fn compare(&self) -> Result<(), SecretsError> {
        let KnownSecrets { root, samples } = self.installation.known_secrets().await?;
        if root != Some(self.root()) {
            return Err(SecretsError::OtherRoot);
        }
        for sample in samples {
            self.open(&sample).await?;
        }
        Ok(())
    }

    /// Compares as [`compare`](Self::compare) does, and logs what does not fit.
    async fn expect(&self) -> Result<(), StoreError> {
        match self.compare().await {
            Err(SecretsError::Store(error)) => Err(error),
            Err(other) => {
                error!(error = %other, "the secrets of this process do not fit its database");
                Err(StoreError::Keys)
            }
            Ok(()) => Ok(()),
        }
    }

    fn root(&self) -> [u8; 32] {
        self.digests.digest(DigestPurpose::RootCheck, ROOT)
    }

    /// Opens a key of a tenant, unless that was done before.
    async fn open(&self, sample: &SampleKey) -> Result<(), SecretsError> {
        let SampleKey {
            tenant,
            id,
            wrapped,
        } = sample;
        if self.opened().contains(sample) {
            return Ok(());
        }
        match self.key_store.unwrap(*tenant, *id, wrapped).await {
            Ok(_) => {
                self.opened().push(sample.clone());
                Ok(())
            }
            Err(KeyStoreError::UnknownMaster(name)) => Err(SecretsError::NoMaster(name)),
            Err(KeyStoreError::Refused) => Err(SecretsError::OtherMaster(wrapped.master.clone())),
            Err(KeyStoreError::Unavailable(reason)) => Err(SecretsError::KeyStore(reason)),
        }
    }

    fn opened(&self) -> MutexGuard<'_, Vec<SampleKey>> {
        let opened = self.compared.0.lock();
        opened.unwrap_or_else(PoisonError::into_inner)
    }
}

/// The health of a store whose secrets this process must have: it answers, and they fit.
pub struct SecretsHealth {
    /// The health of the store alone.
    pub store: Arc<dyn StoreHealth>,
    /// The secrets.
    pub secrets: Secrets,
}

#[async_trait]
impl StoreHealth for SecretsHealth {
    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await?;
        self.secrets.expect().await
    }
}

/// The leases of jobs, which only a process whose secrets fit may have: others would write and sign
/// what the rest cannot verify.
pub struct SecretsLeases {
    /// The leases alone.
    pub leases: Arc<dyn JobLeases>,
    /// The secrets.
    pub secrets: Secrets,
}

#[async_trait]
impl JobLeases for SecretsLeases {
    async fn acquire(
        &self,
        job: JobName,
        holder: HolderId,
        lease: Duration,
    ) -> Result<Acquisition, StoreError> {
        self.secrets.expect().await?;
        self.leases.acquire(job, holder, lease).await
    }

    async fn acquire_early(
        &self,
        job: JobName,
        holder: HolderId,
        lease: Duration,
    ) -> Result<Acquisition, StoreError> {
        self.secrets.expect().await?;
        self.leases.acquire_early(job, holder, lease).await
    }

    async fn advance(
        &self,
        held: &JobLease,
        progress: Progress,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        self.secrets.expect().await?;
        self.leases.advance(held, progress, lease).await
    }

    async fn finish(
        &self,
        held: &JobLease,
        outcome: JobOutcome,
        due_in: Duration,
    ) -> Result<bool, StoreError> {
        self.leases.finish(held, outcome, due_in).await
    }

    async fn release(&self, held: &JobLease) -> Result<bool, StoreError> {
        self.leases.release(held).await
    }

    async fn states(&self) -> Result<Vec<JobState>, StoreError> {
        self.leases.states().await
    }
}
