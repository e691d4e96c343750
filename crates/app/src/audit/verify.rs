//! Verifying the audit trail against its seals, from the first to the last.

mod forgery;

pub use forgery::Forgery;

use super::chain::{Chain, Signers};
use chrono::{DateTime, NaiveDate, Utc};
use customer_domain::StoreError;
use customer_domain::audit::{
    AuditLedger, AuditSeal, LedgerEntry, LedgerPosition, SealSigner, SealedRange,
};
use forgery::{Listed, check_young, compare};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use thiserror::Error;
use tracing::instrument;

/// The number of seals and entries read at a time.
const MAX_SEALS: u32 = 200;
const MAX_ENTRIES: u32 = 1_000;

/// Verifies the audit trail against its seals.
#[derive(Clone)]
pub struct AuditVerifier {
    /// Stores entries and seals.
    pub ledger: Arc<dyn AuditLedger>,
    /// Verifies signatures.
    pub signer: Arc<dyn SealSigner>,
    /// Trusted keys in addition to the signer's own.
    pub trusted: Vec<[u8; 32]>,
    /// Seals that were kept elsewhere, which reveal that the whole trail was cut or rewritten.
    pub kept: Vec<KeptSeal>,
}

/// A seal that was kept elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptSeal {
    /// The seal's number.
    pub number: i64,
    /// The seal's digest.
    pub digest: [u8; 32],
}

/// The result of verifying an intact trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verified {
    /// The number of verified seals.
    pub seals: u64,
    /// The number of entries that match the seals listing them.
    pub sealed: u64,
    /// The number of intact entries that are too recent to be sealed.
    pub unsealed: u64,
    /// When the oldest unsealed entry was written.
    pub unsealed_since: Option<DateTime<Utc>>,
    /// The number of months whose entries were dropped at the end of their retention.
    pub dropped: u64,
    /// The number of kept seals that are older than the first remaining one, and no longer prove
    /// anything.
    pub outdated: usize,
}

/// The reason why a trail could not be verified.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The trail was tampered with.
    #[error(transparent)]
    Forged(#[from] Forgery),
    /// The database was restored from a dump: its new entries cannot be ordered after the old ones.
    #[error(
        "the database numbers its transactions anew, as after a restore from a dump: entries since the last seal cannot be verified"
    )]
    Renumbered,
    /// The trail could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The state of a verification.
struct Walk<'a> {
    verified: Verified,
    chain: Chain<'a>,
    /// Months that signed seals record as dropped, wherever those seals are in the chain.
    gone: BTreeSet<NaiveDate>,
    /// The position up to which no more entries are added.
    settled: Option<LedgerPosition>,
    /// The last sealed entry of each month.
    sealed: BTreeMap<NaiveDate, LedgerPosition>,
    /// Entries that were read, but not yet compared with a seal.
    ahead: BTreeMap<NaiveDate, VecDeque<LedgerEntry>>,
    /// The last of all unsealed entries.
    latest: Option<LedgerEntry>,
}

impl AuditVerifier {
    /// Verifies every seal against its predecessor, and every entry against its seal. It may run
    /// while entries are written and sealed, and while months are dropped.
    ///
    /// # Errors
    /// [`VerifyError::Forged`] with the first fault found; [`VerifyError::Renumbered`].
    #[instrument(name = "app.audit.verify", level = "debug", skip_all)]
    pub async fn verify(&self) -> Result<Verified, VerifyError> {
        loop {
            match self.walk().await {
                // This terminates, since only dropped months are removed.
                Err(VerifyError::Forged(
                    Forgery::SealMissing(number) | Forgery::BeginningCut(number),
                )) if self.has_gone(number).await? => {}
                outcome => return outcome,
            }
        }
    }

    /// Returns whether a missing seal was deleted with a month that was dropped during the
    /// verification.
    async fn has_gone(&self, number: i64) -> Result<bool, VerifyError> {
        let first = self.ledger.seals(i64::MIN, 1).await?;
        let begins = self.signers().beginning(&*self.ledger).await?.number;
        Ok(number < begins && first.first().is_some_and(|first| first.number > number))
    }

