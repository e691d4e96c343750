//! Seals on the trail: what makes it tell when somebody changed it.
//!
//! Every entry carries a keyed digest of itself, so that nobody without the root secret can write
//! or change one. A seal lists the digests of entries in their order, holds on to the seal before
//! it, and is signed. Entries are sealed apart from the writing, every second, so the newest second
//! is not sealed yet.

use crate::{AuditEventId, StoreError, TenantId};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};

/// Where an entry stands in the order of the ledger: by the transaction that wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerPosition {
    /// The number of the transaction, which the store never uses twice.
    pub transaction: u64,
    /// The entry, among those of its transaction.
    pub entry: AuditEventId,
}

/// An entry that no seal lists yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingEntry {
    /// Where it stands.
    pub position: LedgerPosition,
    /// The first day of the month in which it happened: months are dropped as a whole.
    pub month: NaiveDate,
    /// Its digest, as it is stored; of what is there, when nothing is.
    pub digest: [u8; 32],
}

/// What is to be sealed next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pending {
    /// Entries, in their order.
    pub entries: Vec<PendingEntry>,
    /// When the first entry was written that has to wait, since another transaction, still running,
    /// could yet come before it.
    pub waiting_since: Option<DateTime<Utc>>,
}

/// An entry as it is stored, to be held against the seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Where it stands.
    pub position: LedgerPosition,
    /// The tenant that it lies in.
    pub tenant: TenantId,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Its digest, as it is stored; none in entries of programs that made no digests.
    pub stored: Option<[u8; 32]>,
    /// The digest of what is stored beside it.
    pub actual: [u8; 32],
}

impl LedgerEntry {
    /// Whether it is what was written, as far as it can tell by itself. Without a digest it is not
    /// where one is required.
    pub fn is_true(&self, requires_digests: bool) -> bool {
        match self.stored {
            Some(stored) => stored == self.actual,
            None => !requires_digests,
        }
    }
}

/// What a seal is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealedRange {
    /// Entries of one month, in their order.
    Entries {
        /// The first of them.
        first: LedgerPosition,
        /// The last of them.
        last: LedgerPosition,
        /// Their digests.
        digests: Vec<[u8; 32]>,
    },
    /// The month's entries were old enough, and were dropped.
    Dropped {
        /// The number of the first seal that is still needed: those before it may be gone, and no
        /// others. None in seals of older programs.
        begins: Option<i64>,
    },
}

/// A seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSeal {
    /// Its number: from 1, without a gap.
    pub number: i64,
    /// The first day of the month that it is about.
    pub month: NaiveDate,
    /// What it seals.
    pub range: SealedRange,
    /// Every entry up to here is in this seal or in one before it.
    pub through: Option<LedgerPosition>,
    /// Whether every entry of the seals after this one carries a digest of its own. Once that is
    /// said, an entry without one was not written by this service.
    pub requires_digests: bool,
    /// The digest of the seal before it; zero at the very first.
    pub previous: [u8; 32],
    /// When it was made.
    pub sealed_at: DateTime<Utc>,
    /// The digest of all of the above.
    pub digest: [u8; 32],
    /// The key that it is signed with.
    pub public_key: [u8; 32],
    /// The signature of its digest.
    pub signature: [u8; 64],
}

/// Digests and signatures that need no secret to be checked.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait SealSigner: Send + Sync {
    /// SHA-256.
    fn hash(&self, message: &[u8]) -> [u8; 32];

    /// The key that signatures are checked with (Ed25519).
    fn public_key(&self) -> [u8; 32];

    /// Signs (Ed25519).
    fn sign(&self, message: &[u8]) -> [u8; 64];

    /// Whether `signature` is that of `message` by the owner of `public_key`; `false` for a key
    /// that is none.
    fn is_signed(&self, public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool;
}

