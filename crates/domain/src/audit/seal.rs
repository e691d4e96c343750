//! Seals of the audit trail, which make tampering evident.
//!
//! Every entry carries a keyed digest of itself, so that no entry can be written or changed without
//! the root secret. A seal lists the digests of entries in their order, contains the digest of the
//! previous seal, and is signed. Entries are sealed after they are written, every second, so the
//! newest second is not sealed yet.

use crate::{AuditEventId, StoreError, TenantId};
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};

/// The position of an entry in the ledger, which is sorted by the transaction that wrote the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerPosition {
    /// The number of the transaction; the store never reuses it.
    pub transaction: u64,
    /// The entry within the transaction.
    pub entry: AuditEventId,
}

/// An entry that no seal lists yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingEntry {
    /// The entry's position.
    pub position: LedgerPosition,
    /// The first day of the entry's month: months are dropped as a whole.
    pub month: NaiveDate,
    /// The stored digest.
    pub digest: [u8; 32],
}

/// The entries to be sealed next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pending {
    /// The entries, in their order.
    pub entries: Vec<PendingEntry>,
    /// When the first entry was written that cannot be sealed yet, because a transaction that is
    /// still running could write an entry before it.
    pub waiting_since: Option<DateTime<Utc>>,
}

/// A stored entry, to be verified against the seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The entry's position.
    pub position: LedgerPosition,
    /// The tenant that the entry belongs to.
    pub tenant: TenantId,
    /// When the entry was written.
    pub at: DateTime<Utc>,
    /// The stored digest.
    pub stored: [u8; 32],
    /// The digest computed from the stored entry.
    pub actual: [u8; 32],
}

impl LedgerEntry {
    /// Returns whether the entry matches its own digest.
    pub fn matches_digest(&self) -> bool {
        self.stored == self.actual
    }
}

/// What a seal covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealedRange {
    /// Entries of one month, in their order.
    Entries {
        /// The position of the first entry.
        first: LedgerPosition,
        /// The position of the last entry.
        last: LedgerPosition,
        /// The digests of the entries.
        digests: Vec<[u8; 32]>,
    },
    /// The entries of the month were old enough and were dropped.
    Dropped {
        /// The number of the first seal that is still needed: only the seals before it may be gone.
        begins: i64,
    },
}

/// A signed seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSeal {
    /// The seal's number: from 1, without gaps.
    pub number: i64,
    /// The first day of the month concerned.
    pub month: NaiveDate,
    /// What the seal covers.
    pub range: SealedRange,
    /// Every entry up to this position is in this seal or an earlier one.
    pub through: Option<LedgerPosition>,
    /// The digest of the previous seal; zeros in the first one.
    pub previous: [u8; 32],
    /// When the seal was created.
    pub sealed_at: DateTime<Utc>,
    /// The digest of all of the above.
    pub digest: [u8; 32],
    /// The public key that belongs to the signature.
    pub public_key: [u8; 32],
    /// The signature of its digest.
    pub signature: [u8; 64],
}

/// Digests and signatures that can be checked without a secret.
#[cfg_attr(feature = "mocks", mockall::automock)]
pub trait SealSigner: Send + Sync {
    /// Returns the SHA-256 digest of `message`.
    fn hash(&self, message: &[u8]) -> [u8; 32];

    /// Returns the public key that signatures are verified with (Ed25519).
    fn public_key(&self) -> [u8; 32];

    /// Signs `message` (Ed25519).
    fn sign(&self, message: &[u8]) -> [u8; 64];

    /// Returns whether `signature` is a signature of `message` by the owner of `public_key`;
    /// `false` for an invalid key.
    fn is_signed(&self, public_key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool;
}

/// Stores the seals, and reads the entries in the order in which they are sealed. Covers all
/// tenants.
#[cfg_attr(feature = "mocks", mockall::automock)]
#[async_trait]
pub trait AuditLedger: Send + Sync {
    /// Returns the seal with the highest number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    async fn last(&self) -> Result<Option<AuditSeal>, StoreError>;

    /// Returns the entries after `after`, at most `limit`, in their order, and what has to wait.
    /// MUST leave out every entry that a transaction which is still running could yet precede.
    ///
    /// # Errors
    /// MUST return [`StoreError::Corrupt`] if `after` is ahead of every transaction that the store
    /// can have run: the store was restored from a copy, and numbers its transactions anew.
    async fn pending(
        &self,
        after: Option<LedgerPosition>,
        limit: u32,
    ) -> Result<Pending, StoreError>;

    /// Returns the number that the next transaction will get: every entry has a lower one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn horizon(&self) -> Result<u64, StoreError>;

    /// Stores all of the seals or none.
    ///
    /// # Errors
    /// MUST return [`StoreError::Conflict`] if one of their numbers is already used: another
    /// process sealed in the meantime.
    async fn append(&self, seals: &[AuditSeal]) -> Result<(), StoreError>;

    /// Returns the seals with numbers above `after`, at most `limit`, in their order.
    ///
    /// # Errors
    /// MUST return [`StoreError::Corrupt`] for a seal that was tampered with and can no longer be
    /// read.
    async fn seals(&self, after: i64, limit: u32) -> Result<Vec<AuditSeal>, StoreError>;

    /// Returns the seals that record the dropping of a month, in their order.
    ///
    /// # Errors
    /// As [`seals`](Self::seals).
    async fn dropped(&self) -> Result<Vec<AuditSeal>, StoreError>;

    /// Returns the number of the first seal that lists entries of a month not in `dropped`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn first_needed(&self, dropped: &[NaiveDate]) -> Result<Option<i64>, StoreError>;

    /// Deletes seals that the last dropped month made unnecessary, oldest first and at most `most`.
    /// Returns how many were deleted.
    ///
    /// # Errors
    /// [`StoreError::Contended`] while it would block others.
    async fn trim(&self, most: u32) -> Result<u64, StoreError>;

    /// Returns the months that can have entries: MUST include all that do.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn months(&self) -> Result<Vec<NaiveDate>, StoreError>;

    /// Returns the entries of a month after `after` and up to `through`, at most `limit`, in their
    /// order.
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
    /// Creates and signs the seal that follows `previous`.
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
            previous: previous.map_or([0; 32], |previous| previous.digest),
            sealed_at: now,
            digest: [0; 32],
            public_key: signer.public_key(),
            signature: [0; 64],
        };
        seal.digest = seal.own_digest(signer);
        seal.signature = signer.sign(&seal.digest);
        seal
    }

    /// Returns the number of entries that the seal lists.
    pub fn count(&self) -> usize {
        match &self.range {
            SealedRange::Entries { digests, .. } => digests.len(),
            SealedRange::Dropped { .. } => 0,
        }
    }

    /// Computes the digest of the seal's content.
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
            SealedRange::Dropped { begins } => {
                message.push(2);
                message.extend(begins.to_be_bytes());
            }
        }
        write_position(&mut message, self.through.as_ref());
        message.extend(self.previous);
        message.extend(self.sealed_at.timestamp_micros().to_be_bytes());
        message.extend(self.public_key);
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