    fn signers(&self) -> Signers<'_> {
        Signers {
            signer: &*self.signer,
            trusted: &self.trusted,
        }
    }

    async fn walk(&self) -> Result<Verified, VerifyError> {
        let beginning = self.signers().beginning(&*self.ledger).await?;
        let mut walk = Walk {
            verified: Verified::default(),
            chain: Chain::new(self.signers(), beginning.number),
            gone: beginning.dropped,
            settled: None,
            sealed: BTreeMap::new(),
            ahead: BTreeMap::new(),
            latest: None,
        };
        self.check_sealed(&mut walk).await?;
        self.check_end(&mut walk)?;
        self.check_numbering(&walk).await?;
        self.check_unsealed(&mut walk).await?;
        self.check_latest(&walk).await?;
        Ok(walk.verified)
    }

    /// Verifies all seals and the entries that they list.
    async fn check_sealed(&self, walk: &mut Walk<'_>) -> Result<(), VerifyError> {
        loop {
            let seals = self.ledger.seals(walk.chain.end(), MAX_SEALS).await?;
            if seals.is_empty() {
                return Ok(());
            }
            walk.settled = self.ledger.last().await?.and_then(|last| last.through);
            for seal in seals {
                walk.chain.check(&seal)?;
                self.check_kept(&seal)?;
                self.check_listed(walk, &seal).await?;
                let is_of_dropped = matches!(seal.range, SealedRange::Dropped { .. });
                walk.verified.dropped += u64::from(is_of_dropped);
                walk.verified.seals += 1;
                walk.chain.pass(seal);
            }
        }
    }

    fn check_kept(&self, seal: &AuditSeal) -> Result<(), Forgery> {
        let mut kept = self.kept.iter().filter(|kept| kept.number == seal.number);
        if kept.any(|kept| kept.digest != seal.digest) {
            return Err(Forgery::SealReplaced(seal.number));
        }
        Ok(())
    }

    /// Verifies the entries of a seal, and that there are no others since the previous seal. If
    /// entries are missing at the end, the month must have been dropped, which a seal records
    /// beforehand.
    async fn check_listed(&self, walk: &mut Walk<'_>, seal: &AuditSeal) -> Result<(), VerifyError> {
        let SealedRange::Entries { last, digests, .. } = &seal.range else {
            return Ok(());
        };
        let most = digests.len() + 1;
        let entries = self.entries(walk, seal.month, *last, most).await?;
        let listed = Listed {
            seal: seal.number,
            digests,
        };
        match compare(listed, &entries) {
            Err(Forgery::EntryMissing { before: None, .. })
                if self.is_gone(walk, seal.month).await? =>
            {
                return Ok(());
            }
            compared => compared?,
        }
        walk.verified.sealed += u64::try_from(digests.len()).unwrap_or(u64::MAX);
        walk.sealed.insert(seal.month, *last);
        Ok(())
    }

    /// Returns whether a month was dropped, possibly in the meantime.
    async fn is_gone(&self, walk: &mut Walk<'_>, month: NaiveDate) -> Result<bool, VerifyError> {
        if !walk.gone.contains(&month) {
            walk.gone = self.signers().beginning(&*self.ledger).await?.dropped;
        }
        Ok(walk.gone.contains(&month))
    }

    /// Returns the next entries of a month up to a position, at most `most`. They are read in
    /// blocks, since a seal may list only a few.
    async fn entries(
        &self,
        walk: &mut Walk<'_>,
        month: NaiveDate,
        last: LedgerPosition,
        most: usize,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let through = walk.settled.max(Some(last));
        let sealed = walk.sealed.get(&month).copied();
        let ahead = walk.ahead.entry(month).or_default();
        while ahead.len() < most && ahead.back().is_none_or(|entry| entry.position <= last) {
            let after = ahead.back().map(|entry| entry.position).or(sealed);
            let block = self
                .ledger
                .entries(month, after, through, MAX_ENTRIES)
                .await?;
            if block.is_empty() {
                break;
            }
            ahead.extend(block);
        }
        let up_to = ahead
            .iter()
            .take(most)
            .take_while(|entry| entry.position <= last);
        let count = up_to.count();
        Ok(ahead.drain(..count).collect())
    }

    /// Verifies that the trail reaches as far as the seals that were kept elsewhere.
    fn check_end(&self, walk: &mut Walk<'_>) -> Result<(), Forgery> {
        let first = walk.chain.first.unwrap_or(0);
        let end = walk.chain.end().max(0);
        let kept = self.kept.iter().map(|kept| kept.number);
        walk.verified.outdated = kept.clone().filter(|number| *number < first).count();
        match kept.filter(|number| *number > end).min() {
            Some(number) => Err(Forgery::CutOff(number)),
            None => Ok(()),
        }
    }

    /// Verifies that the unsealed entries are more recent than all sealed ones, and not of a
    /// dropped month.
    async fn check_unsealed(&self, walk: &mut Walk<'_>) -> Result<(), VerifyError> {
        for month in self.ledger.months().await? {
            let mut after = walk.sealed.get(&month).copied();
            let is_of_dropped = Some(month) <= walk.chain.dropped;
            loop {
                let ledger = &self.ledger;
                let entries = ledger.entries(month, after, None, MAX_ENTRIES).await?;
                let Some(latest) = entries.last() else {
                    break;
                };
                after = Some(latest.position);
                for entry in &entries {
                    check_young(entry, walk.chain.last.as_ref(), is_of_dropped)?;
                    walk.see_unsealed(entry);
                }
            }
        }
        Ok(())
    }

    /// Verifies that the next transaction number is higher than that of the last sealed entry.
    async fn check_numbering(&self, walk: &Walk<'_>) -> Result<(), VerifyError> {
        let through = walk.chain.last.as_ref().and_then(|seal| seal.through);
        let Some(through) = through else {
            return Ok(());
        };
        if through.transaction < self.ledger.horizon().await? {
            return Ok(());
        }
        Err(VerifyError::Renumbered)
    }

    /// Verifies that no entry is ahead of every transaction. Comes last, since transactions
    /// continue to run.
    async fn check_latest(&self, walk: &Walk<'_>) -> Result<(), VerifyError> {
        let Some(latest) = &walk.latest else {
            return Ok(());
        };
        if latest.position.transaction < self.ledger.horizon().await? {
            return Ok(());
        }
        Err(VerifyError::Forged(Forgery::EntryAhead {
            entry: latest.position.entry,
            tenant: latest.tenant,
        }))
    }
}

impl Walk<'_> {
    fn see_unsealed(&mut self, entry: &LedgerEntry) {
        let verified = &mut self.verified;
        verified.unsealed += 1;
        let since = verified.unsealed_since.get_or_insert(entry.at);
        *since = entry.at.min(*since);
        let is_later = |latest: LedgerEntry| latest.position < entry.position;
        if self.latest.is_none_or(is_later) {
            self.latest = Some(*entry);
        }
    }
}