/// Keeps the seals, and shows the entries in the order in which they are sealed. All tenants are
/// in it.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuditLedger: Send + Sync {
    /// The seal of the highest number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn last(&self) -> Result<Option<AuditSeal>, StoreError>;

    /// Entries beyond `after`, at most `limit`, in their order, and what has to wait. It MUST leave
    /// out any that another transaction, still running, could yet come before.
    ///
    /// # Errors
    /// MUST return [`StoreError::Corrupt`] when `after` lies ahead of every transaction that the
    /// store could have run: it was filled from a copy, and numbers its transactions anew.
    async fn pending(
        &self,
        after: Option<LedgerPosition>,
        limit: u32,
    ) -> Result<Pending, StoreError>;

    /// Whether an entry carries no digest.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn has_bare(&self) -> Result<bool, StoreError>;

    /// The number that the next transaction will have: every entry stands before it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn horizon(&self) -> Result<u64, StoreError>;

    /// Stores seals, all or none.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] when one of their numbers is taken: somebody else
    /// sealed meanwhile.
    async fn append(&self, seals: &[AuditSeal]) -> Result<(), StoreError>;

    /// Seals of a number beyond `after`, at most `limit`, in their order.
    ///
    /// # Errors
    /// MUST return [`StoreError::Corrupt`] for a seal that was changed so that it makes no sense.
    async fn seals(&self, after: i64, limit: u32) -> Result<Vec<AuditSeal>, StoreError>;

    /// The seals that say that a month was dropped, in their order.
    ///
    /// # Errors
    /// As [`seals`](Self::seals).
    async fn dropped(&self) -> Result<Vec<AuditSeal>, StoreError>;

    /// The number of the first seal that lists entries of another month than these.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn first_needed(&self, dropped: &[NaiveDate]) -> Result<Option<i64>, StoreError>;

    /// Takes seals away that the last dropped month made unnecessary, the oldest first and at most so
    /// many; how many they were.
    ///
    /// # Errors
    /// [`StoreError::Contended`] while it would keep others waiting.
    async fn trim(&self, most: u32) -> Result<u64, StoreError>;

    /// The months that can have entries: MUST be all that do.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn months(&self) -> Result<Vec<NaiveDate>, StoreError>;

    /// Entries of a month beyond `after` and up to `through`, at most `limit`, in their order.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn entries(
        &self,
        month: NaiveDate,
        after: Option<LedgerPosition>,
        through: Option<LedgerPosition>,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError>;
}

impl AuditSeal {
    /// A seal after `previous`, signed. Where digests were required they still are.
    pub fn after(
        previous: Option<&Self>,
        month: NaiveDate,
        range: SealedRange,
        through: Option<LedgerPosition>,
        now: DateTime<Utc>,
        signer: &dyn SealSigner,
    ) -> Self {
        let mut seal = Self {
            number: previous.map_or(1, |previous| previous.number + 1),
            month,
            range,
            through,
            requires_digests: previous.is_some_and(|previous| previous.requires_digests),
            previous: previous.map_or([0; 32], |previous| previous.digest),
            sealed_at: now,
            digest: [0; 32],
            public_key: signer.public_key(),
            signature: [0; 64],
        };
        seal.sign(signer);
        seal
    }

    /// The same, signed anew, after which every entry carries a digest.
    #[must_use]
    pub fn requiring_digests(mut self, signer: &dyn SealSigner) -> Self {
        self.requires_digests = true;
        self.sign(signer);
        self
    }

    fn sign(&mut self, signer: &dyn SealSigner) {
        self.digest = self.own_digest(signer);
        self.signature = signer.sign(&self.digest);
    }

    /// How many entries it lists.
    pub fn count(&self) -> usize {
        match &self.range {
            SealedRange::Entries { digests, .. } => digests.len(),
            SealedRange::Dropped { .. } => 0,
        }
    }

    /// The digest of what it says.
    pub fn own_digest(&self, signer: &dyn SealSigner) -> [u8; 32] {
        let mut message = b"customer-service/audit-seal/v1".to_vec();
        message.extend(self.number.to_be_bytes());
        message.extend(self.month.to_string().into_bytes());
        match &self.range {
            SealedRange::Entries {
                first,
                last,
                digests,
            } => {
                message.push(1);
                write_position(&mut message, Some(first));
                write_position(&mut message, Some(last));
                message.extend(
                    u64::try_from(digests.len())
                        .unwrap_or(u64::MAX)
                        .to_be_bytes(),
                );
                message.extend(signer.hash(digests.as_flattened()));
            }
            SealedRange::Dropped { begins: None } => message.push(2),
            SealedRange::Dropped {
                begins: Some(begins),
            } => {
                message.push(3);
                message.extend(begins.to_be_bytes());
            }
        }
        write_position(&mut message, self.through.as_ref());
        message.extend(self.previous);
        message.extend(self.sealed_at.timestamp_micros().to_be_bytes());
        message.extend(self.public_key);
        // Older programs did not know of it, and their seals stay good.
        if self.requires_digests {
            message.push(1);
        }
        signer.hash(&message)
    }
}

fn write_position(message: &mut Vec<u8>, position: Option<&LedgerPosition>) {
    let Some(position) = position else {
        message.push(0);
        return;
    };
    message.push(1);
    message.extend(position.transaction.to_be_bytes());
    message.extend(position.entry.0.into_bytes());
}
